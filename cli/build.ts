// telltale build: an image for a board, or the script for our own simulator.
//
// Rule: nothing is written outside build/ (or --output). The figures that are printed are read from what was built.

import { Command, Option } from 'commander';
import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { tlsProblem } from '../src/device/esp8266/tls.js';
import { certificatesOf, type Certificates } from './certificates.js';
import { interruption } from './console.js';
import { Failure, Misuse } from './failure.js';
import type { Image } from './image.js';
import { lengthInWords, oneOf, path } from './options.js';
import { tlsKey } from '../src/settings/settings.js';
import { readSettings, SETTINGS_FILE, type Settings } from './settings.js';
import { hasSdk, root, type Target } from './toolchain.js';

const BOARDS = ['nodemcu', 'esp32', 'sim', 'simulator'] as const;

export interface BuildOptions {
	readonly board?: (typeof BOARDS)[number];
	readonly config?: string;
	readonly debug?: boolean;
	readonly verbose?: boolean;
	readonly output?: string;
}

/** Data RAM of an ESP8266 that is static RAM and heap together (0x3FFE8000 to 0x3FFFC000). */
const ESP8266_RAM = 81_920;

export function build(): Command {
	return withBuild(new Command('build'))
		.description('Build the firmware for a board with the Moddable SDK, or for the simulator without it.')
		.addOption(new Option('--board <name>', "nodemcu, esp32, sim (the SDK's own simulator) or simulator (ours; default without the SDK)").argParser(oneOf('The board', BOARDS)))
		.action(run);
}

export function withBuild(command: Command): Command {
	return command
		.addOption(new Option('--config <file>', `the node's settings (default: ${SETTINGS_FILE} if it is there)`).argParser(path('--config')))
		.option('--debug', "a build for the SDK's debugger; also: show stack traces")
		.option('--verbose', "show the SDK's own output")
		.addOption(new Option('--output <folder>', 'where to build (default: build/<board>)').argParser(path('--output', 'a folder')));
}

/** What of a build the script for our own simulator has not. */
const NOT_OF_SCRIPT = ['output', 'verbose'] as const;

async function run(options: BuildOptions): Promise<void> {
	const board = options.board ?? (hasSdk() ? 'nodemcu' : 'simulator');
	const settings = await settingsOf(options);
	if (board === 'simulator') {
		const other = NOT_OF_SCRIPT.find((key) => options[key] !== undefined);
		if (other) throw new Misuse(`The script for the simulator takes no --${other}: leave it out, or name another --board.`);
		return bundle();
	}
	await buildFor(board, options, settings, interruption());
}

/** The file that is named, or the usual one if it is there. */
export async function settingsOf({ config }: BuildOptions): Promise<Settings | undefined> {
	if (config !== undefined) return readSettings(config);
	return existsSync(SETTINGS_FILE) ? readSettings(SETTINGS_FILE) : undefined;
}

export async function buildFor(target: Target, options: BuildOptions, settings: Settings | undefined, signal: AbortSignal): Promise<Image> {
	const [{ findToolchain }, { makeImage }] = await Promise.all([import('./toolchain.js'), import('./image.js')]);
	const resources = settings && (await resourcesFor(target, settings, options));
	const toolchain = findToolchain(target);
	if (!settings) console.error(`${SETTINGS_FILE} is not there, so the image has no settings and must be set up on the board; "npx telltale configure" makes the file.`);
	const folder = options.output ?? join(root, 'build', target);
	console.log(`Building for ${target}${options.debug ? ', with the debugger,' : ''} in ${shown(folder)} …`);
	const from = performance.now();
	const image = await makeImage({ target, settings, resources, debug: options.debug ?? false, verbose: options.verbose ?? false, folder, signal }, toolchain);
	console.log(`Built in ${lengthInWords(performance.now() - from)}.`);
	for (const line of figures(image, target)) console.log(line);
	return image;
}

/** What settings and board do not do together is said before tools are looked for. */
async function resourcesFor(target: Target, settings: Settings, { config = SETTINGS_FILE }: BuildOptions): Promise<Certificates['resources'] | undefined> {
	if (tlsKey(settings) && target !== 'esp32') throw new Failure(`The settings do not do for ${target}: ${tlsProblem(tlsKey(settings))}`);
	return (await certificatesOf(settings, dirname(config)))?.resources;
}

function figures({ path, bytes, staticRam, machineBytes }: Image, target: Target): string[] {
	const number = (value: number) => value.toLocaleString('en-US');
	const lines = [`Image:       ${number(bytes)} bytes, ${shown(path)}`];
	if (staticRam === undefined) return lines;
	if (target !== 'nodemcu') return [...lines, `Static RAM:  ${number(staticRam)} bytes`];
	const heap = ESP8266_RAM - staticRam;
	lines.push(`Static RAM:  ${number(staticRam)} of ${number(ESP8266_RAM)} bytes`);
	if (machineBytes !== undefined) lines.push(`Heap:        ${number(heap)} bytes; the XS machine takes ${number(machineBytes)}, Wi-Fi and sockets get the other ${number(heap - machineBytes)}`);
	return lines;
}

async function bundle(): Promise<void> {
	const { bundle } = await import('../simulator/engine/bundle.js');
	for (const board of ['nodemcu', 'esp32'] as const) {
		const script = await bundle('src/main.ts', board);
		console.log(`Script for ${board}: ${Buffer.byteLength(script).toLocaleString('en-US')} bytes; "npx telltale simulate --board ${board}" runs it.`);
	}
}

function shown(path: string): string {
	const near = relative(process.cwd(), path);
	return near && !near.startsWith('..') ? near : path;
}
