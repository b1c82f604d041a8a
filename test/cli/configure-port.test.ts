// telltale configure --port against the firmware on XS, over a pseudo-terminal.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AnswerPrompts } from '../../cli/answers.js';
import { configurePort } from '../../cli/configure-port.js';
import { ImprovClient } from '../../cli/improv-client.js';
import { askForNode } from '../../cli/port-questions.js';
import type { Found } from '../../cli/scan.js';
import { openPort } from '../../cli/serial-port.js';
import type { Settings } from '../../cli/settings.js';
import { PseudoTerminal } from '../../simulator/pty.js';
import { startSimulation, type Simulation } from '../../simulator/simulation.js';
import { improvPacket } from '../support/improv.js';
import { CertificateMaker, opensslMissing, read } from '../support/certificates.js';
import { pace, until } from '../support/patience.js';
import { inside, Run, telltale, testBroker, type TestBroker } from './support.js';
import { startTlsBroker } from '../support/tls-broker.js';

const socatMissing = Boolean(spawnSync('socat', ['-V']).error);
if (socatMissing) console.log('socat is not installed: "telltale configure --port" is not tried (Debian: apt install socat).');

const SPEED = 30;

describe.skipIf(socatMissing)('telltale configure --port', () => {
	let broker: TestBroker;
	let terminal: PseudoTerminal;
	let simulation: Simulation;
	let lines: string[];

	beforeEach(async () => {
		lines = [];
		broker = await testBroker();
	});
	const begin = async (settings: Readonly<Record<string, string>> = {}, board: 'nodemcu' | 'esp32' = 'nodemcu') => {
		terminal = await PseudoTerminal.open((bytes) => simulation.nodes[0]!.send(bytes));
		simulation = await startSimulation({
			brokerUrl: broker.url, speed: pace(SPEED), seed: 1, board, settings: { node: 'porch' }, settingsOf: () => settings,
			onLine: (_, line) => lines.push(line), onBytes: (_, bytes) => terminal.write(bytes),
		});
	};
	afterEach(async () => {
		await simulation.stop();
		terminal.close();
		await broker.close();
	});
	const set = (...words: string[]) => inside(['configure', '--port', terminal.path, ...words]);
	const online = () => until(() => lines.some((line) => line.startsWith('online at')), 20_000, () => lines.join('\n'));

	it('joins a network on the spot, or says why not, and tries a broker', async () => {
		await begin();
		await online();
		const wrong = await set('--ssid', 'simulated', '--passphrase', 'wrong passphrase', '--host', 'localhost');
		expect([wrong.status, wrong.out]).toEqual([1, `Telltale 0.1.0 on ESP8266 at ${terminal.path}: node "porch".\nJoining Wi-Fi "simulated" …\n`]);
		expect(wrong.err.split('\n').at(-2)).toBe('Wi-Fi "simulated" refuses the passphrase. Nothing was changed.');

		const right = await set('--ssid', 'simulated', '--passphrase', 'simulated air');
		expect([right.status, right.out.split('\n').slice(2)]).toEqual([0, ['Joined; the node keeps it.', '']]);

		// Nobody listens there.
		const dead = await set('--host', '127.0.0.1', '--port', '9', '--user', 'u', '--password', 'secret of mine');
		expect(dead.out).toContain('The node restarts and tries the settings');
		expect([dead.status, dead.err.split('\n').at(-2)]).toEqual([1, 'The settings do not work, and those before them hold again: the lines above say why.']);
		expect(dead.err).toMatch(/^ {2}settings number \d+ do not work \(tcp\); those before them hold again$/m);
		expect(dead.out + dead.err).not.toContain('secret of mine');

		// About as much as there may be.
		const long = ['--user', 'u'.repeat(64), '--password', 'p'.repeat(64), '--clientId', 'c'.repeat(60), '--base', 'b'.repeat(40)];
		const good = await set('--host', 'localhost', '--port', String(broker.port), '--intervalMs', '2000', ...long);
		expect([good.status, good.out.split('\n').slice(1)]).toEqual([0, ['The node restarts and tries the settings; should they not work, those before them hold again.', 'The settings work, and hold from now on.', '']]);
		const same = await set('--intervalMs', '2000');
		expect([same.status, same.out.split('\n')[1]]).toEqual([0, 'The node has these settings already.']);
	});

	it('sets up a node that runs a generic image', async () => {
		await begin({ ssid: '', passphrase: '', host: '' });
		await until(() => lines.some((line) => line.includes('open http://')), 20_000, () => lines.join('\n'));
		const parts = '[{"part":"tmp36","pin":"A0"},{"part":"sht3x","name":"outside","address":68,"intervalMs":60000}]';
		const misfit = await set('--sensors', '[{"part":"tmp36","pin":"VP"}]');
		expect([misfit.status, misfit.err.split('\n').at(-2)]).toEqual([2, expect.stringMatching(/^sensors, entry 1: pin is "VP", which is no pin of a NodeMCU: it has A0, .*\. Nothing was changed\.$/)]);
		const { status, out, err } = await set('--ssid', 'simulated', '--passphrase', 'simulated air', '--host', '127.0.0.1', '--port', String(broker.port), '--sensors', parts);
		expect([status, out.split('\n').slice(1)], err).toEqual([0, [
			'Joining Wi-Fi "simulated" …', 'Joined; the node keeps it.',
			'The node restarts and tries the settings; should they not work, those before them hold again.', 'The settings work, and hold from now on.', '',
		]]);
		expect(lines).toContain(`online at 127.0.0.1:${broker.port}`);
		const same = await set('--sensors', parts.replace('"A0"', '17'));
		expect([same.status, same.out.split('\n')[1]]).toEqual([0, 'The node has these settings already.']);
	});

	it('gives a node a whole settings file, as a table of nodes makes them', async () => {
		await begin({ ssid: '', passphrase: '', host: '' });
		await until(() => lines.some((line) => line.includes('open http://')), 20_000, () => lines.join('\n'));
		const file = join(mkdtempSync(join(tmpdir(), 'telltale-port-')), 'roof-3.json');
		writeFileSync(file, JSON.stringify({ node: 'roof-3', ssid: 'simulated', passphrase: 'simulated air', host: '127.0.0.1', port: broker.port, intervalMs: 5_000, sensors: [{ part: 'tmp36', pin: 'A0' }] }));
		const { status, out, err } = await set('--file', file);
		rmSync(dirname(file), { recursive: true });
		expect([status, out.split('\n').at(-2)], err).toEqual([0, 'The settings work, and hold from now on.']);
		expect((await set('--node', 'roof-3', '--intervalMs', '5000', '--sensors', '[{"part":"tmp36","pin":17}]')).out).toMatch(/: node "roof-3"\.\nThe node has these settings already\.\n$/);
	});

	it('offers what a scan of the bus found, on a node that is new, and sets it', async () => {
		await begin({ ssid: '', passphrase: '', host: '', sensors: '[{"part":"sht4x"},{"part":"bme280","name":"attic","address":119},{"part":"shtc3","name":"a"}]' });
		await until(() => lines.some((line) => line.includes('open http://')), 20_000, () => lines.join('\n'));
		const offered: string[] = [];
		const choose = async ({ message, options }: { message: string; options: { value: string }[] }) => {
			offered.push(`${message}: ${options.map(({ value }) => value).join(' ')}`);
			return options[0]!.value;
		};
		const prompts = { select: choose, isCancel: () => false } as unknown as AnswerPrompts;
		const given = { ssid: 'simulated', passphrase: 'simulated air', host: '127.0.0.1', port: broker.port, user: '' };
		vi.spyOn(console, 'log').mockReturnValue();
		vi.spyOn(console, 'error').mockReturnValue();
		await configurePort(terminal.path, given, '.', (node) => askForNode(node, prompts));
		const sensors = '[{"part":"sht4x"},{"part":"shtc3","name":"shtc3-70"},{"part":"bme280","address":119}]';
		vi.restoreAllMocks();
		expect(offered).toEqual([expect.stringContaining(`Parts: what is connected: ${sensors} [{"part":"tmp36"},{"part":"sht4x"}`)]);
		await until(() => lines.includes(`online at 127.0.0.1:${broker.port}`), 20_000, () => lines.join('\n'));
		const again = await set('--sensors', sensors);
		expect([again.status, again.out.split('\n')[1]]).toEqual([0, 'The node has these settings already.']);
	});

	it.skipIf(opensslMissing)('sends certificates to an ESP32, and to no other', async () => {
		const maker = new CertificateMaker();
		const ca = maker.make('ca', { ca: true, key: 'P-256' });
		const made = maker.make('broker', { by: ca, names: 'DNS:localhost', key: 'P-256' });
		const client = maker.make('client', { by: ca });
		const tls = await startTlsBroker({ cert: read(made.cert), key: read(made.key), ca: read(ca.cert), requestCert: true, rejectUnauthorized: true });
		const words = ['--caFile', ca.cert, '--certFile', client.cert, '--keyFile', client.key, '--host', 'localhost', '--port', String(tls.port)];
		try {
			await begin();
			expect((await set(...words)).err.split('\n').at(-2)).toBe('The node is on an ESP8266, which has too little memory for TLS: leave the certificates out, or use an ESP32. Nothing was changed.');
			await simulation.stop();
			terminal.close();
			await begin({ ssid: '', passphrase: '', host: '' }, 'esp32');
			const { status, out, err } = await set('--ssid', 'simulated', '--passphrase', 'simulated air', ...words);
			expect([status, out.split('\n').slice(3)], err).toEqual([0, [
				'Sending caFile …', 'Sending certFile …', 'Sending keyFile …',
				'The node restarts and tries the settings; should they not work, those before them hold again.', 'The settings work, and hold from now on.', '',
			]]);
			expect(tls.sessions.at(-1)!.client).toBe('client');
		} finally {
			await tls.close();
			maker.dispose();
		}
	});

	it('says in a sentence what the node refuses, and asks nothing without a terminal', async () => {
		await begin();
		await online();
		expect(await set()).toEqual({ status: 2, out: '', err: 'There is nothing to set: give --ssid, --host or any other setting.\n' });
		expect((await set('--caFile', 'nowhere.pem')).err).toBe('caFile nowhere.pem is not there: name a file, PEM or DER, from the folder of the settings.\n');
		expect((await set('--caFile', 'ca.pem', '--tls', 'false')).err).toBe('caFile is given and tls is false: leave one of them out.\n');
		expect((await set('--certFile', 'own.pem')).err).toBe('certFile is given without keyFile: name the file with its key too.\n');
		const noUser = await set('--password', 'x');
		expect([noUser.status, noUser.err.split('\n').at(-2)]).toEqual([1, expect.stringMatching(/^The node refuses the settings: password .* Nothing was changed\.$/)]);
		const alone = await set('--passphrase', 'simulated air');
		expect([alone.status, alone.err.split('\n').at(-2)]).toEqual([2, 'passphrase is given without ssid: name the network with --ssid.']);
		const long = await set('--base', 'b'.repeat(40), '--clientId', 'c'.repeat(60), '--user', 'u'.repeat(64), '--password', 'p'.repeat(64), '--alpn', 'a'.repeat(32), '--timeServer', 't'.repeat(63), '--host', 'h'.repeat(63));
		const list = JSON.stringify(['a', 'b', 'c', 'd', 'e'].map((name) => ({ part: 'dht22', name, intervalMs: 60_000, jitterMs: 1_000, deadBand: 0.25 })).slice(0, 3).concat(
			['f', 'g', 'h'].map((name, k) => ({ part: ['shtc3', 'aht20', 'si7021'][k]!, name, intervalMs: 60_000, jitterMs: 1_000, deadBand: 0.25 }))));
		expect((await set('--sensors', list)).err.split('\n').at(-2)).toMatch(/^sensors alone makes a command of \d+ bytes, and the node takes 413: make it shorter, or put it into the image/);
		expect([long.status, long.err.split('\n').at(-2)]).toEqual([2, expect.stringMatching(/^These settings have \d+ bytes, and the node takes \d+ at once: give some of them in a second run\.$/)]);
	});
});

