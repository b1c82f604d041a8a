// SPDX-License-Identifier: MIT
// From the setting `sensors` to the parts of a node: whether the board can serve them, and which channels each has.
//
// Rule: Claims alone decides, once when settings are checked and once more when the parts are made; so both agree. A part
// without a name gives the quantities that no other such part before it gives, and its channels are called by them. A
// part with a name gives all of its own, as <name>_<quantity>. So to add a part renames nothing that was there.
// Invariant: no two parts are at one address or pin, or have one name; no two channels have one name.

import type { Board, PartIo } from '../../sensors/parts.js';
import { Bus } from '../../sensors/io.js';
import { Limit } from '../common/limits.js';
import type { Part } from '../common/ports.js';
import { channelsFrom } from '../readings/channels.js';
import { QUANTITIES, UNITS } from '../readings/reading.js';
import { utf8Length } from '../settings/settings.js';
import { quoted } from '../settings/spelling.js';
import { Entries, Key, SHT3X_HIGH } from './entries.js';

const enum Const {
	PARTS_MAX = 8,
	CHANNELS_MAX = 12,
	NONE = -1,
	/** Of an entry: address, pin, power pin, and its name's. */
	PLACES = 4,
	NAME = 3,
	PINS_FROM = 0x100,
	/** Where a name stands, among pins, which are lower. */
	NAMES_FROM = 0x200,
	/** Of a channel in the message that lists them, beside names and unit: "":["",""], */
	CHANNEL_BYTES = 11,
	/** Two braces, and one comma too many. */
	FRAME_BYTES = 1,
}

/** How a sentence names a pin. */
export type PinName = (gpio: number) => string;
const gpioName: PinName = (gpio) => `GPIO ${gpio | 0}`;

/** A pin among addresses, which are lower. */
const held = (pin: number): number => Const.PINS_FROM + pin;

/** What the entries up to now have taken, and what the last of them gets. */
class Claims {
	/** Of the last entry: the pin and the address that its part is at; NONE: it has none. */
	pin: number = Const.NONE;
	address: number = Const.NONE;
	/** As in Part; 0: nothing is left for it to give, so that it is not made. */
	gives = 0;
	/** Of all. */
	channels = 0;
	/** Of the message that lists the channels. */
	bytes: number = Const.FRAME_BYTES;
	private readonly board: Board;
	private readonly pinName: PinName;
	/** How many entries there were. */
	private count = 0;
	/** As bits: which of them have a name of their own. */
	private named = 0;
	/** By entry its address, its pin and its power pin, pins as held() has them; 0: none. And where its name stands. */
	private readonly places = new Uint16Array(Const.PLACES * Const.PARTS_MAX);
	/** Quantities that parts without a name give, as bits. */
	private given = 0;

	constructor(board: Board, pinName: PinName) {
		this.board = board;
		this.pinName = pinName;
	}

	/** Takes what the entry wants; why it cannot have that, without a full stop. */
	take(entry: Entries): string {
		const problem = this.takePlace(entry) || this.nameProblem(entry);
		if (entry.name) this.named |= 1 << this.count;
		this.places[Const.PLACES * this.count + Const.NAME] = Const.NAMES_FROM + entry.nameAt;
		this.count++;
		this.takeChannels(entry);
		return problem;
	}

	private takePlace(entry: Entries): string {
		const { row } = entry;
		this.address = row.bus === Bus.I2C ? entry.get(Key.Address, row.addresses[0]) : Const.NONE;
		this.pin = row.bus === Bus.I2C ? Const.NONE : entry.get(Key.Pin, this.freePin(entry));
		const powerPin = entry.get(Key.PowerPin, Const.NONE);
		const problem = this.addressProblem(entry) || this.pinProblem(entry) || this.powerProblem(entry, powerPin);
		const at = Const.PLACES * this.count;
		if (this.address > 0) this.places[at] = this.address;
		if (this.pin >= 0) this.places[at + 1] = held(this.pin);
		if (powerPin >= 0) this.places[at + 2] = held(powerPin);
		return problem;
	}

