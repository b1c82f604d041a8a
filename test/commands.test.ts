import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Commands, type Controls } from '../src/commands.js';

function setUp() {
	const did: string[] = [];
	const results: string[] = [];
	const controls: Controls = {
		setIntervalMs: (value) => did.push(`interval ${value}`),
		sample: () => did.push('sample'),
		calibrate: (quantity, milli) => (did.push(`calibrate ${quantity} ${milli}`), milli > 90_000 ? 'too far' : ''),
		stop: () => did.push('stop'),
		restart: () => did.push('restart'),
		result: (json) => results.push(json),
		log: (sentence) => did.push(`log ${sentence}`),
	};
	const commands = new Commands(controls);
	const send = (name: string, payload: string, retained = false) => {
		const bytes = Buffer.from(`set/${name}${payload}`);
		const nameEnd = 4 + Buffer.byteLength(name);
		commands.onCommand(new Uint8Array(bytes), 4, nameEnd, nameEnd, bytes.length, retained);
	};
	return { did, results, commands, send };
}

describe('commands', () => {
	it('change the interval and answer with their id', () => {
		const { did, results, send } = setUp();
		send('interval', '{"id":"a1","value":5000}');
		expect(did).toEqual(['interval 5000']);
		expect(JSON.parse(results[0])).toEqual({ id: 'a1', name: 'interval', ok: true });
	});

	it('refuse a bad value in one sentence and change nothing', () => {
		const { did, results, send } = setUp();
		send('interval', '{"id":"a2","value":5}');
		expect(did).toEqual([]);
		expect(JSON.parse(results[0])).toEqual({ id: 'a2', name: 'interval', ok: false, error: 'intervalMs is 5; it must be a whole number from 1000 to 86400000' });
	});

	it('calibrate what is named, in thousandths', () => {
		const { did, results, send } = setUp();
		send('calibrate', '{"id":1,"value":{"temperature":21.3,"humidity":45}}');
		expect(did).toEqual(['calibrate 0 21300', 'calibrate 1 45000']);
		expect(JSON.parse(results[0])).toMatchObject({ id: '1', ok: true });
		send('calibrate', '{"value":{"pressure":1}}');
		expect(JSON.parse(results[1])).toMatchObject({ ok: false, error: 'value must name one of temperature, humidity' });
		send('calibrate', '{"value":{"temperature":99}}');
		expect(JSON.parse(results[2])).toMatchObject({ ok: false, error: 'too far' });
	});

	it('take an empty payload where nothing has to be said', () => {
		const { did, results, send } = setUp();
		send('sample', '');
		expect(did).toEqual(['sample']);
		expect(JSON.parse(results[0])).toMatchObject({ ok: true });
	});

	it('ignore what was retained and what clears it', () => {
		const { did, results, send } = setUp();
		send('restart', '{"id":"old"}', true);
		send('restart', '');
		expect(results).toEqual([]);
		expect(did.filter((each) => !each.startsWith('log'))).toEqual([]);
	});

	it('name what is known when asked for something unknown', () => {
		const { results, send } = setUp();
		send('fly', '{"id":"x"}');
		expect(JSON.parse(results[0]).error).toBe('unknown command; known are interval, sample, calibrate, restart, stop');
	});

	it.each(['nonsense', '5', 'null', '[]x', '{"id":'])('answer %j with how it should look', (payload) => {
		const { results, send } = setUp();
		send('interval', payload);
		expect(JSON.parse(results[0])).toMatchObject({ ok: false });
	});

	it('never throw and always answer in JSON, whatever is sent', () => {
		fc.assert(fc.property(fc.string({ maxLength: 30 }), fc.oneof(fc.json(), fc.string({ unit: 'binary', maxLength: 60 })), (name, payload) => {
			const { results, send } = setUp();
			send(name, payload);
			for (const result of results) expect(typeof JSON.parse(result).ok).toBe('boolean');
		}));
	});

	it('can be typed', () => {
		const { did, commands } = setUp();
		commands.onLine('interval 2000');
		commands.onLine('interval two');
		commands.onLine('stop');
		expect(did).toEqual(['interval 2000', 'log interval: done', 'log interval: the value is not JSON', 'stop', 'log stop: done']);
	});
});
