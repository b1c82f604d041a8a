import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CommandQueue } from '../../src/telemetry/command-queue.js';
import { Commands, type Actions } from '../../src/telemetry/commands.js';
import { endOfValue } from '../../src/telemetry/json-members.js';
import type { Report } from '../../src/telemetry/report.js';
import { Limit } from '../../src/common/limits.js';
import { NEVER } from '../../src/common/ports.js';
import { Text } from '../../src/common/text.js';
import { FakeLog } from '../support/fakes.js';

/** Scans that the test ends. */
class FakeScans {
	begun = 0;
	found = '';
	problem = '';
	isDone = false;
	at: number = 50;
	begin() {
		this.begun++;
		this.isDone = false;
		const scans = this;
		return {
			poll: () => scans.at,
			get isDone() { return scans.isDone; },
			get problem() { return scans.problem; },
			write: (text: Text) => void text.put(scans.found),
		};
	}
}

/** Commands between a broker and a node that are the test's. */
function setUp() {
	const did: string[] = [];
	const results: string[] = [];
	/** Of results that went out at once. */
	const early: string[] = [];
	const log = new FakeLog();
	const room = { ready: true, typed: '' };
	let ending = false;
	const scans = new FakeScans();
	const note = (what: string): string => (did.push(what), '');
	const reported = (name: string, bytes: Uint8Array, at: number): string | Report => {
		const value = at ? Buffer.from(bytes.subarray(at, endOfValue(bytes, at))).toString() : '';
		return value.includes('999') ? 'too far' : (note(`${name} ${value}`), { write: (text) => void text.put(',"spread":{}') });
	};
	const end = (what: string): string => ((ending = true), note(what));
	const actions: Actions = {
		setIntervalMs: (value) => note(`interval ${value}`),
		sample: () => note('sample'),
		calibrate: (bytes, at) => reported('calibrate', bytes, at),
		noise: (bytes, at) => reported('noise', bytes, at),
		stop: () => end('stop'),
		restart: (spread) => end(spread ? 'restart within a minute' : 'restart'),
		identify: () => note('identify'),
		setDate: (seconds) => (seconds === 2_000_000_000 ? 'the date is known from a time server' : note(`time ${seconds}`)),
		forget: () => end('forget'),
		askSetUp: () => void end('set-up'),
		beginScan: () => scans.begin(),
		configure: (changes, remote) => note(`config ${JSON.stringify(changes)} ${remote ? 'remote' : 'here'}`),
		get proposed() { return did.at(-1)!.includes('same') ? 0 : 8; },
		get ending() { return ending; },
		answered: (all) => (all && ending && note('ended'), NEVER),
	};
	const text = new Text(new Uint8Array(Limit.RESULT_MAX));
	const take = (): string => {
		expect(text.overflowed).toBe(false);
		return new TextDecoder('utf-8', { fatal: true }).decode(text.bytes.subarray(0, text.length));
	};
	const answers = {
		get ready() { return room.ready; },
		beginAnswer: () => text.clear(),
		answer: (qos: number) => void (qos ? results : early).push(take()),
	};
	const typed = { take: () => { const line = room.typed; room.typed = ''; return line; } };
	const queue = new CommandQueue(log);
	const commands = new Commands(queue, actions, answers, { take: typed.take, line: (text) => log.line(text) });
	const hear = (name: string, payload: string | Uint8Array, retained = false, everyone = false) => {
		const bytes = Uint8Array.from(Buffer.concat([Buffer.from(`set/${name}`), Buffer.from(payload)]));
		const nameEnd = 4 + Buffer.byteLength(name);
		queue.received(bytes, 4, nameEnd, nameEnd, bytes.length, retained, everyone, answers);
	};
	const turn = () => commands.poll(0);
	const send = (name: string, payload: string | Uint8Array, retained = false, everyone = false) => {
		hear(name, payload, retained, everyone);
		turn();
	};
	const type = (line: string) => {
		room.typed = line;
		turn();
	};
	return { did, results, early, log, room, queue, commands, scans, hear, turn, send, type };
}