describe('The questions of telltale configure --port', () => {
	const FOUND = [{ ssid: 'attic', rssi: -50, open: false }, { ssid: 'caf\u00e9', rssi: -70, open: true }];
	const device = { firmware: 'Telltale', version: '0.1.0', chip: 'ESP8266', node: 'porch' };
	const CANCEL = Symbol('cancel');

	/** Answers by key; an answer that the question's own check turns down ends the test. */
	async function asked(answers: Readonly<Record<string, unknown>>, given: Settings = {}, found?: Found) {
		const keys: string[] = [];
		let offered: { value: string; label: string }[] = [];
		const reply = async ({ message, validate, options }: { message: string; validate?: (text: string) => string | undefined; options?: typeof offered }) => {
			const key = message.split(':')[0]!;
			keys.push(key);
			offered = options ?? offered;
			const value = answers[key] ?? '';
			const fault = typeof value === 'string' ? validate?.(value) : undefined;
			if (fault) throw new Error(fault);
			return value;
		};
		const prompts = { text: reply, password: reply, select: reply, isCancel: (value: unknown) => value === CANCEL } as unknown as AnswerPrompts;
		const settings = await askForNode({ device, board: 'nodemcu', given, networks: async () => FOUND, scan: async () => found }, prompts);
		return { keys, settings, ...(found && { offered }) };
	}

	it('offer the networks that the node finds, and ask for what belongs together', async () => {
		expect(await asked({ 'Wi-Fi network': 'attic', passphrase: 'secret passphrase', host: 'broker', user: 'u', password: 'p' })).toEqual({
			keys: ['Wi-Fi network', 'passphrase', 'host', 'user', 'password'],
			settings: { ssid: 'attic', passphrase: 'secret passphrase', host: 'broker', user: 'u', password: 'p' },
		});
		expect(await asked({ 'Wi-Fi network': 'caf\u00e9' })).toEqual({ keys: ['Wi-Fi network', 'host'], settings: { ssid: 'caf\u00e9' } });
	});

	it('ask nothing that was given, and leave what is not answered as it is', async () => {
		expect(await asked({}, { ssid: 'attic', passphrase: '', host: 'broker', user: '' })).toEqual({ keys: [], settings: { ssid: 'attic', passphrase: '', host: 'broker', user: '' } });
		expect((await asked({ 'Wi-Fi network': '\u0000as it is' })).settings).toEqual({});
		expect(await asked({ 'Wi-Fi network': '\u0000another', ssid: 'hidden', passphrase: '12345678' })).toEqual({
			keys: ['Wi-Fi network', 'ssid', 'passphrase', 'host'], settings: { ssid: 'hidden', passphrase: '12345678' },
		});
	});

	it('offer the parts that the node finds on its bus, so that none hides another', async () => {
		const found: Found = [[0x20, '?'], [0x44, 'sht4x'], [0x45, 'sht3x'], [0x76, 'bme280']];
		const { keys, settings, offered } = await asked({ 'Parts': 'tmp36,sht3x' }, { ssid: 'attic', passphrase: '', host: 'broker', user: '' }, found);
		expect([keys, settings['sensors']]).toEqual([['Parts'], 'tmp36,sht3x']);
		expect(offered).toMatchObject([
			{ label: 'sht4x at 0x44, sht3x at 0x45, bme280 at 0x76', value: '[{"part":"sht4x"},{"part":"sht3x","name":"sht3x-45","address":69},{"part":"bme280"}]' },
			{ label: 'sht4x at 0x44, sht3x at 0x45, bme280 at 0x76, and tmp36 on the analog input', value: '[{"part":"tmp36"},{"part":"sht4x"},{"part":"sht3x","name":"sht3x-45","address":69},{"part":"bme280"}]' },
			{ label: '(as it is on the node)' }, { label: '(others, by their names)' },
		]);
		const given = { ssid: 'attic', passphrase: '', host: 'broker', user: '' };
		expect((await asked({ 'Parts': '\u0000another', sensors: '' }, given, [])).settings).toEqual(given);
		expect((await asked({ 'Parts': '\u0000another', sensors: 'bme280' }, given, [])).settings).toEqual({ ...given, sensors: 'bme280' });
		await expect(asked({ 'Parts': '\u0000another', sensors: 'hih4030' }, given, [])).rejects.toThrow('needs a second analog input');
		expect((await asked({}, { ...given, sensors: 'sht3x' }, found)).keys).toEqual([]);
	});

	it('turn down at once what no setting may be, and end when the person does not go on', async () => {
		await expect(asked({ 'Wi-Fi network': 'attic', passphrase: 'short' })).rejects.toThrow(/^passphrase is not usable/);
		await expect(asked({ 'Wi-Fi network': CANCEL })).rejects.toThrow('Stopped before anything was changed.');
	});
});

