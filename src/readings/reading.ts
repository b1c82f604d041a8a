// SPDX-License-Identifier: MIT
// One reading: what was measured, when, and its number; and the same as text.
//
// Rule: values are whole milli-units (21.512 °C is 21512) from the sensor to the last digit, so nothing is rounded twice.
// The text is the contract of docs/topics.md.

import { Text } from '../common/text.js';

/** What a reading may hold, in the order of its values, of the bits in a record and of the keys in a payload: append only. */
export const QUANTITIES: readonly string[] = Object.freeze(['temperature', 'humidity']);
export const TEMPERATURE = 0;
/** What a value can be after its offset, in milli-units: no air is wetter than 100 %. */
export const QUANTITY_MINIMA: readonly number[] = Object.freeze([-60_000, 0]);
export const QUANTITY_MAXIMA: readonly number[] = Object.freeze([160_000, 100_000]);
export const QUANTITY_MAX = 4;
/** Stands for "not measured" in a reading's values. */
export const ABSENT = -0x8000_0000;

/** Made once and filled again for each reading. */
export class Reading {
	/** Counts from 1 in each boot, without holes. */
	seq = 0;
	/** Which boot took it. */
	boot = 0;
	/** Whole seconds since boot when it was taken. */
	uptime = 0;
	/** Unix seconds when it was taken; 0 while that is not known. */
	time = 0;
	/** Numbers of the same boot that were dropped and that this reading names; 0 if none. Up to `seq`: this one itself is no more than its number. */
	droppedFrom = 0;
	droppedTo = 0;
	/** Milli-units by the index of QUANTITIES; ABSENT where nothing was measured. */
	readonly values = new Int32Array(QUANTITY_MAX).fill(ABSENT);
}

/** Index of a fragment: what stands before each number of a payload. */
const SEQ = 0;
const BOOT = 1;
const TIME = 2;
const UPTIME = 3;
const DROPPED = 4;
const FIRST_QUANTITY = 5;
const FRAGMENTS_MAX = 96;
const COMMA = 0x2c;
const BRACKET = 0x5d;
const BRACE = 0x7d;

/** Writes payloads: {"seq":17,"boot":7,"time":1795301835,"temperature":21.512,"humidity":45.2}. */
export class ReadingWriter {
	/** All that is the same in every payload, as bytes: taking a text apart costs XS two slots a character. */
	private readonly fragments: Uint8Array;
	private readonly ends = new Uint8Array(FIRST_QUANTITY + QUANTITY_MAX);

	constructor() {
		const text = new Text(new Uint8Array(FRAGMENTS_MAX));
		this.ends[SEQ] = text.put('{"seq":').length;
		this.ends[BOOT] = text.put(',"boot":').length;
		this.ends[TIME] = text.put(',"time":').length;
		this.ends[UPTIME] = text.put(',"uptime":').length;
		this.ends[DROPPED] = text.put(',"dropped":[').length;
		for (let i = 0; i < QUANTITIES.length; i++) {
			this.ends[FIRST_QUANTITY + i] = text.put(',"').put(QUANTITIES[i]).put('":').length;
		}
		this.fragments = text.bytes.slice(0, text.length);
	}

	write(text: Text, reading: Reading): void {
		this.put(text.clear(), SEQ).whole(reading.seq);
		this.put(text, BOOT).whole(reading.boot);
		if (reading.time) this.put(text, TIME).whole(reading.time);
		else this.put(text, UPTIME).whole(reading.uptime);
		if (reading.droppedFrom) this.put(text, DROPPED).whole(reading.droppedFrom).byte(COMMA).whole(reading.droppedTo).byte(BRACKET);
		for (let i = 0; i < QUANTITIES.length; i++) {
			if (reading.values[i] !== ABSENT) this.put(text, FIRST_QUANTITY + i).milli(reading.values[i]);
		}
		text.byte(BRACE);
	}

	private put(text: Text, index: number): Text {
		return text.copy(this.fragments, index > 0 ? this.ends[index - 1] : 0, this.ends[index]);
	}
}
