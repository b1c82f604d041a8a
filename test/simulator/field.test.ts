// The field runs' own logic, without the real servers: the judge, the gate, the tap, and what is skipped. (npm run field)
import { once } from 'node:events';
import { connect, createServer, type Server as TcpServer, type Socket } from 'node:net';
import { generate, type Packet } from 'mqtt-packet';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startBroker, type EmbeddedBroker } from '../../simulator/broker.js';
import { Account, isSettled, isWell, judge, type Rules, type Verdict } from '../../simulator/field/audit.js';
import { parse, possible } from '../../simulator/field/cli.js';
import { Gate } from '../../simulator/field/gate.js';
import { failed, reasons, table } from '../../simulator/field/report.js';
import { perform, type FieldRun } from '../../simulator/field/run.js';
import { RUNS } from '../../simulator/field/runs.js';
import { firstOf, type Program } from '../../simulator/field/server.js';
import { Tap } from '../../simulator/field/tap.js';
import { patient, rest, until } from '../support/patience.js';

const RULES: Rules = { acknowledges: true };
const BOOT = 7;

const payload = (seq: number, more = {}): string => JSON.stringify({ seq, boot: BOOT, time: 1_795_301_835, temperature: 21.5, ...more });

const soon = (holds: () => void): Promise<void> => vi.waitFor(holds, { timeout: patient(5_000), interval: 5 });
const see = (account: Account, text: string, leaf = 'readings'): void => account.heard(`telltale/field-1/${leaf}`, Buffer.from(text), 0);
const health = (content: Record<string, number>): string => JSON.stringify({ boot: BOOT, uptime: 60, rssi: -60, sent: 3, connects: 1, sensorErrors: 0, ...content });

/** A node whose every reading was acknowledged and seen. */
function whole(sampled = 3, unseen = 0): Account {
	const account = new Account('field-1');
	account.sampled = sampled;
	for (let seq = 1; seq <= sampled; seq++) {
		account.onAcknowledged({ boot: BOOT, seq });
		if (seq !== unseen) see(account, payload(seq), seq === 1 ? 'backlog' : 'readings');
	}
	return account;
}

describe('the auditor', () => {
	it('is content when all that was sampled was acknowledged and seen', () => {
		const verdict = judge([whole(3), whole(2)], RULES);
		expect(verdict).toEqual({ sampled: 5, acknowledged: 5, seen: 5, late: 2, missing: [], complaints: [] });
		expect(isWell(verdict)).toBe(true);
		expect(isSettled([whole(3)], RULES)).toBe(true);
	});

	it('fails on a reading that nobody saw, though it was acknowledged', () => {
		const account = whole(3, 2);
		const verdict = judge([account], RULES);
		expect(verdict).toMatchObject({ sampled: 3, acknowledged: 3, seen: 2, missing: ['field-1/2'] });
		expect([isWell(verdict), isSettled([account], RULES)]).toEqual([false, false]);
	});

	it('fails on a reading that was seen and never acknowledged, but where the server acknowledges nothing', () => {
		const account = whole();
		account.acknowledged.delete(3);
		expect(judge([account], RULES)).toMatchObject({ acknowledged: 2, seen: 3, missing: ['field-1/3'] });
		expect(isSettled([account], RULES)).toBe(false);
		const verdict = judge([account], { acknowledges: false });
		expect([verdict.acknowledged, isWell(verdict)]).toEqual([undefined, true]);
	});

	it('fails on a last reading that never came, and on a node that took none', () => {
		const account = whole();
		account.sampled = 4;
		expect(judge([account], RULES).missing).toEqual(['field-1/4']);
		expect(judge([new Account('field-1')], RULES).complaints).toEqual(['field-1: nothing was sampled']);
	});

	const wrongs: [string, (account: Account) => void, RegExp][] = [
		['two contents', (account) => see(account, payload(2, { humidity: 1 }), 'backlog'), /reading 2 of boot 7 came with two contents/],
		['readings given up', (account) => see(account, payload(6, { dropped: [4, 5] })), /2 readings were named as dropped/],
		['health that does not add up', (account) => see(account, health({ sampled: 3, acknowledged: 1, waiting: 1, dropped: 0 }), 'health'), /does not add up/],
		['health with dropped readings', (account) => see(account, health({ sampled: 3, acknowledged: 2, waiting: 0, dropped: 1 }), 'health'), /1 readings were dropped/],
		['another boot', (account) => account.onAcknowledged({ boot: 8, seq: 1 }), /booted anew: 8 after 7/],
		['a reading that keeps no contract', (account) => see(account, payload(2.5)), /does not keep the contract/],
	];
	it.each(wrongs)('fails on %s', (_what, spoil, sentence) => {
		const account = whole();
		spoil(account);
		const verdict = judge([account], RULES);
		expect(verdict.complaints).toEqual([expect.stringMatching(sentence)]);
		expect(isWell(verdict)).toBe(false);
	});

	it('counts a reading that came twice once', () => {
		const account = whole();
		see(account, payload(2), 'backlog');
		expect(judge([account], RULES)).toMatchObject({ seen: 3, late: 1, missing: [], complaints: [] });
	});
});

