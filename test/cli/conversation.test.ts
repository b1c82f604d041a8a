// The conversation of telltale configure: by its questions, on a terminal, and with brokers that it tries.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Prompts } from '../../cli/answers.js';
import { brokerProblem } from '../../cli/broker-check.js';
import { ask, askWhatFor, type Around } from '../../cli/questions.js';
import { FIELDS, settingsProblem } from '../../src/settings/settings.js';
import { mosquitto } from '../../simulator/field/mosquitto.js';
import { freePort, mosquittoMissing } from '../support/brokers.js';
import { opensslMissing } from '../support/certificates.js';
import { until } from '../support/patience.js';
import { inside, testBroker } from './support.js';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'telltale-'))));
const closers: (() => unknown)[] = [];
afterEach(async () => {
	for (const close of closers.splice(0).reverse()) await close();
	rmSync(folder, { recursive: true });
});

const CANCEL = Symbol('cancel');
const MORE = 'Change other settings too?';

interface Question {
	readonly message: string;
	readonly initialValue?: unknown;
	readonly initialValues?: unknown;
	readonly placeholder?: string;
	readonly options?: readonly { readonly value: unknown; readonly label: string; readonly hint?: string }[];
	readonly validate?: (value: unknown) => string | undefined;
}

/** Answers by key; an answer that the question's own check turns down ends the test. What is not answered gets Enter alone. */
function person(answers: Readonly<Record<string, unknown>>, asked: string[] = [], questions: Question[] = []): Prompts {
	const reply = async (question: Question) => {
		const key = question.message.split(':')[0]!;
		asked.push(key);
		questions.push(question);
		const list = answers[key];
		const answer = Array.isArray(list) && key !== 'sensors' && !key.startsWith('Which?') ? list.shift() : list;
		const value = answer ?? question.initialValue ?? question.initialValues ?? question.options?.[0]?.value ?? '';
		const fault = question.validate?.(value);
		if (fault) throw new Error(fault);
		return value;
	};
	const log = { success: (text: string) => void asked.push(text), warn: (text: string) => void asked.push(text) };
	return { text: reply, password: reply, confirm: reply, select: reply, multiselect: reply, isCancel: (value: unknown) => value === CANCEL, log } as unknown as Prompts;
}

const AROUND: Around = { addresses: ['192.168.1.5'], folder: '.', problem: undefined };
const settingsOf = async (before: Record<string, string | number>, given: Record<string, string | number>, prompts: Prompts, around = AROUND) => (await ask(before, given, 'nodemcu', around, prompts)).settings;

