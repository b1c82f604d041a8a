// telltale configure --from: the settings of many nodes, from a table with a row for each.
//
// Rule: all or nothing. A row wins over options, options over the common file; then each node passes what a single one would. What two nodes
// may not share is refused with both lines. With users of their own, the nodes get what mosquitto needs to keep them apart.

import { dirname, join, relative, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { missingKey, settingsProblem, tlsKey, usual, usualPort, type Setting } from '../src/settings/settings.js';
import { certificatesOf } from './certificates.js';
import { readCsv, type Row } from './csv.js';
import { Failure, Misuse } from './failure.js';
import { ALL_KEYS, fieldFor, FILE_KEYS, forChip, isFileKey, tlsFault } from './fields.js';
import { shownPath } from './files.js';
import { earlier, writeFleet, type Earlier } from './fleet-folder.js';
import { acl, mosquittoLines, passwordFile } from './mosquitto-files.js';
import { suggestion } from './nearest.js';
import { path } from './options.js';
import { madePassword } from './passwords.js';
import { readPart, settingFrom, settingsText, type Settings } from './settings.js';
import { shown } from './topics.js';
import { refuseShared } from './shared.js';

export interface FleetOptions {
	readonly from?: string;
	readonly common?: string;
	readonly out?: string;
	readonly passwords?: boolean;
	readonly operator?: readonly string[];
	readonly viewer?: readonly string[];
	readonly force?: boolean;
}

/** One row, with what all have in common. */
export interface FleetNode {
	readonly line: number;
	readonly name: string;
	readonly settings: Record<string, Setting>;
}

/** No two nodes may have the same, so nobody gives it to all. */
const OWN_KEYS = ['node', 'clientId', 'base', 'address', 'address2', 'address3'];
const ONLY_FROM = ['common', 'out', 'passwords', 'operator', 'viewer'] as const;
/** As mosquitto's files bear it. */
const USER = /^[A-Za-z0-9][\w.@-]*$/;
const OPERATOR = 'operator';
const VIEWER = 'viewer';

const several = (text: string, before: readonly string[] = []): string[] => [...before, text];

export function withFleet(command: Command): Command {
	return command
		.addOption(new Option('--from <file>', 'a CSV file with a row for each of many nodes, and the keys of settings above them').argParser(path('--from')))
		.addOption(new Option('--common <file>', 'with --from: a settings file with what they have in common').argParser(path('--common')))
		.addOption(new Option('--out <folder>', 'with --from: the folder to make').argParser(path('--out', 'a folder')))
		.option('--passwords', 'with --from: a user and a password for each node that has none')
		.addOption(new Option('--operator <name>', `with --from: who may send commands ("${OPERATOR}" if not given; may be repeated)`).argParser(several))
		.addOption(new Option('--viewer <name>', `with --from: who may only read ("${VIEWER}" if not given; may be repeated)`).argParser(several));
}

/** Throws Misuse where one of its options stands without the one that they belong to. */
export function mustBeFleet(options: FleetOptions): void {
	const key = ONLY_FROM.find((each) => options[each] !== undefined);
	if (key) throw new Misuse(`--${key} goes with --from FILE only: name the table of the nodes with it, or leave it out.`);
}

/** `given`: settings for all, as options. */
export async function configureFleet(options: FleetOptions & { readonly from: string }, given: Settings): Promise<void> {
	const { from, common, out, force = false, passwords = false } = options;
	if (out === undefined) throw new Misuse('--out is missing: name the folder to make for the files.');
	const shared = { ...(common === undefined ? {} : placed(await readPart(common), dirname(common))), ...placed(given, '.') };
	refuseOwn(common === undefined ? {} : await readPart(common), shownPath(common ?? ''), passwords);
	refuseOwn(given, 'the options', passwords);
	const nodes = nodesOf(await readCsv(from), shownPath(from), shared, dirname(from));
	const before = await earlier(out, force);
	const hasUsers = passwords || nodes.some(({ settings }) => settings['user'] !== shared['user']);
	if (passwords) for (const node of nodes) giveUser(node, before);
	const where = (node: FleetNode) => `${shownPath(from)}, line ${node.line}`;
	for (const node of nodes) mustBeWhole(node, where(node));
	refuseShared(nodes, hasUsers, shownPath(from));
	await checkCertificates(nodes, where);
	const people = hasUsers ? peopleOf(options, nodes, before) : nobody(options);
	const files = new Map(nodes.map(({ name, settings }) => [`${name}.json`, settingsText(moved(settings, out))]));
	const lines = hasUsers ? addAccess(files, nodes, people, where) : [];
	await writeFleet(out, files, [`the files of ${count(nodes)}`, ...lines], before);
	tell(out, nodes, before, lines);
}

function count(nodes: readonly unknown[]): string {
	return `${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'}`;
}

/** What the keys of files name, from anywhere. */
function placed(settings: Settings, folder: string): Record<string, Setting> {
	return Object.fromEntries(Object.entries(settings).filter(([key]) => key !== '$schema').map(([key, value]) => [key, isFileKey(key) && value ? resolve(folder, String(value)) : value]));
}

/** The same as seen from the folder of the node's file. */
function moved(settings: Settings, out: string): Record<string, Setting> {
	return Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, isFileKey(key) && value ? relative(resolve(out), String(value)) : value]));
}

