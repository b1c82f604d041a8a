// A part swept over its whole range: what the air is to be like next, and where what it says is further off than it need be.
//
// Rule: it knows no driver and no engine. It says the air and is told what was measured; time and the way to the driver are its caller's.
// How fine a part is, is found, not stated: the jump in what it says where the air passes from one of its steps to the next.
import { Bus } from '../../sensors/io.js';
import type { Row } from '../../sensors/parts.js';
import type { TwinAir } from '../../sensors/twin.js';
import type { WiredPart } from '../../simulator/board/bench.js';

/** In milli-units; or why there is no value. */
export type Measured = readonly number[] | string;
export type Sweep = Generator<TwinAir, string[], Measured>;

export interface Scale {
	readonly gain: number;
	readonly offsetMv: number;
}
export const UNSCALED: Scale = { gain: 1, offsetMv: 0 };

type Key = keyof TwinAir;
/** What the air can have, where a row does not say. */
const AIR: Readonly<Record<string, readonly [key: Key, low: number, high: number]>> = { temperature: ['temperatureC', -40, 85], humidity: ['humidityPct', 0, 100], pressure: ['pressureHpa', 300, 1_100] };
/** They mask bits of what they measured away, so they are off by a step and not by half of one; so is every converter, which counts whole steps. */
const MASKING = new Set(['si7021', 'htu21d']);
/** How fine a step is looked for, in units: below the finest part's. */
const FINEST = 0.0002;
const HALVINGS = 8;
/** Where, of the range: a converter that counts whole millivolts has steps of two sizes. */
const LOOKED_AT = [0.3, 0.8, 0.55];
/** What a value is rounded to, and what is lost where a temperature is told in whole milli-units. */
const ROUNDED = 1;
/** No part is coarser, in milli-units. */
const COARSEST = 1_000;

/** From where to where this quantity of the row goes, in units: of the air, or of what its input takes. */
function rangeOf({ row, board }: WiredPart, quantity: string): readonly [low: number, high: number] {
	if (quantity === 'voltage') return [board.analog.lowestMv, board.analog.fullScaleMv];
	const k = row.quantities.indexOf(quantity);
	return k < 0 ? [AIR[quantity]![1], AIR[quantity]![2]] : [row.minima[k]! / 1_000, row.maxima[k]! / 1_000];
}

/** The air in which the quantity is this, and the others are at that share of their range. */
function airOf(part: WiredPart, quantity: string, value: number, others: number): TwinAir {
	const air: Record<Key, number> = { ...part.air };
	for (const [name, [key]] of Object.entries(AIR)) {
		const [low, high] = rangeOf(part, name);
		air[key] = name === quantity ? value : low + (high - low) * others;
	}
	if (quantity === 'voltage') air.temperatureC = temperatureAt(part, value);
	return air;
}

/** A voltage follows the temperature: that at which it is so many millivolts. */
function temperatureAt(part: WiredPart, wantedMv: number): number {
	const mvAt = (temperatureC: number): number => {
		part.air = { ...part.air, temperatureC };
		return millivoltsOf(part);
	};
	const atZero = mvAt(0);
	return (wantedMv - atZero) / (mvAt(1) - atZero);
}

const millivoltsOf = ({ twin }: WiredPart): number => (twin.bus === 'analog' ? twin.millivolts() : NaN);

function truthOf(part: WiredPart, quantity: string, { gain, offsetMv }: Scale): number {
	return quantity === 'voltage' ? millivoltsOf(part) * gain + offsetMv : part.truth(quantity);
}

/** Whether the input can measure what the part gives now; undefined: it is at its very end. */
function isMeasurable(part: WiredPart): boolean | undefined {
	const { lowestMv, fullScaleMv, bits } = part.board.analog;
	const mv = millivoltsOf(part);
	// Whole counts of whole millivolts.
	const end = 1 + fullScaleMv / 2 ** bits;
	if (Number.isNaN(mv) || (mv > lowestMv + end && mv < fullScaleMv - end)) return true;
	return mv < lowestMv - end || mv > fullScaleMv + end ? false : undefined;
}

/** The height of the next step up from there, in milli-units. */
function* stepAt(part: WiredPart, quantity: string, from: number, others: number): Generator<TwinAir, number, Measured> {
	const k = part.row.quantities.indexOf(quantity);
	function* said(value: number): Generator<TwinAir, number, Measured> {
		const values = yield airOf(part, quantity, value, others);
		if (typeof values === 'string') throw new Error(values);
		return values[k]!;
	}
	const before = yield* said(from);
	let low = from;
	let width = FINEST;
	let high = from + width;
	let after = yield* said(high);
	for (; after === before && width < COARSEST; after = yield* said(high)) high = from + (width *= 2);
	for (let i = 0; i < HALVINGS; i++) {
		const middle = (low + high) / 2;
		const value = yield* said(middle);
		if (value === before) low = middle;
		else [high, after] = [middle, value];
	}
	return Math.abs(after - before);
}

function toleranceOf({ name, bus }: Row, step: number, isEnd: boolean): number {
	return (isEnd || bus === Bus.Analog || MASKING.has(name) ? step : step / 2) + ROUNDED;
}

/** So many steps of one quantity from end to end, with the others at each of these shares of their range. Ends with what was wrong. */
export function* sweep(part: WiredPart, quantity: string, steps: number, shares: readonly number[], scale = UNSCALED): Sweep {
	const k = part.row.quantities.indexOf(quantity);
	const [low, high] = rangeOf(part, quantity);
	const at = (share: number): number => low + (high - low) * share;
	const wrong: string[] = [];
	for (const others of shares) {
		let step = 0;
		for (const share of LOOKED_AT.slice(0, part.row.bus === Bus.Analog ? 3 : 1)) step = Math.max(step, yield* stepAt(part, quantity, at(share), others));
		if (step === 0 || step > COARSEST) wrong.push(`a step is ${step}`);
		for (let i = 0; i <= steps; i++) {
			const values = yield airOf(part, quantity, at(i / steps), others);
			const truth = truthOf(part, quantity, scale);
			const measurable = isMeasurable(part);
			if (typeof values === 'string') {
				if (measurable) wrong.push(`"${values}" for ${truth}`);
				continue;
			}
			// A part ends a step below a round number.
			const tolerance = toleranceOf(part.row, step, i === 0 || i === steps);
			if (measurable === false || Math.abs(values[k]! - truth) > tolerance) wrong.push(`${values[k]} for ${truth}, in steps of ${step}`);
		}
	}
	return wrong;
}
