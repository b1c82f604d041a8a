// Who is given up and who is not: each kind of request has its own time, a large packet stands in front of every answer, and patience grows.

import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/mqtt/codec/fault.js';
import { Patience } from '../../src/mqtt/options.js';
import { hex } from '../support/bytes.js';
import { Bench, Bench5 } from './bench.js';

const SECOND = 1_000;

/** Connected at 0, with 20 s for an answer. */
function connected(options = {}): Bench {
	const bench = new Bench({ keepAliveMs: 60 * SECOND, pingTimeoutMs: 10 * SECOND, ackTimeoutMs: 20 * SECOND, ...options });
	bench.now = 0;
	bench.connect();
	bench.told();
	return bench;
}

/** Lives for so many seconds, or until the session ends the connection: pings are answered, `each` gets what else was sent. Returns the time in seconds. */
function live(bench: Bench, seconds: number, each: (second: number, sent: string[]) => void = () => {}, pings = true): number {
	const from = bench.now / SECOND;
	for (let second = 1; second <= seconds && bench.session.running; second++) {
		bench.at((from + second) * SECOND);
		const sent = bench.sent();
		if (pings && sent.includes('pingreq')) bench.receive(hex`d0 00`);
		each(second, sent);
	}
	return bench.now / SECOND;
}

const ended = (bench: Bench): string[] => bench.told().filter((line) => line.startsWith('closed'));

function puback(line: string): Uint8Array {
	const id = Number(line.split('#')[1]);
	return Uint8Array.of(0x40, 2, id >> 8, id);
}

/** The first bytes of a message of 250 KB, of QoS 1 and with packet id 7; and what is left. */
const LARGE = 250_000;
const head = hex`32 90 a1 0f 0001 's' 0007`;
const REST = LARGE - 5;

describe('a message larger than the buffer', () => {
	function drip(bench: Bench, bytesPerSecond: number, seconds: number): { left: number; at: number } {
		bench.receive(head);
		let left = REST;
		const at = live(bench, seconds, () => {
			const count = Math.min(bytesPerSecond, left);
			left -= count;
			if (count > 0) bench.receive(new Uint8Array(count));
		}, false);
		return { left, at };
	}

	it('at 5 KB a second is drained and acknowledged once; what stands behind it is waited for', () => {
		const bench = connected();
		bench.publish('a', 'reading');
		bench.sentBytes();
		const { left } = drip(bench, 5_000, 60);
		expect([left, ended(bench)]).toEqual([0, []]);
		bench.publish('a', 'another');
		bench.sentBytes();
		bench.receive(hex`d0 00 40 02 0001 40 02 0002`);
		expect(bench.told()).toEqual(['acknowledged 1', 'acknowledged 2']);
		expect(live(bench, 60)).toBe(120);
		expect(ended(bench)).toEqual([]);
	});

	it('is waited for with SUBACK and with PINGRESP behind it, too', () => {
		for (const ask of [(bench: Bench) => void bench.session.subscribe('s', 1), () => {}]) {
			const bench = connected({ keepAliveMs: 8 * SECOND, pingTimeoutMs: 3 * SECOND });
			ask(bench);
			bench.sentBytes();
			const { left } = drip(bench, 1_000, 251);
			expect([left, ended(bench)]).toEqual([0, []]);
			bench.receive(hex`d0 00 90 03 0001 01`);
			expect(live(bench, 10)).toBe(261);
		}
	});

	it.each([1, 10, 50])('at %i bytes a second holds the connection for a bounded time', (bytesPerSecond) => {
		const bench = connected();
		bench.publish('a', 'reading');
		bench.sentBytes();
		const { at } = drip(bench, bytesPerSecond, 1_000);
		expect(ended(bench)).toEqual([`closed ${Fault.AckTimeout} 0`]);
		expect(at).toBeLessThanOrEqual(Math.ceil(20 / (1 - bytesPerSecond / 100)) + 1);
	});

	it('of which a byte comes each minute holds it no longer than silence would, with nothing of ours under way', () => {
		const bench = connected();
		bench.receive(head);
		const at = live(bench, 600, (second) => { if (second % 60 === 0) bench.receive(Uint8Array.of(0)); }, false);
		expect([at, ended(bench)]).toEqual([70, [`closed ${Fault.PingTimeout} 0`]]);
	});

	it('buys no time when it is a flood of small ones, between which there was room for an answer', () => {
		const bench = connected();
		bench.publish('a', 'reading');
		bench.sentBytes();
		const at = live(bench, 600, () => { for (let i = 0; i < 50; i++) bench.receive(hex`30 0c 0001 's' 'some text'`); });
		expect([at, ended(bench)]).toEqual([20, [`closed ${Fault.AckTimeout} 0`]]);
	});

	it('buys none when it comes so slowly and has room in the buffer', () => {
		const bench = connected();
		bench.publish('a', 'reading');
		bench.sentBytes();
		bench.receive(hex`30 7f 0001 's'`);
		expect(live(bench, 600, (second) => { if (second < 120) bench.receive(Uint8Array.of(0)); })).toBe(20);
	});
});

