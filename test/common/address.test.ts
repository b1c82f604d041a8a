import { describe, expect, it } from 'vitest';
import { isAddress, isNetworkAddress, packed, packedMask } from '../../src/common/address.js';

describe('a text', () => {
	it.each([
		['192.168.1.9', true], ['0.0.0.0', true], ['255.255.255.255', true],
		['', false], ['1.2.3', false], ['1.2.3.4.5', false], ['1.2.3.256', false], ['1.2.3.', false], ['01.2.3.4', false], ['1.2.3.-4', false], [' 1.2.3.4', false], ['1.2.3.4/24', false], ['1e1.2.3.4', false], ['1.2.3.0004', false],
	])('as an address: %j is one: %s', (text, is) => {
		expect(isAddress(text)).toBe(is);
	});

	it.each([
		['192.168.1.9/24', true], ['10.0.0.1/8', true], ['10.0.0.1/30', true],
		['10.0.0.1', false], ['10.0.0.1/', false], ['10.0.0.1/7', false], ['10.0.0.1/31', false], ['10.0.0.1/024', false], ['10.0.0.1/24/24', false], ['/24', false], ['10.0.0/24', false], ['10.0.0.1/-9', false],
	])('as an address in its network: %j is one: %s', (text, is) => {
		expect(isNetworkAddress(text)).toBe(is);
	});

	it('is packed as the chip has it, the first part lowest', () => {
		expect(['192.168.1.9/24', '10.0.0.1', '255.255.255.255', ''].map(packed)).toEqual([0x0901_a8c0, 0x0100_000a, -1, 0]);
	});

	it.each([[8, 0x0000_00ff], [20, 0x00f0_ffff], [24, 0x00ff_ffff], [30, 0xfcff_ffff | 0]])('with %i bits for its network has its mask', (bits, mask) => {
		expect(packedMask(`10.0.0.1/${bits}`)).toBe(mask);
	});
});
