// The MQTT driver: commands in, events out, with src/mqtt/ in an engine and a real socket to a broker on this machine.
//
// Rule: commands are done in the order of their lines, one turn of the engine each; only "wait" takes time. Whatever goes wrong
// is an event, never an exception. An event that answers a command carries its id.

import { bundleOnce } from '../engine/bundle.js';
import { EngineStop, type Engine, type EngineKind } from '../engine/engine.js';
import { startEngine } from '../engine/start.js';
import { OPTIONS5, parseLine, type Command, type Line } from './commands.js';
import { dial, readTls, sentenceFor, type Address, type TlsFiles, type Wire } from './dial.js';

type Id = string | number | undefined;
type Event = { event: string; id?: Id } & Record<string, unknown>;

/** By their numbers in src/mqtt/codec/fault.ts. */
export const FAULTS = [
	'None', 'Refused', 'ProtocolVersion', 'ConnackTimeout', 'PingTimeout', 'Stalled', 'AckTimeout', 'Unexpected', 'ReservedBits', 'BadQos', 'BadLength',
	'BadText', 'BadTopic', 'BadPacketId', 'BadConnack', 'UnknownSession', 'BadCode', 'TooManyInbound', 'BadProperty', 'PacketTooLarge', 'Disconnected', 'Handler',
	'Capability', 'RequestTimeout',
] as const;
/** Bytes that a socket takes before it has sent them. */
const ROOM = 65_536;
const COMPUTE_MAX = 2_000_000_000;
/** Events that no wait has asked for yet; the oldest go first. */
const REMEMBERED = 1_000;

export class Driver {
	readonly #write: (event: Event) => void;
	readonly #startedAt = performance.now();
	#engine!: Engine;
	/** Turns, one after the other. */
	#turns: Promise<void> = Promise.resolve();
	#wake: NodeJS.Timeout | undefined;
	#wire: Wire | undefined;
	/** Bytes can go, and come. */
	#opened = false;
	#address: Address = { host: '127.0.0.1', port: 0 };
	/** A connection exists, is being made, or has not been told as closed. */
	#busy = false;
	#made = false;
	/** Of the command whose turn it is, and of those that await an answer, by packet id. */
	#current: Id;
	#connecting: Id;
	#ending: Id;
	#waiting = new Map<string, Id>();
	#unclaimed: Event[] = [];
	#claim: { matches(event: Event): boolean; found(event: Event): void } | undefined;
	#gone = '';
	#ended = false;

	constructor(write: (event: Event) => void) {
		this.#write = write;
	}