describe('SUBACK and UNSUBACK', () => {
	/** Messages flow and are acknowledged. */
	const flow = (bench: Bench) => (_second: number, sent: string[]): void => {
		bench.publish('a', 'x');
		for (const line of sent) if (line.startsWith('publish')) bench.receive(puback(line));
	};

	it.each([['SUBACK', 0], ['UNSUBACK', 1]] as const)('%s is missed although messages are acknowledged', (_name, leaves) => {
		const bench = connected();
		bench.session.subscribe('s', 1);
		bench.sentBytes();
		if (leaves) {
			bench.receive(hex`90 03 0001 01`);
			bench.session.unsubscribe('s');
			bench.sentBytes();
		}
		expect(live(bench, 60, flow(bench))).toBe(20);
		expect(ended(bench)).toEqual([`closed ${Fault.RequestTimeout} 0`]);
	});

	it('is not missed because a message has waited for longer', () => {
		const bench = connected();
		bench.publish('a', 'x');
		bench.sentBytes();
		live(bench, 15);
		bench.session.subscribe('s', 1);
		bench.sentBytes();
		bench.receive(hex`40 02 0001`);
		live(bench, 19);
		expect(ended(bench)).toEqual([]);
		bench.receive(hex`90 03 0002 01`);
		expect(bench.told()).toEqual(['subscribed 2 0 1']);
		expect(live(bench, 60)).toBe(94);
	});

	it('that never comes ends one connection; the next is told, lives on, and asks again later and later', () => {
		const bench = connected({ ackTimeoutMs: 10 * SECOND });
		bench.session.subscribe('s', 1);
		bench.sentBytes();
		expect(live(bench, 60, flow(bench))).toBe(10);
		expect(ended(bench)).toEqual([`closed ${Fault.RequestTimeout} 0`]);
		bench.reconnect(true);
		const asked: number[] = [];
		const told: string[] = [];
		const from = bench.now / SECOND;
		live(bench, 3_000, (second, sent) => {
			flow(bench)(second, sent);
			if (sent.some((line) => line.startsWith('subscribe'))) asked.push(second);
			told.push(...bench.told().filter((line) => line.startsWith('subscribed') || line.startsWith('closed')).map((line) => `${line} at ${second}`));
		});
		expect(bench.now / SECOND - from).toBe(3_000);
		expect(told.map((line) => line.replace(/^subscribed \d+/, 'subscribed'))).toEqual([21, 101, 241, 501, 1_001, 1_981, 2_961].map((at) => `subscribed 0 ${Patience.NO_ANSWER} at ${at}`));
		expect(asked).toEqual([1, 81, 221, 481, 981, 1_961, 2_941]);
	});

	it('that comes late, when it was told that there is none, counts', () => {
		const bench = connected({ ackTimeoutMs: 10 * SECOND });
		bench.session.subscribe('s', 1);
		live(bench, 20);
		bench.reconnect(true);
		live(bench, 25);
		const [line] = bench.told().filter((each) => each.startsWith('subscribed'));
		const id = Number(line!.split(' ')[1]);
		bench.receive(Uint8Array.of(0x90, 3, id >> 8, id, 1));
		expect(bench.told()).toEqual([`subscribed ${id} 0 1`]);
		let asked = 0;
		live(bench, 2_000, (_second, sent) => { asked += sent.filter((line) => line !== 'pingreq').length; });
		expect(asked).toBe(0);
	});

	it('UNSUBACK that never comes ends one connection; on the next the filter is gone', () => {
		const bench = connected();
		bench.session.subscribe('s', 1);
		bench.sentBytes();
		bench.receive(hex`90 03 0001 01`);
		bench.session.unsubscribe('s');
		live(bench, 25);
		bench.reconnect(true);
		bench.told();
		live(bench, 50);
		expect(bench.told().map((line) => line.replace(/ \d+$/, ''))).toEqual(['unsubscribed']);
		expect(bench.session.running).toBe(true);
	});

	it('of 0x80 is asked for again after 1, 2, 4, 8 and then each 16 minutes, on the same connection, until it is granted', () => {
		const bench = connected();
		bench.session.subscribe('s', 1);
		const at: number[] = [];
		for (let second = 0; second <= 6_000; second++) {
			bench.at(second * SECOND);
			for (const line of bench.sent()) {
				if (line === 'pingreq') bench.receive(hex`d0 00`);
				if (!line.startsWith('subscribe')) continue;
				at.push(second);
				bench.receive(Uint8Array.of(0x90, 3, 0, at.length, at.length < 8 ? 0x80 : 1));
			}
		}
		const steps = at.slice(1).map((second, i) => second - at[i]!);
		expect(steps).toEqual([60, 120, 240, 480, 960, 960, 960]);
		expect(bench.session.running).toBe(true);
	});

	it('of 0x80 for one filter is asked for again, though another that was asked for after it was granted', () => {
		const bench = connected();
		bench.session.subscribe('s', 1);
		bench.session.subscribe('t', 1);
		const at: Record<string, number[]> = { s: [], t: [] };
		for (let second = 0; second <= 3_000; second++) {
			bench.at(second * SECOND);
			for (const line of bench.sent()) {
				if (line === 'pingreq') bench.receive(hex`d0 00`);
				const [, filter, id] = /^subscribe (.) q1 #(\d+)$/.exec(line) ?? [];
				if (!filter) continue;
				at[filter]!.push(second);
				bench.receive(Uint8Array.of(0x90, 3, 0, Number(id), at[filter]!.length < (filter === 's' ? 6 : 2) ? 0x80 : 1));
			}
		}
		expect(at).toEqual({ s: [0, 60, 185, 425, 905, 1_865], t: [0, 65] });
	});

	it('of 0x97 is asked for again in MQTT 5.0, too, and a new session asks at once', () => {
		const bench = new Bench5({ keepAliveMs: 0 });
		bench.connect();
		bench.session.subscribe('s', 1);
		bench.sentBytes();
		bench.receive(hex`90 04 0001 00 97`);
		expect(bench.told().at(-1)).toBe('subscribed 1 0 151');
		bench.at(bench.now + 59 * SECOND);
		expect(bench.sent()).toEqual([]);
		bench.at(bench.now + SECOND);
		expect(bench.sent()).toEqual(['subscribe s q1 #2']);
		bench.receive(hex`90 04 0002 00 97`);
		bench.reconnect(true);
		expect(bench.sent()).toEqual([]);
		bench.reconnect(false);
		expect(bench.sent()).toEqual(['subscribe s q1 #3']);
	});
});

