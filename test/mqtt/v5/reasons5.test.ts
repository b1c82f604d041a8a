import { expect, it } from 'vitest';
import { Fault } from '../../../src/mqtt/codec/fault.js';
import { reasonText } from '../../../src/mqtt/reasons.js';
import { reason, reasonText5 } from '../../../src/mqtt/v5/reasons5.js';

it('has a word for every reason code of the standard', () => {
	const codes = [0, 4, 0x10, 0x11, ...Array.from({ length: 0xa2 - 0x80 + 1 }, (_, n) => 0x80 + n)];
	expect(new Set(codes.map(reason)).size).toBe(codes.length);
	expect(codes.filter((code) => reason(code).startsWith('reason'))).toEqual([]);
	expect(reason(0x7f)).toBe('reason 0x7f');
});

it('says why a connection was refused or ended, with what the broker added', () => {
	expect(reasonText5(Fault.Refused, 0x8a, 'no such node')).toBe('the broker refuses the connection: banned ("no such node")');
	expect(reasonText5(Fault.Refused, 0x87, 'no such node')).toBe(`${reasonText(Fault.Refused, 5)} ("no such node")`);
	expect(reasonText5(Fault.Refused, 0x86, '')).toBe(reasonText(Fault.Refused, 4));
	expect(reasonText5(Fault.Disconnected, 0x8e, '')).toBe('the broker ended the connection: session taken over: another client uses the same client id');
});

it('says every other fault as for 3.1.1', () => {
	for (const fault of [Fault.PingTimeout, Fault.BadProperty, Fault.Capability]) expect(reasonText5(fault, 0, '')).toBe(reasonText(fault, 0));
});
