// Looks at one node from outside while it is given hostile input, and says what is not as it must be.
//
// Rule: nothing that the node says of itself is believed without a second source: when it measured, its parts say; what it stored, its
// flash. What ends a boot must have been asked for. Complaints of these kinds are fatal: the node is not worth going on with.

import type { SimulatedNode } from '../board/simulated-node.js';
import { OWN_RESTART } from '../board/machine.js';
import type { Published } from '../virtual/broker.js';
import { FORGED } from './chance.js';
import { Ledger } from './ledger.js';
import { judgeResults, readResult, type Asked, type Result } from './results.js';
import type { Wire } from './wire.js';

export type What = 'boot' | 'bug' | 'deaf' | 'sampling' | 'lost' | 'memory' | 'result' | 'log' | 'setting' | 'wire' | 'account';
const FATAL: readonly What[] = ['boot', 'bug', 'deaf', 'sampling', 'lost', 'memory'];

export interface Complaint {
	readonly what: What;
	readonly sentence: string;
}

export function isFatal({ what }: Complaint): boolean {
	return FATAL.includes(what);
}

/** Of the loop, behind its interval. */
const LATENESS_MS = 2_000;
/** A restart that was asked for may be asked for again, while nobody knows that it was heard. */
const REPEATS = 2;
/** Results of late, more than can be on their way. */
const LATELY = 50;
/** The parts are asked several times for one reading. */
const MEASUREMENT_MS = 250;

export class Judge {
	readonly ledger: Ledger;
	complaints: Complaint[] = [];
	/** Of the group. */
	results: Result[] = [];
	/** It has said that it is stopped. */
	stopped = false;
	safe = false;
	samples = 0;
	readonly #node: SimulatedNode;
	readonly #now: () => number;
	#intervalMs: number;
	readonly #intervalAtFirst: number;
	#sampledAt = -1;
	/** What was the interval when it last measured. */
	#promisedMs = 0;
	#endsSeen = 0;
	#restartsAllowed = 0;
	#stopsAllowed = false;
	#lastWord = '';
	readonly #lately: string[] = [];
	#offsetsChanged = 0;

	constructor(node: SimulatedNode, base: string, wire: Wire, now: () => number, intervalMs: number) {
		this.#node = node;
		this.#now = now;
		this.#intervalMs = this.#intervalAtFirst = intervalMs;
		this.ledger = new Ledger(base, wire.acknowledged, (sentence) => this.complain('account', sentence));
		wire.onComplaint = (sentence) => this.complain('wire', sentence);
		this.#watch();
	}

	get intervalMs(): number {
		return this.#intervalMs;
	}

	/** Its last words were those of a node that stops, as it was asked to; the line that says so may have been dropped. */
	get perhapsStopped(): boolean {
		return this.#stopsAllowed && this.#lastWord === 'stopped';
	}

	get fallen(): boolean {
		return this.complaints.some(isFatal);
	}

	/** Another group: so many commands in it ask for a restart, and perhaps one to stop. */
	begin(restarts: number, stops: number): void {
		this.results = [];
		this.#restartsAllowed = restarts * (1 + REPEATS);
		this.#stopsAllowed = stops > 0;
		this.#offsetsChanged = 0;
	}

