import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/mqtt/codec/fault.js';
import { hex, show } from '../support/bytes.js';
import { Bench, subscribed } from './bench.js';

describe('SUBSCRIBE', () => {
	it('has flags 0010, an id, one filter and its QoS', () => {
		const bench = new Bench().connect();
		expect(bench.session.subscribe('a/+', 2)).toBe(1);
		expect(show(bench.sentBytes())).toBe(show(hex`82 08 0001 0003 'a/+' 02`));
	});

	it('is answered by SUBACK, granted or refused', () => {
		const bench = new Bench().connect();
		bench.told();
		['a', 'b', 'c', 'd'].forEach((filter) => bench.session.subscribe(filter, 1));
		bench.sentBytes();
		bench.receive(hex`90 03 0001 01 90 03 0003 00 90 03 0002 80 90 03 0004 02`);
		expect(bench.told()).toEqual(['subscribed 1 0 1', 'subscribed 3 2 0', 'subscribed 2 1 128', 'subscribed 4 3 2']);
	});

	it('ignores a SUBACK for nothing it asked, and a second one', () => {
		const bench = new Bench().connect();
		bench.session.subscribe('a', 1);
		bench.sentBytes();
		bench.told();
		bench.receive(hex`90 03 0009 01 b0 02 0001 90 03 0001 01 90 03 0001 01`);
		expect(bench.told()).toEqual(['subscribed 1 0 1']);
	});

	it('waits for CONNACK', () => {
		const bench = new Bench();
		expect(bench.session.subscribe('a', 0)).toBe(1);
		bench.session.start(0);
		expect(bench.sent()).toEqual(['connect node1']);
		bench.receive(hex`20 02 00 00`);
		expect(bench.sent()).toEqual(['subscribe a q0 #1']);
	});

	it('is sent again after a session was lost, and never otherwise', () => {
		const bench = new Bench().connect();
		bench.session.subscribe('a', 1);
		bench.session.subscribe('b', 0);
		expect(bench.sent()).toEqual(['subscribe a q1 #1', 'subscribe b q0 #2']);
		bench.receive(hex`90 03 0001 01 90 03 0002 00`);
		for (let n = 0; n < 3; n++) {
			bench.reconnect(true);
			expect(bench.sent()).toEqual([]);
		}
		bench.reconnect(false);
		expect(bench.sent()).toEqual(['subscribe a q1 #3', 'subscribe b q0 #4']);
	});

	it('is sent again if the connection broke before SUBACK, with the same id', () => {
		const bench = new Bench().connect();
		bench.session.subscribe('a', 1);
		bench.sentBytes();
		bench.reconnect(true);
		expect(bench.sent()).toEqual(['subscribe a q1 #1']);
	});

	it('changes the QoS of a filter that is on the list', () => {
		const bench = new Bench({ filtersMax: 1 }).connect();
		bench.session.subscribe('a', 0);
		bench.sentBytes();
		expect(bench.session.subscribe('a', 1)).toBe(-1);
		bench.receive(hex`90 03 0001 00`);
		expect(bench.session.subscribe('a', 1)).toBe(2);
		expect(bench.sent()).toEqual(['subscribe a q1 #2']);
	});

	it('is refused when the list is full or the filter too long to be sent', () => {
		const bench = new Bench({ filtersMax: 2, filterBytes: 26, controlBytes: 32 });
		expect(bench.session.subscribe('x'.repeat(19), 0)).toBe(-1);
		expect(bench.session.subscribe('x'.repeat(18), 0)).toBe(-1);
		expect(bench.session.subscribe('x'.repeat(13), 0)).toBe(1);
		expect(bench.session.subscribe('y', 0)).toBe(2);
		expect(bench.session.subscribe('z', 0)).toBe(-1);
	});

	it('is refused by a sentence for what is no filter or no QoS', () => {
		const { session } = new Bench();
		expect(() => session.subscribe('a#', 0)).toThrow('"a#" is no topic filter');
		expect(() => session.subscribe('', 0)).toThrow('no topic filter');
		expect(() => session.subscribe('a', 3)).toThrow('QoS');
	});

	it('takes no id of a message in flight, nor the other way round', () => {
		const bench = new Bench({ lastPacketId: 0xffff }).connect();
		expect([bench.publish('a', ''), bench.session.subscribe('a', 0), bench.publish('a', '')]).toEqual([1, 2, 3]);
		const wrapped = new Bench({ lastPacketId: 0xfffe }).connect();
		expect([wrapped.session.subscribe('a', 0), wrapped.publish('a', ''), wrapped.publish('a', '')]).toEqual([0xffff, 1, 2]);
	});

	it('waits for room behind acknowledgements, in order', () => {
		const bench = new Bench({ controlBytes: 32 }).connect();
		['first/filter', 'second/filt', 'third'].forEach((filter) => bench.session.subscribe(filter, 0));
		expect(bench.sent(5)).toEqual(['subscribe first/filter q0 #1', 'subscribe second/filt q0 #2', 'subscribe third q0 #3']);
	});

	it('goes out although the window of messages is full', () => {
		const bench = new Bench({ inFlightMax: 1 }).connect();
		bench.publish('a', '1');
		bench.publish('a', '2');
		bench.sentBytes();
		bench.session.subscribe('a', 0);
		expect(bench.sent()).toEqual(['subscribe a q0 #3']);
	});

	it('without an answer ends the connection like any request', () => {
		const bench = new Bench({ ackTimeoutMs: 5_000 }).connect();
		bench.told();
		bench.session.subscribe('a', 0);
		bench.sentBytes();
		expect(bench.at(bench.now)).toBe(6_000);
		bench.at(6_000);
		expect(bench.told()).toEqual([`closed ${Fault.RequestTimeout} 0`]);
	});
});

describe('UNSUBSCRIBE', () => {
	it('has flags 0010, an id and the filter without a QoS', () => {
		const bench = subscribed();
		expect(bench.session.unsubscribe('a')).toBe(3);
		expect(show(bench.sentBytes())).toBe(show(hex`a2 05 0003 0001 'a'`));
		bench.receive(hex`b0 02 0003`);
		expect(bench.told()).toEqual(['unsubscribed 3']);
		bench.reconnect(false);
		expect(bench.sent()).toEqual(['subscribe b q0 #4']);
	});

	it('is sent again after a reconnect to the same session, and done when the session is lost', () => {
		const bench = subscribed();
		bench.session.unsubscribe('a');
		bench.sentBytes();
		bench.reconnect(true);
		expect(bench.sent()).toEqual(['unsubscribe a #3']);
		bench.told();
		bench.reconnect(false);
		expect(bench.told()).toEqual(['connected new', 'unsubscribed 3']);
		expect(bench.sent()).toEqual(['subscribe b q0 #4']);
	});

	it('is refused for a filter that is not listed, or whose request is under way', () => {
		const bench = subscribed();
		expect(bench.session.unsubscribe('c')).toBe(-1);
		bench.session.unsubscribe('a');
		bench.sentBytes();
		expect(bench.session.unsubscribe('a')).toBe(-1);
		expect(bench.session.subscribe('a', 1)).toBe(-1);
	});

	it('can be taken back before it is sent', () => {
		const bench = subscribed();
		bench.session.unsubscribe('a');
		bench.session.subscribe('a', 2);
		expect(bench.sent()).toEqual(['subscribe a q2 #4']);
	});
});