	/** Why the engine is gone, '' while it is there. */
	get gone(): string { return this.#gone; }

	async start(kind: EngineKind): Promise<void> {
		const script = await bundleOnce('simulator/driver/guest.ts', 'nodemcu');
		this.#engine = startEngine(kind, (request) => this.#answer(request), COMPUTE_MAX);
		await this.#engine.load(script);
		await this.#turn('boot', 'ESP8266', 1, 0);
	}

	/** What was written still goes out. */
	end(): void {
		this.#ended = true;
		clearTimeout(this.#wake);
		this.#close();
		this.#engine.kill();
	}

	/** Settles when the next line may be done. False: it was the last. */
	async line(line: string): Promise<boolean> {
		if (line.trim() === '') return true;
		const command = parseLine(line);
		if ('complaint' in command) this.#error(command.complaint, command.id);
		else if (command.name === 'quit') return false;
		else await this.#do(command);
		return this.#gone === '';
	}

	async #do({ name, id, options }: Command): Promise<void> {
		switch (name) {
			case 'connect': return this.#connect(id, options);
			case 'reconnect': return this.#reconnect(id, options.renew === true);
			case 'publish': return this.#ask(id, name, options.topic, payloadOf(options).toString('hex'), options.qos ?? 0, options.retain ?? false, options.ready ?? false);
			case 'subscribe': return this.#ask(id, name, options.filter, options.qos ?? 0);
			case 'unsubscribe': return this.#ask(id, name, options.filter);
			case 'disconnect': return this.#disconnect(id, Number(options.reason ?? 0));
			case 'drop': return this.#drop(id);
			case 'wait': return this.#wait(id, options);
		}
	}

	async #connect(id: Id, options: Line): Promise<void> {
		if (this.#busy) return this.#error('There is a connection already: disconnect or drop it first.', id);
		let address: Address;
		try {
			const { host = '127.0.0.1', port, tls } = options;
			address = { host: String(host), port: Number(port), tls: tls ? readTls(tls as TlsFiles) : undefined };
		} catch (fault) {
			return this.#error((fault as Error).message, id);
		}
		this.#made = false;
		await this.#ask(id, 'make', sessionOptions(options));
		if (!this.#made) return;
		this.#waiting.clear();
		this.#address = address;
		this.#open(id);
	}

	async #reconnect(id: Id, renew: boolean): Promise<void> {
		if (this.#address.port === 0) return this.#error('There is no session yet: connect first.', id);
		if (this.#busy) return this.#error('There is a connection already: disconnect or drop it first.', id);
		if (renew) await this.#turn('driver', 'renew');
		this.#open(id);
	}

	async #disconnect(id: Id, reason: number): Promise<void> {
		if (!this.#busy) return this.#error('There is no connection.', id);
		this.#ending = id;
		if (!this.#opened) return this.#drop(id);
		await this.#ask(id, 'disconnect', reason);
	}

	async #drop(id: Id): Promise<void> {
		if (!this.#busy) return this.#error('There is no connection.', id);
		this.#ending = id;
		const opened = this.#opened;
		this.#close(true);
		if (!opened) this.#lost('the connection was dropped as asked');
		else await this.#turn('driver', 'gone', false, 'the connection was dropped as asked');
	}

	async #wait(id: Id, { event, topic, of, timeoutMs = 10_000 }: Line): Promise<void> {
		const matches = (each: Event): boolean => each.event === event && (topic === undefined || each.topic === topic) && (of === undefined || each.id === of);
		await this.#turns;
		const at = this.#unclaimed.findIndex(matches);
		if (at >= 0) return this.#waited(id, this.#unclaimed.splice(at, 1)[0]);
		await new Promise<void>((resolve) => {
			const done = (found?: Event): void => {
				clearTimeout(timer);
				this.#claim = undefined;
				this.#waited(id, found, event);
				resolve();
			};
			const timer = setTimeout(done, Number(timeoutMs));
			if (event !== undefined) this.#claim = { matches, found: done };
		});
	}

	#waited(id: Id, found: Event | undefined, event?: unknown): void {
		const of = found ? { for: found.event, of: found.id } : event === undefined ? {} : { for: event };
		this.#write({ event: 'waited', id, ...of, timedOut: found === undefined && event !== undefined });
	}

	#open(id: Id): void {
		this.#busy = true;
		this.#connecting = id;
		const address = this.#address;
		const wire = dial(address);
		const { socket } = wire;
		this.#wire = wire;
		let sentence = 'the broker closed the connection';
		const mine = (...event: unknown[]): void => {
			if (this.#wire === wire) void this.#turn('driver', ...event);
		};
		socket.on(wire.ready, () => {
			if (this.#wire !== wire) return;
			this.#opened = true;
			mine('opened', ROOM);
		});
		socket.on('data', (bytes) => mine('data', bytes.toString('hex')));
		socket.on('drain', () => mine('room', ROOM - socket.writableLength));
		socket.on('error', (fault: NodeJS.ErrnoException) => (sentence = sentenceFor(address, fault)));
		socket.on('close', () => {
			if (this.#wire !== wire) return;
			if (this.#opened) return mine('gone', true, sentence);
			this.#close(true);
			this.#lost(sentence);
		});
	}

	/** With `abruptly` what was written and has not gone is lost, and the broker hears of it at once. */
	#close(abruptly = false): void {
		const wire = this.#wire;
		this.#wire = undefined;
		this.#opened = false;
		wire?.socket.on('error', () => {});
		if (abruptly) wire?.reset();
		else wire?.socket.destroySoon();
	}

	#lost(sentence: string): void {
		this.#tell({ event: 'closed', id: undefined, fault: 'Lost', code: 0, sentence });
	}

	/** A turn whose complaints are this command's. */
	#ask(id: Id, ...values: unknown[]): Promise<void> {
		return this.#enqueue(id, ['driver', ...values]);
	}

	#turn(...event: unknown[]): Promise<void> {
		return this.#enqueue(undefined, event);
	}

	/** One turn of the engine, after those before. */
	#enqueue(id: Id, event: unknown[]): Promise<void> {
		this.#turns = this.#turns.then(async () => {
			if (this.#gone || this.#ended) return;
			this.#current = id;
			const now = Math.floor(performance.now() - this.#startedAt);
			try {
				this.#turned(now, JSON.parse(await this.#engine.turn(JSON.stringify([now, ...event]))));
			} catch (fault) {
				if (!(fault instanceof EngineStop)) throw fault;
				if (!this.#ended) this.#lose(fault.message);
			}
			this.#current = undefined;
		});
		return this.#turns;
	}

	#turned(now: number, { wakeAt, fault, stack }: { wakeAt?: number | null; fault?: string; stack?: string }): void {
		if (fault) return this.#lose(String(stack || fault).replace(/\s*\n\s*/g, ' '));
		clearTimeout(this.#wake);
		if (typeof wakeAt === 'number') this.#wake = setTimeout(() => void this.#turn('wake'), Math.min(Math.max(0, wakeAt - now + 1), 0x3fff_ffff));
	}

	#lose(reason: string): void {
		this.#gone = reason;
		this.#error(`The engine ended: ${reason}`, this.#current);
	}

