// SPDX-License-Identifier: MIT
// What can be asked of a node, over MQTT (<base>/set/<name>) and on its serial line.
//
// Rule: TABLE is all there is. A command is kept, acknowledged, and carried out in a later turn, in order, as soon as
// its result has room. So it is never delivered again for what it does. Each has one result. A command is checked whole
// before anything changes.
// Payload: {"id":"any text","value":…}, both optional.

import { readChanges } from './changes.js';
import { ENDING, SAMPLE, type CommandQueue } from './command-queue.js';
import { FIELDS, type Config, type Setting } from '../settings/settings.js';
import { decimalAt, describeValue, isWord, readObject, Type, type Member } from './json.js';
import type { Console, Log, Millis, Pollable } from '../common/ports.js';
import type { Answers } from './publications.js';
import { QUANTITIES } from '../readings/reading.js';
import { ID, writeResult } from './result.js';
import { Text } from '../common/text.js';

/** What commands do. Each says in a sentence why not, or ''. */
export interface Actions {
	setIntervalMs(value: number): string;
	sample(): string;
	/**
	 * Sets the offset of each quantity so that its last value would have been `milli` of its index; NaN: it stays as it
	 * is. All or none.
	 */
	calibrate(milli: readonly number[]): string;
	stop(): string;
	restart(): string;
	/** Puts these settings, which are allowed each by its field, on trial. The node restarts if that changes anything. */
	configure(changes: Readonly<Record<string, Setting>>): string;
	/** The number of what is on trial from the next boot on; 0: nothing is. */
	readonly proposed: number;
	/** The node is about to stop or to restart: nothing else is begun. */
	readonly ending: boolean;
	/** All that was asked is answered, so that an ending may begin; or not yet. */
	answered(all: boolean, now: Millis): Millis;
}

/** Behind the id. */
const enum Slot {
	Value = 1,
	Quantities,
}
const SLOTS = Slot.Quantities + QUANTITIES.length;

interface Row {
	readonly name: string;
	readonly members: readonly Member[];
}
const PLAIN: readonly Member[] = Object.freeze([ID]);
const INTERVAL: readonly Member[] = Object.freeze([ID, Object.freeze({ key: 'value', type: Type.Any, slot: Slot.Value })]);
const REFERENCES: readonly Member[] = Object.freeze(QUANTITIES.map((key, index) => Object.freeze({ key, type: Type.Number, slot: Slot.Quantities + index })));
const CALIBRATE: readonly Member[] = Object.freeze([ID, Object.freeze({ key: 'value', type: Type.Object, slot: Slot.Value, members: REFERENCES })]);
const CONFIG: readonly Member[] = Object.freeze([ID, Object.freeze({ key: 'value', type: Type.Object, slot: Slot.Value })]);
const row = (name: string, members: readonly Member[]): Row => Object.freeze({ name, members });
const TABLE: readonly Row[] = Object.freeze([
	row('interval', INTERVAL), row(SAMPLE, PLAIN), row('calibrate', CALIBRATE), row('restart', PLAIN), row('stop', PLAIN), row('config', CONFIG),
]);

const enum Command {
	Interval,
	Sample,
	Calibrate,
	Restart,
	Stop,
	Config,
}
export const COMMANDS: readonly string[] = Object.freeze(TABLE.map(({ name }) => name));

const UNKNOWN = `unknown command; known are ${COMMANDS.join(', ')}`;
const NO_SETTINGS = 'value is missing; it must be an object of settings';
const NO_REFERENCE = `value must name one of ${QUANTITIES.join(', ')}`;
const INTERVAL_FIELD = FIELDS.find(({ key }) => key === ('intervalMs' satisfies keyof Config))!;
/** Thousandths. */
const REFERENCE_END = 1_000_000;
/** Of a typed line, beside its own characters. */
const FRAME_BYTES = 12;

