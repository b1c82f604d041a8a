// telltale configure: a node's settings, asked for or given as options, checked and written to a file.
//
// Rule: what is written has passed validate(); the questions and the options are made from cli/fields.ts, so a new
// setting is here by itself. Secrets are written readable by their owner alone and never shown.

import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command, Option } from 'commander';
import { Bus } from '../sensors/io.js';
import { PARTS } from '../sensors/parts.js';
import { completed, ENTRIES, FURTHER_KEYS, missingKey, settingsProblem, tlsKey, withDefaults, type Setting } from '../src/settings/settings.js';
import { ownAddresses } from './broker.js';
import { certificatesOf } from './certificates.js';
import { configurePort, portOption, takeSerialPort } from './configure-port.js';
import { safe } from '../viewer/safe.js';
import { Failure, Misuse } from './failure.js';
import { ALL_FIELDS, ALL_KEYS, fieldFor, forChip, tlsFault } from './fields.js';
import { shownPath, unwritable, writeSecret } from './files.js';
import { configureFleet, mustBeFleet, withFleet, type FleetOptions } from './fleet.js';
import { BOARDS, type Board } from './flash-map.js';
import { oneOf, path } from './options.js';
import { serialPorts } from './ports.js';
import type { Asked } from './questions.js';
import { sensorsFault } from './sensors.js';
import { readSettings, settingFrom, settingsText, SETTINGS_FILE, type Settings } from './settings.js';
import { usbName } from './usb.js';

interface ConfigureOptions extends FleetOptions {
	readonly file: string;
	readonly board?: Board;
	readonly check?: boolean;
	readonly show?: boolean;
}

const TLS_NEEDS = 'an ESP8266 has too little memory for TLS.';
/** Secrets may come from the environment, where other users of the machine do not see them: TELLTALE_PASSWORD2 is password2. */
const variableOf = (key: string): string => `TELLTALE_${key.toUpperCase()}`;

export function configure(): Command {
	const command = new Command('configure')
		.description('Ask for the settings of a node, check them and write them to a file; every answer can be an option instead.')
		.addOption(new Option('--file <path>', 'the settings file').argParser(path('--file')).default(SETTINGS_FILE))
		.option('--force', 'change a file that is there: what is not given anew stays')
		.addOption(new Option('--board <name>', 'which board it is for: nodemcu or esp32').argParser(oneOf('The board', BOARDS)))
		.option('--check', 'try from here whether the broker lets the node in, before anything is written')
		.option('--show', 'print the settings of the file, without secrets');
	withFleet(command);
	for (const { key } of ALL_FIELDS) command.addOption(optionOf(key));
	// They are the same again: one line in the help page says so.
	for (const key of FURTHER_KEYS) command.addOption(optionOf(key).hideHelp());
	return command
		.addHelpText('after', `\n${FURTHER}\n${SENSORS}\nWithout a terminal nothing is asked: --ssid and --host must be given then.`)
		.action(run);
}

const partOn = (bus: Bus): string => PARTS.find((row) => row.bus === bus)!.name;
const SENSORS = `--sensors takes names divided by commas, or a list as JSON, like '[{"part":"${partOn(Bus.Pulse)}","pin":"D5"},{"part":"${partOn(Bus.I2C)}","name":"outside"}]':
${PARTS.map(({ name }) => name).join(', ')}. sensors/README.md has the rest.
`;

const FURTHER = `A second and a third network and broker, tried in that order, have 2 and 3 behind their keys:
--ssid2, --passphrase2, --address2, --gateway2 and --nameServer2; --host2, --port2, --tls2, --alpn2, --user2 and --password2.
`;

function optionOf(key: string): Option {
	const field = fieldFor(key)!;
	if (key === 'port') return portOption((text) => settingFrom(field, text, key), `${field.meaning} (${field.initial} if not given)`);
	const shape = field.choices ? field.choices.join('|') : typeof field.initial === 'boolean' ? 'true|false' : typeof field.initial === 'number' ? 'number' : 'text';
	const initial = field.initial === '' ? '' : ` (${field.initial} if not given)`;
	const option = new Option(`--${key} <${shape}>`, field.meaning + initial);
	option.attributeName = () => key;
	if (field.secret) option.env(variableOf(key));
	return option.argParser((text: string) => settingFrom(field, text, key));
}

