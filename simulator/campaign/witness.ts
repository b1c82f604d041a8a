// What one node really did, as seen by its sensors and by a subscriber, and what of it is wrong.
//
// Rule: nothing that the node says of itself is believed without a second source: a reading must belong to a measurement that
// its parts saw, at that time and with that air; a number must come once with one value; the node's own account must add up.

import { parse, type Reading } from '../../viewer/payload.js';
import { Ranges } from '../../viewer/ranges.js';
import type { SimulatedNode } from '../simulated-node.js';
import type { Published } from '../virtual-broker.js';
import type { Weather } from '../weather.js';

/** What the parts are asked in one measurement follows within this. */
const MEASUREMENT_MS = 250;
/** The first line of a boot comes after its first measurement, by the speed of the serial line. */
const FIRST_LINE_MS = 1_500;
/** Whole seconds, twice (taken and sent); and a turn of the loop. */
const EARLY_MS = 3_300;
const LATE_MS = 1_300;
/** Of the loop, behind its interval. */
const LATENESS_MS = 2_000;
/** hardware/accuracy.md: the parts' and the converter's errors together; and on top the converter's noise, of 6 mV at most in one conversion. */
const TOLERANCE_C = 3;
const NOISE_C = 0.6;
/** Exceeded once in two million conversions. */
const NOISE_SIGMAS = 5;
const TOLERANCE_PCT = 4;
/** A reading is compared with the air if its parts were well for so long around it. */
const WELL_MS = 30_000;
const EXAMPLES_MAX = 6;

export interface Boot {
	readonly name: string;
	readonly readings: Map<number, Reading>;
	/** Numbers that some reading named as dropped. */
	readonly named: Ranges;
	/** When the reading of a number was measured, where there is no doubt. */
	readonly measuredAt: Map<number, number>;
	/** The node's own numbers, said last, and when. */
	sampled: number;
	acknowledged: number;
	waiting: number;
	dropped: number;
	healthAt: number;
}

export interface TimeGiven {
	readonly at: number;
	readonly offsetSeconds: number;
}

export interface Surroundings {
	readonly weather: Weather;
	readonly startUnixMs: number;
	readonly timesGiven: readonly TimeGiven[];
	/** Of the TMP36's voltage, for one reading. */
	readonly conversions: number;
	now(): number;
}

export class Witness {
	readonly violations: string[] = [];
	readonly boots = new Map<string, Boot>();
	readonly name: string;
	/** The boot that runs, as its health says. */
	current: Boot | undefined;
	duplicates = 0;
	late = 0;
	/** Readings whose time was compared with the measurements, and whose values with the air. */
	checkedTimes = 0;
	checkedValues = 0;
	safeModes = 0;
	readonly #around: Surroundings;
	/** Beginnings of measurements, and of boots, in milliseconds of the simulation. */
	readonly #measured: number[] = [];
	readonly #booted: number[] = [];
	readonly #safe: number[] = [];
	readonly #troubles: { from: number; to: number }[] = [];

	constructor(node: SimulatedNode, around: Surroundings) {
		this.name = node.name;
		this.#around = around;
		this.#watch(node);
	}

	heard({ topic, payload, at }: Published): void {
		const said = parse(topic, payload, ['telltale']);
		if (said.kind === 'malformed') return this.#complain(`${topic} does not keep the contract: ${said.why}`);
		if (said.kind === 'health') return this.#health(said.content as Record<string, number>, at);
		if (said.kind !== 'reading') return;
		const { dropped } = JSON.parse(payload.toString()) as { dropped?: [number, number] };
		this.#reading(said.reading, said.late, at, dropped);
	}

	/** The firmware has said its first line. */
	booted(at: number): void {
		this.#booted.push(at);
	}

	/** Too many boots in a row: it says so and measures nothing for a while. */
	safe(at: number): void {
		this.safeModes++;
		this.#safe.push(at);
	}

