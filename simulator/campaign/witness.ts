// What one node really did, as seen by its sensors and by a subscriber, and what of it is wrong.
//
// Rule: nothing that the node says of itself is believed without a second source: a reading must belong to a measurement that
// its parts saw, at that time and with that air; a number must come once with one value; the node's own account must add up.

import { parse, type Reading } from '../../viewer/payload.js';
import type { SimulatedNode } from '../simulated-node.js';
import type { Published } from '../virtual-broker.js';
import type { Weather } from '../weather.js';

/** Conversions of one measurement lie closer together than this, two measurements never. */
const MEASUREMENT_MS = 1_500;
/** Whole seconds, twice (taken and sent); and a turn of the loop. */
const EARLY_MS = 3_300;
const LATE_MS = 1_300;
/** hardware/accuracy.md: the parts' and the converter's errors together. */
const TOLERANCE_C = 3;
const TOLERANCE_PCT = 4;
/** A reading is compared with the air if its parts were well for so long around it. */
const WELL_MS = 30_000;
/** Of the loop, behind its interval. */
const LATENESS_MS = 2_000;
const EXAMPLES_MAX = 6;

export interface Boot {
	readonly name: string;
	readonly readings: Map<number, Reading>;
	/** Own numbers, said last. */
	sampled: number;
	waiting: number;
	dropped: number;
	droppedFrom: number;
	droppedTo: number;
	healthAt: number;
	acknowledged: number;
	/** When the reading of a number was measured. */
	readonly measuredAt: Map<number, number>;
}

export interface TimeGiven {
	readonly at: number;
	readonly offsetSeconds: number;
}

export class Witness {
	readonly violations: string[] = [];
	readonly boots = new Map<string, Boot>();
	readonly name: string;
	readonly #node: SimulatedNode;
	readonly #weather: Weather;
	readonly #startUnixMs: number;
	/** Beginnings of measurements, and of boots, in milliseconds of the simulation. */
	readonly #measured: number[] = [];
	readonly #booted: number[] = [];
	readonly #troubles: { from: number; to: number }[] = [];
	readonly #timesGiven: readonly TimeGiven[];
	duplicates = 0;
	late = 0;
	/** Readings whose time or uptime was compared with a measurement, and values with the air. */
	checkedTimes = 0;
	checkedValues = 0;

	constructor(node: SimulatedNode, weather: Weather, startUnixMs: number, now: () => number, timesGiven: readonly TimeGiven[]) {
		this.name = node.name;
		this.#node = node;
		this.#weather = weather;
		this.#startUnixMs = startUnixMs;
		this.#timesGiven = timesGiven;
		this.#watch(now);
	}

	/** The boot that spoke last. */
	get latest(): Boot | undefined {
		return [...this.boots.values()].at(-1);
	}

	heard(message: Published): void {
		const { topic, payload, at } = message;
		const said = parse(topic, payload, ['telltale']);
		if (said.kind === 'malformed') return this.#complain(`${topic} does not keep the contract: ${said.why}`);
		if (said.kind === 'reading') this.#reading(said.reading, said.late, at);
		if (said.kind === 'health') this.#health(said.content as Record<string, number>, at);
	}

	/** Numbers from 1 to the highest known that neither came nor are named as dropped. */
	missing(boot: Boot, upTo = boot.sampled): number[] {
		const missing: number[] = [];
		for (let seq = 1; seq <= upTo; seq++) {
			if (boot.readings.has(seq)) continue;
			if (!(seq >= boot.droppedFrom && seq <= boot.droppedTo)) missing.push(seq);
		}
		return missing;
	}

