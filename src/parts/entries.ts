// SPDX-License-Identifier: MIT
// The entries of the setting `sensors`, one after the other: names of parts divided by commas, or a list as
// [{"part":"tmp36"},{"part":"sht3x","name":"outside","address":69}].
//
// Rule: one entry is held at a time, and nothing of it stays: the text is read again by whoever needs it. NUMBERS and the
// table of parts say what an entry may have. Whatever is wrong is one sentence with the entry's number.

import { PARTS, type Row } from '../../sensors/parts.js';
import { Bus } from '../../sensors/io.js';
import { Text } from '../common/text.js';
import { utf8Length } from '../settings/settings.js';
import { quoted } from '../settings/spelling.js';
import { decimalAt, describeValue, readObject, skipSpace, Type, type Member } from '../telemetry/json.js';
import { Ascii, endOfValue, nextName, textAt, valueOf } from '../telemetry/json-members.js';

/** The numbers that an entry may have. */
export const enum Key {
	Address,
	Pin,
	PowerPin,
	IntervalMs,
	Conversions,
	/** Thousandths. */
	DeadBand,
	HeartbeatMs,
	JitterMs,
	/** Millionths. */
	Gain,
	OffsetMv,
	Count,
}

const enum Const {
	NAME_MAX = 12,
	/** Around a list, so that it can be read as a member: {"list":…}. */
	FRAME_BYTES = 9,
	/** Of NAME_CHARACTERS: that of the first that a name may begin with. */
	FIRST_LETTER = 11,
	SHT3X_HIGH_ADDRESS = 0x45,
}

/** Which parts a key is of; what follows "<part> has no <key>: it is …". */
const enum Of {
	Any,
	I2C,
	/** Analog or of one wire. */
	Pin,
	Analog,
	Scaled,
}
const MISFITS: readonly string[] = Object.freeze(['', 'not on I2C', 'on I2C', 'not analog', 'no plain analog input']);

export interface NumberKey {
	readonly key: string;
	readonly of: Of;
	/** In 10^-decimals, as what is kept. */
	readonly min: number;
	readonly max: number;
	readonly decimals: number;
	/** Ends the sentence "<key> is <value>; it must be …". */
	readonly allowed: string;
}

const whole = (key: string, of: Of, min: number, max: number): NumberKey =>
	Object.freeze({ key, of, min, max, decimals: 0, allowed: `a whole number from ${min | 0} to ${max | 0}` });

/** By Key. */
export const NUMBERS: readonly NumberKey[] = Object.freeze([
	whole('address', Of.I2C, 8, 119), whole('pin', Of.Pin, 0, 48), whole('powerPin', Of.Any, 0, 48),
	whole('intervalMs', Of.Any, 1_000, 86_400_000), whole('conversions', Of.Analog, 1, 64),
	Object.freeze({ key: 'deadBand', of: Of.Any, min: 1, max: 1_000_000, decimals: 3, allowed: 'a number from 0.001 to 1000' }),
	whole('heartbeatMs', Of.Any, 1_000, 86_400_000), whole('jitterMs', Of.Any, 0, 3_600_000),
	Object.freeze({ key: 'gain', of: Of.Scaled, min: -1e9, max: 1e9, decimals: 6, allowed: 'a number from -1000 to 1000, and not 0' }),
	whole('offsetMv', Of.Scaled, -1_000_000, 1_000_000),
]);
const PART = 'part';
const NAME = 'name';
const ALIGN = 'align';
const KNOWN = [PART, NAME, ...NUMBERS.map(({ key }) => key), ALIGN].join(', ');
const NAME_ALLOWED = '1 to 12 of a-z, 0-9 and "-", beginning with a letter';
const NO_LIST = 'sensors is no list of parts: write names divided by commas, like tmp36,sht3x, or JSON like [{"part":"tmp36"}].';
const KNOWN_PARTS = PARTS.map(({ name }) => name).join(', ');
/** The SHT3x at its other address, as settings called it before they had addresses. */
export const SHT3X_HIGH = 'sht3x45';
const SHT3X = 'sht3x';
const LIST: readonly Member[] = Object.freeze([Object.freeze({ key: 'list', type: Type.Any, slot: 0 })]);

