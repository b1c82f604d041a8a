// telltale configure --port: sets a node up over its serial line, whatever image it runs.
//
// Rule: nothing is asked without a terminal, and nothing is shown that is secret. The network is tried on the spot, the rest by a trial of
// the node's own, whose outcome is waited for; each is told in a sentence.

import type { ReadStream } from 'node:tty';
import { Option } from 'commander';
import { TransferKind } from '../src/provisioning/transfer-packets.js';
import { FIELDS, tlsKey, type Setting } from '../src/settings/settings.js';
import { safe } from '../viewer/safe.js';
import { interruption } from './console.js';
import { Failure, Misuse, Stopped } from './failure.js';
import { certificatesOf, type Certificates } from './certificates.js';
import { FILE_KEYS, isFileKey, SCHEMA_KEY, tlsFault } from './fields.js';
import type { Board } from './flash-map.js';
import { COMMAND_MAX, ImprovClient, Restarted, type Device } from './improv-client.js';
import { choosePort, denied } from './ports.js';
import { foundIn, type Found } from './scan.js';
import { mustHaveSerialLines, openPort } from './serial-port.js';
import { listIn, sensorsFault, withGpios } from './sensors.js';
import type { Settings } from './settings.js';

/** Two minutes for each pair of network and broker, and the restarts before and after. */
const PAIR_MS = 120_000;
const RESTART_MS = 30_000;
/** What the node says of settings on trial (src/telemetry/actions.ts, src/settings/). */
const OUTCOME = /\bsettings number (\d+) (work,|do not work|were on trial when)|\bnew settings: (.*)/;
/** It leaves lines out where its log is longer than the line is fast: what came of a trial may be among them. */
const LEFT_OUT = /^\(\d+ lines dropped\) /;
const ASK_AGAIN_MS = 2_000;
/** What is sent, in this order, from which file, and what it is called in an image. */
const SENT = [[TransferKind.Ca, 'caFile', 'ca.der'], [TransferKind.Certificate, 'certFile', 'client.der'], [TransferKind.Key, 'keyFile', 'clientkey.der']] as const;
const NETWORK = ['ssid', 'passphrase'];

/** `port`: true for the only one there is. `given`: settings by their flat keys; files are named from `folder`. */
export async function configurePort(port: string | true, given: Settings, folder: string, ask?: (node: NodeToAsk) => Promise<Settings>): Promise<void> {
	mustHaveSerialLines();
	const certificates = await certificatesAmong(given, folder);
	if (!ask && !Object.keys(given).length) throw new Misuse('There is nothing to set: give --ssid, --host or any other setting.');
	const path = choosePort(port === true ? undefined : port);
	const stream = opened(path);
	const signal = interruption();
	const close = () => void stream.destroy();
	signal.addEventListener('abort', close);
	const run = new SetUpRun(stream, path);
	try {
		await run.run(certificates ? withTls(given) : given, certificates, ask);
	} catch (error) {
		if (signal.aborted) throw new Stopped('Stopped; what the node had taken by then it keeps.');
		throw error;
	} finally {
		signal.removeEventListener('abort', close);
		run.over = true;
		close();
	}
}

/** The only serial port there is, whatever its path. */
const ANY_PORT = 'usb';

/** The option --port of configure, which is both: a number is the broker's port, a setting like any other; a path, or nothing, is a serial port. */
export function portOption(asSetting: (text: string) => Setting, meaning: string): Option {
	return new Option('--port [number|path]', `${meaning}; alone, or with the path of a serial port: sets up the board there`)
		.preset(ANY_PORT)
		.argParser((text: string, before: Ports | undefined): Ports => {
			if (text === ANY_PORT) return { ...before, serial: true };
			return text.includes('/') || /^COM\d/i.test(text) ? { ...before, serial: text } : { ...before, broker: asSetting(text) };
		});
}

/** What --port was, once or twice. */
export interface Ports {
	readonly serial?: string | true;
	readonly broker?: Setting;
}

/** Takes the serial port out of the options, and leaves the setting. */
export function takeSerialPort(options: Record<string, unknown>): string | true | undefined {
	const { serial, broker } = (options['port'] ?? {}) as Ports;
	if (broker === undefined) delete options['port'];
	else options['port'] = broker;
	return serial;
}

/** What questions may be answered from. */
export interface NodeToAsk {
	readonly device: Device;
	readonly board: Board;
	networks: ImprovClient['networks'];
	/** Who is on the I2C bus, by address; undefined: that is not to be had. */
	scan: () => Promise<Found | undefined>;
	readonly given: Settings;
}

