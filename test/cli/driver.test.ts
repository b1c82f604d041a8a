// The MQTT driver as a person or a program uses it: a process, lines in, lines out.
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { COMMANDS, EVENTS, parseLine } from '../../simulator/driver/commands.js';
import { FAULTS } from '../../simulator/driver/driver.js';
import { BROKERS, freePort, type TestBroker } from '../support/brokers.js';

type Told = { event: string; id?: number | string } & Record<string, unknown>;
const root = join(import.meta.dirname, '../..');
const processes: ChildProcess[] = [];
let broker: TestBroker | undefined;
let server: Server | undefined;

afterEach(async () => {
	for (const child of processes.splice(0)) child.kill('SIGKILL');
	server?.close();
	server = undefined;
	await broker?.dispose();
	broker = undefined;
});

function drive(...words: string[]) {
	const child = spawn(process.execPath, [join(root, 'cli/mqtt-driver.mjs'), ...words], { stdio: 'pipe' });
	processes.push(child);
	const told: Told[] = [];
	let error = '';
	let next = 1;
	let woken = (): void => {};
	child.stderr.on('data', (bytes) => (error += bytes));
	createInterface({ input: child.stdout }).on('line', (line) => {
		told.push(JSON.parse(line));
		woken();
	});
	const ended = new Promise<number | null>((resolve) => child.on('close', (status) => {
		resolve(status);
		woken();
	}));
	const find = async (matches: (each: Told) => boolean): Promise<Told> => {
		for (;;) {
			const found = told.find(matches);
			if (found) return found;
			if (child.exitCode !== null) throw new Error(`The driver ended with ${child.exitCode}: ${error}\n${told.map((each) => JSON.stringify(each)).join('\n')}`);
			await new Promise<void>((resolve) => (woken = resolve));
		}
	};
	return {
		told,
		ended,
		error: () => error,
		/** Says the line; resolves with the first event of that name, or "error", that carries its id. */
		ask(event: string, command: object): Promise<Told> {
			const id = next++;
			child.stdin.write(`${JSON.stringify({ id, ...command })}\n`);
			return find((each) => each.id === id && (each.event === event || each.event === 'error'));
		},
		say: (line: string) => child.stdin.write(`${line}\n`),
		end: () => child.stdin.end(),
		find,
	};
}

const [aedes, mosquitto] = BROKERS;

