// SPDX-License-Identifier: MIT
// The table of parts: what may be named in the setting `sensors`, what each gives, and how each is made.
//
// Rule: a part is a driver and one row here; nothing else in the firmware knows a part by name. What a node makes of the
// setting is decided in src/parts/parts.ts.

import type { OutputPin, PartRow, Sensor } from '../src/common/ports.js';
import { Adc } from './adc/adc.js';
import { AHT20, identify as isAHT20, identifyAHT10, Result } from './aht20/aht20.js';
import { AM2320, identify as isAM2320 } from './am2320/am2320.js';
import { BME280, identify as isBME280 } from './bme280/bme280.js';
import { DHT22 } from './dht22/dht22.js';
import { HIH4030 } from './hih4030/hih4030.js';
import { Bus, type AnalogClass, type I2CBus, type I2CClass, type Pause, type PulseClass } from './io.js';
import type { Scratch } from './scratch.js';
import { Address, identify as isSHT3x, SHT3x } from './sht3x/sht3x.js';
import { identify as isSHT4x, SHT4x } from './sht4x/sht4x.js';
import { identify as isSHTC3, SHTC3 } from './shtc3/shtc3.js';
import { identify as isSi7021, identifyHTU21D, Si7021 } from './si7021/si7021.js';
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
	readonly Pulses: PulseClass;
	/** The supply of a part, switched on; undefined: the pin cannot be had. */
	readonly power?: (pin: number) => OutputPin | undefined;
	/** For all parts that are made with this. */
	readonly scratch?: Scratch;
	/** What is in the image of src/device/drivers.ts; the host has none. */
	readonly drivers?: Drivers;
}

/** Drivers in ECMA-419's form, and the classes of the SDK that they want as their `io`. */
export type Drivers = Readonly<Record<string, (new (options: never) => object) | undefined>>;

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
	/** Of sensors/: where its driver and its twin are. Several rows may share one; '' where the driver is of src/device/drivers.ts. */
	readonly folder: string;
	readonly bus: Bus;
	/** Of an analog part: not on the board's first analog input. */
	readonly second: boolean;
	/** Takes `gain` and `offsetMv`. */
	readonly scaled?: boolean;
	/** On I2C: all that it can have, the usual one first. */
	readonly addresses: readonly number[];
	readonly make: (io: PartIo, options: PartOptions) => Sensor;
	/**
	 * On I2C: whether it is this part that answers there. It MUST NOT be measuring. Takes 80 ms at most, and leaves the part
	 * as start() wants it.
	 */
	readonly identify?: (bus: I2CBus, pause: Pause) => boolean;
}

const NO_ADDRESS: readonly number[] = Object.freeze([]);
const TEMPERATURE = Object.freeze(['temperature']);
const HUMIDITY = Object.freeze(['humidity']);
const BOTH = Object.freeze(['temperature', 'humidity']);
const ALL_THREE = Object.freeze(['temperature', 'humidity', 'pressure']);
const FROM_40 = Object.freeze([-40_000, 0]);
const TO_80 = Object.freeze([80_000, 100_000]);
const TO_85 = Object.freeze([85_000, 100_000]);
const TO_125 = Object.freeze([125_000, 100_000]);
const VOLTAGE = Object.freeze(['voltage']);
const RH_MIN = Object.freeze([0]);
const RH_MAX = Object.freeze([100_000]);

