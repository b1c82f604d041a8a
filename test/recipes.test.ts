// The flow of docs/recipes/node-red.md, without Node-RED: what its function makes of a node's messages. (npm run field has the whole.)
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface FlowNode {
	readonly id: string;
	readonly type: string;
	readonly func?: string;
	readonly topic?: string;
	readonly qos?: string;
	readonly cleansession?: boolean;
	readonly clientid?: string;
}

const flow = JSON.parse(readFileSync(new URL('../docs/recipes/node-red-flow.json', import.meta.url), 'utf8')) as FlowNode[];
// Node-RED gives a function these names, so that it cannot have them as its own.
const make = new Function('msg', 'node', 'context', 'flow', 'global', 'env', 'RED', `"use strict"; return (() => {${flow.find(({ func }) => func)!.func!}\n})();`);
const line = (content: unknown, topic = 'telltale/porch/readings'): string | null =>
	(make({ topic, payload: typeof content === 'string' ? content : JSON.stringify(content) }) as { payload: string } | null)?.payload ?? null;

describe('the flow for Node-RED', () => {
	it('listens to live and late readings with QoS 1, in a session that is kept', () => {
		expect(flow.filter(({ type }) => type === 'mqtt in').map(({ topic, qos }) => [topic, qos])).toEqual([['telltale/+/readings', '1'], ['telltale/+/backlog', '1']]);
		expect(flow.find(({ type }) => type === 'mqtt-broker')).toMatchObject({ cleansession: false, clientid: expect.stringMatching(/./) });
	});

	it('makes a point of a reading, at its own time, with its number in the microseconds', () => {
		expect(line({ seq: 17, boot: 7, time: 1_795_301_835, temperature: 21.512, outside_humidity: 45.2 }))
			.toBe('reading,node=porch temperature=21.512,outside_humidity=45.2,seq=17i,boot=7i 1795301835000017000');
	});

	it('makes the same point of a reading that comes twice, and two of two within one second', () => {
		const reading = { seq: 17, boot: 7, time: 1_795_301_835, temperature: 21.512 };
		expect(line(reading, 'telltale/porch/backlog')).toBe(line(reading));
		expect(line({ ...reading, seq: 18 })!.split(' ')[2]).not.toBe(line(reading)!.split(' ')[2]);
	});

	it('keeps what has no date apart, by its seconds since that boot', () => {
		expect(line({ seq: 1, boot: 7, uptime: 12, temperature: 21.5 })).toBe('undated,node=porch,boot=7 temperature=21.5,seq=1i 12000001000');
	});

	it('marks doubtful values', () => {
		expect(line({ seq: 1, boot: 7, time: 9, temperature: 21.5, suspect: ['temperature'] })).toContain('suspect="temperature"');
	});

	it.each([['is no JSON', '{"seq":'], ['only names what was given up', { seq: 5, boot: 7, time: 9, dropped: [3, 5] }]])('makes nothing of a message that %s', (_what, content) => {
		expect(line(content)).toBe(null);
	});
});