describe('The questions', () => {
	it('gather settings that pass, and leave out what nobody changed', async () => {
		const answers = { ssid: 'attic', passphrase: 'correct horse', host: 'broker', sensors: ['tmp36'] };
		const settings = await settingsOf({}, { node: 'cellar' }, person(answers));
		expect(settings).toEqual({ node: 'cellar', ssid: 'attic', passphrase: 'correct horse', host: 'broker', sensors: 'tmp36' });
		expect(settingsProblem(settings)).toBe('');
	});

	it('are only those that a beginner needs, not for what was given, nor for a password without a user', async () => {
		const asked: string[] = [];
		await settingsOf({}, {}, person({ ssid: 'attic' }, asked));
		expect(asked).toEqual(['node', 'ssid', 'passphrase', 'host', 'user', 'sensors', MORE]);
		asked.length = 0;
		await settingsOf({}, { node: 'cellar', ssid: 'attic', host: 'broker' }, person({ user: 'me', password: 'x' }, asked));
		expect(asked).toEqual(['passphrase', 'user', 'password', 'sensors', MORE]);
	});

	it('offer every other setting where that is wanted, and ask for those that are chosen', async () => {
		const questions: Question[] = [];
		const asked: string[] = [];
		const more = 'Which? (space chooses, Enter goes on)';
		const { settings, board } = await ask({}, {}, undefined, AROUND, person({ 'Which board is it?': 'esp32', ssid: 'a', user: 'u', [MORE]: true, [more]: ['port', 'keepAliveMs'], port: '1884' }, asked, questions));
		expect(settings).toMatchObject({ port: 1884 });
		expect(settings).not.toHaveProperty('keepAliveMs');
		expect(board).toBe('esp32');
		const offered = questions.find(({ message }) => message === more)!.options!.map(({ value }) => value);
		expect(new Set([...offered, ...asked].filter((key) => FIELDS.some((field) => field.key === key)))).toEqual(new Set(FIELDS.map(({ key }) => key)));
	});

	it('offer what fits the board, and ask for the CA where there is TLS', async () => {
		const questions: Question[] = [];
		const asked: string[] = [];
		await ask({ tls: true }, { ssid: 'a' }, 'esp32', AROUND, person({}, asked, questions));
		expect(asked.slice(-2)).toEqual(['caFile', 'certFile']);
		const parts = (list: Question[]) => list.find(({ message }) => message.startsWith('sensors'))!.options!.map(({ value }) => value);
		expect(parts(questions)).toContain('hih4030');
		questions.length = 0;
		await settingsOf({}, { ssid: 'a' }, person({ [MORE]: true, 'Which? (space chooses, Enter goes on)': [] }, [], questions));
		expect(parts(questions)).not.toContain('hih4030');
		expect(questions.at(-1)!.options!.map(({ value }) => value)).not.toContain('tls');
		await expect(ask({ tls: true }, { ssid: 'a' }, 'esp32', AROUND, person({ caFile: 'no.pem' }))).rejects.toThrow('no.pem is not there: name a file from the folder of the settings.');
	});

	it('take parts that go together on the board only, and show a list as it is', async () => {
		const asked: string[] = [];
		const prompts = person({ ssid: 'attic', host: 'broker' }, asked);
		const choices = [['tmp36', 'sht3x', 'tmp36'], ['sht3x']];
		const { multiselect } = prompts;
		prompts.multiselect = ((question: Question) => question.message.startsWith('sensors') ? choices.shift() : multiselect(question as never)) as never;
		expect(await settingsOf({}, {}, prompts)).toMatchObject({ sensors: 'sht3x' });
		expect(asked).toContain('sensors, entry 3: nodemcu has no analog input left for tmp36.');
		const list = '[{"part":"tmp36","pin":"A0"}]';
		const questions: Question[] = [];
		expect(await settingsOf({ sensors: list, ssid: 'attic', host: 'broker' }, {}, person({}, [], questions))).toMatchObject({ sensors: list });
		expect(questions.find(({ message }) => message.startsWith('sensors'))).toMatchObject({ placeholder: list });
	});

	it('offer the addresses of this machine as broker, loopback last and as of no use to a real node', async () => {
		const questions: Question[] = [];
		const settings = await settingsOf({}, { ssid: 'a' }, person({}, [], questions));
		expect(settings).toMatchObject({ host: '192.168.1.5' });
		const { options } = questions.find(({ message }) => message.startsWith('host:'))!;
		expect(options!.map(({ label }) => label)).toEqual(['192.168.1.5, this machine', 'another, by its name or address', '127.0.0.1, for simulated nodes alone: no real node reaches it']);
		questions.length = 0;
		expect(await settingsOf({ host: 'mine.lan' }, { ssid: 'a' }, person({}, [], questions))).toMatchObject({ host: 'mine.lan' });
		// Another is asked for by name.
		expect(await settingsOf({}, { ssid: 'a' }, person({ host: ['\u0000another', 'b.lan'] }))).toMatchObject({ host: 'b.lan' });
	});

	it('keep a secret that is in the file when nothing is typed', async () => {
		expect(await settingsOf({ ssid: 'a', host: 'b', passphrase: 'correct horse' }, {}, person({ passphrase: '' }))).toMatchObject({ passphrase: 'correct horse' });
	});

	it('have no text typed in before the person types, and Enter takes what stands greyed', async () => {
		const questions: Question[] = [];
		const settings = await settingsOf({ node: 'porch' }, { ssid: 'a', host: 'b' }, person({}, [], questions));
		expect(settings).toMatchObject({ node: 'porch' });
		expect(questions.find(({ message }) => message.startsWith('node:'))).toMatchObject({ placeholder: 'porch' });
		expect(questions.filter(({ initialValue }) => typeof initialValue === 'string')).toEqual([]);
	});

	it('turn a wrong answer down with the sentence of the table', async () => {
		await expect(settingsOf({}, { ssid: 'a' }, person({ node: 'No' }))).rejects.toThrow('node is "No"; it must be 1 to 23 of a-z, 0-9 and "-"');
		await expect(settingsOf({}, {}, person({ ssid: '' }))).rejects.toThrow('It is needed');
	});

	it('end without a file when they are cancelled', async () => {
		const prompts = { ...person({}), text: async () => CANCEL } as unknown as Prompts;
		await expect(settingsOf({}, {}, prompts)).rejects.toThrow('Stopped before anything was written.');
	});

	it('try the broker if that is wanted, and take it anew, or go on, where it does not answer', async () => {
		const tried: unknown[] = [];
		const around = { ...AROUND, problem: async ({ host }: Readonly<Record<string, unknown>>) => (tried.push(host), host === 'good.lan' ? '' : 'Nobody listens.') };
		const asked: string[] = [];
		const answers = { host: ['\u0000another', 'bad.lan', '\u0000another', 'good.lan'], 'Try from here whether the broker answers?': true, 'Nobody listens.': ['again', 'anew'] };
		expect(await settingsOf({}, { ssid: 'a', user: '' }, person(answers, asked), around)).toMatchObject({ host: 'good.lan' });
		expect([tried, asked.at(-1)]).toEqual([['bad.lan', 'bad.lan', 'good.lan'], 'The broker lets us in.']);
		expect(await settingsOf({}, { ssid: 'a', host: 'b' }, person({ 'Try from here whether the broker answers?': true, 'Nobody listens.': 'on' }), around)).toMatchObject({ host: 'b' });
	});

	it('begin with what to do: boards by their ports first, and a file where none is connected', async () => {
		const questions: Question[] = [];
		expect(await askWhatFor([{ path: '/dev/ttyUSB0', name: 'CP2102' }], person({}, [], questions))).toBe('/dev/ttyUSB0');
		expect(questions[0]!.options).toMatchObject([{ label: 'Set up the board at /dev/ttyUSB0 (CP2102)' }, { label: 'Write a settings file, to flash a board with' }]);
		expect(await askWhatFor([], person({}))).toBe(undefined);
	});
});

