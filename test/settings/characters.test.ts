import { describe, expect, it } from 'vitest';
import { isAddress, isNetworkAddress } from '../../src/settings/characters.js';

describe('the characters of', () => {
	it.each([
		['192.168.1.9', true], ['0.0.0.0', true], ['255.255.255.255', true],
		['', false], ['1.2.3', false], ['1.2.3.4.5', false], ['1.2.3.256', false], ['1.2.3.', false], ['01.2.3.4', false], ['1.2.3.-4', false], [' 1.2.3.4', false], ['1.2.3.4/24', false], ['1e1.2.3.4', false], ['1.2.3.0004', false],
	])('an address: %j is one: %s', (text, is) => {
		expect(isAddress(text)).toBe(is);
	});

	it.each([
		['192.168.1.9/24', true], ['10.0.0.1/8', true], ['10.0.0.1/30', true],
		['10.0.0.1', false], ['10.0.0.1/', false], ['10.0.0.1/7', false], ['10.0.0.1/31', false], ['10.0.0.1/024', false], ['10.0.0.1/24/24', false], ['/24', false], ['10.0.0/24', false], ['10.0.0.1/-9', false],
	])('an address in its network: %j is one: %s', (text, is) => {
		expect(isNetworkAddress(text)).toBe(is);
	});
});
