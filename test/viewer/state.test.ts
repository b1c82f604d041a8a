// How a node is, in one word and in a sentence: what troubles a person first.
import { describe, expect, it } from 'vitest';
import { Merge } from '../../viewer/merge.js';
import type { Content, Message } from '../../viewer/payload.js';
import { countsOf, sorted, stateOf } from '../../viewer/state.js';

const NOW = 1_795_000_000_000;
type WithoutNode<Each> = Each extends Message ? Omit<Each, 'node'> : never;
type Said = WithoutNode<Message>;

/** Each is said so many seconds before now. */
function node(...said: (readonly [ago: number, message: Said, retained?: boolean])[]): Merge {
	const merge = new Merge();
	for (const [ago, message, retained] of said) merge.take({ node: 'cellar', ...message } as Message, NOW - ago * 1_000, 0, retained ?? false);
	return merge;
}

const reading = (ago: number, seq: number, more = {}, late = false) => [ago, { kind: 'reading', late, reading: { seq, boot: '7', time: NOW / 1_000 - ago, values: { temperature: 20 }, ...more } }] as const;
const status = (ago: number, word: 'online' | 'offline' | 'stopped', retained = false) => [ago, { kind: 'status', status: word }, retained] as const;
const health = (content: Content) => [1, { kind: 'health', content }] as const;
const state = (merge: Merge) => stateOf(merge.node('cellar')!, NOW);

describe('The trouble of a node', () => {
	it.each([
		['none', node(status(99, 'online'), reading(2, 1)), ''],
		['offline', node(status(99, 'online'), reading(9, 1), status(2, 'offline')), 'lost: power, Wi-Fi or a crash'],
		['fault', node(status(99, 'online'), health({ failing: 'sht3x', why: 'no answer.' })), 'sht3x: no answer'],
		['fault', node(status(99, 'online'), [1, { kind: 'info', content: { safeMode: true } }]), 'safe mode: it measures nothing'],
		['missing', node(status(99, 'online'), reading(4, 1), reading(2, 4)), '2 missing'],
		['missing', node(status(99, 'online'), reading(4, 1), reading(2, 4), health({ waiting: 1 })), '1 missing'],
		['late', node(status(99, 'online'), reading(4, 1), reading(2, 4), health({ waiting: 2 })), '2 to come'],
		['late', node(status(99, 'offline'), reading(30, 1), status(5, 'online'), reading(2, 4)), '2 to come'],
		['suspect', node(status(99, 'online'), reading(2, 1, { suspect: ['temperature'] })), 'doubts temperature'],
		['stopped', node(status(99, 'online'), reading(9, 1), status(2, 'stopped')), ''],
		['unknown', node([1, { kind: 'info', content: {} }]), ''],
		['none', node(reading(2, 1)), ''],
	] as const)('is %s', (trouble, merge, why) => {
		expect([state(merge).trouble, state(merge).why]).toEqual([trouble, why]);
	});

	it('is its silence, by what it was seen to do rather than by the interval that it names, as parts may have their own', () => {
		const info = [900, { kind: 'info', content: { interval: 1 } }] as const;
		const slow = (ago: number) => state(node(info, status(9_000, 'online'), reading(ago + 1_200, 1), reading(ago + 600, 2), reading(ago, 3))).trouble;
		expect([slow(0), slow(1_700), slow(1_900)]).toEqual(['none', 'none', 'silent']);
		const fast = (ago: number) => state(node(info, status(9_000, 'online'), reading(ago + 2, 1), reading(ago + 1, 2), reading(ago, 3))).trouble;
		expect([fast(60), fast(70)]).toEqual(['none', 'silent']);
		expect([state(node(info, status(9_000, 'online'), reading(900, 1))).trouble, state(node(info, status(9_000, 'online'), reading(1_000, 1))).trouble]).toEqual(['none', 'silent']);
	});

	it('of what was late and has come is over', () => {
		const merge = node(status(99, 'online'), reading(4, 1), reading(2, 3), health({ waiting: 1 }), reading(3, 2, {}, true));
		expect(state(merge)).toMatchObject({ trouble: 'none', missing: 0, toCome: 0, late: 1 });
	});

	it('is its silence also where its last reading says that it is of the future', () => {
		const ahead = (ago: number) => state(node(status(9_000, 'online'), reading(ago + 2, 1), reading(ago, 2, { time: 4_294_967_295 })));
		expect([ahead(5).trouble, ahead(5).age, ahead(900).trouble, ahead(900).age]).toEqual(['none', 5, 'silent', 900]);
	});

	it('takes no number from health that no node keeps', () => {
		const { rssi, uptime } = state(node(health({ rssi: -1e300, uptime: 1e300 })));
		expect([rssi, uptime, state(node(health({ rssi: -61, uptime: 9 }))).rssi]).toEqual([undefined, undefined, -61]);
	});

	it('is sorted, and counted', () => {
		const merge = new Merge();
		for (const [name, word] of [['node-10', 'online'], ['node-2', 'online'], ['z', 'offline'], ['a', 'stopped']] as const) merge.take({ kind: 'status', node: name, status: word }, NOW);
		const states = merge.nodes().map((each) => stateOf(each, NOW));
		expect(sorted(states).map(({ name }) => name)).toEqual(['z', 'a', 'node-2', 'node-10']);
		expect(sorted(states, 'name').map(({ name }) => name)).toEqual(['a', 'node-2', 'node-10', 'z']);
		expect(countsOf(states)).toEqual({ nodes: 4, online: 2, offline: 1, stopped: 1, faults: 0, missing: 0, toCome: 0 });
	});
});

describe('What is known of a node', () => {
	it('is since when it is so only where that was seen', () => {
		expect(state(node(status(50, 'offline', true))).statusSeconds).toBeUndefined();
		expect(state(node(status(50, 'offline', true), status(20, 'online'), status(5, 'online', true))).statusSeconds).toBe(20);
	});

	it('has an age by the own time of the reading, which is never ahead of now', () => {
		const at = (time: number) => state(node([0, { kind: 'reading', late: false, reading: { seq: 1, boot: '7', time, values: {} } }])).age;
		expect([at(NOW / 1_000 - 500), at(NOW / 1_000 + 500)]).toEqual([500, 0]);
		expect(state(node([30, { kind: 'reading', late: false, reading: { seq: 1, boot: '7', uptime: 3, values: {} } }])).age).toBe(30);
	});

	it('goes on with its uptime while it is online, and takes no nonsense for a number', () => {
		const merge = node(status(99, 'online'), [10, { kind: 'health', content: { uptime: 100, rssi: -60, sensorErrors: 'many' } }]);
		expect(state(merge)).toMatchObject({ uptime: 110, rssi: -60, sensorErrors: 0 });
		expect(state(node(health({ uptime: '1', rssi: 0, failing: 7 })))).toMatchObject({ uptime: undefined, rssi: undefined, fault: '' });
	});

	it('has the outages that it told, each once, as far as they are what they should be', () => {
		const outage = [1, { kind: 'outage', content: { start: 5, seconds: 31.25, cause: 'x'.repeat(500), attempts: 'many', kept: -1 } }] as const;
		expect(state(node(outage, outage))).toMatchObject({ outages: 1, lastOutage: { start: 5, seconds: 31.25, cause: `${'x'.repeat(63)}~`, at: NOW - 1_000 } });
		expect(Object.keys(state(node(outage)).lastOutage!)).toEqual(['start', 'seconds', 'cause', 'at']);
	});
});
