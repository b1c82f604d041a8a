// What an operator's references should have made of a node's offsets, and what its readings are to be compared with.
//
// Rule: an offset is taken from what the node keeps, never from what it says; it must be what some reference that was given asks for,
// by the air at one of the last measurements, of which a node takes the mean. Contract: docs/topics.md, `calibrate`.

import type { Storage } from '../devices/storage.js';
import type { Air } from '../world/weather.js';

/** What of the air has an offset. */
export type Corrected = 'temperatureC' | 'humidityPct';

/** Settings that hold the offsets, in thousandths. */
const KEYS: Readonly<Record<string, Corrected>> = { offsetMilliC: 'temperatureC', offsetMilliRh: 'humidityPct' };
/** The same by channel, in the setting that the command writes: what the reference showed, and what was measured. */
const CHANNELS: readonly (readonly [RegExp, Corrected])[] = [
	[/(?:^|,)temperature=(-?\d+):(-?\d+)(?=,|$)/, 'temperatureC'], [/(?:^|,)humidity=(-?\d+):(-?\d+)(?=,|$)/, 'humidityPct'],
];
/** What a value can be after its offset. */
const RANGES: Readonly<Record<Corrected, readonly [low: number, high: number]>> = { temperatureC: [-60, 160], humidityPct: [0, 100] };
/** A measurement is begun, and collected so much later; the offset may have changed in between. */
const COLLECTED_MS = 300;

interface Offsets extends Record<Corrected, number> {
	readonly at: number;
}

export class OffsetsJudge {
	/** As they have been kept, in the order of time. */
	readonly #offsets: Offsets[] = [{ at: -Infinity, temperatureC: 0, humidityPct: 0 }];
	readonly #given: Partial<Air>[] = [];

	/** `judge` is told of each new offset: which it is, and how far from what the nearest reference asks for, had the last value been `last`. */
	constructor(storage: Storage, now: () => number, judge: (quantity: Corrected, offBy: (last: number) => number) => void) {
		storage.onSetting = (key, value) => {
			const set = (quantity: Corrected, offset: number | undefined): void => {
				if (offset === this.#offsets.at(-1)![quantity]) return;
				this.#offsets.push({ ...this.#offsets.at(-1)!, at: now(), [quantity]: offset ?? 0 });
				if (offset !== undefined) judge(quantity, (last) => this.#offBy(quantity, offset, last));
			};
			if (KEYS[key]) set(KEYS[key], value === undefined ? undefined : Number(value) / 1_000);
			if (key !== 'calibration') return;
			for (const [pattern, quantity] of CHANNELS) {
				const [, reference, measured] = pattern.exec(String(value ?? '')) ?? [];
				set(quantity, reference === undefined ? undefined : (Number(reference) - Number(measured)) / 1_000);
			}
		};
	}

	/** An operator's reference shows this. */
	give(reference: Partial<Air>): void {
		this.#given.push(reference);
	}

	/** What a node without errors would say of this air, measured from `ms` on: more than one, if an offset changed meanwhile. */
	expected(air: Air, ms: number): Air[] {
		const known = this.#offsets;
		const expected: Air[] = [];
		for (let i = known.length - 1; i >= 0; i--) {
			if (known[i]!.at > ms + COLLECTED_MS) continue;
			expected.push({ ...air, temperatureC: shifted('temperatureC', air, known[i]!), humidityPct: shifted('humidityPct', air, known[i]!) });
			if (known[i]!.at <= ms) break;
		}
		return expected;
	}

	#offBy(quantity: Corrected, offset: number, last: number): number {
		const wanted = this.#given.flatMap((reference) => (reference[quantity] === undefined ? [] : [reference[quantity] - last]));
		return Math.min(Infinity, ...wanted.map((each) => Math.abs(each - offset)));
	}
}

function shifted(quantity: Corrected, air: Air, offsets: Offsets): number {
	const [low, high] = RANGES[quantity];
	return Math.min(high, Math.max(low, air[quantity] + offsets[quantity]));
}
