// What is wired to a board's pins, by the list that the setting `sensors` has, and the twins that sit there.
//
// Rule: the table sensors/parts.ts leads from a part's name to its folder, and `simulated.ts` in there is its twin: no part's name
// stands in the simulator. A row without a folder has no twin, and nothing is wired. Wiring is the world's: what nobody can wire is
// left out, and settings that come later change nothing.

import { Bus } from '../../sensors/io.js';
import { PARTS, type Board, type Row } from '../../sensors/parts.js';
import type { MakeTwin } from '../../sensors/twin.js';
import { Entries, Key } from '../../src/parts/entries.js';
import type { MakeOne, Wire } from '../devices/parts.js';

/** Where each part of the list sits: at the row's first address and at the first of the board's pins that is free, unless it says otherwise. */
export function wiresOf(sensors: string, board: Board): Wire[] {
	const wires: Wire[] = [];
	const entries = new Entries(sensors);
	while (entries.next()) {
		const { row, name: given } = entries;
		if (!row.folder) continue;
		const name = given || row.name;
		const alike = wires.filter((each) => each.name === name || each.name.startsWith(`${name} `)).length;
		wires.push({
			name: alike ? `${name} ${alike + 1}` : name, row: row.name,
			address: entries.get(Key.Address, row.addresses[0] ?? 0),
			pin: row.bus === Bus.I2C ? NOWHERE : entries.get(Key.Pin, freePin(row, board, wires)),
			powerPin: entries.has(Key.PowerPin) ? entries.get(Key.PowerPin, NOWHERE) : undefined,
		});
	}
	return wires;
}

/** What a channel can say, in units. */
export interface ChannelRange {
	/** Its name without a part's. */
	readonly quantity: string;
	readonly low: number;
	readonly high: number;
}

/** Of a channel that is not in the list. */
export const NO_RANGE: ChannelRange = { quantity: '', low: Infinity, high: -Infinity };

/** The channels of that list, by their names: a quantity that several parts without a name give is the first one's. */
export function channelsOf(sensors: string): ReadonlyMap<string, ChannelRange> {
	const channels = new Map<string, ChannelRange>();
	const entries = new Entries(sensors);
	while (entries.next()) {
		const { row: { quantities, minima, maxima }, name } = entries;
		quantities.forEach((quantity, k) => {
			const channel = name ? `${name}_${quantity}` : quantity;
			if (!channels.has(channel)) channels.set(channel, { quantity, low: minima[k]! / 1_000, high: maxima[k]! / 1_000 });
		});
	}
	return channels;
}

const NOWHERE = -1;

function freePin({ bus, second }: Row, { analog, digital }: Board, wires: readonly Wire[]): number {
	const pins = bus === Bus.Pulse ? digital : second ? analog.further : [analog.pin, ...analog.further];
	return pins.find((pin) => !wires.some((each) => each.pin === pin || each.powerPin === pin)) ?? NOWHERE;
}

/** What makes the twin of each of these. */
export async function twinMaker(wires: readonly Wire[]): Promise<MakeOne> {
	const made = new Map<string, MakeTwin>();
	for (const { row } of wires) made.set(row, await twinOf(PARTS.find(({ name }) => name === row)!));
	return ({ row, address }, world) => made.get(row)!(row, world, address);
}

async function twinOf({ folder }: Row): Promise<MakeTwin> {
	const file = new URL(`../../sensors/${folder}/simulated.ts`, import.meta.url);
	return ((await import(/* @vite-ignore */ file.href)) as { simulated: MakeTwin }).simulated;
}
