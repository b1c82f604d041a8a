// SPDX-License-Identifier: MIT
// What can be asked of a node, over MQTT (<base>/set/<name>) and on its serial line.
//
// Rule: TABLE is all there is. What is heard is kept, acknowledged, and carried out in a later turn, in order, as soon as its result has room: so
// whatever a command does, it is not delivered again for it. Each has one result; one that finds the queue full gets it at once, and
// it says "busy". A command is checked whole before anything changes. Retained commands are ignored: they would be repeated with
// every subscription. Payload: {"id":"any text","value":…}, both optional.

import { CommandQueue } from './command-queue.js';
import { FIELDS, type Config } from './config.js';
import { cutText, decimalAt, describeValue, endOfScalar, isWord, readObject, Type, type Member } from './json.js';
import { RESULT_MAX } from './limits.js';
import type { Console, Log, Millis, Pollable } from './ports.js';
import { QUANTITIES } from './reading.js';
import { Text } from './text.js';

/** What commands act on. Each says in a sentence why not, or ''. */
export interface Controls {
	setIntervalMs(value: number): string;
	sample(): string;
	/** Sets the offset of each quantity so that its last value would have been `milli` of its index; NaN: it stays as it is. All or none. */
	calibrate(milli: readonly number[]): string;
	stop(): string;
	restart(): string;
	/** The node is about to stop or to restart: nothing else is begun. */
	readonly ending: boolean;
	/** All that was asked is answered, so that an ending may begin; or not yet. */
	answered(all: boolean, now: Millis): Millis;
}

/** Where results go. */
export interface Answers {
	/** There is room for one, and somebody to hear it. */
	readonly ready: boolean;
	/** An empty text to write one into, which is sent before anything else is written. */
	text(): Text;
	/** Sends it: with QoS 1 it is kept until it is acknowledged; with 0 it goes at once, past all that waits, which MUST be for a message just heard. */
	send(qos: number, now: Millis): void;
}

/** What the broker's messages become. */
export interface CommandHandler {
	onCommand(bytes: Uint8Array, nameAt: number, nameEnd: number, payloadAt: number, payloadEnd: number, retained: boolean): void;
	/** Nothing waits to be carried out. */
	readonly idle: boolean;
}

const enum Slot {
	Id,
	Value,
	Quantities,
}
const SLOTS = Slot.Quantities + QUANTITIES.length;

interface Row {
	readonly name: string;
	readonly members: readonly Member[];
}
const ID: Member = Object.freeze({ key: 'id', type: Type.Label, slot: Slot.Id });
const PLAIN: readonly Member[] = Object.freeze([ID]);
const INTERVAL: readonly Member[] = Object.freeze([ID, Object.freeze({ key: 'value', type: Type.Any, slot: Slot.Value })]);
const REFERENCES: readonly Member[] = Object.freeze(QUANTITIES.map((key, index) => Object.freeze({ key, type: Type.Number, slot: Slot.Quantities + index })));
const CALIBRATE: readonly Member[] = Object.freeze([ID, Object.freeze({ key: 'value', type: Type.Object, slot: Slot.Value, members: REFERENCES })]);
const row = (name: string, members: readonly Member[]): Row => Object.freeze({ name, members });
const TABLE: readonly Row[] = Object.freeze([row('interval', INTERVAL), row('sample', PLAIN), row('calibrate', CALIBRATE), row('restart', PLAIN), row('stop', PLAIN)]);

const enum Command {
	Interval,
	Sample,
	Calibrate,
	Restart,
	Stop,
}
export const COMMANDS: readonly string[] = Object.freeze(TABLE.map(({ name }) => name));

const UNKNOWN = `unknown command; known are ${COMMANDS.join(', ')}`;
const NO_REFERENCE = `value must name one of ${QUANTITIES.join(', ')}`;
const BUSY = 'busy: too many commands at once, send it again later';
const ENDING = 'the node is about to stop or restart';
const INTERVAL_FIELD = FIELDS.find(({ key }) => key === ('intervalMs' satisfies keyof Config))!;

/** Of a result: its name, its error, and all the rest but the id, the quotes that an error may hold among it. */
const NAME_MAX = 40;
const ERROR_MAX = 120;
const FRAME_BYTES = 52;
const SHOWN_MAX = 40;
/** Thousandths. */
const REFERENCE_END = 1_000_000;

export class Commands implements CommandHandler, Pollable {
	private readonly controls: Controls;
	private readonly answers: Answers;
	private readonly console: Console;
	private readonly log: Log;
	private readonly queue = new CommandQueue();

	constructor(controls: Controls, answers: Answers, console: Console, log: Log) {
		this.controls = controls;
		this.answers = answers;
		this.console = console;
		this.log = log;
	}

	get idle(): boolean {
		return this.queue.empty;
	}

	poll(now: Millis): Millis {
		const line = this.console.take();
		if (line) this.onLine(line);
		const { queue } = this;
		if (!queue.empty && this.answers.ready) {
			this.carryOut(queue.bytes!, queue.nameAt, queue.payloadAt, queue.payloadEnd, now);
			queue.shift();
			// Another one in the next turn, so that the rest of the node has its own.
			if (!queue.empty) return now;
		}
		return this.controls.answered(queue.empty, now);
	}

