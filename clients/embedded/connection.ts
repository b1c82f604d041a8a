// SPDX-License-Identifier: MIT
// What is behind a client: resolver, socket, session and one timer; and the only place where callbacks are called.
//
// Rule: run() is entered by socket, timer and resolver, never by a method. The session is let to take one packet, or one piece of
// a message, at a time (flow.ts); then the application is told, outside of the session, so that a callback may write, read, close
// and throw as it likes. A callback that throws ends the client: everything is released, and the error goes on up.
// Invariant: after close(), and before onError is called, the socket, the timer and the resolver are gone.

import Time from 'time';
import Timer, { type TimerHandle } from 'timer';
import { Fault } from '../../src/mqtt/codec/fault.js';
import { Flow } from '../../src/mqtt/flow.js';
import type { SessionHandler } from '../../src/mqtt/options.js';
import { reasonText } from '../../src/mqtt/reasons.js';
import { Session } from '../../src/mqtt/session.js';
import { textOf } from './bytes.js';
import { CONNECT_TIMEOUT_MS, FAREWELL_MS, PORT, READ_BYTES, sessionOptions } from './defaults.js';
import { Operation, type ClientError, type ClientOptions, type ControlMessage, type Fragment, type Resolver, type Socket } from './options.js';
import { Requests } from './requests.js';

/** Of a PUBLISH: fixed header, length of the topic, packet id. */
const OVERHEAD = 9;

const enum State {
	/** Resolving, connecting. */
	Opening,
	/** The socket stands. */
	Open,
	Closed,
}

export class Connection<Client> {
	readonly session: Session;
	readonly flow = new Flow();
	readonly requests = new Requests();
	/** Bytes that the socket takes. */
	room = 0;
	/** The application's to read: of Flow.bytes. */
	payloadAt = 0;
	payloadEnd = 0;
	/** Milliseconds since the client was made; kept by tick(). */
	now = 0;
	readonly #client: Client;
	readonly #options: ClientOptions<Client>;
	readonly #buffer: Uint8Array;
	readonly #onTimer: () => void;
	#state = State.Opening;
	#resolver: Resolver | undefined;
	#socket: Socket | undefined;
	#timer: TimerHandle | undefined;
	#timerAt = Infinity;
	/** When patience ends with a connection that is not there yet, or not gone yet. */
	#deadline: number;
	#ticks: number;
	/** Bytes that the socket has for us. */
	#unread = 0;
	/** Of #buffer, what the session has not taken. */
	#from = 0;
	#to = 0;
	/** What is to be told next. */
	#writable = false;
	#fragment: Fragment | undefined;
	#control: ControlMessage | undefined;
	/** '' or why it is over. */
	#complaint = '';
	#fault = Fault.None;
	#code = 0;
	#running = false;