export class Commands implements Pollable {
	private readonly queue: CommandQueue;
	private readonly actions: Actions;
	private readonly answers: Answers;
	private readonly console: Console;
	private readonly log: Log;

	constructor(queue: CommandQueue, actions: Actions, answers: Answers, console: Console, log: Log) {
		this.queue = queue;
		this.actions = actions;
		this.answers = answers;
		this.console = console;
		this.log = log;
	}

	poll(now: Millis): Millis {
		const line = this.console.take();
		if (line) this.obeyLine(line);
		const { queue } = this;
		if (!queue.empty && this.answers.ready) {
			this.carryOut(queue.bytes!, queue.nameAt, queue.payloadAt, queue.payloadEnd, now);
			queue.shift();
			// Another one in the next turn, so that the rest of the node has its own.
			if (!queue.empty) return now;
		}
		queue.closed = this.actions.ending;
		return this.actions.answered(queue.empty, now);
	}

	/** A line typed at the console: the command's name, then its value as JSON. */
	private obeyLine(line: string): void {
		const space = line.indexOf(' ');
		const name = space < 0 ? line : line.slice(0, space);
		const text = new Text(new Uint8Array(2 * line.length + FRAME_BYTES)).put(name);
		const payloadAt = text.length;
		if (space >= 0) text.put('{"value":').put(line.slice(space + 1)).put('}');
		const error = this.obey(text.bytes, 0, payloadAt, text.length);
		this.log.line(`${name}: ${error || 'done'}`);
	}

	private carryOut(bytes: Uint8Array, nameAt: number, payloadAt: number, payloadEnd: number, now: Millis): void {
		const error = this.obey(bytes, nameAt, payloadAt, payloadEnd);
		const trial = !error && indexOf(bytes, nameAt, payloadAt) === Command.Config ? this.actions.proposed : 0;
		writeResult(this.answers.beginAnswer(), bytes, nameAt, payloadAt, payloadAt, payloadEnd, error, trial);
		this.answers.answer(1, now);
	}

	/** Does it, or returns why not in a sentence; an empty payload asks for nothing but the command. */
	obey(bytes: Uint8Array, nameAt: number, payloadAt: number, payloadEnd: number): string {
		if (this.actions.ending) return ENDING;
		const places = new Uint16Array(SLOTS);
		const index = indexOf(bytes, nameAt, payloadAt);
		if (index < 0) return UNKNOWN;
		const error = payloadAt < payloadEnd ? readObject(bytes, payloadAt, payloadEnd, TABLE[index].members, places) : '';
		if (error) return `the payload cannot be used: ${error}`;
		switch (index) {
			case Command.Interval: return this.interval(bytes, places[Slot.Value]);
			case Command.Sample: return this.actions.sample();
			case Command.Calibrate: return this.calibrate(bytes, places);
			case Command.Restart: return this.actions.restart();
			case Command.Config: return this.configure(bytes, places[Slot.Value]);
		}
		return this.actions.stop();
	}

	private interval(bytes: Uint8Array, at: number): string {
		const { key, min, max, allowed } = INTERVAL_FIELD;
		const value = at > 0 ? decimalAt(bytes, at, 0, true) : NaN;
		if (value >= min && value <= max) return this.actions.setIntervalMs(value | 0);
		return `${key} is ${at > 0 ? describeValue(bytes, at) : 'missing'}; it must be ${allowed}`;
	}

	private configure(bytes: Uint8Array, at: number): string {
		const changes: Record<string, Setting> = {};
		return (at > 0 ? readChanges(bytes, at, changes) : NO_SETTINGS) || this.actions.configure(changes);
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
		return found ? this.actions.calibrate(milli) : NO_REFERENCE;
	}
}

/** In TABLE, or -1. */
function indexOf(bytes: Uint8Array, nameAt: number, nameEnd: number): number {
	for (let i = 0; i < TABLE.length; i++) if (isWord(bytes, nameAt, nameEnd, TABLE[i].name)) return i;
	return -1;
}