describe('A broker that is tried', () => {
	const at = (port: number, more = {}) => brokerProblem({ host: '127.0.0.1', port, ...more }, folder, 2_000);

	it('lets in, is not there, is none, or does not answer', async () => {
		const broker = await testBroker();
		closers.push(() => broker.close());
		const heard: string[] = [];
		broker.aedes.on('publish', ({ topic }) => heard.push(topic));
		broker.aedes.on('subscribe', () => heard.push('subscribe'));
		expect(await at(broker.port)).toBe('');
		expect(heard.filter((each) => !each.startsWith('$SYS'))).toEqual([]);
		const free = await freePort();
		expect(await at(free)).toBe(`No broker listens at 127.0.0.1:${free}: start one, or give another host or port.`);
		expect(await brokerProblem({ host: 'nobody.invalid' }, folder, 2_000)).toBe('The name in nobody.invalid:1883 is not known here: check it, or give the broker\'s address.');
		for (const greet of ['HTTP/1.1 400 Bad Request\r\n\r\n', '', undefined]) {
			const server = createServer((socket) => (greet === undefined ? socket.destroy() : socket.on('error', () => {}).write(greet)));
			await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
			closers.push(() => server.close());
			const { port } = server.address() as { port: number };
			expect(await brokerProblem({ host: '127.0.0.1', port }, folder, 500)).toBe(`127.0.0.1:${port} takes connections but does not answer as an MQTT broker: check the port, or set tls if it wants that.`);
		}
	});

	it.skipIf(mosquittoMissing)('refuses a user, and who has none', async () => {
		const users = join(folder, 'users');
		spawnSync('mosquitto_passwd', ['-b', '-c', users, 'porch', 'right']);
		const server = await mosquitto.make({ lines: ['allow_anonymous false', `password_file ${users}`] });
		closers.push(() => server.dispose());
		await server.start();
		const { port } = server;
		expect(await at(port, { user: 'porch', password: 'right' })).toBe('');
		expect(await at(port, { user: 'porch', password: 'right', protocol: 5 })).toBe('');
		expect(await at(port, { user: 'porch', password: 'wrong' })).toBe(`The broker at 127.0.0.1:${port} refuses the user name or the password.`);
		expect(await at(port, { user: 'porch', password: 'wrong', protocol: 5 })).toBe(`The broker at 127.0.0.1:${port} refuses the user name or the password.`);
		expect(await at(port)).toBe(`The broker at 127.0.0.1:${port} lets nobody in without a user name and a password.`);
		const words = ['configure', '--ssid', 'a', '--host', '127.0.0.1', '--port', String(port), '--check'];
		expect(await inside(words, { cwd: folder })).toEqual({ status: 1, out: '', err: `The broker at 127.0.0.1:${port} lets nobody in without a user name and a password. Nothing was written.\n` });
		expect(readdirSync(folder)).toEqual(['users']);
	});

	it.skipIf(mosquittoMissing || opensslMissing)('is trusted by its CA alone', async () => {
		for (const name of ['own', 'other']) {
			spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', `${name}.key`, '-out', `${name}.pem`], { cwd: folder });
		}
		const server = await mosquitto.make({ lines: [`certfile ${folder}/own.pem`, `keyfile ${folder}/own.key`] });
		closers.push(() => server.dispose());
		await server.start();
		const tls = { host: 'localhost', port: server.port, tls: true };
		expect(await brokerProblem({ ...tls, caFile: 'own.pem' }, folder)).toBe('');
		expect(await brokerProblem({ ...tls, caFile: 'other.pem' }, folder)).toBe(`The certificate of localhost:${server.port} is not trusted: caFile must hold the CA that signed it.`);
		expect(await brokerProblem({ ...tls, caFile: 'no.pem' }, folder)).toMatch(/^caFile no\.pem is not there: /);
		expect(await brokerProblem({ host: 'localhost', port: server.port }, folder, 2_000)).toMatch(/does not answer as an MQTT broker: check the port, or set tls if it wants that\.$/);
		const plain = await testBroker();
		closers.push(() => plain.close());
		expect(await brokerProblem({ ...tls, port: plain.port, caFile: 'own.pem' }, folder, 2_000)).toMatch(/^The secure connection to localhost:\d+ fails: |does not answer as an MQTT broker: check the port\.$/);
	});
});

