import { describe, expect, it } from 'vitest';
import { encodeText, isSame, isTopicFilter, isTopicName, topicName } from '../../src/mqtt/topics.js';
import { show } from '../support/bytes.js';

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