function opened(path: string): ReadStream {
	const port = openPort(path);
	if (port === 'denied') throw denied(path);
	if (!port) throw new Failure(`${path} went away: connect the board again.`);
	return port;
}

class SetUpRun {
	/** What the node says from now on is not shown: the last line is ours. */
	over = false;
	readonly #client: ImprovClient;
	readonly #port: ReadStream;
	readonly #path: string;
	#onLine: (line: string) => void = () => {};

	constructor(port: ReadStream, path: string) {
		this.#port = port;
		this.#path = path;
		this.#client = new ImprovClient(port, (line) => {
			if (this.over) return;
			console.error(`  ${line}`);
			this.#onLine(line);
		});
	}

	async run(given: Settings, certificates: Certificates | undefined, ask?: (node: NodeToAsk) => Promise<Settings>): Promise<void> {
		const client = this.#client;
		const device = await client.device();
		console.log(`${device.firmware} ${device.version} on ${device.chip} at ${safe(this.#path)}: node "${device.node}".`);
		if (certificates && device.chip !== 'ESP32') throw new Failure(`The node is on an ${device.chip}, which has too little memory for TLS: leave the certificates out, or use an ESP32. Nothing was changed.`);
		const board = device.chip === 'ESP32' ? 'esp32' : 'nodemcu';
		const asked = ask ? await ask({ device, board, given, networks: () => client.networks(), scan: () => this.#scan() }) : given;
		const misfit = asked['sensors'] === undefined ? '' : sensorsFault(String(asked['sensors']), board);
		if (misfit) throw new Misuse(`${misfit} Nothing was changed.`);
		const settings = withGpios(asked, board);
		const changes: Record<string, Setting> = {};
		const broker: Record<string, Setting> = {};
		for (const [key, value] of Object.entries(settings)) {
			if (key === SCHEMA_KEY || isFileKey(key) || NETWORK.includes(key)) continue;
			// A new broker is given whole, so that the password of the one before never goes to it.
			if (settings['host'] !== undefined && isOfBroker(key)) broker[key] = value;
			else changes[key] = value;
		}
		if (settings['ssid'] !== undefined) await this.#join(String(settings['ssid']), String(settings['passphrase'] ?? ''));
		else if (settings['passphrase'] !== undefined) throw new Misuse('passphrase is given without ssid: name the network with --ssid.');
		if (certificates) await this.#send(certificates);
		// A list is shorter than its text.
		const sensors = listIn(changes['sensors']);
		const value = { ...changes, ...(sensors && { sensors }), ...(Object.keys(broker).length && { broker }) };
		if (Object.keys(value).length) await this.#try(value, 1 + further(changes));
		else if (settings['ssid'] !== undefined) await this.#tellPage();
		else console.log('Nothing was changed.');
	}

	/** A node of an older firmware, or whose bus hangs, is set up all the same. */
	async #scan(): Promise<Found | undefined> {
		console.log('Looking for parts on the I2C bus …');
		const { ok, error, found } = await this.#client.command('scan');
		if (ok) return foundIn(found);
		console.log(`The bus was not looked through: ${safe(error ?? 'the node does not say why').replace(/\.?$/, '.')}`);
		return undefined;
	}

	async #join(ssid: string, passphrase: string): Promise<void> {
		console.log(`Joining Wi-Fi "${safe(ssid)}" …`);
		const problem = await this.#client.join(ssid, passphrase);
		if (problem) throw new Failure(`${problem.replace(/\.?$/, '.')} Nothing was changed.`);
		console.log('Joined; the node keeps it.');
	}

	/** They go with the settings that come next. */
	async #send({ resources }: Certificates): Promise<void> {
		for (const [kind, key, name] of SENT) {
			const content = resources[name];
			if (!content) continue;
			console.log(`Sending ${key} …`);
			const { ok, error = 'it does not say why' } = await this.#client.certificate(kind, key, content);
			if (!ok) throw new Failure(`The node refuses ${key}: ${safe(error).replace(/\.?$/, '.')} The certificates before hold.`);
		}
	}

	/** By a trial of the node's. */
	async #try(value: object, pairs: number): Promise<void> {
		const payload = JSON.stringify({ value });
		if (Buffer.byteLength(`config ${payload}`) > COMMAND_MAX) {
			throw new Misuse(tooLong(value, Buffer.byteLength(payload)));
		}
		const outcome = this.#outcome(pairs);
		const { ok, error = 'it does not say why', trial } = await this.#client.command('config', payload).catch((fault: unknown) => {
			// So it does when it takes them: its answer was too late, and the outcome tells all.
			if (fault instanceof Restarted) return { ok: true, error: undefined, trial: NaN };
			throw fault;
		});
		if (!ok) throw new Failure(`The node refuses the settings: ${safe(error).replace(/\.?$/, '.')} Nothing was changed.`);
		if (trial === undefined) return console.log('The node has these settings already.');
		console.log('The node restarts and tries the settings; should they not work, those before them hold again.');
		const line = await this.#told(outcome, payload);
		if (line === '') throw new Failure(`What came of it is not known yet: see "npx telltale logs --port ${safe(this.#path)}".`);
		const [, , how, problem] = OUTCOME.exec(line)!;
		if (how !== 'work,') throw new Failure(`The settings do not work, and those before them hold again: ${problem ?? 'the lines above say why.'}`);
		console.log('The settings work, and hold from now on.');
	}

	/** The node's own sentence; '' if none comes in time. */
	#outcome(pairs: number): Outcome {
		const outcome: Outcome = { isLost: false, said: Promise.resolve('') };
		outcome.said = new Promise((resolve, reject) => {
			const timer = setTimeout(() => resolve(''), pairs * PAIR_MS + RESTART_MS);
			timer.unref();
			this.#port.once('close', () => reject(new Failure('The board went away before it said what came of the settings: connect it again, and see "npx telltale logs".')));
			this.#onLine = (line) => {
				outcome.isLost ||= LEFT_OUT.test(line);
				if (!OUTCOME.test(line)) return;
				clearTimeout(timer);
				resolve(line);
			};
		});
		// It may end before anybody waits for it.
		outcome.said.catch(() => {});
		return outcome;
	}

	/** What it said; where that was left out, what it answers to the same settings: those that hold change nothing. */
	async #told(outcome: Outcome, payload: string): Promise<string> {
		for (;;) {
			const line = await Promise.race([outcome.said, new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), ASK_AGAIN_MS))]);
			if (line !== undefined) return line;
			if (!outcome.isLost) continue;
			const { ok, trial } = await this.#client.command('config', payload).catch(() => ({ ok: false, trial: undefined }));
			if (ok && trial === undefined) return 'settings number 0 work,';
			if (ok) outcome.isLost = false;
		}
	}

	async #tellPage(): Promise<void> {
		const url = await this.#client.url();
		if (url) console.log(`The broker can be entered at ${safe(url)}, or with --host here.`);
	}
}

