// SPDX-License-Identifier: MIT
// What a driver asks of the I/O classes that it is given: types only, no code.
//
// Rule: only what ECMA-419 (2nd edition, §9 and §10) promises and both chips keep. So a driver takes the SDK's classes,
// the simulator's and a test's alike. Pulses are no part of that standard: the firmware brings its own class for them.

/** ECMA-419 §10.2, Analog. */
export interface AnalogInput {
	/** Bits of a conversion: read() gives 0 to 2^resolution - 1. */
	readonly resolution: number;
	/** One conversion; undefined when it failed (ESP32). */
	read(): number | undefined;
	close(): void;
}

export interface AnalogOptions {
	readonly pin: number;
}

export type AnalogClass = new (options: AnalogOptions) => AnalogInput;

/** ECMA-419 §10.5, I2C as a controller. */
export interface I2CBus {
	/** Sends all bytes to the address. Throws when they are not acknowledged. */
	write(bytes: Uint8Array): unknown;
	/** Fills the whole buffer. Throws when the address is not acknowledged. */
	read(into: Uint8Array): unknown;
	close(): void;
}

export interface I2COptions {
	readonly data: number;
	readonly clock: number;
	readonly hz: number;
	readonly address: number;
}

export type I2CClass = new (options: I2COptions) => I2CBus;

/**
 * One wire with a pull-up, on which a part answers in pulses once the line was held low (DHT11, DHT22). On a chip this is
 * src/device/pulses.ts over "telltale/pulses", whose functions are C: xs_pulses_low(pin), xs_pulses_capture(pin, into)
 * and xs_pulses_release(pin).
 */
export interface PulseInput {
	/** Holds the line low until capture() or close(). */
	low(): void;
	/**
	 * Lets go of the line and takes what the part answers, with interrupts off, for 6 ms at most. Writes two bytes for
	 * each pair of levels, from the part's first low on: for how many microseconds the line was low, and how long it was
	 * high after that; 255 stands for more, too. The first pair is the part's greeting (about 80 and 80), the bits follow.
	 * It ends with the last pair that fits into `into` (41 pairs are 82 bytes), or when no further edge comes. A pair
	 * counts when both its levels have ended. Returns the number of pairs: 0 where nobody answers.
	 */
	capture(into: Uint8Array): number;
	/** Lets go of the line, and of the pin. */
	close(): void;
}

export interface PulseOptions {
	readonly pin: number;
}

/** Its constructor leaves the line high: the part needs rest before it is asked. Throws where the pin cannot be had. */
export type PulseClass = new (options: PulseOptions) => PulseInput;

/** What a part sits on. */
export const enum Bus {
	Analog,
	I2C,
	/** One wire of its own. */
	Pulse,
}

/** Waits for some milliseconds at once, and nothing else runs: for telling parts apart, never for measuring. */
export type Pause = (ms: number) => void;
