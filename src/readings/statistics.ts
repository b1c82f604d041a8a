// SPDX-License-Identifier: MIT
// Mean and noise of the last readings of a channel, in four words of the sampler's numbers.
//
// Rule: readings are counted in blocks of eight, and the block before the present one is kept. So it is the last 8 to 15
// that count, or all since the first, and what was before a change is forgotten wholly after 16. An average that fades
// would take two words less, and remember a bath of ice for minutes. Sums are exact; squares are those of the distances
// from the block's own mean, so that they stay small.

export const enum Block {
	READINGS = 8,
	/** Of how many readings the present block has: there is one before it. */
	HAS_BEFORE = 0x10,
	COUNT = 0x0f,
}

/** Places from the channel's first word on. */
const enum Word {
	Sum,
	Squares,
	SumBefore,
	SquaresBefore,
}

const enum Const {
	SQUARES_MAX = 0x7fff_ffff,
	/** More than Newton's method needs for any number here. */
	STEPS_MAX = 60,
	STEPS_SAME = 1e-6,
}

/** Takes one more value in milli-units, and returns the state that goes with it; `state` is that before, 0 at first. */
export const takeIn = (numbers: Int32Array, at: number, state: number, value: number): number => {
	let count = state & Block.COUNT;
	if (count === Block.READINGS) {
		numbers[at + Word.SumBefore] = numbers[at + Word.Sum];
		numbers[at + Word.SquaresBefore] = numbers[at + Word.Squares];
		state |= Block.HAS_BEFORE;
		count = 0;
	}
	if (count === 0) numbers[at + Word.Sum] = numbers[at + Word.Squares] = 0;
	const sum = numbers[at + Word.Sum];
	const before = count === 0 ? value : sum / count;
	const after = (sum + value) / (count + 1);
	const squares = numbers[at + Word.Squares] + Math.round((value - before) * (value - after));
	numbers[at + Word.Sum] = sum + value;
	numbers[at + Word.Squares] = squares > Const.SQUARES_MAX ? Const.SQUARES_MAX : squares;
	return state & Block.HAS_BEFORE | count + 1;
};

/** How many readings it is of. */
export const countOf = (state: number): number => (state & Block.COUNT) + (state & Block.HAS_BEFORE ? Block.READINGS : 0);

/** With fractions. MUST be of one at least. */
export const meanOf = (numbers: Int32Array, at: number, state: number): number =>
	(numbers[at + Word.Sum] + (state & Block.HAS_BEFORE ? numbers[at + Word.SumBefore] : 0)) / countOf(state);

/** The standard deviation, with fractions; 0 of one. */
export const sigmaOf = (numbers: Int32Array, at: number, state: number): number => {
	const count = state & Block.COUNT;
	const all = countOf(state);
	if (all < 2) return 0;
	let squares = numbers[at + Word.Squares];
	if (state & Block.HAS_BEFORE) {
		const apart = numbers[at + Word.Sum] / count - numbers[at + Word.SumBefore] / Block.READINGS;
		squares += numbers[at + Word.SquaresBefore] + apart * apart * count * Block.READINGS / all;
	}
	return root(squares / (all - 1));
};

/** The square root, by Newton: the SDK's own takes more flash. */
export const root = (value: number): number => {
	if (!(value > 0)) return 0;
	let guess = value > 1 ? value : 1;
	for (let i = 0; i < Const.STEPS_MAX; i++) {
		const next = (guess + value / guess) / 2;
		if (guess - next < Const.STEPS_SAME * next) return next;
		guess = next;
	}
	return guess;
};

/** The logarithm to the base 2, in thousandths; 0 of less than 2. */
export const milliBits = (value: number): number => {
	let bits = 0;
	for (; value >= 2; value /= 2) bits += 1_000;
	for (let part = 500; part >= 1 && bits > 0; part /= 2) {
		value *= value;
		if (value < 2) continue;
		value /= 2;
		bits += part;
	}
	return Math.round(bits);
};
