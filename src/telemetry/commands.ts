// SPDX-License-Identifier: MIT
// What can be asked of a node, over MQTT (<base>/set/<name>, and of all nodes <root>/all/set/<name>) and on its serial
// line.
//
// Rule: TABLE is all there is. A command is kept, acknowledged, and carried out in a later turn, in order, as soon as
// its result has room. So it is never delivered again for what it does. Each has one result. A command is checked whole
// before anything changes.
// Payload: {"id":"any text","value":…}, both optional.

import { readChanges } from './changes.js';
import { ENDING, SAMPLE, type CommandQueue } from './command-queue.js';
import { FIELDS, type Config, type Setting } from '../settings/settings.js';
import { decimalAt, describeValue, isWord, readObject, Type, type Member } from './json.js';
import { NEVER, type Console, type Log, type Millis, type Pollable } from '../common/ports.js';
import type { Answers } from './publications.js';
import { LATER, type Report, type Scanning } from './report.js';
import { ID, writeResult } from './result.js';
import { Text, textOf } from '../common/text.js';
import { RELEASE_UNIX } from '../common/version.js';

/** What commands do. Each says in a sentence why not, or ''. */
export interface Actions {
	setIntervalMs(value: number): string;
	sample(): string;
	/**
	 * Has channels show what the references are that stand in the object that begins there, by the channels' names: all or none.
	 * Returns why not, or what it has to say.
	 */
	calibrate(bytes: Uint8Array, at: number): string | Report;
	/** The same of how far readings spread: of the channel that is named there; 0: of all. */
	noise(bytes: Uint8Array, at: number): string | Report;
	stop(): string;
	/** `spread`: many nodes were told so at once. */
	restart(spread: boolean): string;
	/** Shows where the node is. */
	identify(): string;
	/** In Unix seconds; they MUST be possible. */
	setDate(seconds: number): string;
	/** Erases all settings that the node keeps, and restarts. */
	forget(): string;
	/** Restarts into set-up mode. */
	askSetUp(): void;
	/**
	 * Puts these settings, which are allowed each by its field, on trial. The node restarts if that changes anything.
	 * They are changed meanwhile. `remote`: they came from the broker.
	 */
	configure(changes: Record<string, Setting>, remote: boolean): string;
	/** Begins to look who is on the I2C bus. */
	beginScan(): Scanning;
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
	Count,
}

/** Who says it. */
const enum Source {
	Broker = 1,
	/** It was said to all nodes. */
	Everyone = 2,
	Console = 4,
	/** Not from all. */
	One = Broker | Console,
	Any = Broker | Everyone | Console,
}

interface Row {
	readonly name: string;
	/** Sources that it is taken from. */
	readonly from: number;
	readonly members: readonly Member[];
}
const PLAIN: readonly Member[] = Object.freeze([ID]);
const VALUE: readonly Member[] = Object.freeze([ID, Object.freeze({ key: 'value', type: Type.Any, slot: Slot.Value })]);
const OBJECT: readonly Member[] = Object.freeze([ID, Object.freeze({ key: 'value', type: Type.Object, slot: Slot.Value })]);
const row = (name: string, from: number, members: readonly Member[]): Row => Object.freeze({ name, from, members });
const TABLE: readonly Row[] = Object.freeze([
	row('interval', Source.Any, VALUE), row(SAMPLE, Source.Any, PLAIN), row('calibrate', Source.One, OBJECT), row('restart', Source.Any, PLAIN),
	row('stop', Source.One, PLAIN), row('identify', Source.Any, PLAIN), row('time', Source.One, VALUE), row('forget', Source.Console, PLAIN),
	row('set-up', Source.Console, PLAIN), row('config', Source.One, OBJECT), row('scan', Source.One, PLAIN), row('noise', Source.One, VALUE),
]);

const enum Command {
	Interval,
	Sample,
	Calibrate,
	Restart,
	Stop,
	Identify,
	Time,
	Forget,
	SetUp,
	Config,
	Scan,
	Noise,
}
export const COMMANDS: readonly string[] = Object.freeze(TABLE.map(({ name }) => name));

