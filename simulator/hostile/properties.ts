// Lists of MQTT 5.0's properties as they may come from a broker that means no good.
//
// Rule: most are one or a few, right by themselves, in whatever packet; some are wrong in kind, value, number or length.
// MQTT 5.0 §2.2.2

import type { Random } from '../world/random.js';
import { anyText, forgery, noise, pick, weighted } from './chance.js';

type Kind = 'byte' | 'two' | 'four' | 'variable' | 'text' | 'bytes' | 'pair';

/** Table 2-4. */
const KINDS: Readonly<Record<number, Kind>> = {
	0x01: 'byte', 0x02: 'four', 0x03: 'text', 0x08: 'text', 0x09: 'bytes', 0x0b: 'variable', 0x11: 'four', 0x12: 'text', 0x13: 'two', 0x15: 'text', 0x16: 'bytes', 0x17: 'byte', 0x18: 'four',
	0x19: 'byte', 0x1a: 'text', 0x1c: 'text', 0x1f: 'text', 0x21: 'two', 0x22: 'two', 0x23: 'two', 0x24: 'byte', 0x25: 'byte', 0x26: 'pair', 0x27: 'four', 0x28: 'byte', 0x29: 'byte', 0x2a: 'byte',
};
const IDS = Object.keys(KINDS).map(Number);
const PLACES = {
	any: IDS,
	connack: [0x11, 0x12, 0x13, 0x15, 0x1a, 0x1c, 0x1f, 0x21, 0x22, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a],
} as const;

export function anyProperties(random: Random, place: keyof typeof PLACES = 'any'): Buffer {
	const list = weighted(random, [
		[1, () => []],
		[6, () => [one(random, pick(random, PLACES[place]))]],
		[4, () => Array.from({ length: 2 + random.below(4) }, () => one(random, pick(random, PLACES[place])))],
		[2, () => Array.from({ length: 2 }, () => one(random, pick(random, [0x1f, 0x21, 0x26, 0x0b])))],
		[2, () => Array.from({ length: 1 + random.below(30) }, () => one(random, 0x26))],
		[2, () => [Buffer.of(random.below(256)), noise(random, random.below(6))]],
	])();
	const bytes = Buffer.concat(list);
	const wrong = random.chance(0.1) ? pick(random, [-1, 1, 2, 100]) : 0;
	return Buffer.concat([variable(Math.max(0, bytes.length + wrong)), bytes]);
}

function one(random: Random, id: number): Buffer {
	return Buffer.concat([Buffer.of(id), random.chance(0.05) ? noise(random, random.below(5)) : value(random, KINDS[id]!)]);
}

function value(random: Random, kind: Kind): Buffer {
	switch (kind) {
		case 'byte':
			return Buffer.of(pick(random, [0, 0, 1, 1, 2, 255]));
		case 'two':
			return number(pick(random, [0, 1, 1, 2, 10, 60, 0x7fff, 0xffff]), 2);
		case 'four':
			return number(pick(random, [0, 1, 2, 20, 100, 384, 456, 512, 0x7fff_ffff, 0xffff_ffff]), 4);
		case 'variable':
			return pick(random, [variable(0), variable(1), variable(127), variable(128), variable(0xfff_ffff), Buffer.from('ffffffff7f', 'hex'), Buffer.from('8000', 'hex')]);
		case 'text':
			return text(random);
		case 'bytes': {
			const bytes = noise(random, random.below(40));
			return Buffer.concat([number(bytes.length, 2), bytes]);
		}
		case 'pair':
			return Buffer.concat([text(random), text(random)]);
	}
}

function text(random: Random): Buffer {
	const bytes = random.chance(0.1)
		? Buffer.from(pick(random, ['c0af', 'eda080', '00', 'ff', 'e28c']), 'hex')
		: Buffer.from(random.chance(0.3) ? forgery(random) : anyText(random, pick(random, [0, 5, 80, 200])));
	const wrong = random.chance(0.05) ? pick(random, [-1, 1, 0x1000]) : 0;
	return Buffer.concat([number(Math.max(0, bytes.length + wrong), 2), bytes]);
}

function number(of: number, size: number): Buffer {
	const bytes = Buffer.alloc(size);
	bytes.writeUIntBE(of, 0, size);
	return bytes;
}

function variable(of: number): Buffer {
	const bytes: number[] = [];
	do {
		bytes.push((of & 0x7f) | (of > 0x7f ? 0x80 : 0));
		of = Math.floor(of / 128);
	} while (of > 0);
	return Buffer.from(bytes);
}