/** The session is the same on both engines: each meets one of the brokers, and XS the one that knows 5.0, where it is installed. */
describe.each([['xs', mosquitto!.missing ? aedes! : mosquitto!], ['node', aedes!]] as const)('on %s', (engine, kind) => {
	describe(`with ${kind.name}`, () => {
		const start = async (options = {}) => {
			broker = await kind.make(options);
			await broker.start();
			return { driver: drive('--engine', engine), port: broker.port };
		};

		// aedes speaks 3.1.1 only.
		it.each(kind.name === 'aedes' ? [4] : [4, 5])('connects, subscribes, publishes, leaves and says goodbye in version %i', async (protocol) => {
			const { driver, port } = await start();
			expect(await driver.ask('connected', { command: 'connect', port, protocol, clientId: 'one', clean: true, keepAliveMs: 5_000 })).toMatchObject({ sessionPresent: false });
			expect(await driver.ask('subscribed', { command: 'subscribe', filter: 'a/+', qos: 2 })).toMatchObject({ event: 'subscribed', code: 2 });
			for (const qos of [0, 1, 2]) {
				const payload = qos === 1 ? { base64: '/wA=' } : { payload: `grüß ${qos}` };
				const { event, code } = await driver.ask(qos ? 'acknowledged' : 'published', { command: 'publish', topic: `a/${qos}`, qos, ...payload });
				expect([event, code]).toEqual(qos ? ['acknowledged', 0] : ['published', undefined]);
			}
			await driver.find((each) => driver.told.filter(({ event }) => event === 'message').length === 3 && each.event === 'message');
			expect(driver.told.filter(({ event }) => event === 'message').sort((one, other) => Number(one.qos) - Number(other.qos))).toEqual([
				{ event: 'message', topic: 'a/0', payload: 'grüß 0', base64: 'Z3LDvMOfIDA=', qos: 0, retain: false, dup: false },
				{ event: 'message', topic: 'a/1', base64: '/wA=', qos: 1, retain: false, dup: false },
				{ event: 'message', topic: 'a/2', payload: 'grüß 2', base64: 'Z3LDvMOfIDI=', qos: 2, retain: false, dup: false },
			]);
			expect(await driver.ask('unsubscribed', { command: 'unsubscribe', filter: 'a/+' })).toMatchObject({ event: 'unsubscribed' });
			expect(await driver.ask('closed', { command: 'disconnect' })).toMatchObject({ fault: 'None', sentence: 'disconnected' });
			driver.say('{"command":"quit"}');
			expect(await driver.ended).toBe(0);
		});

		it('keeps a session over a dropped connection, and resumes it only when asked', async () => {
			const { driver, port } = await start();
			await driver.ask('connected', { command: 'connect', port, clientId: 'two', clean: false, will: { topic: 'w/two', payload: 'gone', qos: 1 } });
			await driver.ask('subscribed', { command: 'subscribe', filter: 'w/#', qos: 1 });
			expect(await driver.ask('closed', { command: 'drop' })).toMatchObject({ fault: 'Lost' });
			expect(await driver.ask('published', { command: 'publish', topic: 'w/late', payload: 'kept', qos: 1 })).toMatchObject({ event: 'published' });
			expect(await driver.ask('waited', { command: 'wait', event: 'connected', of: 'nobody', timeoutMs: 200 })).toMatchObject({ timedOut: true });
			expect(await driver.ask('connected', { command: 'reconnect' })).toMatchObject({ sessionPresent: true });
			expect(await driver.ask('waited', { command: 'wait', event: 'message', topic: 'w/two' })).toMatchObject({ timedOut: false });
			expect(await driver.ask('waited', { command: 'wait', event: 'message', topic: 'w/late' })).toMatchObject({ timedOut: false });
			expect(await driver.ask('waited', { command: 'wait', event: 'acknowledged', of: 4 })).toMatchObject({ for: 'acknowledged', of: 4, timedOut: false });
		});

		it('tells a refusal, and a bound that is met', async () => {
			const { driver, port } = await start({ user: 'someone', password: 'secret' });
			expect(await driver.ask('closed', { command: 'connect', port, clientId: 'three', clean: true, user: 'someone', password: 'wrong' })).toMatchObject({ fault: 'Refused', sentence: expect.stringMatching(/refuses|authorize/) });
			const credentials = { clientId: 'three', clean: true, user: 'someone', password: 'secret' };
			expect(await driver.ask('connected', { command: 'connect', port, ...credentials, bufferBytes: 64, outboxBytes: 300 })).toMatchObject({ event: 'connected' });
			await driver.ask('subscribed', { command: 'subscribe', filter: 'b', qos: 1 });
			expect(await driver.ask('published', { command: 'publish', topic: 'b', payload: 'x'.repeat(400) })).toMatchObject({ event: 'error', sentence: expect.stringMatching(/no room.*bytes of payload fit/) });
			await driver.ask('acknowledged', { command: 'publish', topic: 'b', payload: 'x'.repeat(200), qos: 1 });
			expect(await driver.find(({ event }) => event === 'oversize')).toMatchObject({ size: 205, qos: 1 });
			await broker!.stop();
			expect(await driver.find(({ event, fault }) => event === 'closed' && fault === 'Lost')).toMatchObject({ sentence: expect.stringMatching(/closed|lost/) });
			expect(await driver.ask('closed', { command: 'reconnect' })).toMatchObject({ fault: 'Lost', sentence: expect.stringMatching(/nobody listens/) });
		});
	});

	it('says in one sentence what is wrong with a command, and goes on', async () => {
		const driver = drive('--engine', engine);
		for (const line of ['', 'nonsense', '[1]', '{"id":{},"command":"quit"}', '{"command":"constructor"}', '{"command":"connect","port":1,"host":"192.168.1.1"}', '\u0000']) driver.say(line);
		const sentences: [object, RegExp][] = [
			[{ command: 'connect' }, /^connect needs "port"\.$/],
			[{ command: 'connect', port: 'x' }, /"port" of connect is a whole number/],
			[{ command: 'connect', port: 1, colour: 1 }, /no option "colour"/],
			[{ command: 'connect', port: 1, aliasesMax: 1 }, /needs "protocol":5/],
			[{ command: 'connect', port: 1, will: { qos: 1 } }, /"will" of connect is an object/],
			[{ command: 'connect', port: 1, clientId: '', clean: false }, /^clientId is empty/],
			[{ command: 'connect', port: 1, clean: true, filterBytes: 1_048_577 }, /"filterBytes"/],
			[{ command: 'reconnect' }, /no session yet/],
			[{ command: 'publish', topic: 'a' }, /no session yet/],
			[{ command: 'publish', topic: 'a', payload: '', base64: '' }, /not both/],
			[{ command: 'publish', topic: 'a', base64: 'x' }, /base64/],
			[{ command: 'subscribe', filter: 'a' }, /no session yet/],
			[{ command: 'drop' }, /no connection/],
			[{ command: 'wait' }, /wait needs/],
		];
		for (const [command, sentence] of sentences) expect(await driver.ask('error', command)).toMatchObject({ event: 'error', sentence: expect.stringMatching(sentence) });
		expect(await driver.ask('closed', { command: 'connect', port: await freePort(), clean: true })).toMatchObject({ fault: 'Lost' });
		expect(await driver.ask('error', { command: 'publish', topic: 'a/#' })).toMatchObject({ sentence: expect.stringMatching(/no topic name/) });
		expect(await driver.ask('error', { command: 'subscribe', filter: '#/a' })).toMatchObject({ sentence: expect.stringMatching(/no topic filter/) });
		expect(await driver.ask('error', { command: 'unsubscribe', filter: 'a' })).toMatchObject({ sentence: expect.stringMatching(/does not hold/) });
		driver.end();
		expect(await driver.ended).toBe(0);
		expect(driver.told.filter(({ event, id }) => event === 'error' && id === undefined)).toHaveLength(6);
		for (const { event, sentence } of driver.told) {
			expect(EVENTS).toContain(event);
			if (event === 'error') expect(sentence).toMatch(/^[^\n]+[.!?]$/);
		}
		expect(driver.error()).toBe('');
	});

	it('survives a broker that breaks the standard, is silent or hangs up', async () => {
		const answers = [Buffer.from('20020100', 'hex'), Buffer.from('ff', 'hex'), undefined, null];
		server = createServer((socket) => {
			socket.on('error', () => {});
			socket.once('data', () => {
				const answer = answers.shift();
				if (answer) socket.write(answer);
				else if (answer === null) socket.destroy();
			});
		});
		const port = await freePort();
		await new Promise<void>((resolve) => server!.listen(port, '127.0.0.1', resolve));
		const driver = drive('--engine', engine);
		const connect = { command: 'connect', port, clientId: 'four', clean: true, connackTimeoutMs: 300 };
		expect(await driver.ask('closed', connect)).toMatchObject({ fault: 'UnknownSession' });
		expect(await driver.ask('closed', connect)).toMatchObject({ fault: 'Unexpected', code: 255 });
		expect(await driver.ask('closed', connect)).toMatchObject({ fault: 'ConnackTimeout' });
		expect(await driver.ask('closed', connect)).toMatchObject({ fault: 'Lost' });
	});

	it('notices that nothing is acknowledged, what is sent again after a reconnect too', async () => {
		const connack = ['20020000', '20020100'];
		server = createServer((socket) => {
			socket.on('error', () => {});
			socket.once('data', () => socket.write(Buffer.from(connack.shift()!, 'hex')));
		});
		const port = await freePort();
		await new Promise<void>((resolve) => server!.listen(port, '127.0.0.1', resolve));
		const driver = drive('--engine', engine);
		await driver.ask('connected', { command: 'connect', port, clientId: 'five', clean: false, ackTimeoutMs: 300 });
		await driver.ask('published', { command: 'publish', topic: 'a', qos: 1 });
		expect(await driver.find(({ event }) => event === 'closed')).toMatchObject({ fault: 'AckTimeout' });
		await driver.ask('connected', { command: 'reconnect' });
		driver.say('{"id":"until","command":"wait","event":"closed","of":"none","timeoutMs":5000}');
		await driver.find(({ event, id }) => event === 'waited' && id === 'until' || event === 'closed' && driver.told.filter((each) => each.event === 'closed').length === 2);
		expect(driver.told.filter(({ event }) => event === 'closed')).toMatchObject([{ fault: 'AckTimeout' }, { fault: 'AckTimeout' }]);
	});

	it.each(['quit', 'the end of the input'])('ends with no complaint at %s while it is connected, and what was published goes out', async (how) => {
		const heard: Buffer[] = [];
		let ended = (): void => {};
		const over = new Promise<void>((resolve) => (ended = resolve));
		server = createServer((socket) => {
			socket.on('error', () => {});
			socket.on('close', () => ended());
			socket.on('data', (bytes) => {
				if (heard.push(bytes) === 1) socket.write(Buffer.from('20020000', 'hex'));
			});
		});
		const port = await freePort();
		await new Promise<void>((resolve) => server!.listen(port, '127.0.0.1', resolve));
		const driver = drive('--engine', engine);
		await driver.ask('connected', { command: 'connect', port, clientId: 'six', clean: true });
		driver.say('{"command":"publish","topic":"a","payload":"the last"}');
		if (how === 'quit') driver.say('{"command":"quit"}');
		else driver.end();
		expect(await driver.ended).toBe(0);
		await over;
		expect(driver.told.map(({ event }) => event)).toEqual(['connected', 'published']);
		expect(Buffer.concat(heard).toString('latin1')).toContain('the last');
		expect(driver.error()).toBe('');
	});

	it('passes a message of 100 KB on, in time that grows with its size alone', async () => {
		broker = await BROKERS[0]!.make();
		await broker.start();
		const driver = drive('--engine', engine);
		await driver.ask('connected', { command: 'connect', port: broker.port, clientId: 'seven', clean: true, bufferBytes: 1_048_576, outboxBytes: 1_048_576 });
		await driver.ask('subscribed', { command: 'subscribe', filter: '+' });
		const timed = async (topic: string, kb: number) => {
			const from = performance.now();
			await driver.ask('published', { command: 'publish', topic, payload: 'x'.repeat(1_024 * kb) });
			const { payload } = await driver.find((each) => each.event === 'message' && each.topic === topic);
			expect(String(payload)).toHaveLength(1_024 * kb);
			return performance.now() - from;
		};
		await timed('warm', 25);
		const small = Math.min(await timed('small', 25), await timed('again', 25));
		// With the square it would be 64 times as long.
		expect(await timed('large', 200)).toBeLessThan(40 * small + 500);
	});
});