const BESIDE_SHOW = new Set(['show', 'file', 'debug']);

async function run(options: ConfigureOptions & Record<string, unknown>, command: Command): Promise<void> {
	const { file, force = false } = options;
	if (options.show) {
		const other = command.options.find((each) => command.getOptionValueSource(each.attributeName()) === 'cli' && !BESIDE_SHOW.has(each.attributeName()));
		if (other) throw new Misuse(`--show takes no ${other.long} beside it: it prints the file as it is.`);
		return show(await readSettings(file));
	}
	const serial = takeSerialPort(options);
	if (options.from !== undefined) {
		if (command.getOptionValueSource('file') === 'cli') throw new Misuse('--file is of one node: leave it out with --from, which writes into the folder of --out.');
		if (options.check || options.board) throw new Misuse(`--${options.check ? 'check' : 'board'} is of one node: leave it out with --from.`);
		if (serial !== undefined) throw new Misuse('--port of a board goes with one node: leave it out with --from, which writes files.');
		return configureFleet({ ...options, from: options.from }, givenSettings(options, command, {}));
	}
	mustBeFleet(options);
	if (serial !== undefined) {
		if (options.check || options.board) throw new Misuse(`--${options.check ? 'check' : 'board'} goes with a file: leave it out where a board is set up, which tries the settings itself.`);
		return setUpOver(serial, options, command);
	}
	return isAsked() ? converse(options, command) : conclude(await started(file, force), options, command);
}

/** What is known before anybody is asked. */
interface Start {
	readonly before: Settings;
	/** What is there may be changed. */
	readonly force: boolean;
}

async function started(file: string, force: boolean): Promise<Start> {
	if (existsSync(file) && !force) throw inTheWay(file);
	return { before: existsSync(file) ? await readSettings(file) : {}, force };
}

async function converse(options: ConfigureOptions & Record<string, unknown>, command: Command): Promise<void> {
	const { ask, askWhatFor, askWhetherToChange } = await import('./questions.js');
	const { file, board, check: isChecked } = options;
	// Whoever gives options knows what for.
	if (!command.options.some((each) => command.getOptionValueSource(each.attributeName()) === 'cli')) {
		const port = await askWhatFor(serialPorts().map((each) => ({ path: each, name: usbName(each) })));
		if (port !== undefined) return setUpOver(port, options, command);
	}
	const force = options.force || (existsSync(file) && await askWhetherToChange(shownPath(file)));
	const start = await started(file, force);
	const folder = dirname(file);
	const around = { addresses: ownAddresses(), folder, problem: isChecked ? undefined : (settings: Settings) => problemOf(settings, folder) };
	const asked = await ask(start.before, givenSettings(options, command, start.before), board, around);
	await conclude(start, options, command, asked);
}

async function problemOf(settings: Settings, folder: string): Promise<string> {
	return (await import('./broker-check.js')).brokerProblem(settings, folder);
}

/** Checks, writes and says what is next. */
async function conclude({ before, force }: Start, options: ConfigureOptions & Record<string, unknown>, command: Command, asked?: Asked): Promise<void> {
	const { file } = options;
	const settings = asked?.settings ?? { ...before, ...givenSettings(options, command, before) };
	const board = asked?.board ?? options.board;
	await check(settings, dirname(file), board);
	const problem = options.check ? await problemOf(settings, dirname(file)) : '';
	if (problem) throw new Failure(`${problem} Nothing was written.`);
	await write(file, settings, force);
	const isSecret = ALL_KEYS.some((key) => fieldFor(key)!.secret && settings[key]);
	console.log(`Wrote ${file}; only you can read it${isSecret ? ', since it holds secrets' : ''}.`);
	if (tlsKey(settings) && !board) console.log(`It does for an ESP32: ${TLS_NEEDS}`);
	const needs = tlsKey(settings) || sensorsFault(withDefaults(settings).sensors, 'nodemcu') ? 'esp32' : 'nodemcu';
	console.log(`Next: npx telltale flash --board ${board ?? needs}${file === SETTINGS_FILE ? '' : ` --config ${file}`}`);
}