function refuseOwn(settings: Settings, where: string, passwords: boolean): void {
	const key = [...OWN_KEYS, ...(passwords ? ['user', 'password'] : [])].find((each) => settings[each]);
	if (key) throw new Failure(`${key} stands in ${where} for all nodes, and each needs its own${key === 'user' || key === 'password' ? ' with --passwords' : ''}: make it a column of the table, or leave it out.`);
}

function nodesOf([header, ...rows]: readonly Row[], name: string, shared: Settings, folder: string): FleetNode[] {
	const keys = header?.cells ?? [];
	if (!keys.some((key) => key)) throw new Failure(`${name} is empty: its first line holds keys of settings, like node,ssid,host, and each line below it a node.`);
	keys.forEach((key, index) => {
		if (!ALL_KEYS.includes(key)) throw new Failure(`${name}, line 1: unknown column ${JSON.stringify(shown(key))}: ${suggestion(shown(key), ALL_KEYS.slice(0, -1).filter((each) => !/\d$/.test(each)))}`);
		if (keys.indexOf(key) < index) throw new Failure(`${name}, line 1: the column ${key} stands there twice: leave one of them out.`);
	});
	if (!keys.includes('node')) throw new Failure(`${name}, line 1: the column node is missing: each node needs a name.`);
	if (!rows.length) throw new Failure(`${name} holds no nodes: give each a line below the first.`);
	return rows.map(({ line, cells }) => nodeOf(keys, cells, `${name}, line ${line}`, line, shared, folder));
}

function nodeOf(keys: readonly string[], cells: readonly string[], where: string, line: number, shared: Settings, folder: string): FleetNode {
	if (!cells.some((cell) => cell)) throw new Failure(`${where}: the line is empty: take it out.`);
	if (cells.length !== keys.length) throw new Failure(`${where}: there are ${cells.length} cells, and ${keys.length} columns: give each column one, empty where nothing is meant.`);
	if (keys.every((key, index) => cells[index] === key)) throw new Failure(`${where}: the names of the columns stand there again: take the line out.`);
	const own: Record<string, Setting> = {};
	keys.forEach((key, index) => {
		if (!cells[index]) return;
		try {
			own[key] = settingFrom(fieldFor(key)!, cells[index], key);
		} catch (fault) {
			throw new Failure(`${where}: ${(fault as Error).message}`);
		}
	});
	if (!own['node']) throw new Failure(`${where}: node is missing: each needs a name.`);
	return { line, name: String(own['node']), settings: { ...shared, ...placed(own, folder) } };
}

/** One that it had in the folder before stays: it is on the node already. */
function giveUser({ name, settings }: FleetNode, before: Earlier): void {
	settings['user'] ||= name;
	const known = before.nodes.get(name);
	settings['password'] ||= known?.['user'] === settings['user'] && known['password'] || madePassword();
}

function mustBeWhole({ settings }: FleetNode, where: string): void {
	const lack = /^(\S+) is missing: (.*)\.$/.exec(missingKey(settings));
	if (lack) throw new Failure(`${where}: ${lack[1]} is missing: give ${lack[2]} in a column, in the common file or with --${lack[1]}.`);
	const fault = settingsProblem(forChip(settings)) || tlsFault(settings);
	if (fault) throw new Failure(`${where}: ${fault}`);
}