	private addressProblem(entry: Entries): string {
		const { row } = entry;
		if (this.address < 0) return '';
		if (row.addresses.indexOf(this.address) < 0) return `address is ${this.address | 0}; ${row.name} is at ${listed(row.addresses, decimal)}`;
		const other = this.holder(this.address);
		return other < 0 ? '' : `${this.called(entry, other)}, entry ${other + 1 | 0}, is at address ${this.address | 0} already`;
	}

	private pinProblem(entry: Entries): string {
		const { row } = entry;
		if (row.bus === Bus.I2C) return '';
		const { board, pinName } = this;
		const { pin, further } = board.analog;
		const isAnalog = row.bus === Bus.Analog;
		if (row.second && !further.length) return `${row.name} needs a second analog input: ${board.name} has one only; use an ESP32 or a part on I2C`;
		if (this.pin < 0) return isAnalog ? `${board.name} has no analog input left for ${row.name}` : `${board.name} has no pin left for ${row.name}`;
		const allowed = isAnalog ? [pin, ...further] : board.digital;
		if (allowed.indexOf(this.pin) < 0) return `${row.name} cannot be on ${pinName(this.pin)}: it can be on ${listed(allowed, pinName)}`;
		return this.pinTaken(entry, this.pin);
	}

	private powerProblem(entry: Entries, pin: number): string {
		if (pin < 0) return '';
		const { digital, outputs } = this.board;
		const allowed = [...digital, ...outputs];
		if (allowed.indexOf(pin) < 0) return `powerPin cannot be ${this.pinName(pin)}: it can be ${listed(allowed, this.pinName)}`;
		return pin === this.pin ? `pin and powerPin are both ${this.pinName(pin)}` : this.pinTaken(entry, pin);
	}

	private pinTaken(entry: Entries, pin: number): string {
		const other = this.holder(held(pin));
		return other < 0 ? '' : `${this.called(entry, other)}, entry ${other + 1 | 0}, is on ${this.pinName(pin)} already`;
	}

	/** What an entry before this one is called. */
	private called(entry: Entries, other: number): string {
		return entry.calledAt(this.places[Const.PLACES * other + Const.NAME] - Const.NAMES_FROM);
	}

	/** The entry that has this place; NONE: none has. */
	private holder(place: number): number {
		return Math.floor(this.places.indexOf(place) / Const.PLACES);
	}

	/** The first of the board's that no entry before has. */
	private freePin({ row }: Entries): number {
		const { digital, analog: { pin, further } } = this.board;
		if (row.bus === Bus.Analog && !row.second && this.holder(held(pin)) < 0) return pin;
		const pins = row.bus === Bus.Analog ? further : digital;
		for (let i = 0; i < pins.length; i++) if (this.holder(held(pins[i])) < 0) return pins[i];
		return Const.NONE;
	}

	/** Two parts without a name may be of one kind: the second gives nothing. */
	private nameProblem(entry: Entries): string {
		const name = entry.calledAt(entry.nameAt);
		let other = 0;
		while (other < this.count && this.called(entry, other) !== name) other++;
		if (other === this.count || !entry.name && (this.named & 1 << other) === 0) return '';
		return `entry ${other + 1 | 0} is called ${quoted(name)} already: channels and complaints need a name of its own`;
	}

	private takeChannels({ row, name }: Entries): void {
		this.gives = 0;
		for (let k = 0; k < row.quantities.length; k++) {
			const quantity = row.quantities[k];
			const index = QUANTITIES.indexOf(quantity);
			if (!name && this.given >> index & 1) continue;
			if (!name) this.given |= 1 << index;
			this.gives |= 1 << k;
			this.channels++;
			this.bytes += Const.CHANNEL_BYTES + quantity.length + utf8Length(UNITS[index]) + row.name.length + (name ? name.length + 1 : 0);
		}
	}
}

/**
 * Why the setting `sensors` cannot be used on this board, in one sentence; '' if it can. `isNew`: somebody gives it now, and is told of a part
 * that has nothing left to give; what a node has kept for long holds with it.
 */