describe('the driver', () => {
	it('does what a pipe says and ends with the input', async () => {
		const driver = drive('--engine', 'node');
		driver.say('{"id":1,"command":"wait","timeoutMs":50}');
		driver.end();
		expect(await driver.ended).toBe(0);
		expect(driver.told).toEqual([{ event: 'waited', id: 1, timedOut: false }]);
	});

	it('explains itself, and has status 2 if it was called wrongly', async () => {
		const help = spawn(process.execPath, [join(root, 'cli/mqtt-driver.mjs'), '--help'], { stdio: 'pipe' });
		let text = '';
		help.stdout.on('data', (bytes) => (text += bytes));
		expect(await new Promise((resolve) => help.on('close', resolve))).toBe(0);
		for (const name of Object.keys(COMMANDS)) expect(text).toContain(`  ${name}: `);
		for (const words of [['--engine', 'v8'], ['--colour'], ['word'], ['--engine']]) {
			const wrong = drive(...words);
			expect(await wrong.ended).toBe(2);
			expect(wrong.error()).toMatch(/^[^\n]+[.]\n$/);
		}
	});

	it('names faults as src/mqtt/codec/fault.ts does', () => {
		const source = readFileSync(join(root, 'src/mqtt/codec/fault.ts'), 'utf8');
		expect([...source.matchAll(/^\t(\w+),$/gm)].map(([, name]) => name)).toEqual([...FAULTS]);
	});

	it('documents every command, option and event', () => {
		const page = readFileSync(join(root, 'docs/driver.md'), 'utf8');
		for (const [name, { options }] of Object.entries(COMMANDS)) for (const word of [name, ...Object.keys(options)]) expect(page, word).toContain(`\`${word}\``);
		for (const event of EVENTS) expect(page, event).toContain(`\`${event}\``);
		for (const [, line] of page.matchAll(/^(\{.*"command".*\})$/gm)) expect(parseLine(line), line).not.toHaveProperty('complaint');
	});
});
