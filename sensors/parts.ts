// SPDX-License-Identifier: MIT
// The table of parts: what may be named in the setting `sensors`, what each gives, and how each is made.
//
// Rule: a part is a driver and one row here; nothing else in the firmware knows a part by name. Two parts may give the
// same quantity: the one that the setting names first gives it. A later one gives only what is still missing; a part
// with nothing left to give is not made.
// Invariant: no two of the parts that connect() returns give the same quantity.

import type { Part, Sensor } from '../src/common/ports.js';
import { HIH4030 } from './hih4030/hih4030.js';
import type { AnalogClass, I2CClass } from './io.js';
import { ADDRESS_HIGH, ADDRESS_LOW, SHT3x } from './sht3x/sht3x.js';
import { TMP36 } from './tmp36/tmp36.js';

/** What the parts need to know of hardware/<board>.ts. */
export interface Board {
	readonly name: string;
	readonly analog: {
		readonly pin: number;
		/** -1 where the chip has one analog input only. */
		readonly secondPin: number;
		readonly bits: number;
		readonly fullScaleMv: number;
		readonly lowestMv: number;
	};
	readonly i2c: { readonly data: number; readonly clock: number; readonly hz: number };
}

export interface PartIo {
	readonly board: Board;
	readonly Analog: AnalogClass;
	readonly I2C: I2CClass;
}

/** One row of the table. */
export interface PartRow {
	/** As it is written in the setting `sensors`. */
	readonly name: string;
	/** For people who choose one. */
	readonly meaning: string;
	/** Names from QUANTITIES (src/readings/reading.ts), in the order in which collect() writes them. */
	readonly quantities: readonly string[];
	/** Each collect() is one conversion, and several are combined into a value. */
	readonly analog: boolean;
	/** Sits on the board's second analog input. */
	readonly second: boolean;
	/** `quantities` is what this one is to give: some or all of the row's, in their order. */
	readonly make: (io: PartIo, quantities: readonly string[]) => Sensor;
}

/** HIH-4030 at the board's 5 V: 3.9 V at 100 % are halved to 1.95 V; 200 kΩ are no less than the 80 kΩ it needs. */
const HIH4030_WIRING = Object.freeze({ supplyMv: 5_000, upperOhm: 100_000, lowerOhm: 100_000 });

const TEMPERATURE = Object.freeze(['temperature']);
const HUMIDITY = Object.freeze(['humidity']);
const BOTH = Object.freeze(['temperature', 'humidity']);

export const PARTS: readonly PartRow[] = Object.freeze([
	Object.freeze({
		name: 'tmp36', meaning: 'Analog Devices TMP36, on the analog input',
		quantities: TEMPERATURE, analog: true, second: false,
		make: (io: PartIo) => new TMP36(analogOptions(io, io.board.analog.pin)),
	}),
	Object.freeze({
		name: 'sht3x', meaning: 'Sensirion SHT30, SHT31 or SHT35, on I2C at address 0x44',
		quantities: BOTH, analog: false, second: false,
		make: (io: PartIo, quantities: readonly string[]) => sht3x(io, ADDRESS_LOW, quantities),
	}),
	Object.freeze({
		name: 'sht3x45', meaning: 'the same with its pin ADDR high, at address 0x45',
		quantities: BOTH, analog: false, second: false,
		make: (io: PartIo, quantities: readonly string[]) => sht3x(io, ADDRESS_HIGH, quantities),
	}),
	Object.freeze({
		name: 'hih4030', meaning: 'Honeywell HIH-4030 or HIH-4031, on the second analog input of an ESP32',
		quantities: HUMIDITY, analog: true, second: true,
		make: (io: PartIo) => new HIH4030({ ...analogOptions(io, io.board.analog.secondPin), ...HIH4030_WIRING }),
	}),
]);

/** Why the setting `sensors` cannot be used on this board, in one sentence; '' if it can. */
export const sensorsProblem = (setting: string, board: Board): string => {
	const names = setting.split(',');
	for (let index = 0; index < names.length; index++) {
		const part = partNamed(names[index]);
		if (!part) {
			const known = PARTS.map((each) => each.name).join(', ');
			return `sensors names ${names[index]}, which is not known: known are ${known}.`;
		}
		if (part.second && board.analog.secondPin < 0) {
			return `sensors names ${part.name}, which needs a second analog input: ${board.name} has one only; `
				+ 'use an ESP32 or a part on I2C.';
		}
	}
	return '';
};

/** Makes the parts that the setting names, in its order. Once, at boot; the setting MUST have passed sensorsProblem(). */
export const connect = (setting: string, io: PartIo): Part[] => {
	const connected: Part[] = [];
	const names = setting.split(',');
	for (let index = 0; index < names.length; index++) {
		const { name, analog, quantities: all, make } = partNamed(names[index])!;
		const left = all.filter((each) => !connected.some((other) => other.quantities.includes(each)));
		// The row's own list lies in flash.
		const quantities = left.length === all.length ? all : left;
		if (left.length) connected.push({ name, quantities, analog, sensor: make(io, quantities), complaint: '' });
	}
	return connected;
};

const partNamed = (name: string): PartRow | undefined => PARTS.find((each) => each.name === name);

const analogOptions = ({ board, Analog }: PartIo, pin: number) => {
	const { fullScaleMv, bits, lowestMv } = board.analog;
	return { sensor: { io: Analog, pin }, fullScaleMv, bits, lowestMv };
};

const sht3x = ({ board, I2C }: PartIo, address: number, quantities: readonly string[]): Sensor => {
	const { data, clock, hz } = board.i2c;
	return new SHT3x({ sensor: { io: I2C, data, clock, hz, address }, quantities });
};
