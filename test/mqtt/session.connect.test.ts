import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/mqtt/codec/fault.js';
import { connectSize } from '../../src/mqtt/codec/packets.js';
import { hex, show } from '../support/bytes.js';
import { Bench, decode, OPTIONS } from './bench.js';

const closed = (fault: Fault, code = 0) => `closed ${fault} ${code}`;

describe('CONNECT', () => {
	const bytesOf = (options: object) => { const bench = new Bench(options); bench.session.start(0); return bench.sentBytes(); };

	it('is, with nothing but a client id, the bytes of §3.1', () => {
		expect(show(bytesOf({ clean: true }))).toBe(show(hex`10 11 0004 'MQTT' 04 02 001e 0005 'node1'`));
	});

	it('has clean session 0 unless asked for', () => expect(bytesOf({})[9]).toBe(0));

	it('has flags and fields in the order id, will topic, will message, user, password', () => {
		const will = { topic: 'w/t', payload: 'gone', qos: 1, retain: true };
		expect(show(bytesOf({ clean: true, will, user: 'u', password: 'pw' }))).toBe(show(
			hex`10 23 0004 'MQTT' 04 ee 001e 0005 'node1' 0003 'w/t' 0004 'gone' 0001 'u' 0002 'pw'`));
	});

	it('has will QoS, will retain and will fields only with a will, and a will message may be empty', () => {
		expect(bytesOf({})[9] & 0x3c).toBe(0);
		expect(decode(bytesOf({ will: { topic: 'w', payload: '', qos: 2, retain: false } }))[0]).toMatchObject({
			will: { topic: 'w', payload: Buffer.alloc(0), qos: 2, retain: false },
		});
	});

	it('tells the keep-alive time in whole seconds, rounded up', () => {
		expect(decode(bytesOf({ keepAliveMs: 5_001 }))[0]).toMatchObject({ keepalive: 6 });
	});

	it('is the same on the next connection, and only the first packet of each', () => {
		const bench = new Bench();
		bench.session.start(0);
		const first = bench.sentBytes();
		expect(bench.session.peek(100)).toBeUndefined();
		bench.session.lost();
		bench.session.start(1);
		expect(show(bench.sentBytes())).toBe(show(first));
	});

	it('begins anew after a connection that broke in the middle of it', () => {
		const bench = new Bench();
		bench.session.start(0);
		bench.session.wrote(bench.session.peek(7)!.length, 0);
		bench.session.lost();
		bench.session.start(1);
		expect(bench.sent()).toEqual(['connect node1']);
	});

	it('is refused by a sentence when the options break the standard', () => {
		const refused = (options: object) => expect(() => connectSize({ ...OPTIONS, ...options }));
		refused({ clientId: '' }).toThrow('§3.1.3-7');
		refused({ password: 'x' }).toThrow('§3.1.2-22');
		refused({ will: { topic: 'a/#', payload: '', qos: 0, retain: false } }).toThrow('will.topic');
		refused({ will: { topic: '', payload: '', qos: 0, retain: false } }).toThrow('will.topic');
		refused({ will: { topic: 'a', payload: '', qos: 3, retain: false } }).toThrow('will.qos');
		refused({ user: 'a\0' }).toThrow('user');
		refused({ clientId: '\ud800' }).toThrow('clientId');
		refused({ keepAliveMs: 65_536_000 }).toThrow('keepAliveMs');
		expect(connectSize({ ...OPTIONS, clientId: '', clean: true })).toBe(12);
	});

	it('must fit the buffer', () => expect(() => new Bench({ bufferBytes: 16 })).toThrow('bufferBytes'));

	it('is sent once in a connection: start() twice is a bug', () => {
		const bench = new Bench().connect();
		expect(() => bench.session.start(1)).toThrow('start()');
	});
});