	/** What the guest asks for, in the middle of its turn. */
	#answer(request: string): string {
		const [operation, ...values] = JSON.parse(request) as [string, string, string];
		return JSON.stringify({ value: this.#operate(operation, values) ?? null });
	}

	#operate(operation: string, [first, second]: readonly string[]): unknown {
		if (operation === 'driver.tell') return this.#told(first, JSON.parse(second));
		if (operation === 'driver.close') return this.#close();
		if (operation !== 'driver.write') return undefined;
		const socket = this.#wire?.socket;
		if (!socket || socket.destroyed) return 0;
		socket.write(Buffer.from(first, 'hex'));
		return Math.max(0, ROOM - socket.writableLength);
	}

	#told(event: string, values: Record<string, unknown>): void {
		switch (event) {
			case 'made':
				this.#made = true;
				return;
			case 'error': return this.#error(sentenceOf(String(values.sentence)), this.#current);
			case 'asked':
				this.#waiting.set(`${values.packetId}`, this.#current);
				return;
			case 'published':
				if (values.packetId) this.#waiting.set(`${values.packetId}`, this.#current);
				return this.#tell({ event, id: this.#current, ...values });
			case 'connected': return this.#tell({ event, id: this.#connecting, ...values });
			case 'acknowledged': case 'subscribed': case 'unsubscribed': case 'setAside': return this.#answered(event, values);
			case 'message': return this.#tell({ event, ...messageOf(values) });
			case 'closed': return this.#tell({ event, id: undefined, ...values, fault: values.fault === -1 ? 'Lost' : FAULTS[Number(values.fault)] });
			default: return this.#tell({ event, ...values });
		}
	}

	#answered(event: string, values: Record<string, unknown>): void {
		const key = `${values.packetId}`;
		const id = this.#waiting.get(key);
		this.#waiting.delete(key);
		this.#tell({ event, id, ...values });
	}

	#error(sentence: string, id?: Id): void {
		this.#tell({ event: 'error', id, sentence });
	}

	/** Says it, and to a wait. */
	#tell(event: Event): void {
		if (event.event === 'closed') {
			event.id ??= this.#ending ?? this.#connecting;
			this.#busy = false;
			this.#ending = this.#connecting = undefined;
		}
		if (event.event === 'connected') this.#connecting = undefined;
		this.#write(event);
		const claim = this.#claim;
		if (claim?.matches(event)) return claim.found(event);
		this.#unclaimed.push(event);
		if (this.#unclaimed.length > REMEMBERED) this.#unclaimed.shift();
	}
}

function payloadOf({ payload, base64 }: Line): Buffer {
	return base64 === undefined ? Buffer.from(String(payload ?? ''), 'utf8') : Buffer.from(String(base64), 'base64');
}

/** As src/mqtt/options.ts has them. */
function sessionOptions({ host: _host, port: _port, tls: _tls, protocol, clientId = '', keepAliveMs = 0, will, ...rest }: Line): Line {
	const options5: Record<string, unknown> = {};
	const options: Record<string, unknown> = {};
	for (const [name, value] of Object.entries(rest)) (Object.hasOwn(OPTIONS5, name) ? options5 : options)[name] = value;
	const { topic, qos = 0, retain = false, ...payload } = (will ?? {}) as Line;
	return {
		...options, clientId, keepAliveMs,
		...(will ? { will: { topic, qos, retain }, willPayload: [...payloadOf(payload)] } : {}),
		...(protocol === 5 ? { options5 } : {}),
	};
}

/** Text where the payload is text; always the bytes. */
function messageOf({ topic, payload, ...rest }: Record<string, unknown>): Record<string, unknown> {
	const bytes = Buffer.from(String(payload), 'hex');
	const text = bytes.toString('utf8');
	const isText = Buffer.from(text, 'utf8').equals(bytes);
	return { topic: Buffer.from(String(topic), 'hex').toString('utf8'), ...(isText ? { payload: text } : {}), base64: bytes.toString('base64'), ...rest };
}

function sentenceOf(text: string): string {
	return /[.!?]$/.test(text) ? text : `${text}.`;
}
