// Whether every reading of one node is accounted for: the one judge of this promise, from what a subscriber hears.
//
// Rule: each number from 1 on comes, always with one content, or is named as dropped, or the broker turned it down; and the node's own
// account adds up and claims no more than came. Whether readings are true is asked elsewhere (measurements.ts).

import { parse, type Reading } from '../../viewer/payload.js';
import { Ranges } from '../../viewer/ranges.js';

const EXAMPLES_MAX = 6;
/** Not authorized, topic name invalid, payload format invalid (docs/decisions/0024-turned-down-for-now.md). */
const FINAL = [0x87, 0x90, 0x99];

export interface Boot {
	readonly name: string;
	readonly readings: Map<number, Reading>;
	/** Numbers that some reading named as dropped. */
	readonly named: Ranges;
	/** Numbers that the broker turned down, before the node's eyes; and those that it would turn down whenever they came. */
	readonly refused: Set<number>;
	readonly refusedFinally: Set<number>;
	/** The node's own numbers, said last, and when. */
	sampled: number;
	acknowledged: number;
	waiting: number;
	dropped: number;
	connects: number;
	healthAt: number;
}

/** What a subscriber hears. */
export interface Heard {
	readonly topic: string;
	readonly payload: Uint8Array;
	readonly at: number;
}

export interface AuditorOptions {
	/** The node's base topic; "telltale/" and its name, if not given. */
	readonly base?: string;
	/** Readings that somebody who is not the broker may have acknowledged, or that went out with QoS 0 and were lost, as "boot/seq": the node owes them no more. */
	readonly forged?: ReadonlySet<string>;
}

export class Auditor {
	readonly violations: string[] = [];
	readonly boots = new Map<string, Boot>();
	readonly name: string;
	/** The boot that runs, as its health says. */
	current: Boot | undefined;
	/** The boot of the last live reading. */
	latest: Boot | undefined;
	duplicates = 0;
	late = 0;
	/** Readings that came for the first time after another had named them, within a range, as dropped. */
	cameAllTheSame = 0;
	/** Told of each reading that comes for the first time, and of each violation. */
	onReading: (boot: Boot, reading: Reading, at: number) => void = () => {};
	onViolation: (sentence: string) => void = () => {};
	readonly #base: string;
	readonly #forged: ReadonlySet<string> | undefined;

	constructor(name: string, { base = `telltale/${name}`, forged }: AuditorOptions = {}) {
		this.name = name;
		this.#base = base;
		this.#forged = forged;
	}

