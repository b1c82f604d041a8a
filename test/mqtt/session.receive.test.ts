import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/mqtt/codec/fault.js';
import { concat, hex, show } from '../support/bytes.js';
import { Bench, encode } from './bench.js';

function connected(options = {}): Bench {
	const bench = new Bench(options).connect();
	bench.told();
	return bench;
}

describe('a message', () => {
	it('of QoS 0 is told', () => {
		const bench = connected();
		bench.receive(hex`30 07 0003 'a/b' 'hi'`);
		expect(bench.told()).toEqual(['message a/b "hi" 0']);
		expect(bench.sent()).toEqual([]);
	});

	it('of QoS 1 is told, then acknowledged', () => {
		const bench = connected();
		bench.recorder.then = () => expect(bench.session.pending).toBe(0);
		bench.receive(hex`32 09 0003 'a/b' 0107 'hi'`);
		expect(bench.told()).toEqual(['message a/b "hi" 1']);
		expect(show(bench.sentBytes())).toBe('40 02 01 07');
	});

	it('of QoS 1 that comes again after PUBACK is a new message', () => {
		const bench = connected();
		bench.receive(hex`32 05 0001 'a' 0007 3a 05 0001 'a' 0007`);
		expect(bench.told()).toEqual(['message a "" 1', 'message a "" 1d']);
		expect(bench.sent()).toEqual(['puback #7', 'puback #7']);
	});

	it('of QoS 2 goes PUBLISH, PUBREC, PUBREL, PUBCOMP, and is told once, at PUBLISH', () => {
		const bench = connected();
		bench.receive(hex`34 06 0001 'a' 0007 'x'`);
		expect(bench.told()).toEqual(['message a "x" 2']);
		expect(show(bench.sentBytes())).toBe('50 02 00 07');
		bench.receive(hex`62 02 00 07`);
		expect(bench.told()).toEqual([]);
		expect(show(bench.sentBytes())).toBe('70 02 00 07');
	});

	it('of QoS 2 that comes again before PUBREL is answered and not told; after PUBREL it is new', () => {
		const bench = connected();
		bench.receive(hex`34 05 0001 'a' 0007`);
		bench.receive(hex`3c 05 0001 'a' 0007`);
		expect(bench.told()).toEqual(['message a "" 2']);
		expect(bench.sent()).toEqual(['pubrec #7', 'pubrec #7']);
		bench.receive(hex`62 02 00 07 3c 05 0001 'a' 0007`);
		expect(bench.told()).toEqual(['message a "" 2d']);
	});

	it('of QoS 2 is told once across a reconnect to the same session', () => {
		const bench = connected();
		bench.receive(hex`34 05 0001 'a' 0007`);
		bench.reconnect(true);
		bench.receive(hex`3c 05 0001 'a' 0007`);
		expect(bench.told()).toEqual(['message a "" 2', 'connected present']);
		bench.reconnect(false);
		bench.receive(hex`34 05 0001 'a' 0007`);
		expect(bench.told()).toEqual(['connected new', 'message a "" 2']);
	});

	it('has its PUBREL answered even when we know nothing of it', () => {
		const bench = connected();
		bench.receive(hex`62 02 00 07`);
		expect(bench.sent()).toEqual(['pubcomp #7']);
	});

	it('with an empty payload is told at once, for every QoS, and the next packet is still read', () => {
		for (const publish of [hex`30 03 0001 'a'`, hex`32 05 0001 'a' 0007`, hex`34 05 0001 'a' 0007`, hex`31 03 0001 'a'`]) {
			const bench = connected();
			bench.receive(publish);
			expect(bench.told()).toHaveLength(1);
			bench.receive(hex`d0 00 30 04 0001 'b' 'x'`);
			expect(bench.told()).toEqual(['message b "x" 0']);
		}
	});

	it('is acknowledged in the order of arrival, as are PUBREC and PUBCOMP', () => {
		const bench = connected();
		bench.receive(hex`32 05 0001 'a' 0005 34 05 0001 'a' 0009 32 05 0001 'a' 0003 34 05 0001 'a' 0001 62 02 0001 62 02 0009`);
		expect(bench.sent()).toEqual(['puback #5', 'pubrec #9', 'puback #3', 'pubrec #1', 'pubcomp #1', 'pubcomp #9']);
	});

	it('tells RETAIN and DUP', () => {
		const bench = connected();
		bench.receive(hex`31 03 0001 'a' 3b 05 0001 'a' 0007`);
		expect(bench.told()).toEqual(['message a "" 0r', 'message a "" 1rd']);
	});

	it('keeps a U+FEFF at the beginning of its topic', () => {
		const bench = connected();
		bench.receive(hex`30 06 0004 efbbbf 'a'`);
		expect(bench.told()).toEqual(['message \ufeffa "" 0']);
	});
});

