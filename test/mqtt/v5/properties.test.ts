import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PacketContext, Properties } from '../../../src/mqtt/v5/properties.js';
import { concat, hex, show } from '../../support/bytes.js';
import { encode } from '../bench.js';

/** "id=value" or "id=bytes" for each, then "end n" or "broken id". */
function read(bytes: Uint8Array, place: PacketContext): string {
	const properties = new Properties();
	properties.begin(bytes, 0, bytes.length, place);
	const seen: string[] = [];
	while (properties.next()) {
		const text = show(bytes.subarray(properties.from, properties.to));
		seen.push(`${properties.id.toString(16)}=${properties.to > properties.from ? text : properties.value}`);
		properties.from = properties.to = 0;
	}
	return [...seen, properties.broken ? `broken ${properties.id.toString(16)}` : `end ${properties.end}`].join(' ');
}

describe('properties', () => {
	it('may be none', () => expect(read(hex`00`, PacketContext.Publish)).toBe('end 1'));

	it('of each kind are read', () => {
		expect(read(hex`0f 11 00015180 21 0014 24 01 27 00000200`, PacketContext.Connack)).toBe('11=86400 21=20 24=1 27=512 end 16');
		expect(read(hex`07 0b 8001 09 0001 ff`, PacketContext.Publish)).toBe('b=128 9=ff end 8');
	});

	it('of the user are stepped over, however often they come', () => {
		const user = hex`26 0001 'k' 0001 'v'`;
		expect(read(concat([hex`17`, user, user, hex`1f 0006 'reason'`]), PacketContext.Answer)).toBe('26=76 26=76 1f=72 65 61 73 6f 6e end 24');
	});

	const broken: [string, Uint8Array, PacketContext, string][] = [
		['twice', hex`06 21 0001 21 0001`, PacketContext.Connack, '21=1 broken 21'],
		['in the wrong packet', hex`03 21 0001`, PacketContext.Publish, 'broken 21'],
		['unknown', hex`02 7f 00`, PacketContext.Connack, 'broken 7f'],
		['of a client', hex`05 18 00000001`, PacketContext.Connack, 'broken 18'],
		['cut off by the list', hex`02 21 00`, PacketContext.Connack, 'broken 21'],
		['cut off by the packet', hex`05 21 00`, PacketContext.Connack, 'broken 0'],
		['with ill-formed text', hex`04 1f 0001 ff`, PacketContext.Answer, 'broken 1f'],
		['with U+0000', hex`04 1f 0001 00`, PacketContext.Answer, 'broken 1f'],
		['with text beyond the list', hex`04 1f 0002 61`, PacketContext.Answer, 'broken 1f'],
		['Receive Maximum 0', hex`03 21 0000`, PacketContext.Connack, 'broken 21'],
		['Maximum Packet Size 0', hex`05 27 00000000`, PacketContext.Connack, 'broken 27'],
		['Maximum QoS 2', hex`02 24 02`, PacketContext.Connack, 'broken 24'],
		['Subscription Identifier 0', hex`02 0b 00`, PacketContext.Publish, 'broken b'],
		['a variable integer that is not minimal', hex`03 0b 8100`, PacketContext.Publish, 'broken b'],
		['a variable integer of five bytes', hex`06 0b ffffffff01`, PacketContext.Publish, 'broken b'],
		['a length that is not minimal', hex`8000`, PacketContext.Publish, 'broken 0'],
		['no length', hex``, PacketContext.Publish, 'broken 0'],
	];
	for (const [name, bytes, place, expected] of broken) it(`are refused: ${name}`, () => expect(read(bytes, place)).toBe(expected));

	it('that mqtt-packet writes are read', () => {
		const text = fc.string({ unit: 'grapheme', maxLength: 10 }).filter((each) => !each.includes('\0'));
		const list = fc.record({
			sessionExpiryInterval: fc.nat(0x7fff_ffff), receiveMaximum: fc.integer({ min: 1, max: 0xffff }), maximumQoS: fc.nat(1),
			retainAvailable: fc.boolean(), maximumPacketSize: fc.integer({ min: 1, max: 0x7fff_ffff }), assignedClientIdentifier: text,
			topicAliasMaximum: fc.nat(0xffff), reasonString: text, serverKeepAlive: fc.nat(0xffff), responseInformation: text,
			userProperties: fc.dictionary(text, text, { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
		}, { requiredKeys: [] });
		fc.assert(fc.property(list, (properties) => {
			const packet = encode({ cmd: 'connack', sessionPresent: false, reasonCode: 0, properties }, 5);
			expect(read(packet.slice(packet[1] < 0x80 ? 4 : 5), PacketContext.Connack)).toMatch(/end \d+$/);
		}));
	});

	it('never throw, whatever the bytes', () => {
		fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(PacketContext.Connack, PacketContext.Publish, PacketContext.Answer, PacketContext.Disconnect), (bytes, place) => {
			expect(read(bytes, place)).toMatch(/(end|broken) [0-9a-f]+$/);
		}), { numRuns: 2_000 });
	});
});