const UNKNOWN = `unknown command; known are ${COMMANDS.join(', ')}`;
const NO_SETTINGS = 'value is missing; it must be an object of settings';
const NO_REFERENCE = 'value is missing; it must be an object of channels';
const INTERVAL_FIELD = FIELDS.find(({ key }) => key === ('intervalMs' satisfies keyof Config))!;
const NOT_FOR_ALL = `not for all nodes at once: only ${TABLE.filter(({ from }) => from & Source.Everyone).map(({ name }) => name).join(', ')} are`;
const AT_THE_NODE = 'not over MQTT: only on the serial line of the node, or by its button';
const DATE = `it must be Unix seconds from ${RELEASE_UNIX | 0} to 4294967295`;

const enum Const {
	/** Of a typed line, beside its own characters. */
	FRAME_BYTES = 12,
	/** Of what is said at the console: what its line holds, less the name of the command. */
	SAID_MAX = 230,
}

export class Commands implements Pollable {
	private readonly queue: CommandQueue;
	private readonly actions: Actions;
	private readonly answers: Answers;
	private readonly line: Console & Log;
	/** Three that are seldom there, so that they take no memory: what the command that was obeyed last has to say, */
	private declare report?: Report;
	/** what is looked for, */
	private declare scan?: Scanning;
	/** and the line that asked for it. */
	private declare typed?: string;

	constructor(queue: CommandQueue, actions: Actions, answers: Answers, line: Console & Log) {
		this.queue = queue;
		this.actions = actions;
		this.answers = answers;
		this.line = line;
	}

	get waiting(): boolean {
		return !this.queue.empty;
	}

	poll(now: Millis): Millis {
		const before = this.scan;
		const scanAt = this.pollScan(now);
		const line = this.typed ?? this.line.take();
		if (line) this.obeyLine(line);
		const { queue } = this;
		if (!queue.empty && this.answers.ready && this.carryOut(now)) {
			queue.shift();
			// Another one in the next turn, so that the rest of the node has its own.
			if (!queue.empty) return now;
		}
		if (this.scan && this.scan !== before) return now;
		const at = this.actions.answered(queue.empty, now);
		// Until then commands are refused in their order.
		queue.closed = at === NEVER && this.actions.ending;
		// Another line may wait, too.
		return line && !this.typed ? now : this.scan ? Math.min(at, scanAt) : at;
	}

	/** What nobody comes back for is forgotten. */
	private pollScan(now: Millis): Millis {
		const at = this.scan ? this.scan.poll(now) : NEVER;
		if (at === NEVER) delete this.scan;
		return at;
	}

	/** What the command that was obeyed last has to say beyond '' is to be taken at once. */
	takeReport(): Report | undefined {
		const { report } = this;
		delete this.report;
		return report;
	}

	/** A line typed at the console: the command's name, then its value as JSON. */
	private obeyLine(line: string): void {
		const space = line.indexOf(' ');
		const name = space < 0 ? line : line.slice(0, space);
		const text = new Text(new Uint8Array(2 * line.length + Const.FRAME_BYTES)).put(name);
		const payloadAt = text.length;
		if (space >= 0) text.put('{"value":').put(line.slice(space + 1)).put('}');
		const error = this.obey(text.bytes, 0, payloadAt, text.length, Source.Console);
		if (error === LATER) {
			this.typed = line;
			return;
		}
		delete this.typed;
		this.line.line(`${name}: ${error || this.said()}`);
	}

	/** At the console, beside that it is done. */
	private said(): string {
		const report = this.takeReport();
		if (!report) return 'done';
		const text = new Text(new Uint8Array(Const.SAID_MAX));
		report.write(text, Const.SAID_MAX);
		return `{${textOf(text.bytes, 1, text.length)}}`;
	}