describe('what the standard forbids closes the connection, with its name', () => {
	const cases: [string, Uint8Array, Fault][] = [
		['a wildcard in a topic', hex`30 05 0003 'a/#'`, Fault.BadTopic],
		['a plus in a topic', hex`30 03 0001 '+'`, Fault.BadTopic],
		['an empty topic', hex`30 03 0000 'a'`, Fault.BadTopic],
		['U+0000 in a topic', hex`30 03 0001 00`, Fault.BadText],
		['a surrogate in a topic', hex`30 05 0003 eda080`, Fault.BadText],
		['an overlong form in a topic', hex`30 04 0002 c080`, Fault.BadText],
		['a topic longer than its packet', hex`30 03 0002 'a'`, Fault.BadLength],
		['a topic that leaves no room for the packet id', hex`32 05 0002 'aa' 01`, Fault.BadLength],
		['packet id 0', hex`32 05 0001 'a' 0000`, Fault.BadPacketId],
		['SUBACK with a code that is not known', hex`90 03 0001 03`, Fault.BadCode],
		['SUBACK with packet id 0', hex`90 03 0000 00`, Fault.BadPacketId],
		['UNSUBACK with packet id 0', hex`b0 02 0000`, Fault.BadPacketId],
	];
	for (const [name, bytes, fault] of cases) {
		it(name, () => {
			const bench = connected();
			bench.receive(concat([bytes, hex`30 03 0001 'z'`]));
			expect(bench.told()).toEqual([expect.stringMatching(`^closed ${fault} `)]);
			expect(bench.session.running).toBe(false);
		});
	}

	it('more QoS 2 messages at once than can be remembered', () => {
		const bench = connected({ inboundMax: 2 });
		bench.receive(hex`34 05 0001 'a' 0001 34 05 0001 'a' 0002 3c 05 0001 'a' 0001`);
		expect(bench.told()).toHaveLength(2);
		bench.sent();
		bench.receive(hex`34 05 0001 'a' 0003`);
		expect(bench.told()).toEqual([`closed ${Fault.TooManyInbound} 52`]);
	});

	it('for which the connection is closed with all answers said, or the broker would begin with the same ones again', () => {
		const bench = connected({ inboundMax: 2 });
		bench.receive(hex`34 05 0001 'a' 0001 34 05 0001 'a' 0002 34 05 0001 'a' 0003 34 05 0001 'a' 0004`);
		expect(bench.sent()).toEqual(['pubrec #1', 'pubrec #2']);
		expect(bench.told()).toEqual(['message a "" 2', 'message a "" 2', `closed ${Fault.TooManyInbound} 52`]);
		expect(bench.session.running).toBe(false);
		const lost = connected({ inboundMax: 1 });
		lost.receive(hex`34 05 0001 'a' 0001 34 05 0001 'a' 0002`);
		lost.session.lost(true);
		expect(lost.told()).toEqual(['message a "" 2']);
		expect(lost.session.running).toBe(false);
	});
});

