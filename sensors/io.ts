// SPDX-License-Identifier: MIT
// What a driver asks of the I/O classes that it is given: types only, no code.
//
// Rule: only what ECMA-419 (2nd edition, §9 and §10) promises and both chips keep. So a driver takes the SDK's classes,
// the simulator's and a test's alike.

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
