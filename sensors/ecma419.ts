// SPDX-License-Identifier: MIT
// Serves a sensor driver in ECMA-419's form (§13: constructor with injected io, configure, sample, close), such as the SDK has.
//
// Rule: such a driver measures within sample(), and may wait there for its part: the whole node stands still meanwhile
// (sensors/README.md has how long). It is made when it is first asked for a value, since many speak to their part as they are made;
// what it throws is an error of the part, as is what sample() leaves out or gives as no number. After one it is configured again.
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

const WORDLESS = 'without a word';

export class ECMA419Sensor implements Sensor {
	private readonly name: string;
	private readonly driverClass: ECMA419Class | undefined;
	private readonly options: object;
	private readonly configuration: object;
	private readonly places: readonly Place[];
	private readonly settlingMs: Millis;
	private driver: ECMA419Driver | undefined;
	private isConfigured = false;

	/**
	 * `driverClass` is undefined where an image has none. `options` and `configuration` are the driver's own, and need a place for each
	 * of the row's quantities, in their order. So long after it is configured, `settlingMs`, the part has its first value.
	 */
	constructor(
		name: string, driverClass: ECMA419Class | undefined, options: object, configuration: object, places: readonly Place[], settlingMs: Millis = 0,
	) {
		this.name = name;
		this.driverClass = driverClass;
		this.options = options;
		this.configuration = configuration;
		this.places = places;
		this.settlingMs = settlingMs;
	}

	start(): Millis {
		const { name, driverClass } = this;
		if (!driverClass) throw new Error(`${name} has no driver in this image: name it in src/device/drivers.ts and build again.`);
		if (this.isConfigured) return 0;
		try {
			this.driver ??= new driverClass(this.options);
			this.driver.configure(this.configuration);
		} catch (error) {
			throw this.failure(error);
		}
		this.isConfigured = true;
		return this.settlingMs;
	}

	collect(values: Int32Array, at: number): Millis {
		const { places } = this;
		const sample = this.sample();
		for (let i = 0; i < places.length; i++) this.take(sample, places[i]);
		for (let i = 0; i < places.length; i++) values[at + i] = Math.round(this.take(sample, places[i]) * places[i].factor);
		return 0;
	}

	close(): void {
		this.driver?.close();
		this.driver = undefined;
		this.isConfigured = false;
	}

	/** A part that was without supply has forgotten what it was told. */
	private sample(): unknown {
		try {
			return this.driver!.sample();
		} catch (error) {
			this.isConfigured = false;
			throw this.failure(error);
		}
	}

	private failure(error: unknown): Error {
		const said = error instanceof Error ? error.message : WORDLESS;
		return new Error(`${this.name} does not answer (${said}): check its wiring and its address.`);
	}

	private take(sample: unknown, { sensor, property }: Place): number {
		const group = sensor && sample ? (sample as Record<string, unknown>)[sensor] : sample;
		const value = group ? (group as Record<string, unknown>)[property] : undefined;
		if (typeof value === 'number' && value - value === 0) return value;
		throw new Error(`${this.name} gives no ${property}: check its wiring, its address and its pull-ups.`);
	}
}
