// Single wires on which a part answers in pulses, as src/device/pulses.ts and its C see them.
//
// Rule: the part is asked when the chip lets go of the line, and told for how long it was held low. The chip counts whole microseconds,
// one more or less, and does nothing else meanwhile. The contract is PulseInput (sensors/io.ts).

import type { Chip, Device } from './chip.js';
import type { Parts } from './parts.js';

/** The chip's patience for the whole answer, and for one level. */
const ANSWER_US = 6_000;
const LEVEL_US = 255;
/** Of its loop, in each direction. */
const JITTER_US = 1;

export class PulseDevice implements Device {
	readonly operations = {
		'pulses.low': (pin: number) => void this.#lowSince.set(pin, this.#chip.now()),
		'pulses.capture': (pin: number, most: number) => this.#capture(pin, most),
		'pulses.release': (pin: number) => void this.#lowSince.delete(pin),
	};
	readonly #chip: Chip;
	readonly #parts: Parts;
	/** When the line was pulled low. */
	readonly #lowSince = new Map<number, number>();

	constructor(chip: Chip, parts: Parts) {
		this.#chip = chip;
		this.#parts = parts;
	}

	/** At most so many pairs of a low and a high, two bytes each. */
	#capture(pin: number, most: number): string {
		const since = this.#lowSince.get(pin);
		this.#lowSince.delete(pin);
		const levels = since === undefined ? [] : this.#parts.answer(pin, (this.#chip.now() - since) * 1_000);
		const bytes: number[] = [];
		let passedUs = levels[0] ?? 0;
		// The last level never ends: nobody pulls the line any more.
		for (let at = 1; at + 2 < levels.length && bytes.length < 2 * most; at += 2) {
			passedUs += levels[at]! + levels[at + 1]!;
			if (passedUs > ANSWER_US) break;
			bytes.push(this.#counted(levels[at]!), this.#counted(levels[at + 1]!));
		}
		this.#chip.delay(Math.min(passedUs, ANSWER_US) / 1_000);
		return Buffer.from(bytes).toString('hex');
	}

	#counted(us: number): number {
		return Math.min(Math.max(Math.round(us + this.#chip.random.between(-JITTER_US, JITTER_US)), 0), LEVEL_US);
	}
}
