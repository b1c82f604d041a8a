// SPDX-License-Identifier: MIT
// One reading: what was measured, when, and its number; and the same as text.
//
// Rule: values are whole milli-units (21.512 °C is 21512) from the sensor to the last digit, so nothing is rounded
// twice. A reading holds a group of channels; what a node measures beyond that has the numbers that follow.
// The text is the contract of docs/topics.md.

import type { Text } from '../common/text.js';

export const enum Quantity {
	TEMPERATURE = 0,
	/** A part gives so many at the most. */
	MAX = 4,
}

/** What a channel may be, in the order of the tables below: append only. */
export const QUANTITIES: readonly string[] = Object.freeze(['temperature', 'humidity', 'pressure', 'voltage']);
/** The unit of each, as docs/topics.md has it. */
export const UNITS: readonly string[] = Object.freeze(['°C', '%', 'hPa', 'V']);
/** What a value can be after its offset, in milli-units: no air is wetter than 100 %. */
export const QUANTITY_MINIMA: readonly number[] = Object.freeze([-60_000, 0, 200_000, -4_000_000]);
export const QUANTITY_MAXIMA: readonly number[] = Object.freeze([160_000, 100_000, 1_300_000, 4_000_000]);

/** Channels that one reading holds: group g has those from VALUES * g on. */
export const enum Group {
	VALUES = 3,
	/** It has two bits in a record. */
	MAX = 4,
}

export const enum Value {
	/** Stands for "not measured" in a reading's values. */
	ABSENT = -0x8000_0000,
}

/** Whose channels a reading's are: one of these, or the number of their names in flash (storage/channel-names.ts). */
export const enum List {
	/** This boot's. */
	Present = 0,
	/** Their names could not be kept. */
	Nameless = 0xffff,
}

/** Places in a reading's numbers, behind its values. */
const enum Word {
	Suspects = 3,
	Group,
	List,
	Seq,
	Boot,
	Uptime,
	Time,
	DroppedFrom,
	DroppedTo,
	End,
}

/** Made once and filled again for each reading. All of it is in one array, since on XS a field of its own takes 16 B. */
export class Reading {
	/** First the values, in milli-units, by their place in the group; ABSENT where nothing was measured. */
	readonly numbers = new Int32Array(Word.End).fill(Value.ABSENT, 0, Group.VALUES);

	/** Bit k: value k is there and doubtful (quality.ts). */
	get suspects(): number { return this.numbers[Word.Suspects]; }
	set suspects(bits: number) { this.numbers[Word.Suspects] = bits; }

	get group(): number { return this.numbers[Word.Group]; }
	set group(group: number) { this.numbers[Word.Group] = group; }

	/** Which names its channels have. */
	get list(): number { return this.numbers[Word.List]; }
	set list(list: number) { this.numbers[Word.List] = list; }

	/** Counts from 1 in each boot, without holes. */
	get seq(): number { return this.numbers[Word.Seq] >>> 0; }
	set seq(seq: number) { this.numbers[Word.Seq] = seq; }

	/** Which boot took it. */
	get boot(): number { return this.numbers[Word.Boot] >>> 0; }
	set boot(boot: number) { this.numbers[Word.Boot] = boot; }

	/** Whole seconds since boot when it was taken. */
	get uptime(): number { return this.numbers[Word.Uptime] >>> 0; }
	set uptime(seconds: number) { this.numbers[Word.Uptime] = seconds; }

	/** Unix seconds when it was taken; 0 while that is not known. */
	get time(): number { return this.numbers[Word.Time] >>> 0; }
	set time(seconds: number) { this.numbers[Word.Time] = seconds; }

	/**
	 * Numbers of the same boot that were dropped and that this reading names; 0 if none. Up to `seq`: this one itself
	 * is no more than its number.
	 */
	get droppedFrom(): number { return this.numbers[Word.DroppedFrom] >>> 0; }
	set droppedFrom(seq: number) { this.numbers[Word.DroppedFrom] = seq; }

	get droppedTo(): number { return this.numbers[Word.DroppedTo] >>> 0; }
	set droppedTo(seq: number) { this.numbers[Word.DroppedTo] = seq; }

	/** Leaves no value. */
	empty(): void {
		this.numbers.fill(Value.ABSENT, 0, Group.VALUES);
		this.suspects = 0;
	}

	get isEmpty(): boolean {
		for (let i = 0; i < Group.VALUES; i++) if (this.numbers[i] !== Value.ABSENT) return false;
		return true;
	}
}

/** Who knows what channels are called. */
export interface ChannelNames {
	/** Writes the name of that channel, counted from 0. */
	writeName(text: Text, list: number, channel: number): void;
}

export const codesOf = (ascii: string): readonly number[] => {
	const codes: number[] = [];
	for (let i = 0; i < ascii.length; i++) codes.push(ascii.charCodeAt(i));
	return Object.freeze(codes);
};

/**
 * What stands before each number of a payload, as the codes of its characters: taking a text apart costs XS two slots a
 * character. Such a list lies in flash, which bytes cannot: they can be changed.
 */
const SEQ = codesOf('{"seq":');
const BOOT = codesOf(',"boot":');
const TIME = codesOf(',"time":');
const UPTIME = codesOf(',"uptime":');
const DROPPED = codesOf(',"dropped":[');
const SUSPECT = codesOf(',"suspect":[');
const NAME = codesOf(',"');
const VALUE = codesOf('":');
const enum Ascii {
	QUOTE = 0x22,
	COMMA = 0x2c,
	BRACKET = 0x5d,
	BRACE = 0x7d,
}

/** Writes a payload: {"seq":17,"boot":7,"time":1795301835,"temperature":21.512,"humidity":45.2}. */
export const writeReading = (text: Text, reading: Reading, names: ChannelNames): void => {
	text.clear().codes(SEQ).whole(reading.seq).codes(BOOT).whole(reading.boot);
	if (reading.time) text.codes(TIME).whole(reading.time);
	else text.codes(UPTIME).whole(reading.uptime);
	if (reading.droppedFrom) text.codes(DROPPED).whole(reading.droppedFrom).byte(Ascii.COMMA).whole(reading.droppedTo).byte(Ascii.BRACKET);
	const { numbers, list } = reading;
	const first = reading.group * Group.VALUES;
	for (let i = 0; i < Group.VALUES; i++) {
		if (numbers[i] === Value.ABSENT) continue;
		names.writeName(text.codes(NAME), list, first + i);
		text.codes(VALUE).milli(numbers[i]);
	}
	writeSuspects(text, reading, names);
	text.byte(Ascii.BRACE);
};

const writeSuspects = (text: Text, { suspects, list, group }: Reading, names: ChannelNames): void => {
	if (!suspects) return;
	text.codes(SUSPECT);
	for (let i = 0, rest = suspects; rest; i++, rest >>= 1) {
		if ((rest & 1) === 0) continue;
		names.writeName(text.byte(Ascii.QUOTE), list, group * Group.VALUES + i);
		text.byte(Ascii.QUOTE);
		if (rest > 1) text.byte(Ascii.COMMA);
	}
	text.byte(Ascii.BRACKET);
};