describe('commands', () => {
	it('change the interval and answer with their id', () => {
		const { did, results, send } = setUp();
		send('interval', '{"id":"a1","value":5000}');
		expect(did).toEqual(['interval 5000']);
		expect(JSON.parse(results[0])).toEqual({ id: 'a1', name: 'interval', ok: true });
	});

	it('are carried out in the turn after the one in which they were heard', () => {
		const { did, hear, turn } = setUp();
		hear('sample', '{}');
		expect(did).toEqual([]);
		turn();
		expect(did).toEqual(['sample']);
	});

	it.each([['5', '5'], ['5000.5', '5000.5'], ['"two"', 'a text'], ['[]', 'a list'], ['{"a":1}', 'an object'], ['true', 'true'], ['null', 'null'], ['1e400', '1e400'], ['12345678901234567890123', '12345678901234567890...']])(
		'refuse the interval %s in one sentence and change nothing', (value, shown) => {
			const { did, results, send } = setUp();
			send('interval', `{"id":"a2","value":${value}}`);
			expect(did).toEqual([]);
			expect(JSON.parse(results[0])).toEqual({ id: 'a2', name: 'interval', ok: false, error: `intervalMs is ${shown}; it must be a whole number from 1000 to 86400000` });
		});

	it('calibrate and noise hand on what is named, and their answers say what came of it', () => {
		const { did, results, send } = setUp();
		send('calibrate', '{"id":1,"value":{"temperature":21.3,"humidity":null}}');
		send('noise', '{"id":2,"value":"temperature"}');
		send('noise', '{}');
		expect(did).toEqual(['calibrate {"temperature":21.3,"humidity":null}', 'noise "temperature"', 'noise ']);
		expect(results[0]).toBe('{"id":"1","name":"calibrate","ok":true,"spread":{}}');
		const refused = (payload: string) => (send('calibrate', payload), JSON.parse(results.at(-1)!).error);
		expect(refused('{}')).toBe('value is missing; it must be an object of channels');
		expect(refused('{"value":{"temperature":999}}')).toBe('too far');
		expect(refused('{"value":21}')).toBe('the payload cannot be used: "value" must be an object');
		expect(did.length).toBe(3);
	});

	it('take an empty payload where nothing has to be said', () => {
		const { did, results, send } = setUp();
		send('sample', '');
		expect(did).toEqual(['sample']);
		expect(JSON.parse(results[0])).toEqual({ id: '', name: 'sample', ok: true });
	});

	it('ignore what was retained and what clears it', () => {
		const { did, results, log, send } = setUp();
		send('restart', '{"id":"old"}', true);
		send('sample', '', true);
		send('restart', '');
		expect([results, did]).toEqual([[], []]);
		expect(log.lines).toEqual([
			'a retained command (send it without the retain flag) on set/restart is ignored', 'an empty message on set/sample is ignored', 'an empty message on set/restart is ignored']);
	});

	it.each(['fly', '', 'Interval', 'é'.repeat(150), '\u0001"\\', '__proto__', 'a'.repeat(300)])('name what is known when asked for something unknown: %j', (name) => {
		const { results, send } = setUp();
		send(name, '{"id":"x"}');
		const { id, name: said, error } = JSON.parse(results[0]);
		expect([id, error]).toEqual(['x', 'unknown command; known are interval, sample, calibrate, restart, stop, identify, time, forget, set-up, config, scan, noise']);
		expect(name.startsWith(said)).toBe(true);
		expect(Buffer.byteLength(said)).toBeLessThanOrEqual(40);
	});

	it.each(['nonsense', '5', 'null', '[]x', '{"id":', '[', '['.repeat(300), '{"id":1', '{"a":'.repeat(60)])('answer %j with what is wrong', (payload) => {
		const { did, results, send } = setUp();
		send('interval', payload);
		expect(JSON.parse(results[0])).toMatchObject({ ok: false, error: expect.stringMatching(/^the payload cannot be used: it is (not JSON|not an object|nested more than 4 deep)$/) });
		expect(did).toEqual([]);
	});

	it('give back the very id, whatever text it is, or as much of it as fits', () => {
		fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 120 }), fc.string({ maxLength: 60 }), (id, name) => {
			const { results, send } = setUp();
			const json = JSON.stringify({ id });
			fc.pre(Buffer.byteLength(json) + Buffer.byteLength(name) <= 380);
			send(name, json);
			const said = JSON.parse(results[0]).id as string;
			if (Buffer.byteLength(json) <= 100) expect(said).toBe(id);
			else expect(id.startsWith(said) && Buffer.byteLength(said) > 20).toBe(true);
		}));
		const { results, send } = setUp();
		send('sample', `{"id":"${'é'.repeat(20)}"}`);
		send('sample', `{"id":"\\u0007\\u00e9\\ud83d\\ude00"}`);
		send('sample', '{"id":-12.5e3}');
		expect(results.map((each) => JSON.parse(each).id)).toEqual(['é'.repeat(20), '\u0007é😀', '-12.5e3']);
	});

	it('never throw and always answer in JSON that fits, whatever is sent', () => {
		const payloads = fc.oneof(fc.json(), fc.string({ unit: 'binary', maxLength: 120 }), fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each)));
		fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom('interval', 'calibrate', 'sample')), payloads, (name, payload) => {
			const { results, send } = setUp();
			fc.pre(Buffer.byteLength(name) + Buffer.byteLength(payload as never) <= 380);
			send(name, payload);
			for (const result of results) expect(typeof JSON.parse(result).ok).toBe('boolean');
			expect(results.length).toBe(payload.length || name === 'sample' ? 1 : 0);
		}), { numRuns: 500 });
	});

	it('wait in order for room, one answer each, and are busy beyond what can wait', () => {
		const { did, results, early, room, hear, turn } = setUp();
		room.ready = false;
		const ids = Array.from({ length: 40 }, (_, i) => `${i}`);
		for (const id of ids) hear('interval', `{"id":"${id}","value":${5_000 + Number(id)}}`);
		turn();
		expect([did, results]).toEqual([[], []]);
		room.ready = true;
		while (turn() !== NEVER) {}
		const done = results.map((each) => JSON.parse(each));
		const refused = early.map((each) => JSON.parse(each));
		expect(done.length).toBeGreaterThan(5);
		expect([...done, ...refused].map(({ id }) => id)).toEqual(ids);
		expect(done.every(({ ok }) => ok)).toBe(true);
		expect(refused.every(({ name, error }) => name === 'interval' && error === 'busy: too many commands at once, send it again later')).toBe(true);
		expect(did.length).toBe(done.length);
	});

	it('that come behind a restart are refused, and it begins when all are answered', () => {
		const { did, results, early, hear, turn } = setUp();
		for (const name of ['restart', 'interval', 'sample']) hear(name, `{"id":"${name}","value":5000}`);
		turn();
		hear('sample', '{"id":"late"}');
		while (turn() !== NEVER) {}
		expect(results.concat(early).map((each) => [JSON.parse(each).id, JSON.parse(each).ok])).toEqual([['restart', true], ['interval', false], ['sample', false], ['late', false]]);
		expect(did).toEqual(['restart', 'ended']);
	});

	it('take a date that can be, and no other', () => {
		const { did, results, send } = setUp();
		const answer = (value: string) => (send('time', `{"value":${value}}`), JSON.parse(results.at(-1)!));
		for (const value of ['1764547200', '1795301835', '4294967295']) expect(answer(value)).toMatchObject({ name: 'time', ok: true });
		expect(did.splice(0)).toEqual(['time 1764547200', 'time 1795301835', 'time 4294967295']);
		const range = 'it must be Unix seconds from 1764547200 to 4294967295';
		for (const [value, shown] of [['1764547199', '1764547199'], ['4294967296', '4294967296'], ['-1', '-1'], ['1795301835.5', '1795301835.5'], ['1795301835000', '1795301835000'], ['"now"', 'a text'], ['null', 'null'], ['{}', 'an object']]) {
			expect(answer(value).error).toBe(`value is ${shown}; ${range}`);
		}
		send('time', '{}');
		expect(JSON.parse(results.at(-1)!).error).toBe(`value is missing; ${range}`);
		expect(answer('2000000000').error).toBe('the date is known from a time server');
		expect(did).toEqual([]);
	});

	it('are taken from all nodes at once where that is sensible, and refused in a sentence where not', () => {
		const { did, results, send } = setUp();
		for (const [name, payload] of [['interval', '{"value":5000}'], ['sample', ''], ['identify', '{}'], ['restart', '{"id":"r"}']]) send(name, payload, false, true);
		expect(did.filter((each) => each !== 'ended')).toEqual(['interval 5000', 'sample', 'identify', 'restart within a minute']);
		expect(results.every((each) => JSON.parse(each).ok)).toBe(true);
		for (const [name, payload] of [['calibrate', '{"value":{"temperature":21}}'], ['stop', '{}'], ['time', '{"value":1795301835}'], ['fly', '{}']]) {
			const other = setUp();
			other.send(name, payload, false, true);
			expect(JSON.parse(other.results[0]).error).toMatch(name === 'fly' ? /^unknown command/ : /^not for all nodes at once: only interval, sample, restart, identify are$/);
			expect(other.did).toEqual([]);
		}
	});

	it('that were retained for all nodes are ignored', () => {
		const { did, log, send } = setUp();
		send('restart', '{}', true, true);
		expect([did, log.lines]).toEqual([[], ['a retained command (send it without the retain flag) on set/restart is ignored']]);
	});

	it('keep apart in the queue what was said to one and what was said to all', () => {
		const { did, hear, turn } = setUp();
		const payload = `{"id":"${'x'.repeat(200)}"}`;
		hear('identify', '{}', false, true);
		hear('calibrate', '{"value":{"temperature":21}}');
		hear('restart', payload, false, true);
		while (turn() !== NEVER) {}
		expect(did).toEqual(['identify', 'calibrate {"temperature":21}', 'restart within a minute', 'ended']);
	});

	it.each(['forget', 'set-up'])('%s is refused over MQTT, from one and from all, and taken on the serial line', (name) => {
		const { did, results, send, type } = setUp();
		send(name, '{"id":"f"}');
		send(name, '{"id":"f"}', false, true);
		expect(results.map((each) => JSON.parse(each))).toEqual([1, 2].map(() => ({ id: 'f', name, ok: false, error: 'not over MQTT: only on the serial line of the node, or by its button' })));
		expect(did).toEqual([]);
		type(name);
		expect(did).toEqual([name, 'ended']);
	});

	it('keep no memory when nothing waits', () => {
		const { queue, hear, turn } = setUp();
		hear('sample', '{}');
		expect([queue.idle, queue.empty, queue.bytes!.length]).toEqual([false, false, Limit.COMMANDS_BYTES]);
		turn();
		expect([queue.idle, queue.empty, queue.bytes]).toEqual([true, true, undefined]);
	});

	it('change settings: the result has the number of what is on trial, if anything is', () => {
		const { did, results, send, type } = setUp();
		send('config', '{"id":"a","value":{"broker2":{"host":"other.lan"},"retain":false}}');
		send('config', '{"id":"b","value":{"user":"same"}}');
		send('config', '{"id":"c","value":{"passphrase":"geheim"}}');
		type('config {"intervalMs":5000}');
		expect(did).toEqual([
			'config {"host2":"other.lan","port2":1883,"tls2":false,"alpn2":"","user2":"","password2":"","retain":false} remote', 'config {"user":"same"} remote', 'config {"intervalMs":5000} here',
		]);
		expect(results).toEqual([
			'{"id":"a","name":"config","ok":true,"trial":8}', '{"id":"b","name":"config","ok":true}',
			'{"id":"c","name":"config","ok":false,"error":"passphrase is not usable; it must be empty (open network), 8 to 63 ASCII characters, or 64 hexadecimal digits"}',
		]);
	});

	it.each(['\u20ac', '\u{1f600}', '"', '\\', 'é', '\u0001'])('answer in JSON that fits, whatever text of the sender the sentence shows: %j', (character) => {
		const { results, send } = setUp();
		for (const id of ['x', 'x'.repeat(100), 'é'.repeat(80)]) {
			for (const length of [1, 20, 57, 70]) {
				const payload = JSON.stringify({ id, value: { address2: character.repeat(length) } });
				if (Buffer.byteLength(payload) > 353) continue;
				send('config', payload);
				const answer = JSON.parse(results.pop()!) as { id: string; error: string };
				expect(id.startsWith(answer.id) && Buffer.byteLength(answer.id) >= Math.min(100, Buffer.byteLength(id)) - 1).toBe(true);
				expect(answer.error).toMatch(/^address2 is "/);
			}
		}
	});

	it('scan answers when the bus is looked through; what comes behind it waits in its order', () => {
		const { did, results, scans, hear, turn } = setUp();
		hear('scan', '{"id":"s"}');
		hear('sample', '{"id":"t"}');
		// At once, then when it wants to be called.
		expect([turn(), turn(), results, did]).toEqual([0, 50, [], []]);
		Object.assign(scans, { isDone: true, found: ',"found":{"68":"sht3x"}', at: 2_000 });
		while (turn() !== NEVER) {}
		expect(results).toEqual(['{"id":"s","name":"scan","ok":true,"found":{"68":"sht3x"}}', '{"id":"t","name":"sample","ok":true}']);
		expect([scans.begun, did]).toEqual([1, ['sample']]);
	});

	it('scan says why it came to nothing, and each that asks has a scan of its own', () => {
		const { results, log, scans, hear, turn, type } = setUp();
		hear('scan', '{}');
		type('scan');
		expect([scans.begun, results, log.lines]).toEqual([1, [], []]);
		Object.assign(scans, { isDone: true, problem: 'the bus hangs' });
		// The line's is done first; the other begins anew.
		turn();
		expect([scans.begun, results, log.lines]).toEqual([2, [], ['scan: the bus hangs']]);
		Object.assign(scans, { isDone: true, problem: '', found: ',"found":{}' });
		turn();
		expect([results, turn()]).toEqual([['{"id":"","name":"scan","ok":true,"found":{}}'], NEVER]);
	});

	it('scan typed says what was found in a line', () => {
		const { log, scans, turn, type } = setUp();
		type('scan');
		Object.assign(scans, { isDone: true, found: ',"found":{"118":"bme280"}' });
		turn();
		expect(log.lines).toEqual(['scan: {"found":{"118":"bme280"}}']);
	});

	it('scan that nobody comes back for is forgotten', () => {
		const { commands, scans, turn } = setUp();
		const scan = new TextEncoder().encode('scan');
		// As Improv does it, whose peer may go away.
		expect(commands.obey(scan, 0, 4, 4)).toBe('later');
		expect([turn(), scans.begun]).toEqual([50, 1]);
		scans.at = NEVER;
		expect(turn()).toBe(NEVER);
		expect([commands.obey(scan, 0, 4, 4), scans.begun]).toEqual(['later', 2]);
	});

	it('can be typed', () => {
		const { did, log, type } = setUp();
		for (const line of ['interval 2000', 'interval two', 'calibrate {"temperature":1}', 'fly', 'sample', 'stop']) type(line);
		expect(did.filter((each) => each !== 'ended')).toEqual(['interval 2000', 'calibrate {"temperature":1}', 'sample', 'stop']);
		expect(log.lines).toEqual([
			'interval: done', 'interval: the payload cannot be used: it is not JSON', 'calibrate: {"spread":{}}', 'fly: unknown command; known are interval, sample, calibrate, restart, stop, identify, time, forget, set-up, config, scan, noise', 'sample: done', 'stop: done']);
	});
});