describe('the tap', () => {
	function tapped(): { said: string[]; tap: Tap } {
		const said: string[] = [];
		const note = (what: string) => (clientId: string, reading: { seq: number }, code = 0): void => void said.push(`${what} ${clientId} ${reading.seq}${code ? ` 0x${code.toString(16)}` : ''}`);
		const tap = new Tap({ acknowledged: note('acknowledged'), refused: note('refused'), remarked: (_, remark) => void said.push(remark), complained: (sentence) => void said.push(sentence) });
		return { said, tap };
	}
	const hello = (protocolVersion: 4 | 5): Packet => ({ cmd: 'connect', protocolId: 'MQTT', protocolVersion, clientId: 'telltale-field-1', clean: true, keepalive: 5 });
	const publish = (messageId: number, text: string, more = {}): Packet => ({ cmd: 'publish', topic: 't', qos: 1, dup: false, retain: false, messageId, payload: text, ...more });
	/** Byte for byte: what comes in pieces is the same. */
	const pass = (take: (bytes: Uint8Array) => void, packet: Packet, protocolVersion = 4): void => generate(packet, { protocolVersion } as never).forEach((byte) => take(Uint8Array.of(byte)));

	it.each([4, 5] as const)('knows which reading a PUBACK acknowledged, in version %s', (version) => {
		const { said, tap } = tapped();
		const one = tap.listen();
		pass(one.said, hello(version), version);
		pass(one.said, publish(1, payload(17)), version);
		pass(one.said, publish(2, '{"firmware":"telltale"}'), version);
		pass(one.said, publish(3, payload(18), version === 5 ? { topic: '', properties: { topicAlias: 1 } } : {}), version);
		for (const messageId of [2, 3, 4, 1, 1]) pass(one.heard, { cmd: 'puback', messageId, ...(version === 5 && { reasonCode: 0 }) }, version);
		expect(said).toEqual(['acknowledged telltale-field-1 18', 'acknowledged telltale-field-1 17']);
	});

	it('keeps what is in flight over connections of one client', () => {
		const { said, tap } = tapped();
		const [one, two] = [tap.listen(), tap.listen()];
		pass(one.said, hello(4));
		pass(one.said, publish(1, payload(17)));
		pass(two.said, hello(4));
		pass(two.heard, { cmd: 'puback', messageId: 1 });
		expect(said).toEqual(['acknowledged telltale-field-1 17']);
	});

	it('counts a refusal as none, also with a code that the standard has not for PUBACK', () => {
		const { said, tap } = tapped();
		const one = tap.listen();
		pass(one.said, hello(5), 5);
		for (const seq of [17, 18]) pass(one.said, publish(seq, payload(seq)), 5);
		one.heard(Uint8Array.of(0x40, 3, 0, 17, 0x97, 0x40, 4, 0, 18, 0x95, 0));
		expect(said).toEqual(['PUBACK 0x97', 'refused telltale-field-1 17 0x97', 'PUBACK 0x95', 'refused telltale-field-1 18 0x95']);
	});
});

