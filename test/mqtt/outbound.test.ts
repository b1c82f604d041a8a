// send(): what goes to the socket at once, and what waits as if it had been published.

import { describe, expect, it } from 'vitest';
import { Message } from '../../src/mqtt/message.js';
import { topicName } from '../../src/mqtt/codec/topics.js';
import type { SessionOptions } from '../../src/mqtt/options.js';
import type { Options5 } from '../../src/mqtt/v5/protocol5.js';
import { concat } from '../support/bytes.js';
import { Bench, Bench5, decode, describe as words, encode } from './bench.js';

/** A bench whose socket may take packets at once. */
class Direct {
	readonly bench: Bench;
	readonly message: Message;
	readonly pushed: Uint8Array[] = [];
	takes = true;

	constructor(options: Partial<SessionOptions> = {}, options5?: Options5) {
		this.bench = options5 ? new Bench5(options, options5) : new Bench(options);
		this.message = new Message(30, 300, this.bench instanceof Bench5 ? this.bench.protocol5 : undefined);
		Object.assign(this.bench.recorder, {
			write: (packet: Uint8Array) => {
				if (this.takes) this.pushed.push(packet.slice());
				return this.takes;
			},
		});
	}

	connect(properties = {}): this {
		this.bench.connect(false, properties);
		// The first id is looked for; from then on they are free one after the other.
		this.puback(this.send('first'));
		this.flushed();
		this.bench.told();
		return this;
	}

	send(payload: string, qos = 1, topic = 'a/b'): number {
		this.message.payload.set(Buffer.from(payload));
		return this.bench.session.send(this.message.to(this.topic(topic), qos, false), payload.length, this.bench.now);
	}

