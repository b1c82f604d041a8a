// Makes an image for a board with the SDK: a manifest with the settings in it, then mcconfig.
//
// Rule: the manifest holds secrets and is readable by its owner alone. mcconfig is always called with "-t build": without it a
// release build goes on to write whatever board it finds. Its output is kept in build.log; what it means is said in a sentence.

import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { completed, missingKey, withDefaults } from '../src/settings/settings.js';
import { failedUnheard, faultIn } from './build-log.js';
import { sectionSizes, staticRam } from './elf.js';
import { Failure } from './failure.js';
import { forChip } from './fields.js';
import { makeFolder, unwritable } from './files.js';
import { sensorsFault, withGpios } from './sensors.js';
import type { Settings } from './settings.js';
import { PLATFORMS, root, type Target, type Toolchain } from './toolchain.js';

export interface ImageOptions {
	readonly target: Target;
	/** undefined: a generic image, to be set up on the board. It can do all that a setting may ask for. */
	readonly settings: Settings | undefined;
	/** Files that go into the image as they are, by name. */
	readonly resources: Readonly<Record<string, Uint8Array>> | undefined;
	readonly debug: boolean;
	/** Shows mcconfig's own words. */
	readonly verbose: boolean;
	/** Where everything goes. */
	readonly folder: string;
	readonly signal: AbortSignal;
}

export interface Image {
	/** The file that goes on the board, and what the linker made of it. */
	readonly path: string;
	readonly elf: string | undefined;
	readonly bytes: number;
	readonly staticRam: number | undefined;
	/** Of the XS machine, taken from the heap at start. */
	readonly machineBytes: number | undefined;
}

const NAME = 'telltale';
/** The SDK's own simulator has the constants of a NodeMCU. */
const boardOf = (target: Target): 'nodemcu' | 'esp32' => (target === 'esp32' ? 'esp32' : 'nodemcu');

export async function makeImage(options: ImageOptions, { mcconfig, env }: Toolchain): Promise<Image> {
	const { target, settings, resources = {}, folder, debug } = options;
	if (settings) {
		const fault = missingKey(settings) || sensorsFault(withDefaults(settings).sensors, boardOf(target));
		if (fault) throw new Failure(`The settings do not do for ${target}: ${fault}`);
	}
	await writeManifest(folder, settings && withGpios(settings, boardOf(target)), resources);
	const words = ['-m', '-t', 'build', '-p', PLATFORMS[target].platform, '-o', join(folder, 'out'), ...(debug ? ['-d'] : [])];
	const outputs = outputsOf(target, folder, debug ? 'debug' : 'release');
	await clear(outputs);
	await callMcconfig(mcconfig, words, options, env);
	return measure(target, folder, outputs);
}

async function writeManifest(folder: string, settings: Settings | undefined, resources: Readonly<Record<string, Uint8Array>>): Promise<void> {
	// mcconfig wants the folder that it writes to to be there.
	makeFolder(folder);
	makeFolder(join(folder, 'out'));
	// What mcconfig makes of the settings lies in it, in files that everybody may read.
	await chmod(join(folder, 'out'), 0o700);
	const project = join(root, 'manifest.json');
	if (!existsSync(project)) throw new Failure(`${project} is not there: the clone is not whole; restore it with git.`);
	const speaks5 = settings === undefined || withDefaults(settings).protocol !== 4;
	const names = Object.keys(resources);
	for (const name of names) await put(join(folder, name), resources[name]!);
	const manifest = {
		include: [relative(resolve(folder), project)],
		// All of them: what an image says lies in flash, and what it does not say would take RAM.
		config: { telltale: completed(forChip(settings ?? {})) },
		...(speaks5 ? {} : { modules: without5(folder) }),
		// Without their endings: mcconfig looks for the files itself.
		...(names.length && { resources: { '*': names.map((name) => `./${name.replace(/\.der$/, '')}`) } }),
	};
	await put(join(folder, 'manifest.json'), `${JSON.stringify(manifest, undefined, '\t')}\n`);
}

/** For its owner alone. */
async function put(path: string, content: string | Uint8Array): Promise<void> {
	try {
		await writeFile(path, content, { mode: 0o600 });
	} catch (error) {
		throw unwritable(path, error, '--output');
	}
}