/** HIH-4030 at the board's 5 V: 3.9 V at 100 % are halved to 1.95 V; 200 kΩ are no less than the 80 kΩ it needs. */
const HIH4030_WIRING = Object.freeze({ supplyMv: 5_000, upperOhm: 100_000, lowerOhm: 100_000, ratioAtZero: 0.16, ratioPerRh: 0.0062 });
/** HIH-5030 at 3.3 V: 2.6 V at 100 %, which a NodeMCU takes as they are; for an ESP32 they are halved. */
const HIH5030_WIRING = Object.freeze({ supplyMv: 3_300, upperOhm: 0, lowerOhm: 100_000, ratioAtZero: 0.1515, ratioPerRh: 0.00636 });
const HIH5030_HALVED = Object.freeze({ supplyMv: 3_300, upperOhm: 100_000, lowerOhm: 100_000, ratioAtZero: 0.1515, ratioPerRh: 0.00636 });
const enum HIH5030 {
	HIGHEST_MV = 2_600,
}

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
		quantities: BOTH, minima: FROM_40, maxima: TO_125,
		bus: Bus.I2C, second: false, addresses: Object.freeze([Address.LOW, Address.HIGH]), analog: false, spread: 0, noisy: true,
		make: (io: PartIo, { address }: PartOptions) => new SHT3x(i2cOptions(io, address)), identify: isSHT3x,
	}),
	Object.freeze({
		name: 'hih4030', meaning: 'Honeywell HIH-4030 or HIH-4031, on the second analog input of an ESP32', folder: 'hih4030',
		quantities: HUMIDITY, minima: RH_MIN, maxima: RH_MAX,
		bus: Bus.Analog, second: true, addresses: NO_ADDRESS, analog: true, spread: 10_000, noisy: false,
		make: (io: PartIo, { pin }: PartOptions) => new HIH4030({ ...analogOptions(io, pin), ...HIH4030_WIRING }),
	}),
	Object.freeze({
		name: 'sht4x', meaning: 'Sensirion SHT40, SHT41 or SHT45, on I2C at address 0x44, 0x45 or 0x46', folder: 'sht4x',
		quantities: BOTH, minima: FROM_40, maxima: TO_125,
		bus: Bus.I2C, second: false, addresses: Object.freeze([0x44, 0x45, 0x46]), analog: false, spread: 0, noisy: true,
		make: (io: PartIo, { address }: PartOptions) => new SHT4x(i2cOptions(io, address)), identify: isSHT4x,
	}),
	Object.freeze({
		name: 'shtc3', meaning: 'Sensirion SHTC3, on I2C at address 0x70', folder: 'shtc3',
		quantities: BOTH, minima: FROM_40, maxima: TO_125,
		bus: Bus.I2C, second: false, addresses: Object.freeze([0x70]), analog: false, spread: 0, noisy: true,
		make: (io: PartIo, { address }: PartOptions) => new SHTC3(i2cOptions(io, address)), identify: isSHTC3,
	}),
	Object.freeze({
		name: 'si7021', meaning: 'Silicon Labs Si7021, Si7020 or Si7013, on I2C at address 0x40', folder: 'si7021',
		quantities: BOTH, minima: FROM_40, maxima: TO_125,
		bus: Bus.I2C, second: false, addresses: Object.freeze([0x40]), analog: false, spread: 0, noisy: false,
		make: (io: PartIo, { address }: PartOptions) => new Si7021(i2cOptions(io, address)), identify: isSi7021,
	}),
	Object.freeze({
		name: 'htu21d', meaning: 'TE HTU21D or Sensirion SHT21, on I2C at address 0x40', folder: 'si7021',
		quantities: BOTH, minima: FROM_40, maxima: TO_125,
		bus: Bus.I2C, second: false, addresses: Object.freeze([0x40]), analog: false, spread: 0, noisy: false,
		make: (io: PartIo, { address }: PartOptions) => new Si7021(i2cOptions(io, address)), identify: identifyHTU21D,
	}),
	Object.freeze({
		name: 'aht10', meaning: 'ASAIR AHT10, on I2C at address 0x38', folder: 'aht20',
		quantities: BOTH, minima: FROM_40, maxima: TO_85,
		bus: Bus.I2C, second: false, addresses: Object.freeze([0x38]), analog: false, spread: 0, noisy: true,
		make: (io: PartIo, { address }: PartOptions) => new AHT20(i2cOptions(io, address), Result.AHT10), identify: identifyAHT10,
	}),
	Object.freeze({
		name: 'aht20', meaning: 'ASAIR AHT20, AHT21 or DHT20, on I2C at address 0x38', folder: 'aht20',
		quantities: BOTH, minima: FROM_40, maxima: TO_85,
		bus: Bus.I2C, second: false, addresses: Object.freeze([0x38]), analog: false, spread: 0, noisy: true,
		make: (io: PartIo, { address }: PartOptions) => new AHT20(i2cOptions(io, address), Result.AHT20), identify: isAHT20,
	}),
	Object.freeze({
		name: 'am2320', meaning: 'Aosong AM2320 or AM2321, on I2C at address 0x5C', folder: 'am2320',
		quantities: BOTH, minima: FROM_40, maxima: TO_80,
		bus: Bus.I2C, second: false, addresses: Object.freeze([0x5c]), analog: false, spread: 0, noisy: false, patienceMs: 2_500,
		make: (io: PartIo, { address }: PartOptions) => new AM2320(i2cOptions(io, address)), identify: isAM2320,
	}),
	Object.freeze({
		name: 'bme280', meaning: 'Bosch BME280, on I2C at address 0x76 or 0x77', folder: 'bme280',
		quantities: ALL_THREE, minima: Object.freeze([-40_000, 0, 300_000]), maxima: Object.freeze([85_000, 100_000, 1_100_000]),
		bus: Bus.I2C, second: false, addresses: Object.freeze([0x76, 0x77]), analog: false, spread: 0, noisy: true,
		make: (io: PartIo, { address }: PartOptions) => new BME280(i2cOptions(io, address)), identify: isBME280,
	}),
	Object.freeze({
		// Air is never so dry; a part that says so has not measured (dht22.ts).
		name: 'dht22', meaning: 'Aosong DHT22 or AM2302, on a wire of its own', folder: 'dht22',
		quantities: BOTH, minima: Object.freeze([-40_000, 2_000]), maxima: TO_80,
		bus: Bus.Pulse, second: false, addresses: NO_ADDRESS, analog: false, spread: 0, noisy: false, restMs: 2_200,
		make: (io: PartIo, { pin }: PartOptions) => new DHT22(pulseOptions(io, pin), false),
	}),
	Object.freeze({
		name: 'dht11', meaning: 'Aosong DHT11, on a wire of its own', folder: 'dht22',
		quantities: BOTH, minima: Object.freeze([-20_000, 5_000]), maxima: Object.freeze([60_000, 95_000]),
		bus: Bus.Pulse, second: false, addresses: NO_ADDRESS, analog: false, spread: 0, noisy: false, restMs: 1_200,
		make: (io: PartIo, { pin }: PartOptions) => new DHT22(pulseOptions(io, pin), true),
	}),
	Object.freeze({
		name: 'hih5030', meaning: 'Honeywell HIH-5030 or HIH-5031 at 3.3 V, on an analog input', folder: 'hih4030',
		quantities: HUMIDITY, minima: RH_MIN, maxima: RH_MAX,
		bus: Bus.Analog, second: false, addresses: NO_ADDRESS, analog: true, spread: 10_000, noisy: false,
		make: (io: PartIo, { pin }: PartOptions) => new HIH4030({ ...analogOptions(io, pin), ...hih5030Wiring(io) }),
	}),
	Object.freeze({
		name: 'adc', meaning: 'any voltage, on an analog input', folder: 'adc',
		quantities: VOLTAGE, minima: Object.freeze([-4_000_000]), maxima: Object.freeze([4_000_000]), scaled: true,
		bus: Bus.Analog, second: false, addresses: NO_ADDRESS, analog: true, spread: 1_000, noisy: false,
		make: (io: PartIo, { pin, gain, offsetMv }: PartOptions) => new Adc({ ...analogOptions(io, pin), gain, offsetMv }),
	}),
]);

const hih5030Wiring = ({ board }: PartIo) => board.analog.fullScaleMv < HIH5030.HIGHEST_MV ? HIH5030_HALVED : HIH5030_WIRING;

const pulseOptions = ({ Pulses, scratch }: PartIo, pin: number) => ({ sensor: { io: Pulses, pin }, scratch });

const analogOptions = ({ board, Analog }: PartIo, pin: number) => {
	const { fullScaleMv, bits, lowestMv } = board.analog;
	return { sensor: { io: Analog, pin }, fullScaleMv, bits, lowestMv };
};

const i2cOptions = ({ board, I2C, scratch }: PartIo, address: number) => {
	const { data, clock, hz } = board.i2c;
	return { sensor: { io: I2C, data, clock, hz, address }, scratch };
};
