// SPDX-License-Identifier: MIT
// Serves a sensor driver in ECMA-419's form (§13: constructor with injected io, configure, sample, close), such as the SDK has.
//
// Rule: such a driver measures within sample(), and may wait there for its part: the whole node stands still meanwhile, which its
// row in the table states (`blocksMs`). What sample() leaves out or gives as no number is an error, never a value.
// ECMA-419, 2nd edition, §13.3 (thermometer), §13.4 (hygrometer), §13.5 (barometer).

import type { Millis, Sensor } from '../src/common/ports.js';

/** What is asked of such a driver. */
export interface ECMA419Driver {
	configure(options: object): void;
	/** Some give { temperature }, some { thermometer: { temperature } }; undefined: nothing yet. */
	sample(): unknown;
	close(): void;
}

export type ECMA419Class = new (options: object) => ECMA419Driver;

/** Where a value stands in what sample() returns, and by what it is multiplied to become milli-units. */
export interface Place {
	/** '' where the driver puts it beside all others. */
	readonly sensor: string;
	readonly property: string;
	readonly factor: number;
}

const place = (sensor: string, property: string, factor: number): Place => Object.freeze({ sensor, property, factor });

/** In degrees Celsius, in percent, in pascals. */
export const THERMOMETER = place('thermometer', 'temperature', 1_000);
export const HYGROMETER = place('hygrometer', 'humidity', 1_000);
export const BAROMETER = place('barometer', 'pressure', 10);
/** Of drivers of before the second edition. */
export const TEMPERATURE = place('', 'temperature', 1_000);
export const HUMIDITY = place('', 'humidity', 1_000);

export class ECMA419Sensor implements Sensor {
	private readonly name: string;
	private readonly driver: ECMA419Driver;
	private readonly places: readonly Place[];

	/** `options` and `configuration` are the driver's own. A place for each of the row's quantities, in their order. */
	constructor(name: string, driver: ECMA419Class, options: object, configuration: object | undefined, places: readonly Place[]) {
		this.name = name;
		this.places = places;
		this.driver = new driver(options);
		if (configuration) this.driver.configure(configuration);
	}

	start(): Millis {
		return 0;
	}

	collect(values: Int32Array, at: number): Millis {
		const { places } = this;
		const sample = this.driver.sample();
		for (let i = 0; i < places.length; i++) this.take(sample, places[i]);
		for (let i = 0; i < places.length; i++) values[at + i] = Math.round(this.take(sample, places[i]) * places[i].factor);
		return 0;
	}

	close(): void {
		this.driver.close();
	}

	private take(sample: unknown, { sensor, property }: Place): number {
		const group = sensor && sample ? (sample as Record<string, unknown>)[sensor] : sample;
		const value = group ? (group as Record<string, unknown>)[property] : undefined;
		if (typeof value === 'number' && value - value === 0) return value;
		throw new Error(`${this.name} gives no ${property}: check its wiring, its address and its pull-ups.`);
	}
}