describe('an answer that breaks the protocol', () => {
	const greeted = (is5: boolean): Bench => {
		const bench = is5 ? new Bench5({ keepAliveMs: 0 }) : new Bench({ keepAliveMs: 0 });
		bench.now = 0;
		bench.connect();
		bench.told();
		return bench;
	};

	it.each([
		['3.1.1 with three codes', false, hex`90 05 0001 01 01 01`, Fault.BadLength], ['3.1.1 without a code', false, hex`90 02 0001`, Fault.BadLength],
		['3.1.1 with an unknown code', false, hex`90 03 0001 03`, Fault.BadCode], ['3.1.1 with packet id 0', false, hex`90 03 0000 01`, Fault.BadPacketId],
		['3.1.1 with reserved bits', false, hex`91 03 0001 01`, Fault.ReservedBits], ['3.1.1 with three codes, cut into pieces', false, hex`90 05`, Fault.BadLength],
		['5.0 with three codes', true, hex`90 06 0001 00 01 01 01`, Fault.BadLength], ['5.0 without a code', true, hex`90 03 0001 00`, Fault.BadLength],
		['5.0 with an unknown code', true, hex`90 04 0001 00 05`, Fault.BadCode], ['5.0 with a property of another packet', true, hex`90 06 0001 02 01 00 01`, Fault.BadProperty],
		['5.0 and larger than we allow', true, hex`90 81 7f`, Fault.PacketTooLarge],
	] as const)('SUBACK of %s ends one connection: that filter is put off, also in a new session, and no message is blamed', (_name, is5, bytes, fault) => {
		const bench = greeted(is5);
		bench.publish('t', 'x');
		bench.session.subscribe('s', 1);
		const id = Number(bench.sent().find((line) => line.startsWith('subscribe'))!.split('#')[1]);
		bench.receive(bytes.map((byte, i) => (i === 3 && bytes[2] === 0 && byte === 1 ? id : byte)));
		bench.sentBytes();
		expect(bench.told()).toEqual([expect.stringMatching(`^closed ${fault} `)]);
		bench.reconnect(false);
		expect(bench.told().filter((line) => line.startsWith('subscribed'))).toEqual([`subscribed ${id} 0 ${Patience.NO_ANSWER}`]);
		const sent = bench.sent();
		expect(sent.map((line) => line.split(' ')[0])).toEqual(['publish']);
		bench.receive(puback(sent[0]!));
		bench.at(59 * SECOND);
		expect(bench.sent()).toEqual([]);
		bench.at(61 * SECOND);
		expect(bench.sent().map((line) => line.split(' ')[0])).toEqual(['subscribe']);
	});

	it('SUBACK, of which the broker closes the connection at once, is known for it all the same', () => {
		const bench = greeted(true);
		bench.session.subscribe('s', 1);
		bench.sentBytes();
		bench.receive(hex`90 03 0001 00`);
		bench.reconnect(true, true);
		expect(bench.told().filter((line) => line.startsWith('subscribed'))).toEqual([`subscribed 1 0 ${Patience.NO_ANSWER}`]);
		expect(bench.sent()).toEqual([]);
	});

	it.each([
		['3.1.1 with a code', false, hex`b0 03 0002 00`], ['3.1.1 with packet id 0', false, hex`b0 02 0000`],
		['5.0 without a code', true, hex`b0 03 0002 00`], ['5.0 with an unknown code', true, hex`b0 04 0002 00 05`], ['5.0 with two codes', true, hex`b0 05 0002 00 00 00`],
	] as const)('UNSUBACK of %s takes the filter off the list, and the handler is told', (_name, is5, bytes) => {
		const bench = greeted(is5);
		bench.session.subscribe('s', 1);
		bench.sentBytes();
		bench.receive(is5 ? hex`90 04 0001 00 01` : hex`90 03 0001 01`);
		bench.session.unsubscribe('s');
		bench.sentBytes();
		bench.told();
		bench.receive(bytes);
		bench.sentBytes();
		bench.reconnect(true);
		expect(bench.told().filter((line) => line.startsWith('unsubscribed'))).toEqual(['unsubscribed 2']);
		expect(bench.sent()).toEqual([]);
		bench.reconnect(false);
		expect(bench.sent()).toEqual([]);
	});

	it.each([
		['3.1.1, in the form of 5.0', false, (id: number) => hex`40 03 00 ${id} 00`], ['3.1.1 without its id', false, () => hex`40 00`],
		['5.0 with bytes behind it', true, (id: number) => hex`40 05 00 ${id} 00 00 00`], ['5.0 with a property of another packet', true, (id: number) => hex`40 06 00 ${id} 00 02 01 00`],
		['5.0 with an unknown code', true, (id: number) => hex`40 03 00 ${id} 01`],
	] as const)('PUBACK of %s, three times in a row to the same message, has that message set aside, and the others flow', (_name, is5, answer) => {
		const bench = greeted(is5);
		bench.publish('a', 'odd');
		bench.publish('a', 'good');
		const gone: string[] = [];
		for (let n = 0; n < 5 && bench.session.pending > 0; n++) {
			for (let wait = 0; wait < 3 && bench.session.connected; wait++) {
				for (const line of bench.sent()) {
					if (!line.startsWith('publish') || !bench.session.connected) continue;
					const id = Number(line.split('#')[1]);
					bench.receive(line.includes('odd') ? answer(id) : hex`40 02 00 ${id}`);
				}
				bench.at(bench.now + 2 * SECOND);
			}
			bench.sentBytes();
			if (bench.session.pending > 0) bench.reconnect(true);
			gone.push(...bench.told().filter((line) => /aside|acknowledged/.test(line)));
		}
		expect(gone).toEqual(['aside 1', 'acknowledged 2']);
	});
});

