// Which leg of which part goes to which pin of a board, for drawings.
//
// Rule: the firmware's own code places the parts: connect() makes them of I/O that only notes what it is asked for. So a drawing and
// the firmware cannot disagree.

import { existsSync } from 'node:fs';
import { PINS, type BoardPin } from '../hardware/pins.js';
import { Bus } from '../sensors/io.js';
import type { Row } from '../sensors/parts.js';
import { onI2C, type Leg, type Role, type WiringOf } from '../sensors/wiring.js';
import { addressesOf, connect } from '../src/parts/parts.js';
import { Failure } from './failure.js';
import { BOARD_CONSTANTS as BOARDS, sensorsFault, sensorsWithGpios } from './sensors.js';

export type BoardName = keyof typeof PINS;
export const BOARD_NAMES = Object.keys(BOARDS) as BoardName[];

/** One wire. */
export interface Wire {
	readonly leg: Leg;
	/** Of the board: the side that its pin is on, and how far from the top, from 0. */
	readonly side: 'left' | 'right';
	readonly place: number;
	readonly pin: BoardPin;
}

export interface DrawnPart {
	readonly title: string;
	/** The name of its channels, or its address, where it has one that is not the usual. */
	readonly remark: string;
	readonly wires: readonly Wire[];
	readonly notes: readonly string[];
}

export interface Nets {
	readonly board: BoardName;
	readonly setting: string;
	readonly parts: readonly DrawnPart[];
}

const SUPPLIES: Readonly<Partial<Record<Role, readonly string[]>>> = { supply: ['3V3'], five: ['5V', 'VIN', 'VU'], ground: ['GND'] };

export async function netsOf(board: BoardName, setting: string): Promise<Nets> {
	const fault = sensorsFault(setting, board);
	if (fault) throw new Failure(fault);
	const parts: DrawnPart[] = [];
	for (const { row, name, pin, address, powerPin } of placed(board, sensorsWithGpios(setting, board))) {
		const { title, legs, notes } = await wiringOf(row, BOARDS[board].analog.fullScaleMv);
		const wires = legs.map((leg) => ({ leg, ...at(board, leg.role, pin, powerPin) }));
		const more = address !== undefined && address !== row.addresses[0] ? [`Set its pin for the address (SDO, ADDR or AD0) for ${address}, which is 0x${address.toString(16)}.`] : [];
		parts.push({ title, remark: name === row.name ? '' : name, wires, notes: [...notes, ...more] });
	}
	return { board, setting, parts };
}

interface Placed {
	readonly row: Row;
	readonly name: string;
	readonly pin: number | undefined;
	readonly address: number | undefined;
	readonly powerPin: number | undefined;
}

function placed(board: BoardName, setting: string): Placed[] {
	/** Of the parts that are on a pin of their own, in their order. */
	const pins: number[] = [];
	const note = class {
		readonly resolution = 12;
		constructor({ pin }: { pin?: number }) {
			if (pin !== undefined) pins.push(pin);
		}
		close(): void {}
	};
	const power = (pin: number) => ({ pin });
	const parts = connect(setting, { board: BOARDS[board], Analog: note, I2C: note, Pulses: note, power } as never);
	const addresses = addressesOf(setting, BOARDS[board]);
	return parts.map((part, index) => {
		const row = part.row as Row;
		const [pin, address] = row.bus === Bus.I2C ? [undefined, addresses[index]] : [pins.shift(), undefined];
		return { row, name: part.name, pin, address, powerPin: (part.power as { pin: number } | undefined)?.pin };
	});
}

async function wiringOf(row: Row, fullScaleMv: number): Promise<ReturnType<WiringOf>> {
	const file = new URL(`../sensors/${row.folder}/wiring.ts`, import.meta.url);
	if (!row.folder || !existsSync(file)) return onI2C(row.name.toUpperCase().replace(/X$/, 'x'));
	return ((await import(file.href)) as { wiring: WiringOf }).wiring(row.name, fullScaleMv);
}

function at(board: BoardName, role: Role, pin: number | undefined, powerPin: number | undefined): Omit<Wire, 'leg'> {
	const { i2c } = BOARDS[board];
	const gpio = role === 'supply' && powerPin !== undefined ? powerPin : role === 'signal' ? pin : role === 'data' ? i2c.data : role === 'clock' ? i2c.clock : undefined;
	const found = pinOf(board, gpio === undefined ? ({ label }) => SUPPLIES[role]!.includes(label) : (each) => each.gpio === gpio);
	if (!found) throw new Failure(`${board} has no pin for ${role}: this part cannot be drawn on it.`);
	return found;
}

/** Of several, like GND, the lowest: its wire to the parts below is the shortest. */
function pinOf(board: BoardName, is: (pin: BoardPin) => boolean): Omit<Wire, 'leg'> | undefined {
	const found = (['right', 'left'] as const).flatMap((side) => PINS[board][side].map((pin, place) => ({ side, place, pin }))).filter(({ pin }) => is(pin));
	return found.sort((a, b) => b.place - a.place)[0];
}

