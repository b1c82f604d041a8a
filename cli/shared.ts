// What no two nodes may share: names, topics, addresses, users.
//
// Rule: what counts is what a node will use, given or as usual. A refusal names both lines.

import { ENTRIES, usual, type Setting } from '../src/settings/settings.js';
import { Failure } from './failure.js';
import { fieldFor } from './fields.js';
import { shown } from './topics.js';

interface Node {
	readonly line: number;
	readonly settings: Readonly<Record<string, Setting>>;
}

/** Of which setting a thing is, and what it is compared by. */
interface Claim {
	readonly key: string;
	readonly value: string;
	readonly among: string;
	readonly why: string;
}

/** Throws a Failure at the first that two nodes share. `file`: the name of the table. */
export function refuseShared(nodes: readonly Node[], hasUsers: boolean, file: string): void {
	const lines = new Map<string, number>();
	for (const { line, settings } of nodes) {
		for (const { key, value, among, why } of claims(settings, hasUsers)) {
			const other = lines.get(`${among} ${value}`);
			if (other !== undefined) throw new Failure(`${file}, line ${line}: ${key} is ${JSON.stringify(shown(value))}, as in line ${other}: ${why}.`);
			lines.set(`${among} ${value}`, line);
		}
	}
	refuseWithin(nodes, file);
}

function claims(settings: Node['settings'], hasUsers: boolean): Claim[] {
	const used = (key: string) => String(settings[key] || usual(fieldFor(key)!, settings));
	const list: Claim[] = [
		{ key: 'node', value: used('node'), among: 'node', why: 'give each its own name' },
		{ key: 'clientId', value: used('clientId'), among: 'clientId', why: 'a broker lets only one of them in at a time; give each its own' },
		{ key: 'base', value: used('base'), among: 'base', why: 'nobody could tell their readings apart; give each its own' },
	];
	if (hasUsers && settings['user']) list.push({ key: 'user', value: String(settings['user']), among: 'user', why: "they could do each other's part; give each its own" });
	for (const entry of ENTRIES) {
		const address = settings[`address${entry}`];
		// The same one in another network is another one.
		if (address) list.push({ key: `address${entry}`, value: String(address).split('/')[0]!, among: `address in ${settings[`ssid${entry}`]}`, why: 'only one of them can have it in that network; give each its own' });
	}
	return list;
}

/** One that lies within another's, or where commands for all are, would hear or say what is not its own. */
function refuseWithin(nodes: readonly Node[], file: string): void {
	const bases = new Map<string, number>();
	const everyone = new Set<string>();
	for (const { line, settings } of nodes) {
		bases.set(String(settings['base'] || usual(fieldFor('base')!, settings)), line);
		everyone.add(`${settings['root'] || 'telltale'}/all`);
	}
	for (const [base, line] of bases) {
		const levels = base.split('/');
		for (let length = 1; length <= levels.length; length++) {
			const above = levels.slice(0, length).join('/');
			const other = bases.get(above);
			if (everyone.has(above)) throw new Failure(`${file}, line ${line}: base is ${JSON.stringify(base)}, which lies where the commands for all nodes are, ${above}: give it another.`);
			if (length < levels.length && other !== undefined) throw new Failure(`${file}, line ${line}: base is ${JSON.stringify(base)}, which lies within that of line ${other}: give it another.`);
		}
	}
}
