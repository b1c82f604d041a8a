import { describe, expect, it } from 'vitest';
import { covering, pairs, union } from './covering.js';

const letters = (word: string): ReadonlySet<string> => new Set(word);

describe('a covering', () => {
	it('has all that the many have, with the fewest that greed finds', () => {
		const words = ['ab', 'abc', 'cd', 'd', 'abc'];
		expect(covering(words, letters)).toEqual(['abc', 'cd']);
		expect(union(covering(words, letters), letters)).toEqual(union(words, letters));
	});

	it('leaves nothing out that only one has, and takes nobody who has nothing', () => {
		expect(covering(['', 'a', 'aaz', ''], letters)).toEqual(['aaz']);
		expect(covering([], letters)).toEqual([]);
	});

	it('knows pairs whatever the order', () => {
		expect(pairs(['b', 'a', 'c'])).toEqual(['a × b', 'b × c', 'a × c']);
	});
});
