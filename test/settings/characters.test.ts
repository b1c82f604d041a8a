import { describe, expect, it } from 'vitest';
import { isBase, isClientId, isHost, isList, isName, isPassphrase, isPrintable } from '../../src/settings/characters.js';

describe('the characters of', () => {
	it.each([
		['a name', isName, ['porch', '2nd-floor'], ['-porch', 'Porch', 'po rch']],
		['what a person types', isPrintable, ['', 'Zoë 😀', ' '], ['a\u0000', 'a\u007f', 'a\u0085']],
		['a host', isHost, ['broker.lan', '10.0.0.1', 'a_b'], ['.lan', 'lan.', 'a b', 'mqtt://a']],
		['a client id', isClientId, ['a_B-9'], ['a.b', 'é']],
		['a base topic', isBase, ['home/porch', 'a.b'], ['/a', 'a/', 'a//b', 'a/+', '$SYS']],
		['a list', isList, ['tmp36', '[{"part":"tmp36"}]', ''], ['é', 'a\u007f', 'a\n']],
		['a passphrase', isPassphrase, ['12345678', 'f'.repeat(64)], ['1234567', 'g'.repeat(64), 'schlüssel', 'tab\there']],
	] as const)('%s are told from others', (_name, accepts, right, wrong) => {
		expect(right.filter((text) => !accepts(text))).toEqual([]);
		expect(wrong.filter((text) => accepts(text))).toEqual([]);
	});
});
