import { describe, expect, it } from 'vitest';
import { Cause, CAUSES, causeOf, isRefusal, hangUpFor, HangUp } from '../../src/connection/causes.js';
import { Fault } from '../../src/mqtt/codec/fault.js';

describe('causes', () => {
	it('are the words of docs/topics.md, none twice', () => {
		expect(CAUSES[Cause.Wifi]).toBe('wifi');
		expect(CAUSES[Cause.Tls]).toBe('tls');
		expect(new Set(CAUSES).size).toBe(Cause.Tls + 1);
	});

	it.each([
		[Fault.None, ''], [Fault.Refused, 'refused'], [Fault.ProtocolVersion, 'refused'], [Fault.ConnackTimeout, 'silence'], [Fault.PingTimeout, 'silence'],
		[Fault.Stalled, 'silence'], [Fault.AckTimeout, 'silence'], [Fault.BadLength, 'protocol'], [Fault.Unexpected, 'protocol'], [Fault.Disconnected, 'tcp'],
	])('name fault %i as %j', (fault, word) => {
		expect(CAUSES[causeOf(fault)]).toBe(word);
	});

	it('tell when another client has taken the id', () => {
		expect(hangUpFor(0x8e)).toBe(HangUp.TakenOver);
		expect(hangUpFor(0x8b)).toBe(HangUp.Explained);
	});

	it('tell a refusal that lasts from one that passes, in both versions', () => {
		expect([1, 2, 4, 5, 0x85, 0x86, 0x87, 0x8a].map((code) => isRefusal(Fault.Refused, code))).toEqual(Array(8).fill(true));
		expect([3, 0x88, 0x89, 0x8b].map((code) => isRefusal(Fault.Refused, code))).toEqual(Array(4).fill(false));
		expect(isRefusal(Fault.PingTimeout, 5)).toBe(false);
	});
});