describe('a message that is too large', () => {
	const large = (first: number, id: string) => concat([hex`${first} e8 07 0001 'a'`, hex`${id}`, new Uint8Array(1_000 - 3 - id.length)]);

	it('is drained however small the buffer is, also when it comes in one piece', () => {
		const bench = new Bench({ bufferBytes: 64 }).connect();
		bench.told();
		bench.sentBytes();
		const message = encode({ cmd: 'publish', topic: 'a', payload: 'x'.repeat(80), qos: 0, dup: false, retain: false });
		bench.receive(message);
		bench.receive(message.subarray(0, 10));
		bench.receive(message.subarray(10));
		expect(bench.told()).toEqual(['oversize 83 0', 'oversize 83 0']);
	});

	it('is drained, counted and acknowledged, and the connection goes on', () => {
		const bench = connected();
		bench.receive(large(0x30, ''));
		bench.receive(large(0x32, '\x01\x02'));
		bench.receive(large(0x34, '\x00\x03'));
		bench.receive(large(0x3c, '\x00\x03'));
		bench.receive(hex`62 02 00 03`);
		expect(bench.told()).toEqual(['oversize 1000 0', 'oversize 1000 1', 'oversize 1000 2']);
		expect(bench.sent()).toEqual(['puback #258', 'pubrec #3', 'pubrec #3', 'pubcomp #3']);
		expect(bench.session.oversizeCount).toBe(3);
		bench.receive(hex`30 03 0001 'z'`);
		expect(bench.told()).toEqual(['message z "" 0']);
	});

	it('is still checked: topic within the packet, packet id not 0', () => {
		const bench = connected();
		bench.receive(concat([hex`32 e8 07 ffff 'a'`, new Uint8Array(997)]));
		expect(bench.told()).toEqual([`closed ${Fault.BadLength} 50`]);
		const other = connected();
		other.receive(large(0x32, '\x00\x00'));
		expect(other.told()).toEqual([`closed ${Fault.BadPacketId} 50`]);
	});

	it('of 128 KB on any cut leaves the same', () => {
		const body = concat([hex`32 84 80 08 0001 'a' 0007`, new Uint8Array(131_076 - 5), hex`d0 00`]);
		for (const step of [1_460, 536, 97]) {
			const bench = connected();
			for (let at = 0; at < body.length; at += step) bench.receive(body.subarray(at, at + step));
			expect(bench.told()).toEqual(['oversize 131076 1']);
			expect(bench.sent()).toEqual(['puback #7']);
		}
	});
});

describe('acknowledgements that the socket does not take', () => {
	it('hold back what arrives, and lose nothing', () => {
		const bench = connected({ controlBytes: 24 });
		const stream = concat(Array.from({ length: 20 }, (_, n) => hex`32 06 0001 'a' 00 ${n + 1} ${String.fromCharCode(97 + n)}`));
		const taken = bench.session.receive(stream, 0, stream.length, bench.now);
		expect(taken).toBe(8 * 4);
		expect(bench.session.receive(stream, taken, stream.length, bench.now)).toBe(taken);
		const first = bench.sent();
		bench.receive(stream.subarray(taken));
		const rest = bench.sent();
		expect(bench.told()).toHaveLength(20);
		expect([...first, ...rest].length).toBeLessThanOrEqual(20);
	});

	it('leave room for PINGREQ and DISCONNECT', () => {
		const bench = connected({ controlBytes: 24 });
		const stream = concat(Array.from({ length: 20 }, (_, n) => hex`32 05 0001 'a' 00 ${n + 1}`));
		bench.session.receive(stream, 0, stream.length, bench.now);
		bench.at(bench.now + 27_000);
		bench.session.stop(bench.now);
		expect(bench.sent()).toEqual(['puback #1', 'puback #2', 'puback #3', 'puback #4', 'pingreq', 'disconnect']);
	});
});
