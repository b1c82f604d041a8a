// Choices by chance, for the makers of hostile input.

import type { Random } from '../world/random.js';

export function pick<Value>(random: Random, values: readonly Value[]): Value {
	return values[random.below(values.length)]!;
}

/** One of them, each as often as its weight says. */
export function weighted<Value>(random: Random, choices: readonly (readonly [weight: number, value: Value])[]): Value {
	let at = random.next() * choices.reduce((sum, [weight]) => sum + weight, 0);
	for (const [weight, value] of choices) if ((at -= weight) < 0) return value;
	return choices.at(-1)![1];
}

/** From `low` to `high`, small ones as likely as large ones. */
export function skewed(random: Random, low: number, high: number): number {
	return Math.round(low * (high / low) ** random.next());
}

export function noise(random: Random, length: number): Buffer {
	return Buffer.from(Array.from({ length }, () => random.below(256)));
}

/** A log line must not begin with this: whoever asked for it has forged one. */
export const FORGED = 'FORGED';

/** Code points by the length of their UTF-8, controls and the ends of each range among them. */
const POINTS: readonly (readonly number[])[] = [
	[0x01, 0x07, 0x08, 0x0a, 0x0d, 0x1b, 0x1f, 0x22, 0x5c, 0x7f, 0x20, 0x41, 0x7b, 0x2c],
	[0x80, 0x85, 0x9b, 0xa0, 0xe9, 0xdf, 0x7ff],
	[0x800, 0x20ac, 0x2028, 0xd7ff, 0xe000, 0xfeff, 0xfffd, 0xfffe, 0xffff],
	[0x1_0000, 0x1_f600, 0xe_0041, 0x10_ffff],
];

/** Text of at most so many bytes: of one kind of character, or of all. */
export function anyText(random: Random, bytesMax: number): string {
	const size = random.chance(0.3) ? 0 : 1 + random.below(4);
	const wanted = random.chance(0.4) ? bytesMax : random.below(bytesMax + 1);
	const one = random.chance(0.5) ? character(random, size) : undefined;
	let text = '';
	for (let left = wanted; ; ) {
		const next = one ?? character(random, size);
		left -= Buffer.byteLength(next);
		if (left < 0) return text;
		text += next;
	}
}

function character(random: Random, size: number): string {
	return String.fromCodePoint(pick(random, POINTS[size ? size - 1 : random.below(4)]!));
}

/** Text that would be a line of its own, or a terminal's command, if it reached the log as it is. */
export function forgery(random: Random): string {
	return pick(random, [`\n${FORGED} online`, `\r\n${FORGED} stopped`, `\r${FORGED}`, `x\n${FORGED} bug: none`, `\x1b[2J${FORGED}`, `\x07\x08\x0c${FORGED}`, `\x7f${FORGED}`]);
}