export class Entries {
	/** Of the entry that next() came to, counted from 1. */
	number = 0;
	row = PARTS[0];
	/** '' where it has none. */
	name = '';
	align = false;
	/** Why next() found no other, in a sentence; '': there is none. */
	problem = '';

	/** Where the name that the entry is called by stands: calledAt() says it again, so that nobody has to keep it. */
	nameAt = 0;

	/** NaN: not given. */
	private readonly numbers = new Float64Array(Key.Count);
	private readonly short: string;
	/** The list as JSON, in a frame; undefined: it is short. */
	private readonly bytes: Uint8Array | undefined;
	private at = 0;

	constructor(setting: string) {
		this.short = setting;
		if (setting.indexOf('[') < 0 && setting.indexOf('{') < 0) return;
		const bytes = this.bytes = new Uint8Array(utf8Length(setting) + Const.FRAME_BYTES);
		const places = new Uint16Array(1);
		new Text(bytes).put('{"list":').text(setting).put('}');
		if (readObject(bytes, 0, bytes.length, LIST, places) || bytes[places[0]] !== Ascii.OPEN_LIST) this.problem = NO_LIST;
		this.at = places[0] + 1;
	}

	/** Comes to the next entry; false: there is none, or it cannot be used. */
	next(): boolean {
		if (this.problem) return false;
		this.name = '';
		this.align = false;
		this.numbers.fill(NaN);
		const found = this.bytes ? this.nextOfList(this.bytes) : this.nextOfNames();
		return found && this.problem === '';
	}

	/** What the entry says of it, or `otherwise`. */
	get(key: Key, otherwise: number): number {
		const value = this.numbers[key];
		return value === value ? value : otherwise;
	}

	has(key: Key): boolean {
		return this.numbers[key] === this.numbers[key];
	}

	/** What the entry whose nameAt this was is called: by its name, or by its part. */
	calledAt(at: number): string {
		if (this.bytes) return textAt(this.bytes, at) ?? '';
		const name = this.short.slice(at, endOfName(this.short, at));
		return name === SHT3X_HIGH ? SHT3X : name;
	}

	private nextOfNames(): boolean {
		if (this.at > this.short.length) return false;
		const end = endOfName(this.short, this.at);
		this.nameAt = this.at;
		if (this.short.slice(this.at, end) === SHT3X_HIGH) this.numbers[Key.Address] = Const.SHT3X_HIGH_ADDRESS;
		this.at = end + 1;
		this.number++;
		this.problem = this.choose(this.calledAt(this.nameAt));
		return true;
	}

	private nextOfList(bytes: Uint8Array): boolean {
		let at = skipSpace(bytes, this.at, bytes.length);
		if (bytes[at] === Ascii.COMMA) at = skipSpace(bytes, at + 1, bytes.length);
		if (bytes[at] === Ascii.CLOSE_LIST) {
			if (this.number === 0 || skipSpace(bytes, at + 1, bytes.length) !== bytes.length - 1) this.problem = NO_LIST;
			return false;
		}
		this.number++;
		this.at = endOfValue(bytes, at);
		const isObject = bytes[at] === Ascii.OPEN_OBJECT;
		const problem = isObject ? this.read(bytes, at) || this.misfit() : `${describeValue(bytes, at)} is no entry: it must be like {"part":"tmp36"}`;
		if (problem && !this.problem) this.problem = `sensors, entry ${this.number | 0}: ${problem}.`;
		return true;
	}

