// SPDX-License-Identifier: MIT
// How a part is wired: types, and the legs that nearly all parts on I2C have. A part with others says so in `wiring.ts` of its folder.
//
// Rule: where a leg goes is said by its role; which pin of a board that is, the table of parts and the board decide. Host code: for
// drawings alone.

/** What a leg is for. Supply is 3.3 V; `five` is 5 V; `signal` is the analog input or the wire of the part. */
export type Role = 'supply' | 'five' | 'ground' | 'signal' | 'data' | 'clock';

export interface Leg {
	/** As the datasheet or the breakout calls it. */
	readonly label: string;
	readonly role: Role;
	/** What is in between, like "100 kΩ". */
	readonly through?: string;
}

export interface Wiring {
	/** As people know the part. */
	readonly title: string;
	/** In the order in which they are seen. */
	readonly legs: readonly Leg[];
	/** What else belongs to it, each a short sentence. */
	readonly notes: readonly string[];
}

/** What each `wiring.ts` exports as `wiring`, by the name of the row and the board's highest voltage at an analog input. */
export type WiringOf = (row: string, fullScaleMv: number) => Wiring;

/** A breakout on I2C. */
export const onI2C = (title: string): Wiring => ({
	title,
	legs: [{ label: 'VIN', role: 'supply' }, { label: 'GND', role: 'ground' }, { label: 'SCL', role: 'clock' }, { label: 'SDA', role: 'data' }],
	notes: [],
});