	constructor(client: Client, options: ClientOptions<Client>) {
		this.#client = client;
		this.#options = options;
		this.session = new Session(sessionOptions(options, this.flow), this.handler());
		this.#buffer = new Uint8Array(options.readBytes ?? READ_BYTES);
		this.#ticks = Time.ticks;
		this.#deadline = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
		this.#onTimer = () => {
			this.#timer = undefined;
			this.#timerAt = Infinity;
			this.run();
		};
	}

	get closed(): boolean { return this.#state === State.Closed; }

	/** Bytes of a payload that can be written now. */
	get capacity(): number {
		if (!this.session.connected || this.#complaint) return 0;
		if (this.flow.passing > 0) return Math.min(this.room, this.flow.passing);
		return this.flow.ready ? Math.max(0, this.room - OVERHEAD) : 0;
	}

	open(): void {
		this.wake(this.#deadline);
		const { dns, host } = this.#options;
		if (!dns) return this.connect(host);
		const resolver = new dns.io(dns as never);
		this.#resolver = resolver;
		resolver.resolve(
			{ host, onResolved: (_host, address) => this.resolved(address), onError: () => this.resolved(undefined) },
			(error, address) => this.resolved(error ? undefined : address),
		);
	}

	close(): void {
		if (this.#state === State.Closed) return;
		this.#state = State.Closed;
		Timer.clear(this.#timer);
		this.#resolver?.close?.();
		this.#socket?.close();
		this.#timer = this.#resolver = this.#socket = undefined;
		this.payloadAt = this.payloadEnd = 0;
	}

	/** Hands over what waits, as far as the socket takes it. True: something went out. */
	flush(): boolean {
		let sent = false;
		for (let bytes = this.session.peek(this.room); bytes; bytes = this.session.peek(this.room)) {
			const count = bytes.length;
			if (!this.send(bytes)) break;
			this.session.wrote(count, this.now);
			sent = true;
		}
		return sent;
	}

	/** Sends what is due. Returns when to come again, counted from what went out: that is waited for from now on. */
	sendDue(): number {
		let at = this.session.poll(this.now);
		while (this.flush()) at = this.session.poll(this.now);
		return at;
	}

	/** False: the peer is gone; onError will come. */
	send(bytes: Uint8Array): boolean {
		let room: number | undefined;
		try {
			room = this.#socket!.write(bytes);
		} catch {
			room = undefined;
		}
		this.room = room ?? 0;
		return room !== undefined;
	}

	/** Sees to it that run() comes again by then. An earlier wake-up stays: it will find that nothing is due. */
	wake(at: number): void {
		if (this.#running || this.#state === State.Closed || at >= this.#timerAt) return;
		Timer.clear(this.#timer);
		this.#timerAt = at;
		this.#timer = Timer.set(this.#onTimer, Math.max(0, at - this.tick()));
	}

	/** Ticks wrap; this does not. */
	tick(): number {
		const ticks = Time.ticks;
		this.now += Time.delta(this.#ticks, ticks);
		this.#ticks = ticks;
		return this.now;
	}

	/** A resolver may answer before resolve() returns, late, or twice. */
	private resolved(address: string | undefined): void {
		if (this.#state !== State.Opening || this.#socket || this.#complaint) return;
		if (address) this.connect(address);
		else this.complain(`the address of "${this.#options.host}" cannot be found`);
	}

	private connect(address: string): void {
		const { socket, host, port = PORT } = this.#options;
		const callbacks = {
			address, host, port,
			onReadable: (count: number): void => {
				this.#unread = count;
				this.run();
			},
			onWritable: (count: number): void => {
				this.room = count;
				this.#writable = true;
				if (this.#state === State.Opening) this.opened();
				this.run();
			},
			onError: (): void => {
				const sentence = this.#state === State.Opening ? `no connection to ${host}` : 'the connection was lost';
				this.complain(this.#deadline < Infinity && this.#state === State.Open ? reasonText(Fault.None, 0) : sentence);
				this.run();
			},
		};
		try {
			this.#socket = new socket.io(Object.assign({}, socket, callbacks));
		} catch (error) {
			this.complain(`no connection to ${host} (${(error as Error).message})`);
		}
	}

	private opened(): void {
		this.#state = State.Open;
		this.#deadline = Infinity;
		this.session.start(this.tick());
	}

	private complain(sentence: string): void {
		this.#complaint ||= sentence;
		this.wake(0);
	}

	/** What the session tells is noted here, and told to the application by run(). */
	private handler(): SessionHandler {
		return {
			onConnected: (sessionPresent) => {
				this.#control = { operation: Operation.Connack, sessionPresent };
				this.#writable = true;
			},
			onAcknowledged: (id) => {
				this.#control = { operation: this.flow.first >> 4, id };
			},
			onSubscribed: (id, _index, code) => {
				this.#control = this.requests.answer(id, code);
			},
			onUnsubscribed: (id) => {
				this.#control = this.requests.answer(id, -1);
			},
			onMessage: (bytes, topicAt, topicEnd, payloadAt, payloadEnd, QoS, retain, duplicate) => {
				const { rest } = this.flow;
				this.payloadAt = payloadAt;
				this.payloadEnd = payloadEnd;
				const byteLength = payloadEnd - payloadAt + rest;
				this.#fragment = { more: rest > 0, topic: textOf(bytes, topicAt, topicEnd), QoS, byteLength, retain, duplicate };
			},
			onOversize: () => {},
			onSetAside: () => {},
			onClosed: (fault, code) => {
				this.#fault = fault;
				this.#code = code;
				if (fault !== Fault.None) this.complain(reasonText(fault, code));
				// It is the broker's to hang up.
				else this.#deadline = this.now + FAREWELL_MS;
			},
		};
	}

	/** Does all there is to do. */
	private run(): void {
		if (this.#running || this.#state === State.Closed) return;
		this.#running = true;
		let at = 0;
		try {
			this.tick();
			while (this.#state === State.Open && this.step());
			at = this.conclude();
		} catch (error) {
			this.close();
			throw error;
		} finally {
			this.#running = false;
		}
		this.wake(at);
	}

	/** One thing; false if there is nothing to do. */
	private step(): boolean {
		this.flush();
		if (this.flow.held) return this.tell();
		if (this.tellWritable()) return true;
		if (this.#from === this.#to && !this.fetch()) return false;
		const from = this.#from;
		this.#from = this.session.receive(this.#buffer, from, this.#to, this.now);
		if (this.flow.held) this.look();
		return this.#from > from;
	}

	/** What was taken, but for what the handler noted. */
	private look(): void {
		const { flow } = this;
		const operation = flow.first >> 4;
		if (flow.continued) {
			this.payloadAt = flow.at;
			this.payloadEnd = flow.end;
			this.#fragment = { more: flow.rest > 0 };
		} else if (operation === Operation.Pingresp) {
			this.#control = { operation };
		} else if (operation === Operation.Pubrec || operation === Operation.Pubrel) {
			this.#control = { operation, id: flow.id };
		}
	}

	/** Tells what was taken and, once it is read, has it answered. False: the application has not read it. */
	private tell(): boolean {
		const control = this.#control;
		const fragment = this.#fragment;
		this.#control = this.#fragment = undefined;
		const { onReadable, onControl } = this.#options;
		if (control) onControl?.call(this.#client, control.operation, control);
		if (fragment && onReadable) onReadable.call(this.#client, this.payloadEnd - this.payloadAt, fragment);
		else if (fragment) this.payloadAt = this.payloadEnd;
		if (this.#state !== State.Open) return false;
		this.tellWritable();
		return this.#state === State.Open && this.payloadAt === this.payloadEnd && this.flow.release();
	}

	private tellWritable(): boolean {
		const { capacity } = this;
		if (!this.#writable || capacity === 0) return false;
		this.#writable = false;
		this.#options.onWritable?.call(this.#client, capacity);
		return true;
	}

	/** The next bytes from the socket. */
	private fetch(): boolean {
		const buffer = this.#buffer;
		const count = Math.min(this.#unread, buffer.length);
		if (count === 0) return false;
		this.#socket!.read(count === buffer.length ? buffer : buffer.subarray(0, count));
		this.#unread -= count;
		this.#from = 0;
		this.#to = count;
		return true;
	}

	/** What is due, or the end. Returns when to come again. */
	private conclude(): number {
		if (this.#state === State.Closed) return Infinity;
		const at = this.sendDue();
		if (this.now >= this.#deadline) this.complain(this.#state === State.Opening ? `no connection to ${this.#options.host} in time` : reasonText(Fault.None, 0));
		if (!this.#complaint) return Math.min(at, this.#deadline);
		const error = Object.assign(new Error(this.#complaint), { fault: this.#fault as number, code: this.#code }) as ClientError;
		this.close();
		this.#options.onError?.call(this.#client, error);
		return Infinity;
	}
}