	/** One entry; what is wrong with it, without a full stop. A part that is not known is a sentence of its own. */
	private read(bytes: Uint8Array, at: number): string {
		let hasPart = false;
		let seen = ',';
		for (let nameAt = nextName(bytes, at + 1); nameAt >= 0; nameAt = nextName(bytes, at)) {
			const valueAt = valueOf(bytes, nameAt);
			const key = textAt(bytes, nameAt) ?? '';
			if (seen.indexOf(`,${key},`) >= 0) return `${key} stands twice`;
			seen += `${key},`;
			const problem = key === PART ? this.readPart(bytes, valueAt) : this.readOther(bytes, valueAt, key);
			if (problem || this.problem) return problem;
			hasPart ||= key === PART;
			at = endOfValue(bytes, valueAt);
		}
		return hasPart ? '' : `part is missing; known are ${KNOWN_PARTS}`;
	}

	private readPart(bytes: Uint8Array, at: number): string {
		const name = textOrNone(bytes, at);
		if (name === undefined) return `part is ${describeValue(bytes, at)}; it must be one of ${KNOWN_PARTS}`;
		if (!this.name) this.nameAt = at;
		this.problem = this.choose(name);
		return '';
	}

	private readOther(bytes: Uint8Array, at: number, key: string): string {
		if (key === NAME) {
			const name = textOrNone(bytes, at);
			if (name === undefined || !isPartName(name)) return `name is ${name === undefined ? describeValue(bytes, at) : quoted(name)}; it must be ${NAME_ALLOWED}`;
			this.name = name;
			this.nameAt = at;
			return '';
		}
		if (key === ALIGN) {
			this.align = bytes[at] === Ascii.LOWER_T;
			return this.align || bytes[at] === Ascii.LOWER_F ? '' : `align is ${describeValue(bytes, at)}; it must be true or false`;
		}
		for (let i = 0; i < Key.Count; i++) {
			if (NUMBERS[i].key !== key) continue;
			const { min, max, decimals, allowed } = NUMBERS[i];
			const value = decimalAt(bytes, at, decimals, true);
			if (!(value >= min && value <= max) || i === Key.Gain && value === 0) return `${key} is ${describeValue(bytes, at)}; it must be ${allowed}`;
			this.numbers[i] = value;
			return '';
		}
		return `${quoted(key)} is not known: known are ${KNOWN}`;
	}

	/** Why the part of that name cannot be had, in a sentence. */
	private choose(name: string): string {
		for (let i = 0; i < PARTS.length; i++) {
			if (PARTS[i].name !== name) continue;
			this.row = PARTS[i];
			return '';
		}
		return `sensors names ${name ? quoted(name) : 'a part without a name'}, which is not known: known are ${KNOWN_PARTS}.`;
	}

	/** What the entry has that its part has not. */
	private misfit(): string {
		const { row, name } = this;
		if (name === row.name) return `name is ${quoted(name)}, as the part itself is called: choose another, or leave it out`;
		for (let i = 0; i < Key.Count; i++) {
			const { key, of } = NUMBERS[i];
			if (this.has(i) && !suits(of, row)) return `${row.name} has no ${key}: it is ${MISFITS[of]}`;
		}
		return '';
	}
}

const suits = (of: Of, { bus, scaled }: Row): boolean => {
	switch (of) {
		case Of.I2C: return bus === Bus.I2C;
		case Of.Pin: return bus !== Bus.I2C;
		case Of.Analog: return bus === Bus.Analog;
		case Of.Scaled: return scaled === true;
	}
	return true;
};

const endOfName = (names: string, at: number): number => {
	const comma = names.indexOf(',', at);
	return comma < 0 ? names.length : comma;
};

const textOrNone = (bytes: Uint8Array, at: number): string | undefined => describeValue(bytes, at) === A_TEXT ? textAt(bytes, at) : undefined;
const A_TEXT = 'a text';

const isPartName = (text: string): boolean => {
	if (text.length === 0 || text.length > Const.NAME_MAX) return false;
	for (let i = 0; i < text.length; i++) if (NAME_CHARACTERS.indexOf(text.charAt(i)) < (i === 0 ? Const.FIRST_LETTER : 0)) return false;
	return true;
};
const NAME_CHARACTERS = '-0123456789abcdefghijklmnopqrstuvwxyz';
