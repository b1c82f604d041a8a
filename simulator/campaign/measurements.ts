// Whether what a node says of its measurements is true: the judge of its readings against its parts and the air around them.
//
// Rule: nothing that the node says of itself is believed without a second source: a reading must belong to a measurement that its parts saw,
// at that time and with that air. Another question than the auditor's, which is whether every reading is accounted for.

import { Limit } from '../../src/common/limits.js';
import type { Reading } from '../../viewer/payload.js';
import { OWN_RESTART } from '../board/machine.js';
import { channelsOf, NO_RANGE, type ChannelRange } from '../board/wiring.js';
import type { SimulatedNode } from '../board/simulated-node.js';
import type { World } from '../simulation.js';
import type { Air, Weather } from '../world/weather.js';
import type { Auditor, Boot } from '../audit/auditor.js';
import { OffsetsJudge, type Corrected } from './offsets.js';

/** What the parts are asked in one measurement follows within this. */
const MEASUREMENT_MS = 250;
/** The first line of a boot comes after its first measurement, by the speed of the serial line. */
const FIRST_LINE_MS = 1_500;
/** Whole seconds, twice (taken and sent); and a turn of the loop. */
const EARLY_MS = 3_300;
const LATE_MS = 1_300;
/** Of uptime that goes on over a restart. */
const DRIFT_MS = 1_000;
/** Of the loop, behind its interval. */
const LATENESS_MS = 2_000;
/** hardware/accuracy.md: the parts' and the converter's errors together; and on top the converter's noise, of 6 mV at most in one conversion. */
const TOLERANCE_C = 3;
const NOISE_C = 0.6;
/** Exceeded once in two million conversions. */
const NOISE_SIGMAS = 5;
const TOLERANCE_PCT = 4;
const TOLERANCE_HPA = 2;
/** RING_BYTES over the smallest record, of one quantity: what a power cut may cost. */
const RING_READINGS_MAX = Limit.RING_BYTES / 12;
/** A reading is compared with the air if its parts were well for so long around it. */
const WELL_MS = 30_000;

export interface TimeGiven {
	readonly at: number;
	readonly offsetSeconds: number;
}

export interface Surroundings {
	readonly weather: Weather;
	readonly startUnixMs: number;
	readonly timesGiven: readonly TimeGiven[];
	/** Of an analog part, for one reading. */
	readonly conversions: number;
	/** The nodes' list of parts. */
	readonly sensors: string;
	now(): number;
}

/** How a quantity is compared with the air. */
interface Judged {
	readonly of: keyof Air;
	readonly tolerance: number;
	readonly unit: string;
	readonly digits: number;
}

interface Span {
	readonly from: number;
	to: number;
}

/** A node calibrates by the mean of so many of its last readings, at the most. */
const MEAN_OF = 16;

export class MeasurementsJudge {
	/** Readings whose time was compared with the measurements, and whose values with the air. */
	checkedTimes = 0;
	checkedValues = 0;
	safeModes = 0;
	/** The most in a row that the node restarted itself for want of a link: its uptime goes on over them, give or take a second each. */
	ownRestarts = 0;
	readonly #auditor: Auditor;
	readonly #around: Surroundings;
	readonly #node: SimulatedNode;
	readonly #offsets: OffsetsJudge;
	readonly #channels: ReadonlyMap<string, ChannelRange>;
	/** Beginnings of measurements, and of boots, in milliseconds of the simulation. */
	readonly #measured: number[] = [];
	readonly #booted: number[] = [];
	readonly #safe: number[] = [];
	/** Which boot a measurement belongs to, by its time. */
	readonly #bootAt = new Map<number, number>();
	/** When the reading of a number was measured, where there is no doubt. */
	readonly #measuredAt = new Map<Boot, Map<number, number>>();
	readonly #troubles: Span[] = [];
	readonly #flashTroubles: Span[] = [];
	/** Among the troubles: offsets that are in use and nowhere kept. */
	#unkept: Span | undefined;

	/** `auditor` hears what the node says, and is told what is wrong. */
	constructor(node: SimulatedNode, around: Surroundings, auditor: Auditor) {
		this.#node = node;
		this.#around = around;
		this.#auditor = auditor;
		this.#channels = channelsOf(around.sensors);
		auditor.onReading = (boot, reading, at) => this.#judgeReading(boot, reading, at);
		this.#offsets = new OffsetsJudge(node.storage, around.now, (quantity, offBy) => this.#calibrated(quantity, offBy));
		this.#watch(node);
	}

