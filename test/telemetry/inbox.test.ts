// What the session leaves is offered again, before anything is read behind it.

import { describe, expect, it } from 'vitest';
import { Inbox } from '../../src/telemetry/inbox.js';
import type { Session } from '../../src/mqtt/session.js';
import type { Transport } from '../../src/common/ports.js';

/** A socket with those bytes, and a session that takes so many at a time: 0 is "wait". */
function setUp(incoming: number[], takes: number[]) {
	const taken: number[] = [];
	const transport = {
		read: (into: Uint8Array) => {
			const bytes = incoming.splice(0, into.length);
			into.set(bytes);
			return bytes.length;
		},
	};
	const session = {
		receive: (bytes: Uint8Array, from: number, to: number) => {
			const end = Math.min(to, from + (takes.shift() ?? Infinity));
			taken.push(...bytes.subarray(from, end));
			return end;
		},
	};
	const inbox = new Inbox();
	return { inbox, taken, incoming, read: () => { while (inbox.read(transport as unknown as Transport, session as unknown as Session, 0)); } };
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i & 0xff);

describe('what has come', () => {
	it('goes to the session, however much it is', () => {
		const { taken, read } = setUp(numbers(300), []);
		read();
		expect(taken).toEqual(numbers(300));
	});

	it('waits where the session takes no more, and goes on there', () => {
		const { taken, incoming, read } = setUp(numbers(200), [128, 10, 0]);
		read();
		expect([taken.length, incoming.length]).toEqual([138, 0]);
		read();
		expect(taken).toEqual(numbers(138));
		read();
		expect(taken).toEqual(numbers(200));
	});

	it('is forgotten with its connection', () => {
		const { inbox, taken, incoming, read } = setUp(numbers(20), [5]);
		read();
		inbox.clear();
		incoming.push(77);
		read();
		expect(taken).toEqual([...numbers(5), 77]);
	});
});