	/** To be asked at the end: whether each boot measured in time, and numbered in the order of measuring. */
	conclude(intervalMs: number): void {
		for (let i = 1; i < this.#measured.length; i++) {
			const [from, to] = [this.#measured[i - 1]!, this.#measured[i]!];
			const restarted = this.#booted.some((at) => at > from && at <= to + MEASUREMENT_MS);
			if (!restarted && to - from > intervalMs + LATENESS_MS) this.#complain(`nothing was measured from ${from / 1_000} s to ${to / 1_000} s, at an interval of ${intervalMs} ms`);
		}
		if (this.#timesGiven.some((each) => each.offsetSeconds !== 0)) return;
		for (const boot of this.boots.values()) {
			const at = [...boot.measuredAt].sort(([one], [other]) => one - other);
			const wrong = at.findIndex(([, ms], i) => i > 0 && ms <= at[i - 1]![1]);
			if (wrong > 0) this.#complain(`readings ${at[wrong - 1]![0]} and ${at[wrong]![0]} of boot ${boot.name} are not in the order of measuring`);
		}
	}

	#watch(now: () => number): void {
		const { tmp36, sht3x } = this.#node;
		const note = (): void => {
			if (now() - (this.#measured.at(-1) ?? -Infinity) > MEASUREMENT_MS) this.#measured.push(now());
		};
		const millivolts = tmp36.millivolts.bind(tmp36);
		tmp36.millivolts = () => (note(), millivolts());
		const write = sht3x.write.bind(sht3x);
		sht3x.write = (bytes, chip) => (note(), write(bytes, chip));
		for (const part of [tmp36, sht3x]) this.#watchTrouble(part, now);
	}

	#watchTrouble(part: { trouble: string }, now: () => number): void {
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

	/** The firmware has said its first line. */
	booted(at: number): void {
		this.#booted.push(at);
	}

	#boot(name: string): Boot {
		const known = this.boots.get(name);
		if (known) return known;
		const boot: Boot = {
			name, readings: new Map(), measuredAt: new Map(),
			sampled: 0, acknowledged: 0, waiting: 0, dropped: 0, droppedFrom: 0, droppedTo: 0, healthAt: -1,
		};
		this.boots.set(name, boot);
		return boot;
	}

	#reading(reading: Reading, late: boolean, at: number): void {
		const boot = this.#boot(reading.boot);
		if (late) this.late++;
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

	#judgeReading(boot: Boot, reading: Reading, at: number): void {
		const measuredAt = this.#measurementOf(reading, at);
		this.checkedTimes++;
		if (measuredAt === undefined) {
			return this.#complain(`reading ${JSON.stringify(reading)}, published at ${(at / 1_000).toFixed(1)} s, has a time at which nothing was measured`);
		}
		boot.measuredAt.set(reading.seq, measuredAt);
		if (this.#troubles.some(({ from, to }) => measuredAt > from - WELL_MS && measuredAt < to + WELL_MS)) return;
		const air = this.#weather.at(measuredAt);
		const { temperature, humidity } = reading.values as { temperature?: number; humidity?: number };
		this.checkedValues++;
		if (temperature !== undefined && Math.abs(temperature - air.temperatureC) > TOLERANCE_C) this.#complain(`reading ${reading.seq}: ${temperature} °C, where the air has ${air.temperatureC.toFixed(2)}`);
		if (humidity !== undefined && Math.abs(humidity - air.humidityPct) > TOLERANCE_PCT) this.#complain(`reading ${reading.seq}: ${humidity} %, where the air has ${air.humidityPct.toFixed(1)}`);
	}

	/** The measurement that the reading's time speaks of, given what times and boots the node has seen. */
	#measurementOf(reading: Reading, publishedAt: number): number | undefined {
		const origins: number[] = [];
		if (reading.time === undefined) for (const boot of this.#booted) origins.push(boot + reading.uptime! * 1_000);
		else for (const offset of this.#offsetsUntil(publishedAt)) origins.push((reading.time - offset) * 1_000 - this.#startUnixMs);
		for (const claimed of origins) {
			const found = this.#measuredBetween(claimed - LATE_MS, claimed + EARLY_MS, publishedAt);
			if (found !== undefined) return found;
		}
		return undefined;
	}

	#offsetsUntil(at: number): Set<number> {
		const offsets = new Set([0]);
		for (const given of this.#timesGiven) if (given.at <= at) offsets.add(given.offsetSeconds);
		return offsets;
	}

	#measuredBetween(from: number, to: number, publishedAt: number): number | undefined {
		let [low, high] = [0, this.#measured.length];
		while (low < high) {
			const middle = (low + high) >> 1;
			if (this.#measured[middle]! < from) low = middle + 1;
			else high = middle;
		}
		const found = this.#measured[low];
		return found !== undefined && found <= Math.min(to, publishedAt) ? found : undefined;
	}

	#health(health: Record<string, number>, at: number): void {
		const boot = this.#boot(String(health.boot));
		const { sampled, acknowledged, waiting, dropped } = health as { sampled: number; acknowledged: number; waiting: number; dropped: number };
		if (sampled !== acknowledged + waiting + dropped) this.#complain(`health does not add up: ${JSON.stringify(health)}`);
		if (acknowledged > boot.readings.size) this.#complain(`the node counts ${acknowledged} acknowledged readings of boot ${boot.name}, ${boot.readings.size} came`);
		Object.assign(boot, { sampled, acknowledged, waiting, dropped, droppedFrom: health.droppedFrom ?? 0, droppedTo: health.droppedTo ?? 0, healthAt: at });
	}

	#complain(sentence: string): void {
		if (this.violations.length < EXAMPLES_MAX) this.violations.push(`${this.name}: ${sentence}`);
	}
}