describe('patience', () => {
	/** Acknowledges each message `delayMs` after it came, on the connection that it came on. */
	function lateBroker(bench: Bench, delaySeconds: number, seconds: number, each: () => void): { connections: number; acknowledged: number } {
		let connections = 1;
		let acknowledged = 0;
		let owed: [at: number, id: number][] = [];
		for (let second = 1; second <= seconds; second++) {
			each();
			bench.at(second * SECOND);
			if (!bench.session.running) {
				connections++;
				owed = [];
				bench.reconnect(true);
			}
			for (const line of bench.sent()) {
				if (line === 'pingreq') bench.receive(hex`d0 00`);
				if (line.startsWith('publish')) owed.push([second + delaySeconds, Number(line.split('#')[1])]);
			}
			for (; owed.length > 0 && owed[0]![0] <= second; owed.shift()) bench.receive(Uint8Array.of(0x40, 2, owed[0]![1] >> 8, owed[0]![1]));
			acknowledged += bench.told().filter((line) => line.startsWith('acknowledged')).length;
		}
		return { connections, acknowledged };
	}

	it.each([40, 100])('grows until a broker that takes %i s for each acknowledgement is heard', (delay) => {
		const bench = connected({ ackTimeoutMs: 30 * SECOND, inFlightMax: 8 });
		let count = 0;
		const { connections, acknowledged } = lateBroker(bench, delay, 2_000, () => { if (bench.session.pending < 8 && bench.publish('a', 'x') > 0) count++; });
		expect(connections).toBeLessThanOrEqual(delay === 40 ? 2 : 3);
		expect(count - acknowledged).toBeLessThanOrEqual(8);
		expect(acknowledged).toBeGreaterThan(8 * (2_000 / delay - 6));
	});

	it('ends: a broker that never acknowledges is given up after 4 minutes at most', () => {
		const bench = connected({ ackTimeoutMs: 30 * SECOND });
		bench.publish('a', 'x');
		const lived: number[] = [];
		for (let i = 0; i < 7; i++) {
			bench.sentBytes();
			const from = bench.now / SECOND;
			lived.push(live(bench, 1_000) - from);
			bench.reconnect(true);
		}
		expect(lived).toEqual([30, 60, 120, 240, 240, 240, 240]);
	});

	it('shrinks by one step with each connection that the network ends', () => {
		const bench = connected({ ackTimeoutMs: 30 * SECOND });
		bench.publish('a', 'x');
		for (const lives of [30, 60, 120]) {
			bench.sentBytes();
			const from = bench.now / SECOND;
			expect(live(bench, 1_000) - from).toBe(lives);
			bench.reconnect(true);
		}
		bench.reconnect(true);
		bench.reconnect(true);
		bench.sentBytes();
		const from = bench.now / SECOND;
		expect(live(bench, 1_000) - from).toBe(60);
	});
});

