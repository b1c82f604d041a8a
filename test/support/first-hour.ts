// The first hour of a node as whoever sets it up has it, in virtual time: Improv's published SDK on the serial line, a browser without
// JavaScript, aedes and MQTT.js. All of it in this process, so that a slow machine changes nothing.
//
// Rule: time passes only in pass(). After each step of it the others, who know no virtual time, finish what they have begun.

import { request } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { Aedes } from 'aedes';
import { ImprovSerial } from 'improv-wifi-serial-sdk/dist/serial.js';
import { MqttClient } from 'mqtt';
import { expect } from 'vitest';
import type { Side } from '../../simulator/devices/inbound.js';
import type { ServerEnd } from '../../simulator/virtual/ends.js';
import { startVirtualSimulation, type VirtualSimulation } from '../../simulator/virtual.js';
import type { EngineKind } from '../../simulator/engine/engine.js';
import type { SimulatedNode } from '../../simulator/board/simulated-node.js';

const STEP_MS = 20;
/** So often in a row nothing may happen until the others are taken to be done. */
const RESTS = 4;
const BROKER_ADDRESS = '127.0.0.3';
const SILENT = { log() {}, error() {}, debug() {} };
export const HOME = 'broker.home';

/** A socket whose other end may be in virtual time. */
class Line extends Duplex {
	/** Bytes came, or went. */
	onStir: () => void = () => {};
	readonly #write: (bytes: Buffer) => void;
	readonly #finish: () => void;

	constructor(write: (bytes: Buffer) => void, finish: () => void) {
		super();
		this.#write = write;
		this.#finish = finish;
		this.on('error', () => {});
	}
	receive(bytes: Uint8Array | null): void {
		this.onStir();
		this.push(bytes && Buffer.from(bytes));
	}
	override _read(): void {}
	override _write(bytes: Buffer, _encoding: string, done: () => void): void {
		this.onStir();
		this.#write(bytes);
		done();
	}
	override _final(done: () => void): void {
		this.onStir();
		this.#finish();
		done();
	}
	override _destroy(fault: Error | null, done: (fault: Error | null) => void): void {
		this.#finish();
		done(fault);
	}
}

export interface Message {
	readonly topic: string;
	readonly payload: Buffer;
	readonly at: number;
}

export class FirstHour {
	readonly simulation: VirtualSimulation;
	readonly lines: string[];
	readonly messages: Message[] = [];
	/** What goes out on the serial line, to whoever has opened it. */
	onBytes: (bytes: Uint8Array) => void = () => {};
	readonly #aedes: Aedes;
	#client: MqttClient | undefined;
	#stirred = 0;