	heard({ topic, payload, at }: Heard): void {
		const said = parse(topic, payload, [this.#base]);
		if (said.kind === 'malformed') return this.complain(`${topic} does not keep the contract: ${said.why}`);
		if (said.kind === 'health') return this.#health(said.content as Record<string, number>, at);
		if (said.kind === 'reading') this.#reading(said.reading, said.late, at);
	}

	/** Numbers from 1 to the highest known that neither came nor are named as dropped. */
	missing(boot: Boot, upTo = highest(boot)): number[] {
		const missing: number[] = [];
		for (let seq = 1; seq <= upTo; seq++) if (!boot.readings.has(seq) && !boot.named.has(seq) && !this.#forged?.has(`${boot.name}/${seq}`)) missing.push(seq);
		return missing;
	}

	/** The same of all boots, as "boot/seq": of the one that runs but for what it says is waiting, of others up to the last that is known. */
	missingOfAll(): string[] {
		return [...this.boots.values()].flatMap((boot) => this.missing(boot, boot === this.current ? boot.sampled - boot.waiting : highest(boot)).map((seq) => `${boot.name}/${seq}`));
	}

	/** The broker has said no to this reading, and the node has heard it. */
	refused(payload: string, code: number): void {
		const { boot, seq } = JSON.parse(payload) as { boot: number; seq: number };
		const known = this.#boot(String(boot));
		known.refused.add(seq);
		if (FINAL.includes(code)) known.refusedFinally.add(seq);
	}

	/** To be asked at the end: whether no more were given up than so many beside those that the broker refused for good. */
	concludeDrops(excused: number): void {
		const given = [...this.boots.values()].flatMap((boot) => {
			const named = Array.from({ length: highest(boot) }, (_, i) => i + 1).filter((seq) => boot.named.has(seq));
			return named.filter((seq) => !boot.readings.has(seq) && !boot.refusedFinally.has(seq)).map((seq) => `${boot.name}/${seq}`);
		});
		if (given.length > excused) this.complain(`${given.length} readings were given up that nobody had refused for good: ${given.slice(0, EXAMPLES_MAX).join(', ')}`);
	}

	/** To be asked at the end: whether no boot that is over lost more than it may, and what was turned down is counted and named. */
	concludeLosses(lossAllowed: (boot: Boot) => number): void {
		for (const boot of this.boots.values()) {
			const given = [...boot.refusedFinally].filter((seq) => !boot.readings.has(seq));
			if (boot === this.current) {
				if (given.length > boot.dropped) this.complain(`${given.length} readings of boot ${boot.name} were turned down, and health counts ${boot.dropped} as dropped`);
				continue;
			}
			const lost = this.missing(boot).filter((seq) => !boot.refusedFinally.has(seq)).length;
			const allowed = lossAllowed(boot);
			if (lost > allowed) this.complain(`${lost} readings of boot ${boot.name} are lost, where no more than ${allowed} can have been in RAM`);
		}
	}

	complain(sentence: string): void {
		this.onViolation(sentence);
		if (this.violations.length < EXAMPLES_MAX) this.violations.push(`${this.name}: ${sentence}`);
	}

	#boot(name: string): Boot {
		const known = this.boots.get(name);
		if (known) return known;
		const boot: Boot = { name, readings: new Map(), named: new Ranges(), refused: new Set(), refusedFinally: new Set(), sampled: 0, acknowledged: 0, waiting: 0, dropped: 0, connects: 0, healthAt: -1 };
		this.boots.set(name, boot);
		return boot;
	}

	#reading(reading: Reading, late: boolean, at: number): void {
		const boot = this.#boot(reading.boot);
		if (late) this.late++;
		else this.latest = boot;
		if (reading.dropped) boot.named.addRange(reading.dropped.from, reading.dropped.to);
		// It says no more than that it was given up.
		if (reading.dropped?.to === reading.seq) return;
		const before = boot.readings.get(reading.seq);
		if (before) {
			this.duplicates++;
			const same = JSON.stringify(before.values) === JSON.stringify(reading.values) && (!before.time || !reading.time || before.time === reading.time);
			if (!same) this.complain(`reading ${reading.seq} of boot ${boot.name} came with two contents: ${JSON.stringify(before)} and ${JSON.stringify(reading)}`);
			return;
		}
		if (boot.named.has(reading.seq)) this.cameAllTheSame++;
		boot.readings.set(reading.seq, reading);
		this.onReading(boot, reading, at);
	}

	#health(health: Record<string, number>, at: number): void {
		const boot = this.#boot(String(health.boot));
		const { sampled, acknowledged, waiting, dropped, connects } = health as Record<'sampled' | 'acknowledged' | 'waiting' | 'dropped' | 'connects', number>;
		if (sampled !== acknowledged + waiting + dropped) this.complain(`health does not add up: ${JSON.stringify(health)}`);
		if (!this.#forged && acknowledged > boot.readings.size) this.complain(`the node counts ${acknowledged} acknowledged readings of boot ${boot.name}, ${boot.readings.size} came`);
		Object.assign(boot, { sampled, acknowledged, waiting, dropped, connects, healthAt: at });
		this.current = boot;
	}
}

export function highest(boot: Boot): number {
	return Math.max(boot.sampled, ...boot.readings.keys());
}