export const sensorsProblem = (setting: string, board: Board, pinName: PinName = gpioName, isNew = false): string => {
	const entries = new Entries(setting);
	const claims = new Claims(board, pinName);
	while (entries.next()) {
		if (entries.number > Const.PARTS_MAX) return `sensors names more than ${Const.PARTS_MAX} parts, which are the most.`;
		const problem = claims.take(entries) || (isNew && !claims.gives ? `${entries.row.name} ${IDLE}` : '');
		if (problem) return `sensors, entry ${entries.number | 0}: ${problem}.`;
	}
	if (entries.problem) return entries.problem;
	if (claims.channels > Const.CHANNELS_MAX) return `sensors makes ${claims.channels | 0} channels; ${Const.CHANNELS_MAX} are the most: leave a part out.`;
	if (claims.bytes <= Limit.PAYLOAD_MAX) return '';
	return `sensors makes a list of channels of ${claims.bytes | 0} bytes; ${Limit.PAYLOAD_MAX} are the most: give shorter names.`;
};

const IDLE = 'has nothing left to give, as entries before it give all that it can: give it a name, or leave it out';

/**
 * Names of parts, of settings that an older firmware kept, without those that have nothing left to give: that one took them wherever
 * they sat, and never read them. A list stays as it is, and so does what cannot be used.
 */
export const usedNames = (setting: string): string => {
	if (setting.indexOf(OPEN_LIST) >= 0) return setting;
	const entries = new Entries(setting);
	let used = '';
	let given = 0;
	while (entries.next()) {
		const before = given;
		const { row } = entries;
		for (let k = 0; k < row.quantities.length; k++) given |= 1 << QUANTITIES.indexOf(row.quantities[k]);
		if (given !== before) used += (used ? ',' : '') + (entries.has(Key.Address) ? SHT3X_HIGH : row.name);
	}
	return entries.problem ? setting : used;
};
const OPEN_LIST = '[';

/** Makes the parts that the setting names, in its order. Once, at boot; the setting MUST have passed sensorsProblem(). */
export const connect = (setting: string, io: PartIo): Part[] => {
	const parts: Part[] = [];
	const entries = new Entries(setting);
	const claims = new Claims(io.board, gpioName);
	while (entries.next()) {
		const first = claims.channels;
		claims.take(entries);
		if (claims.gives) parts.push(made(entries, claims, first, io));
	}
	return parts;
};

/** Of each part that connect() makes: its address on I2C, or -1. */
export const addressesOf = (setting: string, board: Board): number[] => {
	const addresses: number[] = [];
	const entries = new Entries(setting);
	const claims = new Claims(board, gpioName);
	while (entries.next()) {
		claims.take(entries);
		if (claims.gives) addresses.push(claims.address);
	}
	return addresses;
};

type Writable<Type> = { -readonly [key in keyof Type]: Type[key] };

const made = (entry: Entries, { address, pin, gives }: Claims, first: number, io: PartIo): Part => {
	const { row } = entry;
	const power = entry.has(Key.PowerPin) ? io.power?.(entry.get(Key.PowerPin, 0)) : undefined;
	const sensor = row.make(io, { address, pin, gain: entry.get(Key.Gain, 1e6) / 1e6, offsetMv: entry.get(Key.OffsetMv, 0) });
	const part: Writable<Part> = { name: entry.name || row.name, row, sensor, channels: channelsFrom(first, gives) };
	if (power) part.power = power;
	if (entry.has(Key.IntervalMs)) part.intervalMs = entry.get(Key.IntervalMs, 0);
	if (entry.has(Key.Conversions)) part.conversions = entry.get(Key.Conversions, 0);
	if (entry.has(Key.DeadBand)) part.deadBand = entry.get(Key.DeadBand, 0);
	if (entry.has(Key.HeartbeatMs)) part.heartbeatMs = entry.get(Key.HeartbeatMs, 0);
	if (entry.has(Key.JitterMs)) part.jitterMs = entry.get(Key.JitterMs, 0);
	if (entry.align) part.align = true;
	return part;
};

const listed = (numbers: readonly number[], name: PinName): string => {
	let text = '';
	for (let i = 0; i < numbers.length; i++) text += (i === 0 ? '' : i === numbers.length - 1 ? ' or ' : ', ') + name(numbers[i]);
	return text;
};
const decimal: PinName = (value) => `${value | 0}`;