/** Most nodes share theirs: each set of files is read once for each broker. */
async function checkCertificates(nodes: readonly FleetNode[], where: (node: FleetNode) => string): Promise<void> {
	const checked = new Set<string>();
	for (const node of nodes) {
		const { settings } = node;
		const which = JSON.stringify([...FILE_KEYS, 'host', 'host2', 'host3', 'tls', 'tls2', 'tls3'].map((key) => settings[key]));
		if (checked.has(which)) continue;
		checked.add(which);
		await certificatesOf(settings, '/').catch((fault: Error) => Promise.reject(fault instanceof Failure ? new Failure(`${where(node)}: ${fault.message}`) : fault));
	}
}

interface Person {
	readonly role: string;
	readonly user: string;
	readonly password: string;
}

function nobody({ operator, viewer }: FleetOptions): Person[] {
	const key = operator ? OPERATOR : viewer ? VIEWER : '';
	if (key) throw new Misuse(`--${key} is given, and the nodes have no users of their own: add --passwords, or a column user.`);
	return [];
}

function peopleOf({ operator = [OPERATOR], viewer = [VIEWER] }: FleetOptions, nodes: readonly FleetNode[], before: Earlier): Person[] {
	const roles = [...operator.map((user) => ({ role: OPERATOR, user })), ...viewer.map((user) => ({ role: VIEWER, user }))];
	const seen = new Set(nodes.map(({ settings }) => String(settings['user'])));
	return roles.map(({ role, user }) => {
		mustBeUser(user, `--${role}`);
		if (seen.has(user)) throw new Misuse(`--${role} is ${JSON.stringify(user)}, a user that there is already: give another name.`);
		seen.add(user);
		return { role, user, password: before.people.get(user) ?? madePassword() };
	});
}

/** Also that of a node. */
function mustBeUser(user: string, where: string): void {
	if (!USER.test(user)) throw new Failure(`${where}: ${JSON.stringify(shown(user))} cannot stand in mosquitto's files: use letters, digits, ".", "_", "@" and "-".`);
}

/** The files for the broker and for people. Returns what there is to do with them. */
function addAccess(files: Map<string, string>, nodes: readonly FleetNode[], people: readonly Person[], where: (node: FleetNode) => string): string[] {
	const passwords = new Map<string, string>();
	const places = nodes.map((node) => {
		const { settings } = node;
		const user = String(settings['user'] ?? '');
		if (!user || !settings['password']) throw new Failure(`${where(node)}: ${user ? 'password' : 'user'} is missing, and other nodes have one: give it, or have it made with --passwords.`);
		mustBeUser(user, `${where(node)}: user`);
		passwords.set(user, String(settings['password']));
		return { user, root: String(settings['root'] || 'telltale'), base: String(settings['base'] || usual(fieldFor('base')!, settings)) };
	});
	const named = (wanted: string) => people.filter(({ role }) => role === wanted).map(({ user }) => user);
	for (const { user, password } of people) passwords.set(user, password);
	files.set('acl', acl(places, named(OPERATOR), named(VIEWER)));
	files.set('passwords', passwordFile(passwords));
	files.set('people.txt', people.map(({ role, user, password }) => `${role} ${user} ${password}\n`).join(''));
	const { settings } = nodes[0]!;
	return mosquittoLines(Number(settings['port'] ?? usualPort(settings['tls'] === true)), settings['tls'] === true);
}

function tell(out: string, nodes: readonly FleetNode[], before: Earlier, lines: readonly string[]): void {
	const folder = shownPath(out);
	const gone = [...before.nodes.keys()].filter((name) => !nodes.some((node) => node.name === name));
	console.log(`Wrote the settings of ${count(nodes)} to ${folder}; only you can read them.`);
	if (gone.length) console.log(`No longer there: ${shown(gone.join(', '))}.`);
	if (lines.length) {
		console.log(`Passwords of operators and viewers are in ${join(folder, 'people.txt')}. For mosquitto, in that folder:`);
		for (const line of lines) console.log(`  ${line}`);
	} else console.log('Nodes that share a user, or have none, can do each other\'s part: --passwords gives each its own, and writes an access list.');
	const [{ name, settings }] = nodes as readonly [FleetNode];
	console.log(`Next: npx telltale flash --board ${tlsKey(settings) ? 'esp32' : 'nodemcu'} --config ${join(folder, `${name}.json`)}`);
}