	private constructor(simulation: VirtualSimulation, lines: string[], aedes: Aedes) {
		this.simulation = simulation;
		this.lines = lines;
		this.#aedes = aedes;
		simulation.network.names.set(HOME, BROKER_ADDRESS);
		simulation.network.listen(BROKER_ADDRESS, 1_883, (end) => void aedes.handle(this.#watched(lineOf(end))));
	}

	/** A node out of its box: nothing in flash, and an image that holds no settings. The broker knows one user. */
	static async open(engine: EngineKind, user: string, password: string): Promise<FirstHour> {
		const lines: string[] = [];
		const simulation = await startVirtualSimulation({
			engine, seed: 'first hour', settingsOf: () => ({ ssid: '', passphrase: '', host: '' }), onLine: (_, line) => void lines.push(line),
			onBytes: (_, bytes) => hour.onBytes(bytes),
		});
		const aedes = await Aedes.createBroker();
		aedes.authenticate = (_client, name, secret, done) => {
			const good = name === user && String(secret) === password;
			done(good ? null : Object.assign(new Error('refused'), { returnCode: 5 }) as never, good);
		};
		const hour: FirstHour = new FirstHour(simulation, lines, aedes);
		return hour;
	}

	get node(): SimulatedNode {
		return this.simulation.nodes[0]!;
	}

	async close(): Promise<void> {
		await this.#client?.endAsync(true);
		this.simulation.end();
		await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
	}

	async pass(ms: number): Promise<void> {
		for (let passed = 0; passed < ms; passed += STEP_MS) {
			await this.simulation.run(STEP_MS);
			await this.#rest();
		}
	}

	async until(what: () => boolean, limitMs: number): Promise<void> {
		const { world } = this.simulation;
		for (const from = world.now(); !what() && world.now() - from < limitMs;) await this.pass(STEP_MS);
		expect(what(), this.lines.slice(-8).join('\n')).toBe(true);
	}

	/** What comes of it, while time passes. */
	async outcome<Value>(promise: Promise<Value>, limitMs = 40_000): Promise<Value> {
		let settled = false;
		promise.finally(() => (settled = true)).catch(() => {});
		await this.until(() => settled, limitMs);
		return promise;
	}

	/** Lines that were said since there were so many. */
	said(pattern: RegExp, from = 0): string | undefined {
		return this.lines.slice(from).find((line) => pattern.test(line));
	}

	/** The serial port, as a browser gives it to Improv's SDK. */
	improv(): ImprovSerial {
		const readable = new ReadableStream<Uint8Array>({
			start: (controller) => {
				this.onBytes = (bytes) => {
					this.#stirred++;
					controller.enqueue(Uint8Array.from(bytes));
				};
			},
		});
		const writable = new WritableStream<Uint8Array>({
			write: (bytes) => {
				this.#stirred++;
				this.node.send(bytes);
			},
		});
		return new ImprovSerial({ readable, writable } as never, SILENT);
	}

	/** A subscriber that hears all, and says what `publish` is told. */
	async subscribe(username: string, password: string): Promise<void> {
		const client = new MqttClient(() => {
			const ours: Line = new Line((bytes) => theirs.receive(bytes), () => theirs.receive(null));
			const theirs: Line = new Line((bytes) => ours.receive(bytes), () => ours.receive(null));
			this.#aedes.handle(this.#watched(theirs));
			return this.#watched(ours);
		}, { clientId: 'subscriber', username, password, keepalive: 0, reconnectPeriod: 0 });
		this.#client = client;
		client.on('message', (topic, payload) => void this.messages.push({ topic, payload, at: this.simulation.world.now() }));
		await this.outcome(client.subscribeAsync('telltale/#', { qos: 1 }));
	}

	async publish(topic: string, value: unknown): Promise<void> {
		await this.outcome(this.#client!.publishAsync(topic, JSON.stringify(value), { qos: 1 }));
	}

	heard(leaf: string): string[] {
		return this.messages.filter(({ topic }) => topic.endsWith(`/${leaf}`)).map(({ payload }) => payload.toString());
	}

	/** A browser of somebody who is in the same network as the node, or has joined the node's own. */
	browser(side: Side): Browser {
		return new Browser(this, () => {
			const line: Line = new Line((bytes) => inbound?.write(bytes), () => inbound?.finish());
			const inbound = this.node.inbound?.dial(side, 80, {
				data: (bytes) => line.receive(bytes), end: () => line.receive(null), reset: () => void line.destroy(new Error('reset')),
			});
			if (!inbound) queueMicrotask(() => line.destroy(new Error('Nobody answers.')));
			return this.#watched(line);
		});
	}

	#watched(line: Line): Line {
		line.onStir = () => this.#stirred++;
		return line;
	}

	/** Until nothing has happened for some turns of the event loop. */
	async #rest(): Promise<void> {
		for (let left = RESTS, seen = this.#stirred; left > 0; left--) {
			await new Promise((resolve) => setImmediate(resolve));
			if (this.#stirred !== seen) [left, seen] = [RESTS + 1, this.#stirred];
		}
	}
}

function lineOf(end: ServerEnd): Line {
	const line = new Line((bytes) => end.write(bytes), () => end.end());
	end.onData = (bytes) => line.receive(bytes);
	end.onClose = () => line.receive(null);
	return line;
}

/** Gets pages, follows what they say, fills their forms in and sends them. */
export class Browser {
	readonly #hour: FirstHour;
	readonly #connect: () => Line;
	#url = new URL('http://nowhere/');
	page = '';

	constructor(hour: FirstHour, connect: () => Line) {
		this.#hour = hour;
		this.#connect = connect;
	}

	/** Comes to rest on a page that does not ask to be loaded anew. */
	async open(url: string): Promise<string> {
		await this.#load(new URL(url));
		return this.rested();
	}

	/** As often as the page asks to be loaded anew. */
	async rested(): Promise<string> {
		for (let refresh = REFRESH.exec(this.page); refresh; refresh = REFRESH.exec(this.page)) {
			await this.#hour.pass(1_000 * Number(refresh[1]));
			await this.#load(new URL(refresh[2]!, this.#url));
		}
		return this.page;
	}

	/** Fills in the page's form, by the names of its fields, and presses the button that sends it. */
	async send(filled: Readonly<Record<string, string>>): Promise<string> {
		const [, attributes, inside] = /<form ([^>]*)>(.*)<\/form>/s.exec(this.page)!;
		const form = attributesOf(attributes!);
		const fields = new URLSearchParams();
		for (const [, text] of inside!.matchAll(/<input ([^>]*)>/g)) {
			const { name, type, value = '', checked } = attributesOf(text!);
			const chosen = filled[name!] ?? (type === 'radio' && checked === undefined ? undefined : value);
			if (type === 'radio' ? chosen === value : chosen !== undefined) fields.append(name!, chosen!);
		}
		for (const name of Object.keys(filled)) expect(fields.has(name), `There is no field ${name}.`).toBe(true);
		expect(form['method']).toBe('post');
		await this.#load(new URL(form['action']!, this.#url), fields.toString());
		return this.page;
	}

	get alert(): string {
		return plain(/role=alert>(.*?)<\/p>/.exec(this.page)?.[1] ?? '');
	}

	get status(): string {
		return plain(/role=status>(.*?)<\/p>/.exec(this.page)?.[1] ?? '');
	}

	async #load(url: URL, form?: string): Promise<void> {
		const { status, location, body } = await this.#hour.outcome(this.#ask(url, form));
		this.#url = url;
		if (location !== undefined) {
			expect([302, 303]).toContain(status);
			return this.#load(new URL(location, url));
		}
		expect(status).toBe(200);
		this.page = body;
	}

	#ask(url: URL, form?: string): Promise<{ status: number; location: string | undefined; body: string }> {
		return new Promise((resolve, reject) => {
			const headers = form === undefined ? {} : { 'Origin': url.origin, 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': Buffer.byteLength(form) };
			const asked = request({
				host: url.host, defaultPort: 80, path: url.pathname + url.search, method: form === undefined ? 'GET' : 'POST', headers: { ...headers, Accept: 'text/html' },
				createConnection: () => this.#connect() as Duplex as Socket,
			}, (answer) => {
				let body = '';
				answer.setEncoding('utf8').on('data', (piece: string) => (body += piece)).on('error', reject);
				answer.on('end', () => resolve({ status: answer.statusCode!, location: answer.headers.location, body }));
			});
			asked.on('error', reject).end(form);
		});
	}
}

const REFRESH = /<meta http-equiv=refresh content="(\d+);url=([^"]*)">/;

function attributesOf(text: string): Record<string, string> {
	return Object.fromEntries([...text.matchAll(/([\w-]+)(?:=(?:"([^"]*)"|(\S+)))?/g)].map(([, name, quoted, bare]) => [name, plain(quoted ?? bare ?? '')]));
}

/** Text of HTML as it is read. */
function plain(html: string): string {
	const text = html.replace(/<[^>]*>/g, '').replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
	return text.replace(/&hellip;/g, '…').replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
}