interface Outcome {
	/** A line was left out, which may have been it. */
	isLost: boolean;
	said: Promise<string>;
}

/** Settings of so many bytes, in a sentence: one alone may be too long. */
function tooLong(value: object, bytes: number): string {
	const max = COMMAND_MAX - 'config '.length;
	const alone = Object.entries(value).find(([key, one]) => Buffer.byteLength(JSON.stringify({ value: { [key]: one } })) > max);
	if (!alone) return `These settings have ${bytes} bytes, and the node takes ${max} at once: give some of them in a second run.`;
	return `${alone[0]} alone makes a command of ${Buffer.byteLength(JSON.stringify({ value: { [alone[0]]: alone[1] } }))} bytes, and the node takes ${max}: make it shorter, or put it into the image (telltale configure --file, then telltale flash).`;
}

/** Those that the files hold, as the node takes them; undefined where none are named. */
async function certificatesAmong(given: Settings, folder: string): Promise<Certificates | undefined> {
	const key = FILE_KEYS.find((each) => given[each]);
	if (!key) return undefined;
	if (given['tls'] === false && !tlsKey(given)) throw new Misuse(`${key} is given and tls is false: leave one of them out.`);
	if (!given['certFile'] !== !given['keyFile']) throw new Misuse(tlsFault({ ...given, tls: true, caFile: '-' }));
	return certificatesOf(withTls(given), folder);
}

/** A CA is for TLS: with the first broker where none is named. */
function withTls(given: Settings): Settings {
	return tlsKey(given) ? given : { ...given, tls: true };
}

function isOfBroker(key: string): boolean {
	return FIELDS.some((field) => field.key === key && field.group === 'broker');
}

/** Networks and brokers beyond the first. */
function further(changes: Readonly<Record<string, Setting>>): number {
	return FIELDS.filter(({ key }) => key === 'ssid' || key === 'host').flatMap(({ key }) => [`${key}2`, `${key}3`]).filter((key) => changes[key]).length;
}