	/** The firmware has said its first line. */
	booted(at: number): void {
		this.#booted.push(at);
		if (this.#unkept) this.#unkept.to = at;
		this.#unkept = undefined;
	}

	/** The node says that it cannot keep what it goes by until its next boot, which is nowhere to be seen then. */
	unkept(at: number): void {
		if (!this.#flashTroubles.some(({ from, to }) => at >= from && at <= to + FIRST_LINE_MS)) this.#complain('settings are not kept, though nothing is wrong with the flash');
		if (!this.#unkept) this.#troubles.push(this.#unkept = { from: at, to: Infinity });
	}

	/** Too many boots in a row: it says so and measures nothing for a while. */
	safe(at: number): void {
		this.safeModes++;
		this.#safe.push(at);
	}

	/** An operator asks the node to calibrate itself. */
	calibrate(reference: Partial<Air>): void {
		this.#offsets.give(reference);
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
		for (const [boot, measuredAt] of this.#measuredAt) {
			const at = [...measuredAt].sort(([one], [other]) => one - other);
			const wrong = at.findIndex(([, ms], i) => i > 0 && ms < at[i - 1]![1]);
			if (wrong > 0) this.#complain(`readings ${at[wrong - 1]![0]} and ${at[wrong]![0]} of boot ${boot.name} are not in the order of measuring`);
		}
	}

	/**
	 * What a boot may take with it: what its ring holds, but nothing if it was told to restart (docs/topics.md); and what it took
	 * since its flash first failed, which may be left alone from then on.
	 */
	lossAllowed(boot: Boot): number {
		// Of a boot of which no reading came there may be health.
		const [sample = this.#measured.filter((at) => at <= boot.healthAt).at(-1)] = (this.#measuredAt.get(boot) ?? []).values();
		const number = sample === undefined ? undefined : this.#bootAt.get(sample);
		const times = this.#measured.filter((at) => this.#bootAt.get(at) === number);
		const unsafeFrom = Math.min(...this.#flashTroubles.filter(({ from, to }) => to > times[0]! && from < times.at(-1)!).map(({ from }) => from));
		if (unsafeFrom !== Infinity) return RING_READINGS_MAX + times.filter((at) => at >= unsafeFrom).length;
		return number !== undefined && this.#node.ends[number - 1] === OWN_RESTART ? 0 : RING_READINGS_MAX;
	}

	#calibrated(quantity: Corrected, offBy: (last: number) => number): void {
		const measured = this.#measured.slice(-MEAN_OF);
		if (!measured.length || measured.some((ms) => this.#inTrouble(ms))) return;
		const distance = Math.min(...measured.map((ms) => offBy(this.#around.weather.at(ms)[quantity])));
		const tolerance = quantity === 'temperatureC' ? this.#toleranceC : TOLERANCE_PCT;
		if (distance > tolerance) this.#complain(`calibrated at ${(this.#around.now() / 1_000).toFixed(1)} s, ${distance.toFixed(2)} from what any reference asked for (${quantity})`);
	}

	#inTrouble(ms: number): boolean {
		return this.#troubles.some(({ from, to }) => ms > from - WELL_MS && ms < to + WELL_MS);
	}

	get #toleranceC(): number {
		return TOLERANCE_C + (NOISE_SIGMAS * NOISE_C) / Math.sqrt(this.#around.conversions);
	}

	#watch(node: SimulatedNode): void {
		const { parts, storage } = node;
		const { now } = this.#around;
		let boot = 0;
		let beganAt = 0;
		const note = (): void => {
			// Of a flood of commands one may follow the other at once.
			if (node.counts.boots === boot && now() - beganAt < MEASUREMENT_MS) return;
			[boot, beganAt] = [node.counts.boots, now()];
			this.#measured.push(beganAt);
			this.#bootAt.set(beganAt, boot);
		};
		parts.onAsked = note;
		for (const twin of parts.twins) watch(twin, 'trouble', 'none', now, this.#troubles);
		watch(storage, 'onTrouble', undefined, now, this.#flashTroubles);
	}

	#judgeReading(boot: Boot, reading: Reading, at: number): void {
		const found = this.#measurementsOf(reading, at);
		this.checkedTimes++;
		if (!found.length) return this.#complain(`reading ${JSON.stringify(reading)}, published at ${(at / 1_000).toFixed(1)} s, has a time at which nothing was measured`);
		if (found.length === 1) this.#measuredAtOf(boot).set(reading.seq, found[0]!);
		if (found.some((ms) => this.#inTrouble(ms))) return;
		this.checkedValues++;
		const wrong = found.map((ms) => this.#wrong(reading, ms));
		if (wrong.every((sentence) => sentence)) this.#complain(wrong[0]!);
	}

	#wrong(reading: Reading, ms: number): string {
		const raw = this.#around.weather.at(ms);
		const sentences = this.#offsets.expected(raw, ms).map((air) => this.#differs(reading, air, raw));
		return sentences.every((sentence) => sentence) ? sentences[0]! : '';
	}

	/** `air` with the offsets, which only channels without a part's name have. */
	#differs({ seq, values, suspect = [] }: Reading, air: Air, raw: Air): string {
		for (const [channel, value] of Object.entries(values)) {
			const { quantity, low, high } = this.#channels.get(channel) ?? NO_RANGE;
			const judged = this.#judged(quantity);
			if (!judged || suspect.includes(channel) || raw[judged.of] < low || raw[judged.of] > high) continue;
			const truth = (channel === quantity ? air : raw)[judged.of];
			if (Math.abs(value - truth) > judged.tolerance) return `reading ${seq}: ${value} ${judged.unit}, where the air has ${truth.toFixed(judged.digits)}`;
		}
		return '';
	}

	#judged(quantity: string): Judged | undefined {
		if (quantity === 'temperature') return { of: 'temperatureC', tolerance: this.#toleranceC, unit: '°C', digits: 2 };
		if (quantity === 'humidity') return { of: 'humidityPct', tolerance: TOLERANCE_PCT, unit: '%', digits: 1 };
		return quantity === 'pressure' ? { of: 'pressureHpa', tolerance: TOLERANCE_HPA, unit: 'hPa', digits: 1 } : undefined;
	}

	/** The measurements that the reading's time can speak of, given what times and boots the node has seen. */
	#measurementsOf(reading: Reading, publishedAt: number): number[] {
		const claims: number[] = [];
		if (reading.time === undefined) for (const boot of this.#booted) claims.push(boot + reading.uptime! * 1_000);
		else for (const offset of this.#offsetsUntil(publishedAt)) claims.push((reading.time - offset) * 1_000 - this.#around.startUnixMs);
		const drift = this.ownRestarts * DRIFT_MS;
		return claims.flatMap((claim) => this.#measuredBetween(claim - LATE_MS - drift, Math.min(claim + EARLY_MS + drift, publishedAt)));
	}

	#offsetsUntil(at: number): Set<number> {
		const offsets = new Set([0]);
		for (const given of this.#around.timesGiven) if (given.at <= at) offsets.add(given.offsetSeconds);
		return offsets;
	}

	#measuredBetween(from: number, to: number): number[] {
		let [low, high] = [0, this.#measured.length];
		while (low < high) {
			const middle = (low + high) >> 1;
			if (this.#measured[middle]! < from) low = middle + 1;
			else high = middle;
		}
		const found: number[] = [];
		while (low < this.#measured.length && this.#measured[low]! <= to) found.push(this.#measured[low++]!);
		return found;
	}

	#measuredAtOf(boot: Boot): Map<number, number> {
		const known = this.#measuredAt.get(boot) ?? new Map<number, number>();
		this.#measuredAt.set(boot, known);
		return known;
	}

	#complain(sentence: string): void {
		this.#auditor.complain(sentence);
	}
}

/** Notes when a property is not what it is in calm times. */
function watch<Thing extends object, Key extends keyof Thing>(thing: Thing, key: Key, calm: Thing[Key], now: () => number, spans: Span[]): void {
	let value = thing[key];
	let open: Span | undefined;
	Object.defineProperty(thing, key, {
		get: () => value,
		set: (next: Thing[Key]) => {
			value = next;
			if (open) open.to = now();
			open = value === calm ? undefined : { from: now(), to: Infinity };
			if (open) spans.push(open);
		},
	});
}

/** Every answer of the time server from now on, with how wrong it was. */
export function timesGivenIn({ conditions, clock }: World): readonly TimeGiven[] {
	const given: TimeGiven[] = [];
	let offset = conditions.timeOffsetSeconds;
	Object.defineProperty(conditions, 'timeOffsetSeconds', {
		get: () => {
			given.push({ at: clock.now(), offsetSeconds: offset });
			return offset;
		},
		set: (value: number) => void (offset = value),
	});
	return given;
}