	/** Numbers from 1 to the highest known that neither came nor are named as dropped. */
	missing(boot: Boot, upTo = highest(boot)): number[] {
		const missing: number[] = [];
		for (let seq = 1; seq <= upTo; seq++) if (!boot.readings.has(seq) && !boot.named.has(seq)) missing.push(seq);
		return missing;
	}

	/** To be asked at the end: whether each boot measured in time, and numbered in the order of measuring. */
	conclude(intervalMs: number, commanded: boolean): void {
		for (let i = 1; i < this.#measured.length; i++) {
			const [from, to] = [this.#measured[i - 1]!, this.#measured[i]!];
			const restarted = [...this.#booted, ...this.#safe].some((at) => at > from && at <= to + FIRST_LINE_MS);
			if (!restarted && to - from > (commanded ? 2 : 1) * intervalMs + LATENESS_MS) this.#complain(`nothing was measured from ${from / 1_000} s to ${to / 1_000} s, at an interval of ${intervalMs} ms`);
		}
		// Readings out of turn may lie within a second or two of others.
		if (commanded) return;
		for (const boot of this.boots.values()) {
			const at = [...boot.measuredAt].sort(([one], [other]) => one - other);
			const wrong = at.findIndex(([, ms], i) => i > 0 && ms < at[i - 1]![1]);
			if (wrong > 0) this.#complain(`readings ${at[wrong - 1]![0]} and ${at[wrong]![0]} of boot ${boot.name} are not in the order of measuring`);
		}
	}

	#watch(node: SimulatedNode): void {
		const { tmp36, sht3x } = node;
		const { now } = this.#around;
		let boot = 0;
		let askedAt = 0;
		const note = (): void => {
			const same = node.counts.boots === boot && now() - askedAt < MEASUREMENT_MS;
			[boot, askedAt] = [node.counts.boots, now()];
			if (!same) this.#measured.push(askedAt);
		};
		const millivolts = tmp36.millivolts.bind(tmp36);
		tmp36.millivolts = () => (note(), millivolts());
		const write = sht3x.write.bind(sht3x);
		sht3x.write = (bytes, chip) => (note(), write(bytes, chip));
		for (const part of [tmp36, sht3x]) this.#watchTrouble(part);
	}

	#watchTrouble(part: { trouble: string }): void {
		const { now } = this.#around;
		let trouble = part.trouble;
		let open: { from: number; to: number } | undefined;
		Object.defineProperty(part, 'trouble', {
			get: () => trouble,
			set: (value: string) => {
				trouble = value;
				if (open) open.to = now();
				open = value === 'none' ? undefined : { from: now(), to: Infinity };
				if (open) this.#troubles.push(open);
			},
		});
	}