/** What was said on the command line, and the secrets of the environment. */
function givenSettings(options: Readonly<Record<string, unknown>>, command: Command, before: Settings): Record<string, Setting> {
	const given: Record<string, Setting> = {};
	for (const key of ALL_KEYS) if (options[key] !== undefined) given[key] = options[key] as Setting;
	// A password that lies in the environment for other commands is not meant where there is no user.
	for (const entry of ENTRIES) {
		const idle = (secret: string, owner: string): boolean => command.getOptionValueSource(secret) === 'env' && !given[owner] && !before[owner];
		if (idle(`password${entry}`, `user${entry}`)) delete given[`password${entry}`];
		if (entry && idle(`passphrase${entry}`, `ssid${entry}`)) delete given[`passphrase${entry}`];
	}
	return given;
}

/** Those of a file too, where one is named. */
async function setUpOver(port: string | true, options: ConfigureOptions & Record<string, unknown>, command: Command): Promise<void> {
	const given: Record<string, Setting> = command.getOptionValueSource('file') === 'cli' ? { ...(await readSettings(options.file)) } : {};
	for (const key of ALL_KEYS) {
		const isIdle = command.getOptionValueSource(key) === 'env' && !options[key.replace('passphrase', 'ssid').replace('password', 'user')];
		if (options[key] !== undefined && !isIdle) given[key] = options[key] as Setting;
	}
	const folder = command.getOptionValueSource('file') === 'cli' ? dirname(options.file) : '.';
	await configurePort(port, given, folder, isAsked() ? async (node) => (await import('./port-questions.js')).askForNode(node) : undefined);
}

function isAsked(): boolean {
	const { stdin, stdout } = process;
	if (!stdin.isTTY || !stdout.isTTY) return false;
	// One that does not know its size, as over a serial line: a question would stand there one letter a line.
	if (!stdout.columns) [stdout.columns, stdout.rows] = [80, 24];
	return true;
}

function inTheWay(file: string): Failure {
	return new Failure(`${shownPath(file)} is there already: change it with --force, or name another with --file.`);
}

async function check(settings: Settings, folder: string, board: Board | undefined): Promise<void> {
	const lack = /^(\S+) is missing: (.*)\.$/.exec(missingKey(settings));
	if (lack) throw new Misuse(`${lack[1]} is missing: give ${lack[2]} with --${lack[1]}.`);
	const fault = settingsProblem(forChip(settings)) || tlsFault(settings);
	if (fault) throw new Misuse(fault);
	if (board === 'nodemcu' && tlsKey(settings)) throw new Misuse(`${tlsKey(settings)} is true, and ${TLS_NEEDS.replace(/\.$/, '')}: choose --board esp32, or leave it out.`);
	const { sensors } = withDefaults(settings);
	const misfit = board && sensorsFault(sensors, board);
	if (misfit) throw new Misuse(misfit);
	await certificatesOf(settings, folder);
}

async function write(file: string, settings: Settings, force: boolean): Promise<void> {
	try {
		await writeSecret(file, settingsText(settings), force);
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === 'EEXIST') throw inTheWay(file);
		if (code === 'ENOENT' || code === 'ENOTDIR') throw new Failure(`${shownPath(file)} cannot be written: make its folder first.`);
		throw unwritable(file, error, '--file');
	}
}

function show(settings: Settings): void {
	const config = completed(settings) as unknown as Record<string, Setting>;
	const keys = ALL_KEYS.filter((key) => !FURTHER_KEYS.includes(key) || settings[key] !== undefined);
	const width = Math.max(...keys.map((key) => key.length));
	for (const key of keys) {
		const value = config[key] ?? '';
		const shown = value === '' ? '(empty)' : fieldFor(key)!.secret ? '********' : safe(String(value));
		console.log(`${key.padEnd(width)}  ${shown}${settings[key] === undefined ? '  (not in the file)' : ''}`);
	}
}
