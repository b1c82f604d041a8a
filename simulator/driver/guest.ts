// The guest of the MQTT driver: src/mqtt/ itself in an engine, with nothing around it but a socket and a timer of the host's.
//
// Rule: it decides nothing. What the host asks for goes to the session; what the session says goes to the host, word for word.

import Timer, { type TimerHandle } from 'timer';
import { Fault } from '../../src/mqtt/codec/fault.js';
import { Message } from '../../src/mqtt/message.js';
import type { SessionHandler, SessionOptions } from '../../src/mqtt/options.js';
import { Protocol5, type Options5 } from '../../src/mqtt/v5/protocol5.js';
import { reasonText } from '../../src/mqtt/reasons.js';
import { reason, reasonText5 } from '../../src/mqtt/v5/reasons5.js';
import { Session } from '../../src/mqtt/session.js';
import { topicName } from '../../src/mqtt/codec/topics.js';
import { fromHex, toHex } from '../modules/bytes.js';
import { board, call, on } from '../modules/host.js';

/** The session's options as the host has checked them; of the protocol's choice only what is given. */
export interface GuestOptions extends SessionOptions {
	readonly willPayload: readonly number[];
	readonly options5?: Options5;
}

/** Topics that long need no message of their own. */
const TOPIC_MAX = 200;

/** Refused, and the program goes on: the host makes an "error" of it. */
const tell = (event: string, values: object): void => call('driver.tell', event, JSON.stringify(values));

class Guest implements SessionHandler {
	#session: Session | undefined;
	#protocol5: Protocol5 | undefined;
	/** For what is published ready; of that session. */
	#message: Message | undefined;
	#room = 0;
	#open = false;
	#received = new Uint8Array(0);
	#timer: TimerHandle | undefined;

	constructor() {
		on('driver', (command: string, ...values: unknown[]) => this.#do(command, values));
	}

	write(packet: Uint8Array): boolean {
		if (packet.length > this.#room) return false;
		this.#room = call<number>('driver.write', toHex(packet));
		return true;
	}

	onConnected(sessionPresent: boolean): void {
		const five = this.#protocol5;
		if (!five) return tell('connected', { sessionPresent });
		const { receiveMax, qosMax, retainAvailable, keepAliveSeconds } = five;
		const packetMax = five.packetMax === Infinity ? null : five.packetMax;
		const clientId = five.assignedId ? { assignedClientId: textOf(five.assignedId) } : {};
		tell('connected', { sessionPresent, ...clientId, receiveMax, qosMax, retainAvailable, packetMax, keepAliveSeconds: keepAliveSeconds < 0 ? null : keepAliveSeconds });
	}

	onAcknowledged(packetId: number, code: number): void {
		tell('acknowledged', code >= 0x80 ? { packetId, code, refused: true, reason: reason(code) } : { packetId, code });
	}

	onSubscribed(packetId: number, _index: number, code: number): void {
		tell('subscribed', code >= 0x80 ? { packetId, code, refused: true } : { packetId, code });
	}

	onUnsubscribed(packetId: number): void {
		tell('unsubscribed', { packetId });
	}

	onMessage(bytes: Uint8Array, topicAt: number, topicEnd: number, payloadAt: number, payloadEnd: number, qos: number, retain: boolean, dup: boolean): void {
		tell('message', { topic: toHex(bytes.subarray(topicAt, topicEnd)), payload: toHex(bytes.subarray(payloadAt, payloadEnd)), qos, retain, dup });
	}

	onOversize(size: number, qos: number): void {
		tell('oversize', { size, qos });
	}

	onSetAside(packetId: number): void {
		tell('setAside', { packetId });
	}

	onClosed(fault: Fault, code: number): void {
		const five = this.#protocol5;
		this.#ended({ fault, code, sentence: five ? reasonText5(fault, code, five.reasonString) : reasonText(fault, code) });
	}

	#do(command: string, values: unknown[]): void {
		try {
			this.#perform(command, values as [never, never, never, never, never]);
		} catch (error) {
			tell('error', { sentence: (error as Error).message });
		}
		this.#pump();
	}

	#perform(command: string, values: [never, never, never, never, never]): void {
		switch (command) {
			case 'make': return this.#make(values[0]);
			case 'opened': return this.#opened(values[0]);
			case 'room':
				this.#room = values[0];
				return;
			case 'data': return this.#data(new Uint8Array(fromHex(values[0])));
			case 'renew': return this.#made.renewFilters();
			case 'gone': return this.#gone(values[0], values[1]);
			case 'publish': return this.#publish(values[0], new Uint8Array(fromHex(values[1])), values[2], values[3], values[4]);
			case 'subscribe': return this.#asked(this.#made.subscribe(values[0], values[1]), 'subscribe');
			case 'unsubscribe': return this.#asked(this.#made.unsubscribe(values[0]), 'unsubscribe');
			case 'disconnect': return this.#made.stop(board.ms, values[0]);
		}
	}