describe('a broker that hangs up on a SUBSCRIBE', () => {
	it('is not asked a third time: the first filter that it did not answer is put off for a minute, and for two when it does it again', () => {
		const bench = connected();
		bench.session.subscribe('right', 1);
		bench.session.subscribe('wrong', 1);
		const answer = (line: string): void => {
			if (line.includes(' right ')) bench.receive(Uint8Array.of(0x90, 3, 0, Number(line.split('#')[1]), 1));
		};
		const asked: string[][] = [];
		for (let i = 0; i < 3; i++) {
			const sent = bench.sent();
			asked.push(sent.map((line) => line.split(' ')[1]!));
			sent.forEach(answer);
			if (i < 2) bench.reconnect(true, true);
		}
		expect(asked).toEqual([['right', 'wrong'], ['wrong'], []]);
		expect(bench.told().filter((line) => line.includes(`${Patience.NO_ANSWER}`))).toHaveLength(1);
		const again: number[] = [];
		const from = bench.now / SECOND;
		live(bench, 70, (second, sent) => { if (sent.some((line) => line.startsWith('subscribe wrong'))) again.push(second); });
		expect(again).toEqual([60]);
		bench.reconnect(true, true);
		const second = bench.now / SECOND;
		live(bench, 130, (at, sent) => { if (sent.some((line) => line.startsWith('subscribe wrong'))) again.push(second + at - from); });
		expect(again[1]).toBeGreaterThan(170);
	});
});