describe('CONNACK', () => {
	const answered = (bytes: Uint8Array, options = {}) => {
		const bench = new Bench(options);
		bench.session.start(0);
		bench.sentBytes();
		bench.receive(bytes);
		return bench.told();
	};

	it('connects', () => {
		expect(answered(hex`20 02 00 00`)).toEqual(['connected new']);
		expect(answered(hex`20 02 01 00`)).toEqual(['connected present']);
	});

	it('tells which refusal it was', () => {
		expect(answered(hex`20 02 00 01`)).toEqual([closed(Fault.ProtocolVersion, 1)]);
		for (const code of [2, 3, 4, 5]) expect(answered(hex`20 02 00 ${code}`)).toEqual([closed(Fault.Refused, code)]);
		for (const code of [6, 0x80, 0xff]) expect(answered(hex`20 02 00 ${code}`)).toEqual([closed(Fault.BadCode, code)]);
	});

	it('is a fault with reserved flags, with session present in a refusal, or of a wrong length', () => {
		expect(answered(hex`20 02 02 00`)).toEqual([closed(Fault.BadConnack, 2)]);
		expect(answered(hex`20 02 01 05`)).toEqual([closed(Fault.BadConnack, 1)]);
		expect(answered(hex`20 00`)).toEqual([closed(Fault.BadLength, 0x20)]);
		expect(answered(hex`20 03 00 00 00`)).toEqual([closed(Fault.BadLength, 0x20)]);
	});

	it('must not bring a session when a clean one was asked for', () => {
		expect(answered(hex`20 02 01 00`, { clean: true })).toEqual([closed(Fault.UnknownSession, 1)]);
		expect(answered(hex`20 02 00 00`, { clean: true })).toEqual(['connected new']);
	});

	it('comes first: anything else before it closes', () => {
		for (const bytes of [hex`d0 00`, hex`30 03 0001 'a'`, hex`40 02 00 01`, hex`90 03 00 01 00`]) {
			expect(answered(bytes)).toEqual([closed(Fault.Unexpected, bytes[0])]);
		}
	});

	it('comes once', () => {
		const bench = new Bench().connect();
		bench.receive(hex`20 02 00 00`);
		expect(bench.told()).toEqual(['connected new', closed(Fault.Unexpected, 0x20)]);
	});

	it('cannot come before CONNECT has gone out', () => {
		const bench = new Bench();
		bench.session.start(0);
		bench.session.wrote(bench.session.peek(5)!.length, 0);
		bench.receive(hex`20 02 00 00`);
		expect(bench.told()).toEqual([closed(Fault.Unexpected, 0x20)]);
	});

	it('is waited for ten seconds', () => {
		const bench = new Bench();
		bench.session.start(1_000);
		bench.sentBytes();
		expect(bench.at(1_000)).toBe(11_000);
		expect(bench.at(10_999)).toBe(11_000);
		expect(bench.told()).toEqual([]);
		expect(bench.at(11_000)).toBe(Infinity);
		expect(bench.told()).toEqual([closed(Fault.ConnackTimeout)]);
	});

	it('refused: nothing is parsed or sent afterwards, and the end is told once', () => {
		expect(answered(hex`20 02 00 05 30 03 0001 'a' ff ff ff ff ff`)).toEqual([closed(Fault.Refused, 5)]);
		const bench = new Bench();
		bench.session.start(0);
		bench.sentBytes();
		bench.receive(hex`20 02 00 05`);
		bench.receive(hex`30 03 0001 'a'`);
		bench.publish('a', 'b');
		expect(bench.session.peek(100)).toBeUndefined();
		expect(bench.at(1e9)).toBe(Infinity);
		bench.session.lost();
		expect(bench.told()).toEqual([closed(Fault.Refused, 5)]);
	});
});

describe('stop()', () => {
	it('sends DISCONNECT and nothing after it, then tells that the socket is to be closed', () => {
		const bench = new Bench().connect();
		bench.told();
		bench.session.stop(2_000);
		bench.publish('a', 'kept');
		expect(show(bench.sentBytes())).toBe('e0 00');
		expect(bench.told()).toEqual([closed(Fault.None)]);
		expect(bench.session.running).toBe(false);
		expect(bench.session.pending).toBe(1);
	});

	it('finishes the message that was begun, and begins no other', () => {
		const bench = new Bench().connect();
		bench.publish('a', 'one');
		bench.publish('a', 'two');
		bench.session.wrote(bench.session.peek(5)!.length, 0);
		bench.session.stop(2_000);
		expect(show(bench.sentBytes())).toBe(show(hex`00 01 'one' e0 00`));
	});

	it('gives up when the socket takes nothing for the ping time', () => {
		const bench = new Bench().connect();
		bench.told();
		bench.session.stop(2_000);
		expect(bench.at(2_000)).toBe(12_000);
		bench.at(12_000);
		expect(bench.told()).toEqual([closed(Fault.Stalled)]);
	});

	it('does nothing without a connection', () => {
		const bench = new Bench();
		bench.session.stop(0);
		expect(bench.session.peek(10)).toBeUndefined();
		expect(bench.told()).toEqual([]);
	});

	it('called while a message is handled still lets it be acknowledged, so that a restart is not asked for again', () => {
		const bench = new Bench().connect();
		bench.recorder.then = (name) => name === 'message' && bench.session.stop(0);
		bench.receive(hex`32 0b 0007 'restart' 0009`);
		expect(show(bench.sentBytes())).toBe('40 02 00 09 e0 00');
	});

	it('before CONNACK sends CONNECT, then DISCONNECT', () => {
		const bench = new Bench();
		bench.session.start(0);
		bench.session.stop(0);
		expect(bench.sent()).toEqual(['connect node1', 'disconnect']);
	});
});
