import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/mqtt/codec/fault.js';
import { concat, hex } from '../support/bytes.js';
import { Bench } from './bench.js';

/** One event for each callback, from a state in which all are possible. */
const EVENTS: Record<string, (bench: Bench) => void> = {
	connected: (bench) => bench.connect(),
	acknowledged: (bench) => bench.receive(hex`40 02 0001`),
	subscribed: (bench) => bench.receive(hex`90 03 0002 00`),
	unsubscribed: (bench) => bench.receive(hex`b0 02 0004`),
	message: (bench) => bench.receive(hex`32 05 0001 'm' 0007`),
	oversize: (bench) => bench.receive(concat([hex`32 e8 07 0001 'a' 0008`, new Uint8Array(995)])),
	aside: (bench) => bench.session.lost(true),
	closed: (bench) => bench.receive(hex`ff`),
};

function prepared(event: string): Bench {
	const bench = new Bench({ hangUpsMax: event === 'aside' ? 1 : 3 });
	if (event === 'connected') return bench;
	bench.connect();
	bench.publish('a', 'x');
	bench.session.subscribe('s', 0);
	bench.session.subscribe('u', 0);
	bench.sentBytes();
	bench.receive(hex`90 03 0003 00`);
	bench.session.unsubscribe('u');
	bench.sentBytes();
	bench.told();
	return bench;
}

/** Runs the action once, inside that callback. */
function inside(event: string, action: (bench: Bench) => void): Bench {
	const bench = prepared(event);
	let done = false;
	bench.recorder.then = (name) => {
		if (name !== event || done) return;
		done = true;
		action(bench);
	};
	EVENTS[event](bench);
	expect(done, `${event} was told`).toBe(true);
	return bench;
}

describe.each(Object.keys(EVENTS))('inside on… %s', (event) => {
	const ends = event === 'closed' || event === 'aside';

	it('publish() stores a message that goes out now or on the next connection', () => {
		const bench = inside(event, (bench) => expect(bench.publish('p', 'y')).toBeGreaterThan(0));
		if (ends) { bench.session.lost(); bench.connect(true); }
		expect(bench.sent().some((line) => line.startsWith('publish p "y" q1 #'))).toBe(true);
	});

	it('subscribe() asks now or on the next connection', () => {
		const bench = inside(event, (bench) => expect(bench.session.subscribe('new', 1)).toBeGreaterThan(0));
		if (ends) { bench.session.lost(); bench.connect(true); }
		expect(bench.sent().some((line) => line.startsWith('subscribe new'))).toBe(true);
	});

	it('stop() ends the connection with DISCONNECT as the last packet', () => {
		const bench = inside(event, (bench) => bench.session.stop(bench.now));
		const sent = bench.sent();
		expect(sent.at(-1)).toBe(ends ? undefined : 'disconnect');
		if (!ends) expect(bench.told().at(-1)).toBe(`closed ${Fault.None} 0`);
		expect(bench.session.running).toBe(false);
	});

	it('lost() ends the connection without a word more, and the next one is whole', () => {
		const bench = inside(event, (bench) => bench.session.lost());
		expect(bench.session.running).toBe(false);
		expect(bench.sent()).toEqual([]);
		bench.connect(true);
		expect(bench.session.connected).toBe(true);
	});

	it('lost() and start() begin a connection that gets nothing of the old one', () => {
		const bench = inside(event, (bench) => { bench.session.lost(); bench.session.start(bench.now); });
		expect(bench.sent()).toEqual(['connect node1']);
		bench.receive(hex`20 02 01 00`);
		expect(bench.session.connected).toBe(true);
	});

	it('an exception comes out where the event went in; the connection is closed, nothing is lost', () => {
		let thrown: unknown;
		const bench = prepared(event);
		let armed = true;
		bench.recorder.then = (name) => { if (name === event && armed) { armed = false; throw new Error('handler'); } };
		try { EVENTS[event](bench); } catch (error) { thrown = error; }
		expect(thrown).toEqual(new Error('handler'));
		bench.told();
		expect(bench.session.peek(10)).toBeUndefined();
		if (!ends) expect(bench.told()).toEqual([`closed ${Fault.Handler} 0`]);
		expect(bench.session.running).toBe(false);
		bench.session.lost();
		bench.connect(true);
		expect(bench.session.connected).toBe(true);
	});

	it('an exception that the application answers with lost() costs one connection, not two', () => {
		if (ends) return;
		const bench = prepared(event);
		bench.recorder.then = () => { throw new Error('handler'); };
		expect(() => EVENTS[event](bench)).toThrow('handler');
		bench.recorder.then = () => {};
		bench.reconnect(true);
		expect(bench.session.connected).toBe(true);
	});

	it.each(['receive', 'peek'])('%s() is a bug that closes the connection', (call) => {
		if (ends) return;
		const bench = inside(event, (bench) => {
			if (call === 'peek') expect(bench.session.peek(10)).toBeUndefined();
			else expect(bench.session.receive(hex`d0 00`, 0, 2, 0)).toBe(2);
		});
		expect(bench.told()).toContain(`closed ${Fault.Handler} 0`);
		expect(bench.session.running).toBe(false);
	});
});

describe('bytes behind the packet that ended the connection', () => {
	it('are not read when a callback called lost()', () => {
		const bench = new Bench().connect();
		bench.told();
		bench.recorder.then = () => bench.session.lost();
		bench.receive(hex`30 03 0001 'a' 30 03 0001 'b'`);
		expect(bench.told()).toEqual(['message a "" 0']);
	});

	it('are not read when a callback began another connection', () => {
		const bench = new Bench().connect();
		bench.told();
		bench.recorder.then = (name) => { if (name === 'message') { bench.session.lost(); bench.session.start(0); } };
		bench.receive(hex`30 03 0001 'a' 20 02 00 00 30 03 0001 'b'`);
		expect(bench.told()).toEqual(['message a "" 0']);
		expect(bench.sent()).toEqual(['connect node1']);
	});

	it('are not read when a callback called stop()', () => {
		const bench = new Bench().connect();
		bench.told();
		bench.recorder.then = () => bench.session.stop(0);
		bench.receive(hex`30 03 0001 'a' 30 03 0001 'b'`);
		expect(bench.told()).toEqual(['message a "" 0']);
	});
});

it('a message whose handler threw is not acknowledged, and told again when it comes again', () => {
	const bench = new Bench().connect();
	bench.recorder.then = () => { throw new Error('handler'); };
	expect(() => bench.receive(hex`34 05 0001 'a' 0007`)).toThrow('handler');
	bench.recorder.then = () => {};
	expect(bench.sent()).toEqual([]);
	bench.reconnect(true);
	bench.told();
	bench.receive(hex`3c 05 0001 'a' 0007`);
	expect(bench.told()).toEqual(['message a "" 2d']);
	expect(bench.sent()).toEqual(['pubrec #7']);
});