describe.skipIf(socatMissing)('telltale simulate --serial', () => {
	it('gives the node a serial port, where other programs find it', async () => {
		const run = new Run(['simulate', '--serial', '--no-ui']);
		try {
			await run.until(({ out }) => out.includes('Serial port of the node: '));
			const port = openPort(/Serial port of the node: (\S+)/.exec(run.out)![1]!) as ReadStream;
			expect(await new ImprovClient(port, () => {}).device()).toEqual({ firmware: 'Telltale', version: '0.1.0', chip: 'ESP8266', node: 'node' });
			port.destroy();
		} finally {
			run.process.kill('SIGINT');
			await run.ended;
		}
	});

	it('is for one node', async () => {
		expect(await inside(['simulate', '--serial', '--nodes', '2'])).toEqual({ status: 2, out: '', err: '--serial is for one node: leave --nodes out.\n' });
	});

	it('with --new, gives one that knows nothing, and the command that sets it up', async () => {
		const run = new Run(['simulate', '--new', '--no-ui', '--speed', String(pace(10))]);
		try {
			await run.until(({ out }) => /Set it up with: .*\n/.test(out) && out.includes('set-up: join the Wi-Fi network'));
			expect(run.out).not.toMatch(/online|#1\b/);
			const command = /Set it up with: npx telltale (.*)/.exec(run.out)![1]!;
			const done = await inside([...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!));
			expect([done.status, done.out.split('\n').at(-2)]).toEqual([0, 'The settings work, and hold from now on.']);
			await run.until(({ out }) => /#1\b/.test(out));
		} finally {
			run.process.kill('SIGINT');
			await run.ended;
		}
	});

	it('with --new, says of one that was set up and measured nothing not that nobody did', async () => {
		const run = new Run(['simulate', '--new', '--no-ui', '--no-web', '--speed', String(pace(10))]);
		try {
			await run.until(({ out }) => /Set it up with: .*\n/.test(out) && out.includes('set-up: join the Wi-Fi network'));
			const command = /Set it up with: npx telltale (.*)/.exec(run.out)![1]!;
			// No BME280 is wired to it.
			const done = await inside([...[...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!), '--sensors', 'bme280']);
			expect(done.status).toBe(0);
		} finally {
			run.process.kill('SIGINT');
			await run.ended;
		}
		expect(run.out).toContain('sensor bme280: BME280 does not answer');
		expect([(await run.ended).status, run.out.includes('The node was not set up'), run.err]).toEqual([1, false, 'No reading arrived: the lines of the nodes above tell why, or it was too short a time.\n']);
	});

	it('is none with settings', async () => {
		expect((await inside(['simulate', '--new', '--config', 'telltale.json'])).err).toBe('--new is a node without settings: leave --config out.\n');
		expect((await inside(['simulate', '--new', '--nodes', '2'])).err).toBe('--new is for one node: leave --nodes out.\n');
		expect((await inside(['simulate', '--new', '--broker', 'mqtts://localhost'])).err).toBe('--new is a node without certificates: name a broker with mqtt://.\n');
	});
});

/** A line that a test plays the node at. */
function line(answer: (request: number[]) => number[][]) {
	const heard: string[] = [];
	const requests: number[][] = [];
	const fromNode = new PassThrough();
	const duplex = Object.assign(fromNode, {
		write: (bytes: Buffer) => {
			requests.push([...bytes]);
			for (const packet of answer([...bytes])) fromNode.push(Buffer.from([0x0a, ...packet, 0x0a]));
			return true;
		},
	});
	return { client: new ImprovClient(duplex as never, (text) => heard.push(text)), heard, requests, port: fromNode };
}

const DEVICE = improvPacket(4, [3, 12, 8, ...Buffer.from('Telltale'), 0, 0, 0]);

describe('A node that is talked to', () => {
	it('may say its log in between, and anything else', async () => {
		const noise = [...Buffer.from('IMPRO\r\nboot 7\r\nIMPROV\u0002x\r\n'), ...improvPacket(4, [9, 0]), 0x0a, ...improvPacket(1, [2])];
		const { client, heard } = line(() => [noise, DEVICE]);
		expect(await client.device()).toEqual({ firmware: 'Telltale', version: '', chip: '', node: '' });
		expect(heard).toEqual(['IMPRO', 'boot 7', 'IMPROV\\u0002x']);
	});

	it('is asked again when a packet was damaged on the way there or back', async () => {
		let asked = 0;
		const { client } = line(() => (asked++ === 0 ? [improvPacket(2, [1])] : [DEVICE]));
		expect((await client.device()).firmware).toBe('Telltale');
		expect(asked).toBe(2);
	});

	it('that does not know a request is of another version', async () => {
		const { client } = line(() => [improvPacket(2, [2])]);
		await expect(client.device()).rejects.toThrow("The node's firmware does not know this request: flash one of this version first.");
	});

	it('may go away', async () => {
		const { client, port } = line(() => []);
		const device = client.device();
		port.destroy();
		await expect(device).rejects.toThrow('The board went away: connect it again and try once more.');
	});

	it('that was started anew within a command is not asked to carry it out twice', async () => {
		let pieces = 0;
		const { client, requests } = line(([, , , , , , , , , command, , , id]) => {
			if (command === 0xe0) return [improvPacket(4, [0xe0, 5, 4, id!, ++pieces === 1 ? 0 : 1, 0, pieces === 1 ? 80 : 0])];
			return [improvPacket(4, [0xe1, 3, 2, id!, 1])];
		});
		await expect(client.command('config', `{"value":{"user":"${'u'.repeat(64)}"}}`)).rejects.toThrow('The node was started anew before it had answered: try again.');
		expect(requests).toHaveLength(2);
	});
});

it.skipIf(socatMissing)('telltale configure --port ends with its own sentence, whatever the board goes on to say', async () => {
	const terminal: PseudoTerminal = await PseudoTerminal.open(() => terminal.write(Uint8Array.from([...Buffer.from('a whole line\n'), ...improvPacket(2, [1]), ...Buffer.from('half a line')])));
	const { status, err } = await telltale(['configure', '--port', terminal.path, '--ssid', 'a', '--host', 'b']);
	terminal.close();
	expect(err).toMatch(/^ {2}a whole line\n/);
	expect([status, err.split('\n').at(-2)]).toEqual([1, 'The node does not take this request: its firmware is older, or its settings cannot be used; flash one of this version first.']);
});

describe.skipIf(socatMissing)('telltale configure --port, while a node tries settings', () => {
	/** A node of a few words: it takes each command, and answers it by `answer`; then it says `lines`. */
	const played = async (answer: (count: number) => object, lines: string): Promise<PseudoTerminal> => {
		let count = 0;
		let id = 0;
		const say = (packet: readonly number[]) => terminal.write(Uint8Array.from([0x0a, ...packet, 0x0a]));
		const result = (command: number, text: readonly number[]) => say(improvPacket(4, [command, text.length + 1, text.length, ...text]));
		const terminal: PseudoTerminal = await PseudoTerminal.open((bytes) => {
			const at = Buffer.from(bytes).indexOf('IMPROV');
			const data = bytes.subarray(at + 9);
			if (data[0] === 3) return say(improvPacket(4, [3, 12, 8, ...Buffer.from('Telltale'), 0, 0, 0]));
			if (data[0] === 0xe0) {
				id = data[3]!;
				const had = (data[6]! << 8 | data[7]!) + data[1]! - 6;
				return result(0xe0, [id, 0, had >> 8, had & 0xff]);
			}
			const text = Buffer.from(JSON.stringify(answer(++count)));
			result(0xe1, [id, 0, 0, text.length, 0, 0, ...text]);
			if (count === 1) terminal.write(Buffer.from(lines));
		});
		return terminal;
	};

	it('asks what came of them where the line that says it was left out', async () => {
		const answers = [{ ok: true, trial: 1 }, { ok: false, error: 'new settings are on trial' }, { ok: true }];
		const terminal = await played((count) => answers[count - 1]!, '(1 lines dropped) sensor box: AHT20 does not answer\n');
		const { status, out } = await telltale(['configure', '--port', terminal.path, '--intervalMs', '5000']);
		terminal.close();
		expect([status, out.split('\n').at(-2)]).toEqual([0, 'The settings work, and hold from now on.']);
	});

	it.each([['it goes away', 'The board went away before it said what came of the settings: connect it again, and see "npx telltale logs".'], ['it is stopped', 'Stopped; what the node had taken by then it keeps.']])('says so where %s', async (what, sentence) => {
		const terminal = await played(() => ({ ok: true, trial: 1 }), 'boot 7\n');
		const run = new Run(['configure', '--port', terminal.path, '--intervalMs', '5000']);
		await run.until(({ err }) => err.includes('boot 7'));
		if (what === 'it is stopped') run.process.kill('SIGTERM');
		else terminal.close();
		const { err } = await run.ended;
		if (what === 'it is stopped') terminal.close();
		expect(err.split('\n').at(-2)).toBe(sentence);
	});
});
