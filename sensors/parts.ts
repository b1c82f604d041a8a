// SPDX-License-Identifier: MIT
// The table of parts: what may be named in the setting `sensors`, what each gives, and how each is made.
//
// Rule: a part is a driver and one row here; nothing else in the firmware knows a part by name. What a node makes of the
// setting is decided in src/parts/parts.ts.

import type { OutputPin, PartRow, Sensor } from '../src/common/ports.js';
import { HIH4030 } from './hih4030/hih4030.js';
import { Bus, type AnalogClass, type I2CClass } from './io.js';
import { Address, SHT3x } from './sht3x/sht3x.js';
import { TMP36 } from './tmp36/tmp36.js';

/** What the parts need to know of hardware/<board>.ts. */
export interface Board {
	readonly name: string;
	readonly analog: {
		readonly pin: number;
		/** Its other inputs, in the order in which they are taken. */
		readonly further: readonly number[];
		readonly bits: number;
		readonly fullScaleMv: number;
		readonly lowestMv: number;
	};
	readonly i2c: { readonly data: number; readonly clock: number; readonly hz: number };
	/** Pins that a part of one wire, or the supply of a part, may be on, in the order in which they are taken. */
	readonly digital: readonly number[];
	/** Further ones for a supply alone. */
	readonly outputs: readonly number[];
}

export interface PartIo {
	readonly board: Board;
	readonly Analog: AnalogClass;
	readonly I2C: I2CClass;
	/** The supply of a part, switched on; undefined: the pin cannot be had. */
	readonly power?: (pin: number) => OutputPin | undefined;
}

/** What an entry of the setting `sensors` says of how its part is made. */
export interface PartOptions {
	/** On I2C; the row's first unless it is given. */
	readonly address: number;
	/** Analog, or of one wire: the first of the board's that is free, unless it is given. */
	readonly pin: number;
	/** Of a plain analog input. */
	readonly gain: number;
	readonly offsetMv: number;
}

/** One row of the table. */
export interface Row extends PartRow {
	/** For people who choose one. */
	readonly meaning: string;
	/** Of sensors/: where its driver and its twin are. Several rows may share one. */
	readonly folder: string;
	readonly bus: Bus;
	/** Of an analog part: not on the board's first analog input. */
	readonly second: boolean;
	/** Takes `gain` and `offsetMv`. */
	readonly scaled?: boolean;
	/** On I2C: all that it can have, the usual one first. */
	readonly addresses: readonly number[];
	readonly make: (io: PartIo, options: PartOptions) => Sensor;
}

const NO_ADDRESS: readonly number[] = Object.freeze([]);
const TEMPERATURE = Object.freeze(['temperature']);
const HUMIDITY = Object.freeze(['humidity']);
const BOTH = Object.freeze(['temperature', 'humidity']);
const RH_MIN = Object.freeze([0]);
const RH_MAX = Object.freeze([100_000]);

/** HIH-4030 at the board's 5 V: 3.9 V at 100 % are halved to 1.95 V; 200 kΩ are no less than the 80 kΩ it needs. */
const HIH4030_WIRING = Object.freeze({ supplyMv: 5_000, upperOhm: 100_000, lowerOhm: 100_000 });

/**
 * How a row looks: what PartRow says (src/common/ports.ts), then what Row says. Ranges are the datasheet's of the part, not
 * of its formula. `noisy` only of parts whose finest step is well below their noise. New rows come last.
 */
export const PARTS: readonly Row[] = Object.freeze([
	Object.freeze({
		name: 'tmp36', meaning: 'Analog Devices TMP36, on the analog input', folder: 'tmp36',
		quantities: TEMPERATURE, minima: Object.freeze([-40_000]), maxima: Object.freeze([125_000]),
		bus: Bus.Analog, second: false, addresses: NO_ADDRESS, analog: true, spread: 10_000, noisy: false,
		make: (io: PartIo, { pin }: PartOptions) => new TMP36(analogOptions(io, pin)),
	}),
	Object.freeze({
		name: 'sht3x', meaning: 'Sensirion SHT30, SHT31 or SHT35, on I2C at address 0x44 or 0x45', folder: 'sht3x',
		quantities: BOTH, minima: Object.freeze([-40_000, 0]), maxima: Object.freeze([125_000, 100_000]),
		bus: Bus.I2C, second: false, addresses: Object.freeze([Address.LOW, Address.HIGH]), analog: false, spread: 0, noisy: true,
		make: (io: PartIo, { address }: PartOptions) => new SHT3x({ sensor: i2cOptions(io, address) }),
	}),
	Object.freeze({
		name: 'hih4030', meaning: 'Honeywell HIH-4030 or HIH-4031, on the second analog input of an ESP32', folder: 'hih4030',
		quantities: HUMIDITY, minima: RH_MIN, maxima: RH_MAX,
		bus: Bus.Analog, second: true, addresses: NO_ADDRESS, analog: true, spread: 10_000, noisy: false,
		make: (io: PartIo, { pin }: PartOptions) => new HIH4030({ ...analogOptions(io, pin), ...HIH4030_WIRING }),
	}),
]);

const analogOptions = ({ board, Analog }: PartIo, pin: number) => {
	const { fullScaleMv, bits, lowestMv } = board.analog;
	return { sensor: { io: Analog, pin }, fullScaleMv, bits, lowestMv };
};

const i2cOptions = ({ board, I2C }: PartIo, address: number) => {
	const { data, clock, hz } = board.i2c;
	return { io: I2C, data, clock, hz, address };
};