	get #made(): Session {
		if (!this.#session) throw new Error('There is no session yet: connect first.');
		return this.#session;
	}

	#make(options: GuestOptions): void {
		const protocol5 = options.options5 && new Protocol5(options.options5);
		// A session that cannot be made leaves the one before in its place.
		const will = options.will && { ...options.will, payload: Uint8Array.from(options.willPayload) };
		this.#session = new Session({ ...options, will, protocol5 }, this);
		this.#protocol5 = protocol5;
		this.#message = undefined;
		tell('made', {});
	}

	#opened(room: number): void {
		this.#open = true;
		this.#room = room;
		this.#received = new Uint8Array(0);
		this.#made.start(board.ms);
	}

	#data(bytes: Uint8Array): void {
		const all = new Uint8Array(this.#received.length + bytes.length);
		all.set(this.#received);
		all.set(bytes, this.#received.length);
		this.#received = all;
	}

	/** The socket is gone: by the broker, or because it was dropped. */
	#gone(byBroker: boolean, sentence: string): void {
		if (!this.#open) return;
		this.#take();
		if (this.#open) this.#ended({ fault: -1, code: 0, sentence }, byBroker);
	}

	#ended(end: object, byBroker = false): void {
		this.#open = false;
		call('driver.close');
		this.#session!.lost(byBroker);
		tell('closed', end);
	}

	#publish(topic: string, payload: Uint8Array, qos: number, retain: boolean, ready: boolean): void {
		const session = this.#made;
		const name = topicName(topic);
		const packetId = ready ? this.#sendReady(name, payload, qos, retain) : session.publish(name, payload, payload.length, qos, retain);
		if (packetId < 0) throw new Error(`There is no room for the message: ${Math.max(0, session.room(name))} bytes of payload fit now (outboxBytes, messagesMax).`);
		tell('published', { packetId });
	}

	/** The same message is used again until one is larger. */
	#sendReady(topic: Uint8Array, payload: Uint8Array, qos: number, retain: boolean): number {
		let message = this.#message;
		if (!message || topic.length > TOPIC_MAX || message.payload.length < payload.length) message = this.#message = new Message(Math.max(TOPIC_MAX, topic.length), payload.length, this.#protocol5);
		message.payload.set(payload);
		return this.#made.send(message.to(topic, qos, retain), payload.length, board.ms);
	}

	#asked(packetId: number, what: string): void {
		if (packetId < 0) throw new Error(what === 'subscribe' ? 'The filter has no room (filtersMax, filterBytes, controlBytes), or awaits its answer.' : 'The session does not hold this filter, or it awaits its answer.');
		tell('asked', { packetId });
	}

	#take(): void {
		const bytes = this.#received;
		if (!this.#open || bytes.length === 0) return;
		const taken = this.#session!.receive(bytes, 0, bytes.length, board.ms);
		this.#received = bytes.slice(taken);
	}

	/** Receive, send, and see when to come again. */
	#pump(): void {
		Timer.clear(this.#timer);
		this.#timer = undefined;
		const session = this.#session;
		if (!session || !this.#open) return;
		this.#send(session);
		this.#take();
		let at = session.poll(board.ms);
		// What goes out now is waited for from now on.
		while (this.#send(session)) at = session.poll(board.ms);
		if (this.#open && at < Infinity) this.#timer = Timer.set(() => this.#do('wake', []), Math.max(0, Math.ceil(at - board.ms)));
	}

	/** True: something went out. */
	#send(session: Session): boolean {
		let sent = false;
		for (let bytes = session.peek(this.#room); this.#open && bytes; bytes = session.peek(this.#room)) {
			const count = bytes.length;
			this.#room = call<number>('driver.write', toHex(bytes));
			session.wrote(count, board.ms);
			sent = true;
		}
		return sent;
	}
}

function textOf(bytes: Uint8Array): string {
	let text = '';
	for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]);
	return text;
}

export default function (): void {
	new Guest();
}