	/** The same text is the same array, as an application has it. */
	readonly #topics = new Map<string, Uint8Array>();
	private topic(text: string): Uint8Array {
		if (!this.#topics.has(text)) this.#topics.set(text, topicName(text));
		return this.#topics.get(text)!;
	}

	puback(id: number): void {
		this.flushed();
		this.bench.receive(encode({ cmd: 'puback', messageId: id }, this.bench.version));
	}

	/** What went to the socket at once, in words. */
	at(): string[] { return decode(concat(this.pushed.splice(0)), this.bench.version).map(words); }

	/** What goes by peek(). */
	flushed(): string[] {
		this.pushed.splice(0);
		return this.bench.sent();
	}
}

describe('send() while nothing is in front of it', () => {
	it('gives the packet to the socket at once, of each QoS, and peek() has nothing more', () => {
		const direct = new Direct().connect();
		expect([direct.send('x', 0), direct.send('y', 1), direct.send('zz', 2)]).toEqual([0, 2, 3]);
		expect(direct.at()).toEqual(['publish a/b "x" q0', 'publish a/b "y" q1 #2', 'publish a/b "zz" q2 #3']);
		expect(direct.flushed()).toEqual([]);
		expect([direct.bench.session.pending, direct.bench.session.inFlight]).toEqual([2, 2]);
	});

	it('keeps what has a QoS until it is acknowledged: it is sent again, as a duplicate, on the next connection', () => {
		const direct = new Direct().connect();
		direct.send('gone', 0);
		const kept = direct.send('kept');
		direct.at();
		direct.bench.reconnect(true);
		expect(direct.flushed()).toEqual([`publish a/b "kept" q1 dup #${kept}`]);
		direct.puback(kept);
		expect(direct.bench.session.pending).toBe(0);
	});

	it('may be used for the next message at once: the one before is stored', () => {
		const direct = new Direct().connect();
		direct.send('one');
		direct.send('two', 1, 'c');
		direct.bench.reconnect(true);
		expect(direct.flushed()).toEqual(['publish a/b "one" q1 dup #2', 'publish c "two" q1 dup #3']);
	});

	it('counts as said, so no PINGREQ is due for that time, and its answer is awaited from then on', () => {
		const direct = new Direct({ ackTimeoutMs: 5_000 }).connect();
		direct.bench.now = 20_000;
		direct.send('x');
		expect(direct.bench.at(20_000)).toBe(25_000);
		direct.bench.at(25_000);
		expect(direct.bench.told()).toEqual(['closed 6 0']);
	});
});

describe('send() waits as publish() does', () => {
	it('while there is no connection', () => {
		const direct = new Direct();
		expect([direct.send('x', 0), direct.send('y', 1)]).toEqual([0, 1]);
		expect(direct.at()).toEqual([]);
		direct.bench.connect();
		expect(direct.flushed()).toEqual(['publish a/b "x" q0', 'publish a/b "y" q1 #1']);
	});

	it('when the socket does not take it, and behind what waits already', () => {
		const direct = new Direct().connect();
		direct.takes = false;
		expect([direct.send('x', 0), direct.send('y', 1)]).toEqual([0, 2]);
		direct.takes = true;
		direct.send('z', 0);
		expect(direct.at()).toEqual([]);
		expect(direct.flushed()).toEqual(['publish a/b "x" q0', 'publish a/b "y" q1 #2', 'publish a/b "z" q0']);
		direct.send('after', 0);
		expect(direct.at()).toEqual(['publish a/b "after" q0']);
	});

	it('behind a message that was published and not peeked at', () => {
		const direct = new Direct().connect();
		direct.bench.publish('p', 'first', 0);
		direct.send('second', 0);
		expect(direct.at()).toEqual([]);
		expect(direct.flushed()).toEqual(['publish p "first" q0', 'publish a/b "second" q0']);
	});

	it('when as much is in flight as may be', () => {
		const direct = new Direct({ inFlightMax: 2 }).connect();
		for (const payload of ['1', '2', '3']) direct.send(payload);
		expect(direct.at()).toEqual(['publish a/b "1" q1 #2', 'publish a/b "2" q1 #3']);
		expect(direct.flushed()).toEqual([]);
		direct.puback(2);
		expect(direct.flushed()).toEqual(['publish a/b "3" q1 #4']);
	});

	it('and returns -1 when there is no room, of bytes or of messages', () => {
		const few = new Direct({ messagesMax: 2 }).connect();
		expect([few.send('1'), few.send('2'), few.send('3')]).toEqual([2, 3, -1]);
		const small = new Direct({ outboxBytes: 40 }).connect();
		expect([small.send('x'.repeat(28)), small.send('y')]).toEqual([2, -1]);
		small.puback(2);
		expect(small.send('y')).toBeGreaterThan(0);
	});

	it('with ids that go on at 1 behind 65,535', () => {
		const direct = new Direct({ lastPacketId: 65_533 }).connect();
		expect([direct.send('a'), direct.send('b'), direct.send('c')]).toEqual([65_535, 1, 2]);
	});
});

describe('send() in MQTT 5.0', () => {
	it('goes at once, with its properties', () => {
		const direct = new Direct({}, { messageExpirySeconds: 60 }).connect();
		direct.send('x');
		expect(decode(concat(direct.pushed.splice(0)), 5)).toMatchObject([{ topic: 'a/b', messageId: 2, properties: { messageExpiryInterval: 60 } }]);
	});

	it('goes by peek() where the broker allows aliases, or less than we can send', () => {
		for (const properties of [{ topicAliasMaximum: 3 }, { maximumPacketSize: 900 }, { maximumQoS: 1 }, { retainAvailable: false }]) {
			const direct = new Direct({}, {}).connect(properties);
			const id = direct.send('x');
			expect(direct.at(), JSON.stringify(properties)).toEqual([]);
			expect(direct.bench.sent(), JSON.stringify(properties)).toEqual([expect.stringMatching(`"x" q1 #${id}$`)]);
		}
	});

	it('obeys a Maximum Packet Size', () => {
		const direct = new Direct({}, {}).connect({ maximumPacketSize: 30 });
		expect(direct.send('x'.repeat(40))).toBe(-1);
	});
});