	/** Of a group that is over. `undisturbed`: the connection and the boot are those that it began with. */
	end(asked: readonly Asked[], undisturbed: boolean): void {
		const wrong = judgeResults(asked, this.results, undisturbed);
		for (const sentence of wrong) this.complain('result', sentence);
		const calibrated = this.results.some(({ name, ok }) => name === 'calibrate' && ok);
		if (undisturbed && !wrong.length && this.#offsetsChanged && !calibrated) this.complain('setting', 'the offsets were changed, though no calibration was said to be done');
		this.look();
	}

	/** Now and then, and at every end: whether the node lives, and measures. */
	look(): void {
		this.#lookAtEnds();
		const silentMs = this.#now() - this.#sampledAt;
		if (this.#measures && silentMs > this.#promisedMs + LATENESS_MS) this.#tooLate(silentMs);
	}

	line(said: string): void {
		const text = said.replace(/^\(\d+ lines dropped\) /, '');
		if (text.startsWith('Telltale ')) this.#booted();
		if (text.startsWith('safe mode')) this.safe = true;
		if (text.startsWith('bug:')) this.complain('bug', text);
		if (/[\0-\x1f\x7f]/.test(text) || text.startsWith(FORGED)) this.complain('log', `a log line was forged or has control characters: ${JSON.stringify(text)}`);
		if (text !== 'stopped') return;
		this.stopped = true;
		if (!this.#stopsAllowed) this.complain('boot', 'the node stopped, and nobody had asked for it');
	}

	heard(message: Published): void {
		this.ledger.heard(message);
		if (message.topic.endsWith('/status') && !message.will) this.#lastWord = message.payload.toString();
		if (!message.topic.endsWith('/result') || this.#isRepeated(message)) return;
		try {
			this.results.push(readResult(message.payload));
		} catch (fault) {
			this.complain('result', `${fault instanceof SyntaxError || fault instanceof TypeError ? 'a result is no JSON in UTF-8' : (fault as Error).message}: ${JSON.stringify(message.payload.toString())}`);
		}
	}

	/** A result that the node sends again, because it has not heard that it came. */
	#isRepeated({ dup, payload }: Published): boolean {
		const text = payload.toString('latin1');
		const repeated = dup && this.#lately.includes(text);
		this.#lately.push(text);
		if (this.#lately.length > LATELY) this.#lately.shift();
		return repeated;
	}

	/** The campaign presses the reset button. */
	reset(): void {
		this.ledger.cut();
		this.stopped = this.safe = false;
		this.#sampledAt = -1;
	}

	complain(what: What, sentence: string): void {
		this.complaints.push({ what, sentence });
	}

	get #measures(): boolean {
		return this.#sampledAt >= 0 && this.#node.running && !this.safe && !this.stopped;
	}

	#booted(): void {
		this.safe = this.stopped = false;
		this.#sampledAt = -1;
	}

	#lookAtEnds(): void {
		const { ends } = this.#node;
		for (; this.#endsSeen < ends.length; this.#endsSeen++) {
			const end = ends[this.#endsSeen]!;
			if (end === OWN_RESTART ? this.#restartsAllowed-- > 0 : /^(restart|killed|power cut|stopped)$/.test(end)) continue;
			this.complain('boot', end === OWN_RESTART ? 'the node restarted, and nobody had asked for it' : `the node ended: ${end}`);
		}
	}

	#tooLate(ms: number): void {
		this.complain('sampling', `nothing was measured for ${(ms / 1_000).toFixed(1)} s, at an interval of ${this.#promisedMs / 1_000} s`);
		this.#sampledAt = -1;
	}

	#watch(): void {
		const { parts, storage } = this.#node;
		parts.onAsked = () => this.#measured();
		const { onSetting } = storage;
		storage.onSetting = (key, value) => {
			onSetting(key, value);
			if (key === 'intervalMs') this.#intervalMs = (value as number | undefined) ?? this.#intervalAtFirst;
			if (key.startsWith('offset') || key === 'calibration') this.#offsetsChanged++;
		};
	}

	#measured(): void {
		const now = this.#now();
		// One reading, or two in a row of which the second promises anew.
		const same = this.#sampledAt >= 0 && now - this.#sampledAt < MEASUREMENT_MS;
		if (!same && this.#measures && now - this.#sampledAt > this.#promisedMs + LATENESS_MS) this.#tooLate(now - this.#sampledAt);
		this.#promisedMs = same ? Math.max(this.#promisedMs, this.#intervalMs) : this.#intervalMs;
		this.#sampledAt = now;
		if (same) return;
		this.samples++;
	}
}