describe('the gate', () => {
	const open: (() => void)[] = [];
	afterEach(() => {
		for (const end of open.splice(0)) end();
	});

	/** Between a client and a server that says everything back. */
	async function between(): Promise<{ gate: Gate; heard: Map<string, string>; server: { sockets: Socket[]; ended: number; got: string }; dial: (name: string) => Promise<Socket> }> {
		const server = { sockets: [] as Socket[], ended: 0, got: '' };
		const heard = new Map<string, string>();
		const listener: TcpServer = createServer((socket) => {
			server.sockets.push(socket);
			socket.on('error', () => {}).on('close', () => server.ended++)
				.on('data', (bytes) => (server.got += bytes.toString(), socket.write(bytes)));
		}).listen(0, '127.0.0.1');
		await once(listener, 'listening');
		const gate = new Gate((listener.address() as { port: number }).port, () => ({ said() {}, heard() {} }));
		await gate.open();
		const dial = async (name: string): Promise<Socket> => {
			const socket = connect(gate.port, '127.0.0.1');
			open.push(() => socket.destroy());
			socket.on('error', () => {}).on('data', (bytes) => heard.set(name, (heard.get(name) ?? '') + bytes));
			await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
			return socket;
		};
		open.push(() => (gate.shut(), listener.close(), server.sockets.forEach((socket) => socket.destroy())));
		return { gate, heard, server, dial };
	}

	it('passes bytes and the end of a connection', async () => {
		const { heard, server, dial } = await between();
		const socket = await dial('a');
		socket.write('hello');
		await soon(() => expect(heard.get('a')).toBe('hello'));
		socket.end();
		await soon(() => expect(server.ended).toBe(1));
	});

	it('leaves both sides of a lost connection in the belief that it is there, and passes the next', async () => {
		const { gate, heard, server, dial } = await between();
		const lost = await dial('lost');
		lost.write('a');
		await soon(() => expect(heard.get('lost')).toBe('a'));
		gate.lose();
		lost.write('b');
		lost.end();
		const next = await dial('next');
		next.write('c');
		await soon(() => expect(heard.get('next')).toBe('c'));
		expect([heard.get('lost'), server.got, server.ended]).toEqual(['a', 'ac', 0]);
	});

	it('loses one direction alone', async () => {
		const { gate, heard, server, dial } = await between();
		const socket = await dial('a');
		gate.lose('to the node');
		socket.write('b');
		await soon(() => expect(server.got).toBe('b'));
		const other = await dial('other');
		other.write('c');
		await soon(() => expect(heard.get('other')).toBe('c'));
		gate.lose('to the server');
		other.write('d');
		const last = await dial('last');
		last.write('e');
		await soon(() => expect(heard.get('last')).toBe('e'));
		expect([server.got, heard.get('a')]).toEqual(['bce', undefined]);
	});

	it('holds what is said and passes it later, in order', async () => {
		const { gate, heard, dial } = await between();
		const socket = await dial('a');
		socket.write('a');
		await soon(() => expect(heard.get('a')).toBe('a'));
		gate.hold(true);
		socket.write('b');
		const other = await dial('b');
		other.write('c');
		await rest(30);
		expect([...heard]).toEqual([['a', 'a']]);
		gate.hold(false);
		await soon(() => expect([...heard]).toEqual([['a', 'ab'], ['b', 'c']]));
	});

	it('accepts and says nothing while it is mute, and refuses while it is shut', async () => {
		const { gate, heard, dial } = await between();
		gate.mute(true);
		const mute = await dial('mute');
		mute.write('a');
		gate.mute(false);
		const next = await dial('next');
		next.write('b');
		await soon(() => expect([...heard]).toEqual([['next', 'b']]));
		gate.shut();
		expect((await dial('refused')).destroyed).toBe(true);
	});
});

