import { describe, expect, it } from 'vitest';
import type { Answers, Subscription } from '../../src/telemetry/publications.js';
import { deliver, filterBytes, filterOf } from '../../src/telemetry/subscriptions.js';
import { withDefaults } from '../../src/settings/settings.js';

/** What each of them heard: its name behind the slash, whether all were meant, and whether it was retained. */
function setUp(settings: Record<string, unknown> = {}, commands = true) {
	const heard: string[] = [];
	const hearer = (leaf: string): Subscription => ({
		leaf, idle: true,
		received: (bytes, nameAt, nameEnd, payloadAt, payloadEnd, retained, everyone) =>
			void heard.push(`${leaf} ${Buffer.from(bytes.subarray(nameAt, nameEnd))} ${Buffer.from(bytes.subarray(payloadAt, payloadEnd))}${everyone ? ' to all' : ''}${retained ? ' retained' : ''}`),
	});
	const queue = hearer('set/+');
	const subscriptions = commands ? [hearer('status'), queue, queue] : [hearer('status')];
	const config = withDefaults({ node: 'porch', ...settings });
	const hear = (topic: string, retained = false) => {
		// Behind the topic lies the payload; before it, whatever was there.
		const bytes = Uint8Array.from(Buffer.from(`??${topic}payload`));
		const end = 2 + Buffer.byteLength(topic);
		deliver(config, subscriptions, bytes, 2, end, end, bytes.length, retained, {} as Answers);
		return heard.splice(0);
	};
	return { config, subscriptions, hear };
}

describe('a message', () => {
	it('comes to the subscription that its topic belongs to', () => {
		const { hear } = setUp();
		expect(hear('telltale/porch/status')).toEqual(['status  payload']);
		expect(hear('telltale/porch/set/interval', true)).toEqual(['set/+ interval payload retained']);
		expect(hear('telltale/all/set/interval')).toEqual(['set/+ interval payload to all']);
		expect(hear('telltale/all/set/')).toEqual(['set/+  payload to all']);
	});

	it.each(['telltale/all/status', 'telltale/all', 'telltale/all/', 'telltale/all/set', 'telltale/all/set/a/b', 'telltale/allset/interval', 'telltale/attic/set/interval', 'telltale', 'tell', '', 'elsewhere/all/set/interval',
		'telltale/porch', 'telltale/porch/set', 'telltale/porch/set/a/b', 'telltale/porchset/x', 'telltale/porch/status/x'])('on %s comes to nobody', (topic) => {
		expect(setUp().hear(topic)).toEqual([]);
	});

	it('goes by the root and the base of the settings, whether one lies in the other or not', () => {
		const { hear } = setUp({ root: 'home/lab', base: 'home' });
		expect(hear('home/status')).toEqual(['status  payload']);
		expect(hear('home/set/stop')).toEqual(['set/+ stop payload']);
		expect(hear('home/lab/all/set/sample')).toEqual(['set/+ sample payload to all']);
		const apart = setUp({ root: 'lab', base: 'home/porch' });
		expect(apart.hear('lab/all/set/sample')).toEqual(['set/+ sample payload to all']);
		expect(apart.hear('telltale/all/set/sample')).toEqual([]);
	});

	it('to all comes to nobody where commands are switched off', () => {
		expect(setUp({}, false).hear('telltale/all/set/interval')).toEqual([]);
	});
});

describe('the filters', () => {
	it('are below the base, and that of all nodes below the root', () => {
		const { config, subscriptions } = setUp({ root: 'home' });
		expect([0, 1, 2].map((index) => filterOf(config, subscriptions, index))).toEqual(['home/porch/status', 'home/porch/set/+', 'home/all/set/+']);
	});

	it.each([{}, { root: 'r'.repeat(16), base: 'b'.repeat(40) }, { root: 'r', base: 'b' }])('take what the session gives them room for (%j)', (settings) => {
		const { config, subscriptions } = setUp(settings);
		const texts = [0, 1, 2].map((index) => filterOf(config, subscriptions, index));
		expect(filterBytes(config)).toBe(texts.reduce((sum, text) => sum + text.length + 6, 0));
	});
});