	onCommand(bytes: Uint8Array, nameAt: number, nameEnd: number, payloadAt: number, payloadEnd: number, retained: boolean): void {
		// An empty payload is how a retained command is cleared: nothing was asked.
		if (payloadAt === payloadEnd && (retained || indexOf(bytes, nameAt, nameEnd) !== Command.Sample)) return this.ignored('an empty message on', bytes, nameAt, nameEnd);
		if (retained) return this.ignored('a retained command (send it without the retain flag) on', bytes, nameAt, nameEnd);
		if (!this.controls.ending && this.queue.put(bytes, nameAt, nameEnd, payloadAt, payloadEnd)) return;
		this.answer(bytes, nameAt, nameEnd, payloadAt, payloadEnd, this.controls.ending ? ENDING : BUSY);
		this.answers.send(0, 0);
	}

	/** A line typed at the console: the command's name, then its value as JSON. */
	private onLine(line: string): void {
		const space = line.indexOf(' ');
		const name = space < 0 ? line : line.slice(0, space);
		const text = new Text(new Uint8Array(2 * line.length + FRAME_BYTES)).put(name);
		const payloadAt = text.length;
		if (space >= 0) text.put('{"value":').put(line.slice(space + 1)).put('}');
		const error = this.run(text.bytes, 0, payloadAt, payloadAt, text.length);
		this.log.line(`${name}: ${error || 'done'}`);
	}

	private carryOut(bytes: Uint8Array, nameAt: number, payloadAt: number, payloadEnd: number, now: Millis): void {
		const error = this.controls.ending ? ENDING : this.run(bytes, nameAt, payloadAt, payloadAt, payloadEnd);
		this.answer(bytes, nameAt, payloadAt, payloadAt, payloadEnd, error);
		this.answers.send(1, now);
	}

	/** Does it, or returns why not in a sentence; an empty payload asks for nothing but the command. */
	private run(bytes: Uint8Array, nameAt: number, nameEnd: number, payloadAt: number, payloadEnd: number): string {
		const places = new Uint16Array(SLOTS);
		const index = indexOf(bytes, nameAt, nameEnd);
		const error = payloadAt < payloadEnd ? readObject(bytes, payloadAt, payloadEnd, index < 0 ? PLAIN : TABLE[index].members, places) : '';
		if (index < 0) return UNKNOWN;
		if (error) return `the payload cannot be used: ${error}`;
		switch (index) {
			case Command.Interval: return this.interval(bytes, places[Slot.Value]);
			case Command.Sample: return this.controls.sample();
			case Command.Calibrate: return this.calibrate(bytes, places);
			case Command.Restart: return this.controls.restart();
		}
		return this.controls.stop();
	}

	private interval(bytes: Uint8Array, at: number): string {
		const { key, min, max, allowed } = INTERVAL_FIELD;
		const value = at > 0 ? decimalAt(bytes, at, 0, true) : NaN;
		if (value >= min && value <= max) return this.controls.setIntervalMs(value | 0);
		return `${key} is ${at > 0 ? describeValue(bytes, at) : 'missing'}; it must be ${allowed}`;
	}

	private calibrate(bytes: Uint8Array, places: Uint16Array): string {
		const milli: number[] = [];
		let found = false;
		for (let i = 0; i < QUANTITIES.length; i++) {
			const at = places[Slot.Quantities + i];
			const value = at > 0 ? decimalAt(bytes, at, 3, false) : NaN;
			milli.push(at > 0 ? value | 0 : NaN);
			if (at === 0) continue;
			found = true;
			if (!(value < REFERENCE_END && value > -REFERENCE_END)) return `${QUANTITIES[i]} is ${describeValue(bytes, at)}, which no air has`;
		}
		return found ? this.controls.calibrate(milli) : NO_REFERENCE;
	}

	/** Writes the result. */
	private answer(bytes: Uint8Array, nameAt: number, nameEnd: number, payloadAt: number, payloadEnd: number, error: string): void {
		const sentence = error.slice(0, ERROR_MAX);
		const text = this.answers.text().put('{"id":');
		const places = new Uint16Array(SLOTS);
		if (payloadAt < payloadEnd) readObject(bytes, payloadAt, payloadEnd, PLAIN, places);
		this.writeId(text, bytes, places[Slot.Id], RESULT_MAX - FRAME_BYTES - NAME_MAX - sentence.length);
		text.put(',"name":').quotedBytes(bytes, nameAt, nameEnd, NAME_MAX).put(error ? ',"ok":false,"error":' : ',"ok":true');
		if (error) text.quoted(sentence);
		text.put('}');
	}

	/** As it came, which is JSON already; a number as a text. */
	private writeId(text: Text, bytes: Uint8Array, at: number, max: number): void {
		if (at === 0) return void text.put('""');
		const isText = bytes[at] === QUOTE;
		const end = endOfScalar(bytes, at, bytes.length);
		const from = isText ? at + 1 : at;
		text.byte(QUOTE).copy(bytes, from, cutText(bytes, from, isText ? end - 1 : end, max)).byte(QUOTE);
	}

	private ignored(what: string, bytes: Uint8Array, nameAt: number, nameEnd: number): void {
		let name = '';
		for (let i = nameAt; i < nameEnd && i < nameAt + SHOWN_MAX; i++) name += String.fromCharCode(bytes[i]);
		this.log.line(`${what} set/${name} is ignored`);
	}
}

const QUOTE = 0x22;

/** In TABLE, or -1. */
function indexOf(bytes: Uint8Array, nameAt: number, nameEnd: number): number {
	for (let i = 0; i < TABLE.length; i++) if (isWord(bytes, nameAt, nameEnd, TABLE[i].name)) return i;
	return -1;
}