	/** The first that waits; false: it is under way. */
	private carryOut(now: Millis): boolean {
		const { queue: { nameAt, payloadAt, payloadEnd, toEveryone, bytes }, answers } = this;
		const error = this.obey(bytes!, nameAt, payloadAt, payloadEnd, toEveryone ? Source.Everyone : Source.Broker);
		if (error === LATER) {
			this.queue.begun();
			return false;
		}
		const trial = !error && indexOf(bytes!, nameAt, payloadAt) === Command.Config ? this.actions.proposed : 0;
		writeResult(answers.beginAnswer(), bytes!, nameAt, payloadAt, payloadAt, payloadEnd, error, trial, this.takeReport());
		answers.answer(1, now);
		return true;
	}

	/** Does it, or returns why not in a sentence, or LATER; an empty payload asks for nothing but the command. */
	obey(bytes: Uint8Array, nameAt: number, payloadAt: number, payloadEnd: number, source = Source.Console): string {
		if (this.actions.ending) return ENDING;
		const places = new Uint16Array(Slot.Count);
		const index = indexOf(bytes, nameAt, payloadAt);
		if (index < 0) return UNKNOWN;
		if ((TABLE[index].from & source) === 0) return TABLE[index].from === Source.Console ? AT_THE_NODE : NOT_FOR_ALL;
		const error = payloadAt < payloadEnd ? readObject(bytes, payloadAt, payloadEnd, TABLE[index].members, places) : '';
		if (error) return `the payload cannot be used: ${error}`;
		switch (index) {
			case Command.Interval: return this.interval(bytes, places[Slot.Value]);
			case Command.Sample: return this.actions.sample();
			case Command.Calibrate: return places[Slot.Value] > 0 ? this.reported(this.actions.calibrate(bytes, places[Slot.Value])) : NO_REFERENCE;
			case Command.Noise: return this.reported(this.actions.noise(bytes, places[Slot.Value]));
			case Command.Restart: return this.actions.restart(source === Source.Everyone);
			case Command.Identify: return this.actions.identify();
			case Command.Time: return this.time(bytes, places[Slot.Value]);
			case Command.Forget: return this.actions.forget();
			case Command.SetUp:
				this.actions.askSetUp();
				return '';
			case Command.Config: return this.configure(bytes, places[Slot.Value], source !== Source.Console);
			case Command.Scan: return this.scanned();
		}
		return this.actions.stop();
	}

	private interval(bytes: Uint8Array, at: number): string {
		const { key, min, max, allowed } = INTERVAL_FIELD;
		const value = at > 0 ? decimalAt(bytes, at, 0, true) : NaN;
		if (value >= min && value <= max) return this.actions.setIntervalMs(value | 0);
		return `${key} is ${at > 0 ? describeValue(bytes, at) : 'missing'}; it must be ${allowed}`;
	}

	/** Keeps what there is to say beyond that it is done. */
	private reported(outcome: string | Report): string {
		if (typeof outcome === 'string') return outcome;
		this.report = outcome;
		return '';
	}

	/** Whoever asks while one is under way gets what that finds. */
	private scanned(): string {
		const { scan } = this;
		if (scan?.isDone) {
			delete this.scan;
			this.report = scan;
			return scan.problem;
		}
		if (!scan) this.scan = this.actions.beginScan();
		return LATER;
	}

	private configure(bytes: Uint8Array, at: number, remote: boolean): string {
		const changes: Record<string, Setting> = {};
		return (at > 0 ? readChanges(bytes, at, changes) : NO_SETTINGS) || this.actions.configure(changes, remote);
	}

	private time(bytes: Uint8Array, at: number): string {
		const seconds = at > 0 ? decimalAt(bytes, at, 0, true) : NaN;
		if (seconds >= RELEASE_UNIX && seconds <= 0xffff_ffff) return this.actions.setDate(seconds);
		return `value is ${at > 0 ? describeValue(bytes, at) : 'missing'}; ${DATE}`;
	}
}

/** In TABLE, or -1. */
const indexOf = (bytes: Uint8Array, nameAt: number, nameEnd: number): number => {
	for (let i = 0; i < TABLE.length; i++) if (isWord(bytes, nameAt, nameEnd, TABLE[i].name)) return i;
	return -1;
};
