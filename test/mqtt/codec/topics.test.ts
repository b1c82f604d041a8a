import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeText, isSame, isPlainTopic, isTopicFilter, isTopicName, topicName } from '../../../src/mqtt/codec/topics.js';
import { show } from '../../support/bytes.js';

const isFilter = (text: string) => { const bytes = encodeText(text); return isTopicFilter(bytes, 0, bytes.length); };
const isName = (text: string) => { const bytes = encodeText(text); return isTopicName(bytes, 0, bytes.length); };

describe('topic names', () => {
	it('are their UTF-8 bytes behind their length, as they go out', () => expect(show(topicName('a/ä'))).toBe('00 04 61 2f c3 a4'));

	it('hold no wildcard and at least one character', () => {
		expect(['a', '/', 'a//b', '$SYS/x', ' '].map(isName)).toEqual([true, true, true, true, true]);
		expect(['', '#', '+', 'a/#', 'a/+/b', 'a+'].map(isName)).toEqual([false, false, false, false, false, false]);
	});

	it('are refused in a sentence that names them', () => {
		expect(() => topicName('a/#')).toThrow('"a/#" is no topic name');
		expect(() => topicName('')).toThrow('is no topic name');
		expect(() => topicName('a\0')).toThrow('U+0000');
	});

	it('take 65,535 bytes and no more', () => {
		expect(topicName('a'.repeat(65_535)).length).toBe(2 + 65_535);
		expect(() => topicName('a'.repeat(65_536))).toThrow('65,535');
	});
});

describe('topic filters', () => {
	it('have "#" last and alone in its level, "+" alone in its level', () => {
		for (const filter of ['#', '+', 'a/#', '+/a/+', 'a/+/b', '/', '/+', '+/#', 'a', '$share/g/a/#']) expect(isFilter(filter), filter).toBe(true);
		for (const filter of ['', 'a#', 'a/#/b', '#/a', 'a+', '+a', 'a/b+/c', '##', '++', 'a/+b']) expect(isFilter(filter), filter).toBe(false);
	});
});

it('compares bytes in a buffer with a topic', () => {
	const bytes = encodeText('xa/bx');
	expect(isSame(bytes, 1, 4, encodeText('a/b'))).toBe(true);
	expect(isSame(bytes, 1, 5, encodeText('a/b'))).toBe(false);
	expect(isSame(bytes, 0, 3, encodeText('a/b'))).toBe(false);
});

it('plain topics are those of four bytes and more in which every byte lies in ASCII behind "+"', () => {
	const byte = fc.oneof(fc.integer({ min: 0x2a, max: 0x2e }), fc.integer({ min: 0x7d, max: 0x82 }), fc.integer({ min: 0xaa, max: 0xae }), fc.constantFrom(0, 0xff), fc.integer({ min: 0x2c, max: 0x7f }));
	const bytes = fc.oneof(fc.array(fc.integer({ min: 0x2c, max: 0x7f }), { maxLength: 14 }), fc.array(byte, { maxLength: 14 }));
	fc.assert(fc.property(bytes, fc.nat(3), fc.nat(0x7f), fc.nat(20), (bytes, before, odd, at) => {
		const all = Uint8Array.of(...new Array<number>(before).fill(0), ...bytes.map((each, index) => (index === at ? odd : each)), 0, 0xff);
		const end = before + bytes.length;
		const plain = bytes.length >= 4 && all.subarray(before, end).every((each) => each >= 0x2c && each <= 0x7f);
		expect(isPlainTopic(new DataView(all.buffer), before, end)).toBe(plain);
	}), { numRuns: 3_000 });
});