/** What only MQTT 5.0 needs stays out of an image that will not speak it. */
export const ONLY_5: readonly string[] = ['src/mqtt/v5/protocol5', 'src/mqtt/v5/properties', 'src/mqtt/v5/aliases', 'src/mqtt/v5/codes', 'src/mqtt/v5/reasons5'];

function without5(folder: string): object {
	const from = (path: string) => relative(resolve(folder), join(root, path));
	return {
		'~': ONLY_5.map(from),
		'src/mqtt/v5/protocol5': from('src/mqtt/without5/protocol5'),
		'src/mqtt/v5/reasons5': from('src/mqtt/without5/reasons5'),
	};
}

function callMcconfig(mcconfig: string, words: readonly string[], { folder, verbose, signal }: ImageOptions, env: NodeJS.ProcessEnv): Promise<void> {
	const logPath = join(folder, 'build.log');
	const log = createWriteStream(logPath, { mode: 0o600 });
	return new Promise((resolve, reject) => {
		// A group of its own: mcconfig starts make and compilers, and Ctrl-C shall end them all.
		const child = spawn(mcconfig, words, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
		const stop = () => child.pid && process.kill(-child.pid, 'SIGTERM');
		signal.addEventListener('abort', stop);
		for (const stream of [child.stdout, child.stderr]) {
			stream.on('data', (chunk: Buffer) => {
				log.write(chunk);
				if (verbose) process.stdout.write(chunk);
			});
		}
		child.on('error', (error) => reject(new Failure(`${mcconfig} cannot be started (${error.message}): build the tools of the SDK again.`)));
		child.on('close', (status) => {
			signal.removeEventListener('abort', stop);
			log.end(() => {
				if (signal.aborted) reject(new Failure('The build was stopped.'));
				else {
					const output = readFileSync(logPath, 'utf8');
					if (status === 0 && !failedUnheard(output)) return resolve();
					const fault = faultIn(output);
					reject(new Failure(`The build failed${fault && `: ${fault}`}; the whole output is in ${logPath}.`));
				}
			});
		});
	});
}

interface Outputs {
	/** What goes on the board. */
	readonly path: string;
	/** Where what the linker made of it may be: the SDK's makefile for the ESP32 leaves it with ESP-IDF. */
	readonly elves: readonly string[];
	readonly flat: string;
	/** Where ESP-IDF leaves the image, for the SDK's makefile to copy. */
	readonly copied: readonly string[];
}

function outputsOf(target: Target, folder: string, variant: string): Outputs {
	const place = (kind: string, ...names: string[]) => join(folder, 'out', kind, PLATFORMS[target].folder, variant, NAME, ...names);
	return {
		path: place('bin', { nodemcu: 'main.bin', esp32: 'xs_esp32.bin', sim: 'mc.so' }[target]),
		elves: [place('tmp', 'main.elf'), place('tmp', 'xsProj-esp32/build/xs_esp32.elf'), place('bin', 'xs_esp32.elf')],
		flat: place('tmp', 'manifest_flat.json'),
		copied: [place('tmp', 'xsProj-esp32/build/xs_esp32.bin')],
	};
}

/** What lies there when the build has ended was made by it: an image of an earlier build never passes for the new one. */
async function clear({ path, elves, copied }: Outputs): Promise<void> {
	for (const each of [path, ...elves, ...copied]) await rm(each, { force: true });
}

async function measure(target: Target, folder: string, { path, elves, flat }: Outputs): Promise<Image> {
	const bytes = await stat(path).then(({ size }) => size, () => {
		throw new Failure(`The build ended well but ${path} is not there: delete ${folder} and build again.`);
	});
	const elf = elves.find((each) => existsSync(each));
	const machineBytes = await machineOf(flat);
	if (!elf || target === 'sim') return { path, elf: undefined, bytes, staticRam: undefined, machineBytes };
	const sizes = sectionSizes(await readFile(elf), elf);
	return { path, elf, bytes, staticRam: staticRam(sizes, target === 'nodemcu' ? 'ESP8266' : 'ESP32'), machineBytes };
}

/** `creation.static` of the merged manifest; undefined where the machine grows. */
async function machineOf(flat: string): Promise<number | undefined> {
	try {
		const bytes = Number((JSON.parse(await readFile(flat, 'utf8')) as { creation?: { static?: unknown } }).creation?.static);
		return bytes > 0 ? bytes : undefined;
	} catch {
		return undefined;
	}
}