const socatMissing = Boolean(spawnSync('socat', ['-V']).error);
if (socatMissing) console.log('socat is not installed: "telltale configure" is not tried on a terminal (Debian: apt install socat).');

const [ENTER, UP, DOWN, CTRL_C] = ['\r', '\u001b[A', '\u001b[B', '\u0003'];

/** The program on a terminal of its own. */
class Typist {
	screen = '';
	readonly #process: ChildProcess;

	constructor(words: string) {
		const program = join(import.meta.dirname, '../../cli/telltale.mjs');
		const command = `EXEC:"sh -c \\"${process.execPath} ${program} ${words}; echo STATUS $?\\"",pty,setsid,ctty,stderr`;
		this.#process = spawn('socat', ['-', command], { cwd: folder, env: { ...process.env, TERM: 'xterm', NO_COLOR: '1', CI: '' } });
		this.#process.stdout!.on('data', (chunk: Buffer) => void (this.screen += chunk.toString()));
		closers.push(() => this.#process.kill('SIGKILL'));
	}

	/** Waits for the question, and types. */
	async at(question: string, ...keys: string[]): Promise<void> {
		await until(() => this.screen.includes(question), 5_000, () => `There is no "${question}" in:\n${this.screen}`);
		this.screen = this.screen.slice(this.screen.indexOf(question) + question.length);
		for (const key of keys) this.#process.stdin!.write(key);
	}
}

describe.skipIf(socatMissing)('telltale configure on a terminal', () => {
	it('asks what to do, then for what a node needs, writes a file, and says what is next', async () => {
		const typist = new Typist('configure');
		await typist.at('What do you want to do?', ENTER);
		await typist.at('Which board is it?', ENTER);
		await typist.at('name of the node', 'cellar', ENTER);
		await typist.at('name of the Wi-Fi network', 'attic', ENTER);
		await typist.at('passphrase of the Wi-Fi', 'correct horse', ENTER);
		// The last but one, whatever addresses this machine has.
		await typist.at('no real node reaches it', UP, UP, ENTER);
		await typist.at('its name or IPv4 address', 'broker.lan', ENTER);
		await typist.at('user name at the broker', ENTER);
		await typist.at('the parts that are connected', ENTER);
		await typist.at(MORE, ENTER);
		await typist.at('Try from here', DOWN, ENTER);
		await typist.at('Next: npx telltale flash --board nodemcu');
		await typist.at('STATUS 0');
		expect(JSON.parse(readFileSync(join(folder, 'telltale.json'), 'utf8'))).toEqual({ node: 'cellar', ssid: 'attic', passphrase: 'correct horse', host: 'broker.lan' });
	});

	it('takes what is usual for an empty answer, and writes nothing at Ctrl-C', async () => {
		const typist = new Typist('configure --ssid attic --host broker.lan --board nodemcu');
		await typist.at('name of the node', ENTER);
		await typist.at('passphrase of the Wi-Fi', CTRL_C);
		await typist.at('Stopped before anything was written.');
		await typist.at('STATUS 1');
		expect(readdirSync(folder)).toEqual([]);
	});
});
