import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/mqtt/codec/fault.js';
import { Framer } from '../../../src/mqtt/codec/framer.js';
import { concat, hex, show } from '../../support/bytes.js';

/** What came out of the chunks: "30:<body in hex>", "oversize 200 #7", or "fault 9 ff". */
function frames(chunks: readonly Uint8Array[], capacity = 16): string[] {
	const framer = new Framer(new Uint8Array(capacity));
	const seen: string[] = [];
	for (const chunk of chunks) {
		for (let from = 0; from < chunk.length;) {
			from = framer.take(chunk, from, chunk.length);
			if (framer.fault !== Fault.None) return [...seen, `fault ${framer.fault} ${(framer.first & 0xff).toString(16)}`];
			if (framer.first === 0) continue;
			const body = show(framer.bytes.subarray(framer.at, framer.end));
			seen.push(framer.oversize > 0 ? `oversize ${framer.oversize} #${framer.id}` : `${framer.first.toString(16)}: ${body}`);
		}
	}
	return seen;
}

const fault = (bytes: Uint8Array) => frames([bytes]).at(-1);

/** A QoS 1 PUBLISH on topic "a" whose body is that long. */
function publish(length: number, topic = 'a'): Uint8Array {
	const body = concat([hex`00 ${topic.length} ${topic} 12 34`, new Uint8Array(length - 4 - topic.length).fill(0x78)]);
	const head = length < 128 ? hex`32 ${length}` : hex`32 ${length & 0x7f | 0x80} ${length >> 7}`;
	return concat([head, body]);
}

const STREAM = concat([hex`20 02 00 00`, publish(6), hex`d0 00`, publish(16), hex`30 03 0001 'a'`, publish(200), hex`40 02 00 07`, publish(17), hex`d0 00`]);
const FRAMES = [
	'20: 00 00', '32: 00 01 61 12 34 78', 'd0: ', `32: 00 01 61 12 34${' 78'.repeat(11)}`, '30: 00 01 61',
	'oversize 200 #4660', '40: 00 07', 'oversize 17 #4660', 'd0: ',
];

describe('packets come out the same', () => {
	it('when they arrive in one piece', () => expect(frames([STREAM])).toEqual(FRAMES));

	it('when they are cut in two at every byte', () => {
		for (let at = 1; at < STREAM.length; at++) {
			expect(frames([STREAM.slice(0, at), STREAM.slice(at)]), `cut at ${at}`).toEqual(FRAMES);
		}
	});

	it('when they arrive one byte at a time, or two, or three', () => {
		for (const size of [1, 2, 3]) {
			const chunks: Uint8Array[] = [];
			for (let at = 0; at < STREAM.length; at += size) chunks.push(STREAM.slice(at, at + size));
			expect(frames(chunks)).toEqual(FRAMES);
		}
	});
});

describe('what is larger than the buffer', () => {
	it('is let go, with its packet id, wherever the id lies', () => {
		for (const length of [1, 10, 11, 12, 13, 14, 15, 40]) {
			const stream = concat([publish(60, 'a'.repeat(length)), hex`d0 00`]);
			for (let at = 1; at < stream.length; at++) {
				expect(frames([stream.slice(0, at), stream.slice(at)]), `topic of ${length}, cut at ${at}`).toEqual(['oversize 60 #4660', 'd0: ']);
			}
		}
	});

	it('needs no memory: 256 MB announced cost what they send', () => {
		expect(frames([hex`30 ff ff ff 7f 0001 'a'`])).toEqual([]);
		expect(frames([hex`30 ff ff ff 7f 0001 'a'`, new Uint8Array(1_000)])).toEqual([]);
	});
});

describe('a stream without sense ends at', () => {
	it('a remaining length of five bytes, or one that is not minimal', () => {
		expect(fault(hex`30 ff ff ff ff`)).toBe(`fault ${Fault.BadLength} 30`);
		expect(fault(hex`30 80 00`)).toBe(`fault ${Fault.BadLength} 30`);
		expect(fault(hex`30 83 80 00`)).toBe(`fault ${Fault.BadLength} 30`);
	});

	it('a length that its packet cannot have', () => {
		for (const bytes of [hex`20 01`, hex`20 03`, hex`40 00`, hex`40 01`, hex`40 03`, hex`50 04`, hex`62 00`, hex`70 01`, hex`90 02`, hex`90 04`, hex`b0 03`, hex`d0 01`, hex`30 02`, hex`32 04`, hex`34 04`]) {
			expect(fault(bytes), show(bytes)).toBe(`fault ${Fault.BadLength} ${bytes[0].toString(16)}`);
		}
	});

	it('reserved bits, for every type', () => {
		for (const type of [0x20, 0x40, 0x50, 0x60, 0x70, 0x90, 0xb0, 0xd0]) {
			for (let flags = 0; flags < 16; flags++) {
				if (flags === (type === 0x60 ? 2 : 0)) continue;
				expect(fault(hex`${type | flags}`)).toBe(`fault ${Fault.ReservedBits} ${(type | flags).toString(16)}`);
			}
		}
	});

	it('QoS 3, and DUP with QoS 0', () => {
		for (const first of [0x36, 0x37, 0x3e, 0x3f, 0x38, 0x39]) expect(fault(hex`${first}`)).toBe(`fault ${Fault.BadQos} ${first.toString(16)}`);
	});

	it('a type that only clients send, or nobody', () => {
		for (const first of [0x00, 0x0f, 0x10, 0x82, 0xa2, 0xc0, 0xe0, 0xf0, 0xff]) expect(fault(hex`${first}`)).toBe(`fault ${Fault.Unexpected} ${first.toString(16)}`);
	});
});

it('forgets half a packet with the connection', () => {
	const framer = new Framer(new Uint8Array(16));
	framer.take(hex`32 06 00 01 61`, 0, 5);
	framer.reset();
	expect(framer.take(hex`d0 00`, 0, 2)).toBe(2);
	expect(framer.first).toBe(0xd0);
});

it('reads a packet that came whole where it lies, without a copy', () => {
	const framer = new Framer(new Uint8Array(16));
	const bytes = hex`d0 00 30 03 0001 'a'`;
	framer.take(bytes, framer.take(bytes, 0, 7), 7);
	expect(framer.bytes).toBe(bytes);
	expect([framer.at, framer.end]).toEqual([4, 7]);
});