	#boot(name: string): Boot {
		const known = this.boots.get(name);
		if (known) return known;
		const boot: Boot = {
			name, readings: new Map(), named: new Ranges(), measuredAt: new Map(),
			sampled: 0, acknowledged: 0, waiting: 0, dropped: 0, healthAt: -1,
		};
		this.boots.set(name, boot);
		return boot;
	}

	#reading(reading: Reading, late: boolean, at: number, dropped?: readonly [number, number]): void {
		const boot = this.#boot(reading.boot);
		if (late) this.late++;
		if (dropped) this.#named(boot, reading, dropped);
		const before = boot.readings.get(reading.seq);
		if (before) {
			this.duplicates++;
			const same = JSON.stringify(before.values) === JSON.stringify(reading.values) && (!before.time || !reading.time || before.time === reading.time);
			if (!same) this.#complain(`reading ${reading.seq} of boot ${boot.name} came with two contents: ${JSON.stringify(before)} and ${JSON.stringify(reading)}`);
			return;
		}
		boot.readings.set(reading.seq, reading);
		this.#judgeReading(boot, reading, at);
	}

	#named(boot: Boot, { seq }: Reading, [from, to]: readonly [number, number]): void {
		if (!(from >= 1 && from <= to)) this.#complain(`reading ${seq} of boot ${boot.name} names ${from} to ${to} as dropped`);
		else boot.named.addRange(from, to);
	}

	#judgeReading(boot: Boot, reading: Reading, at: number): void {
		const found = this.#measurementsOf(reading, at);
		this.checkedTimes++;
		if (!found.length) return this.#complain(`reading ${JSON.stringify(reading)}, published at ${(at / 1_000).toFixed(1)} s, has a time at which nothing was measured`);
		if (found.length === 1) boot.measuredAt.set(reading.seq, found[0]!);
		if (found.some((ms) => this.#troubles.some(({ from, to }) => ms > from - WELL_MS && ms < to + WELL_MS))) return;
		this.checkedValues++;
		const wrong = found.map((ms) => this.#wrong(reading, ms));
		if (wrong.every((sentence) => sentence)) this.#complain(wrong[0]!);
	}

	#wrong({ seq, values }: Reading, ms: number): string {
		const { temperatureC, humidityPct } = this.#around.weather.at(ms);
		const { temperature = temperatureC, humidity = humidityPct } = values;
		const toleranceC = TOLERANCE_C + (NOISE_SIGMAS * NOISE_C) / Math.sqrt(this.#around.conversions);
		if (Math.abs(temperature - temperatureC) > toleranceC) return `reading ${seq}: ${temperature} °C, where the air has ${temperatureC.toFixed(2)}`;
		if (Math.abs(humidity - humidityPct) > TOLERANCE_PCT) return `reading ${seq}: ${humidity} %, where the air has ${humidityPct.toFixed(1)}`;
		return '';
	}

	/** The measurements that the reading's time can speak of, given what times and boots the node has seen. */
	#measurementsOf(reading: Reading, publishedAt: number): number[] {
		const claims: number[] = [];
		if (reading.time === undefined) for (const boot of this.#booted) claims.push(boot + reading.uptime! * 1_000);
		else for (const offset of this.#offsetsUntil(publishedAt)) claims.push((reading.time - offset) * 1_000 - this.#around.startUnixMs);
		return claims.map((claim) => this.#measuredBetween(claim - LATE_MS, Math.min(claim + EARLY_MS, publishedAt))).filter((ms) => ms !== undefined);
	}

	#offsetsUntil(at: number): Set<number> {
		const offsets = new Set([0]);
		for (const given of this.#around.timesGiven) if (given.at <= at) offsets.add(given.offsetSeconds);
		return offsets;
	}

	#measuredBetween(from: number, to: number): number | undefined {
		let [low, high] = [0, this.#measured.length];
		while (low < high) {
			const middle = (low + high) >> 1;
			if (this.#measured[middle]! < from) low = middle + 1;
			else high = middle;
		}
		const found = this.#measured[low];
		return found !== undefined && found <= to ? found : undefined;
	}

	#health(health: Record<string, number>, at: number): void {
		const boot = this.#boot(String(health.boot));
		const { sampled, acknowledged, waiting, dropped } = health as { sampled: number; acknowledged: number; waiting: number; dropped: number };
		if (sampled !== acknowledged + waiting + dropped) this.#complain(`health does not add up: ${JSON.stringify(health)}`);
		if (acknowledged > boot.readings.size) this.#complain(`the node counts ${acknowledged} acknowledged readings of boot ${boot.name}, ${boot.readings.size} came`);
		Object.assign(boot, { sampled, acknowledged, waiting, dropped, healthAt: at });
		this.current = boot;
	}

	#complain(sentence: string): void {
		if (this.violations.length < EXAMPLES_MAX) this.violations.push(`${this.name}: ${sentence}`);
	}
}

export function highest(boot: Boot): number {
	return Math.max(boot.sampled, ...boot.readings.keys());
}
