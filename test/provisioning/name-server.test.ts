// Questions of phones, and packets that are none.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NEVER } from '../../src/common/ports.js';
import { answerQuestion, NameServer } from '../../src/provisioning/name-server.js';

const A = 1;
const AAAA = 28;
const HTTPS = 65;

function question(name: string, type: number, { id = 0xbeef, flags = 0x0100, count = 1, rest = [] as number[], kind = 1 } = {}): number[] {
	const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
	return [id >> 8, id & 255, flags >> 8, flags & 255, 0, count, 0, 0, 0, 0, 0, rest.length ? 1 : 0, ...labels, 0, type >> 8, type & 255, kind >> 8, kind & 255, ...rest];
}

/** What newer resolvers add: EDNS. */
const OPT = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0];

function answer(bytes: readonly number[], address = '4.3.2.1'): Buffer | undefined {
	const packet = new Uint8Array(bytes.length + 16);
	packet.set(bytes);
	const length = answerQuestion(packet, bytes.length, address);
	return length ? Buffer.from(packet.subarray(0, length)) : undefined;
}

describe('The name server', () => {
	it.each([['captive.apple.com', []], ['connectivitycheck.gstatic.com', OPT], ['www.msftconnecttest.com', []]] as const)('answers %s with its own address', (name, rest) => {
		const told = answer(question(name, A, { rest: [...rest] }))!;
		const asked = question(name, A);
		expect(told.readUInt16BE(0)).toBe(0xbeef);
		// A response, authoritative, as recursive as it was asked for; one question, one answer, nothing else.
		expect([told.readUInt16BE(2), told.readUInt16BE(4), told.readUInt16BE(6), told.readUInt32BE(8)]).toEqual([0x8580, 1, 1, 0]);
		expect([...told.subarray(12, asked.length)]).toEqual(asked.slice(12));
		expect([...told.subarray(asked.length)]).toEqual([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 4, 3, 2, 1]);
	});

	it.each([['AAAA', AAAA], ['HTTPS', HTTPS], ['TXT', 16], ['what is not known yet', 65_000]] as const)('answers a question for %s without an answer and without an error', (_what, type) => {
		const told = answer(question('captive.apple.com', type, { rest: OPT }))!;
		expect([told.readUInt16BE(2), told.readUInt16BE(6), told.length]).toEqual([0x8580, 0, question('captive.apple.com', type).length]);
	});

	it('has any address for its own', () => {
		expect([...answer(question('a', A), '192.168.4.1')!.subarray(-4)]).toEqual([192, 168, 4, 1]);
		expect(answer(question('a', A), '')!.readUInt16BE(6)).toBe(0);
		expect(answer(question('a', A, { kind: 3 }))!.readUInt16BE(6)).toBe(0);
	});

	it.each([
		['an answer', question('a', A, { flags: 0x8100 })],
		['an update', question('a', A, { flags: 0x2900 })],
		['no question', question('a', A, { count: 0 })],
		['two questions', question('a', A, { count: 2 })],
		['a pointer for a name', [...question('a', A).slice(0, 12), 0xc0, 12, 0, 1, 0, 1]],
		['a name without end', [...question('a', A).slice(0, 12), ...Array.from({ length: 10 }, () => [60, ...new Array<number>(60).fill(97)]).flat()]],
		['a label beyond the packet', [...question('a', A).slice(0, 12), 63, 97]],
		['nothing behind its name', question('a', A).slice(0, -4)],
	] as const)('ignores %s', (_what, bytes) => {
		expect(answer(bytes)).toBeUndefined();
	});

	it('ignores a question that is cut anywhere', () => {
		const whole = question('captive.apple.com', A);
		for (let length = 0; length < whole.length; length++) expect(answer(whole.slice(0, length)), String(length)).toBeUndefined();
	});

	it('never throws, and never says more than 16 bytes beyond what it was told', () => {
		fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 512 }), fc.tuple(fc.constant(question('a.b', A)), fc.uint8Array({ maxLength: 40 }), fc.nat(30)).map(([head, more, at]) => Uint8Array.from([...head.slice(0, at), ...more]))), (bytes) => {
			expect(answer([...bytes])?.length ?? 0).toBeLessThanOrEqual(bytes.length + 16);
		}));
	});

	it('answers what waits, a few in a turn, also behind a packet of nothing, and nothing that is longer than its packet', () => {
		const waiting = [[], question('a', A), [...question('b', A), ...new Array<number>(600).fill(0)], ...Array.from({ length: 4 }, () => question('c', AAAA))];
		const told: number[] = [];
		const server = new NameServer({
			open: () => true,
			read(into) {
				const next = waiting.shift();
				into.set((next ?? []).slice(0, into.length));
				return next?.length ?? -1;
			},
			answer: (bytes) => void told.push(bytes.length),
		}, { id: '', open: () => {}, close: () => {}, address: () => '4.3.2.1' });
		expect(server.poll(7)).toBe(7);
		expect(told).toEqual([35, 19]);
		expect(server.poll(8)).toBe(NEVER);
		expect(told).toHaveLength(5);
	});
});