describe('what is run', () => {
	const absent: Program = { name: 'nowhere', debian: 'nowhere-server', version: () => undefined, make: () => Promise.reject(new Error('It is not there.')) };
	const present: Program = { ...absent, name: 'here', version: () => '1.2' };
	const run = (program: Program, what = 'undisturbed', more = {}): FieldRun => ({ program, what, nodes: [{}], ...more });

	it('skips a program that is not installed, and says so in one sentence', () => {
		const said: string[] = [];
		const runs = [run(absent), run(present), run(absent, 'killed'), run(present, 'with a plug-in', { skip: () => 'The plug-in is not installed.' })];
		expect(possible(runs, (sentence) => said.push(sentence))).toEqual([runs[1]]);
		expect(said).toEqual(['nowhere is not installed: its runs are skipped (Debian: apt install nowhere-server).', 'The plug-in is not installed.']);
		expect(firstOf(['/nowhere/nothing'], [])).toBeUndefined();
	});

	it('has runs with names of their own', () => {
		const names = RUNS.map(({ program, what }) => `${program.name}: ${what}`);
		expect(new Set(names).size).toBe(names.length);
		expect(new Set(RUNS.map(({ program }) => program.name))).toEqual(new Set(['rabbitmq', 'ejabberd', 'mosquitto']));
	});

	it.each([['--only', 'nobody'], ['--seconds', 'soon'], ['--together', '0'], ['--nonsense']])('refuses wrong options with status 2: %s %s', (...args) => {
		const exit = vi.spyOn(process, 'exit').mockImplementation((status) => { throw new Error(`status ${status}`); });
		const write = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
		try {
			expect(() => parse(args)).toThrow('status 2');
			expect(write.mock.calls.flat().filter((text) => typeof text === 'string').join('').trim()).toMatch(/^error: .*$/);
		} finally {
			exit.mockRestore();
			write.mockRestore();
		}
	});

	it('shows each run in the table, and why one failed', () => {
		const verdict = { sampled: 10, acknowledged: 9, seen: 10, late: 1, missing: ['field-1/3'], complaints: [] };
		const entry = { run: run(present), outcome: { verdict, seconds: 60.4, remarks: new Map([['PUBACK 0x97', 2]]), lastLines: ['field-1: online'] } };
		expect([failed(entry), failed({ ...entry, outcome: { ...entry.outcome, verdict: { ...verdict, missing: [] } } }), failed({ run: run(present), outcome: 'It broke.' })]).toEqual([true, false, true]);
		const rows = table([entry, { run: run(present), outcome: 'It broke.' }], () => '1.2').split('\n').map((line) => line.split('|').map((cell) => cell.trim()).slice(1, -1));
		expect(rows[2]).toEqual(['here', '1.2', 'undisturbed', '1', '10', '9', '10', '1', '1', '60']);
		expect(rows[3]).toEqual(['here', '1.2', 'undisturbed', '1', '', '', '', '', 'broke', '']);
		expect(reasons(entry)).toBe('here, undisturbed:\n\tmissing field-1/3\n\tthe server said PUBACK 0x97 (2 times)\n\tfield-1: online');
	});

	it.concurrent('finds the reading that a server acknowledged and lost, with the firmware on XS', async () => {
		const { missing, complaints } = await against((seq) => seq === 1, 200);
		// On a slow machine the latest may be under way still.
		expect(missing[0]).toBe('field-1/1');
		expect(complaints).toEqual([]);
	});

	it.concurrent('finds nothing where nothing is lost', async () => {
		const verdict = await against(() => false, patient(20_000));
		expect(verdict.sampled).toBeGreaterThanOrEqual(2);
		expect(verdict).toMatchObject({ acknowledged: verdict.sampled, seen: verdict.sampled, missing: [], complaints: [] });
	});

	/** A broker that loses some readings after it has acknowledged them; the run ends when it was given two. */
	async function against(loses: (seq: number) => boolean, patienceMs: number): Promise<Verdict> {
		let broker: EmbeddedBroker | undefined;
		const taken = new Set<number>();
		const make: Program['make'] = async () => {
			broker = await startBroker({ port: 0 });
			broker.aedes.authorizePublish = (_client, packet, done) => {
				const seq = /readings|backlog/.test(packet.topic) ? JSON.parse(packet.payload.toString()).seq : 0;
				if (seq) taken.add(seq);
				if (loses(seq)) packet.topic = 'lost';
				done(null);
			};
			const nothing = async (): Promise<void> => {};
			return { port: broker.port, start: nothing, stop: nothing, kill: nothing, save: nothing, dispose: () => broker!.close() };
		};
		const disturb = (): Promise<void> => until(() => taken.has(1) && taken.has(2), 20_000, () => 'No two readings came.');
		const { verdict } = await perform(run({ ...present, make }, 'undisturbed', { disturb }), { seconds: 0, seed: 1, intervalMs: 1_000, speed: 20, patienceMs, onLine: () => {} });
		return verdict;
	}
});
