import { describe, expect, it } from 'vitest';
import { Packet } from '../../../src/mqtt/codec/packets.js';
import { isReason } from '../../../src/mqtt/v5/codes.js';

/** As the standard's tables have them, those that a server may send. */
const TABLES: Record<string, [first: Packet, codes: number[]]> = {
	'CONNACK (§3.2.2.2)': [Packet.Connack, [0, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9f]],
	'PUBACK (§3.4.2.1)': [Packet.Puback, [0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]],
	'PUBREC (§3.5.2.1)': [Packet.Pubrec, [0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]],
	'PUBREL (§3.6.2.1)': [Packet.Pubrel, [0, 0x92]],
	'PUBCOMP (§3.7.2.1)': [Packet.Pubcomp, [0, 0x92]],
	'SUBACK (§3.9.3)': [Packet.Suback, [0, 1, 2, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2]],
	'UNSUBACK (§3.11.3)': [Packet.Unsuback, [0, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91]],
	'DISCONNECT (§3.14.2.1)': [Packet.Disconnect, [
		0, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
	]],
};

/** 0x80 to 0xa2: every code of table 2-6 that says no. */
const REFUSALS = Array.from({ length: 0x23 }, (_, i) => 0x80 + i);
const ALL = Array.from({ length: 256 }, (_, code) => code);

describe('the reason codes that a broker may give', () => {
	it.each(Object.keys(TABLES))('in %s: those of the table, and whatever else says no somewhere in the standard', (name) => {
		const [first, codes] = TABLES[name]!;
		expect(codes.filter((code) => code >= 0x80 && !REFUSALS.includes(code))).toEqual([]);
		expect(ALL.filter((code) => isReason(first, code))).toEqual([...codes.filter((code) => code < 0x80), ...REFUSALS]);
	});
});
