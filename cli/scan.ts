// What a node's command `scan` found, as a table, and as the setting `sensors` that would use it.
//
// Rule: what the node says is checked before it is used, and shown only as far as it is safe. A part on an analog input, or on one wire,
// cannot be found: it is not lost by what is proposed here, where the node knows of one.

import { Bus } from '../sensors/io.js';
import { PARTS } from '../sensors/parts.js';
import { oneColumn } from '../viewer/safe.js';
import { tableText } from './columns.js';
import type { Board } from './flash-map.js';
import { sensorsFault } from './sensors.js';

/** By address: the part in the table, or "?". */
export type Found = readonly (readonly [address: number, part: string])[];

/** Of docs/topics.md. */
const PARTS_MAX = 8;

export function foundIn(found: unknown): Found {
	return entriesOf(found).map(([address, part]) => [Number(address), part] as const).filter(([address]) => address >= 0 && address < 128);
}

/** The bus by its addresses, and how each part is that the settings name. */
export function scanText({ found, parts, more }: Readonly<Record<string, unknown>>): string {
	const there = foundIn(found).map(([address, part]) => [hex(address), part === '?' ? '? (answers, and is no part that is known)' : oneColumn(part)]);
	const bus = there.length ? tableText(['ADDRESS', 'PART'], there) : 'Nobody answers on the I2C bus.';
	const states = entriesOf(parts).map(([name, state]) => [oneColumn(name), oneColumn(state)]);
	const table = states.length ? `\n\n${tableText(['OF THE SETTINGS', 'STATE'], states)}` : '';
	return `${bus}${table}${typeof more === 'number' ? `\n\n${more} more had no room in the answer.` : ''}`;
}

export interface Proposal {
	/** The setting. */
	readonly sensors: string;
	readonly label: string;
}

/** Settings that use all that was found and is known, alone and beside the first kind of part on the analog input; none where nothing was found. */
export function proposalsOf(found: Found, board: Board): Proposal[] {
	const known = found.filter(([address, part]) => PARTS.some((row) => row.name === part && row.bus === Bus.I2C && row.addresses.includes(address)));
	if (!known.length) return [];
	const analog = PARTS.filter(({ bus, second, scaled }) => bus === Bus.Analog && !second && !scaled).map(({ name }) => name).slice(0, 1);
	return [undefined, ...analog].flatMap((part) => {
		const sensors = sensorsOf(known, part);
		const label = `${known.map(([address, name]) => `${name} at 0x${address.toString(16)}`).join(', ')}${part ? `, and ${part} on the analog input` : ''}`;
		return sensorsFault(sensors, board) ? [] : [{ sensors, label }];
	});
}

/** The first that gives a quantity needs no name; one that would give nothing new has one of its own, by its address. */
function sensorsOf(found: Found, analog: string | undefined): string {
	const given = new Set<string>();
	const parts = [...(analog ? [[undefined, analog] as const] : []), ...found].slice(0, PARTS_MAX);
	const entries = parts.map(([address, part]) => entry(part, address, given));
	const isShort = entries.every(({ name, address }) => name === undefined && address === undefined);
	return isShort ? entries.map(({ part }) => part).join(',') : JSON.stringify(entries);
}

function entry(part: string, address: number | undefined, given: Set<string>): { part: string; name?: string; address?: number } {
	const { quantities, addresses } = PARTS.find(({ name }) => name === part)!;
	const isNew = quantities.some((quantity) => !given.has(quantity));
	for (const quantity of quantities) given.add(quantity);
	return { part, ...(!isNew && { name: `${part}-${(address ?? 0).toString(16)}` }), ...(address !== undefined && address !== addresses[0] && { address }) };
}

/** As datasheets have addresses, and as settings do. */
function hex(address: number): string {
	return `0x${address.toString(16).padStart(2, '0')} (${address})`;
}

function entriesOf(value: unknown): [string, string][] {
	return typeof value === 'object' && value !== null ? Object.entries(value).filter((each): each is [string, string] => typeof each[1] === 'string') : [];
}
