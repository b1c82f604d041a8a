// A session on a bench: its output is decoded by mqtt-packet, its callbacks are a log of words, its clock is a number.

import { parser as makeParser, generate, type Packet } from 'mqtt-packet';
import { Session } from '../../src/mqtt/session.js';
import { Protocol5, type Options5 } from '../../src/mqtt/v5/protocol5.js';
import { topicName } from '../../src/mqtt/codec/topics.js';
import type { Fault } from '../../src/mqtt/codec/fault.js';
import type { SessionHandler, SessionOptions } from '../../src/mqtt/options.js';
import { concat, hex } from '../support/bytes.js';

export const OPTIONS: SessionOptions = { clientId: 'node1', keepAliveMs: 30_000, lastPacketId: 0 };

const text = (bytes: Uint8Array, from = 0, to = bytes.length) => Buffer.from(bytes.subarray(from, to)).toString();

/** Writes what it is told into a list of lines; `before` may do more. */
export class Recorder implements SessionHandler {
	readonly log: string[] = [];
	/** Called with the callback's name after it was logged. */
	then: (name: string) => void = () => {};

	#note(name: string, ...values: unknown[]): void {
		this.log.push([name, ...values].join(' '));
		this.then(name);
	}

	onConnected(sessionPresent: boolean): void { this.#note('connected', sessionPresent ? 'present' : 'new'); }
	onAcknowledged(id: number, code: number): void { this.#note('acknowledged', id, ...code ? [code] : []); }
	onSubscribed(id: number, index: number, code: number): void { this.#note('subscribed', id, index, code); }
	onUnsubscribed(id: number): void { this.#note('unsubscribed', id); }
	onMessage(bytes: Uint8Array, topicAt: number, topicEnd: number, at: number, end: number, qos: number, retain: boolean, dup: boolean): void {
		const flags = `${qos}${retain ? 'r' : ''}${dup ? 'd' : ''}`;
		this.#note('message', text(bytes, topicAt, topicEnd), JSON.stringify(text(bytes, at, end)), flags);
	}
	onOversize(size: number, qos: number): void { this.#note('oversize', size, qos); }
	onSetAside(id: number): void { this.#note('aside', id); }
	onClosed(fault: Fault, code: number): void { this.#note('closed', fault, code); }
}

export class Bench {
	readonly recorder = new Recorder();
	readonly session: Session;
	now = 1_000;
	readonly version: number;

	constructor(options: Partial<SessionOptions> = {}) {
		this.version = options.protocol5 ? 5 : 4;
		this.session = new Session({ ...OPTIONS, ...options }, this.recorder);
	}

	/** What the handler was told since the last call. */
	told(): string[] { return this.recorder.log.splice(0); }

	/** Everything the session wants to send now, taken `step` bytes at a time. */
	sentBytes(step = 10_000): Uint8Array {
		const parts: Uint8Array[] = [];
		for (let bytes = this.session.peek(step); bytes; bytes = this.session.peek(step)) {
			parts.push(bytes.slice());
			this.session.wrote(bytes.length, this.now);
		}
		return concat(parts);
	}

	/** The same as mqtt-packet reads it, in short words. */
	sent(step = 10_000): string[] { return decode(this.sentBytes(step), this.version).map(describe); }

	receive(bytes: Uint8Array): void {
		let from = 0;
		while (from < bytes.length) {
			const next = this.session.receive(bytes, from, bytes.length, this.now);
			if (next < bytes.length && this.sentBytes().length === 0) throw new Error('The session neither takes nor sends.');
			from = next;
		}
	}

	/** Start, CONNECT out, CONNACK in (with those properties). */
	connect(sessionPresent = false, properties: object = {}): this {
		this.session.start(this.now);
		this.sentBytes();
		this.receive(encode({ cmd: 'connack', sessionPresent, returnCode: 0, reasonCode: 0, properties }, this.version));
		return this;
	}

	/** The connection breaks and comes back. */
	reconnect(sessionPresent: boolean, byBroker = false): this {
		this.session.lost(byBroker);
		return this.connect(sessionPresent);
	}

	publish(topic: string, payload: string, qos = 1, retain = false): number {
		const bytes = Uint8Array.from(Buffer.from(payload));
		return this.session.publish(topicName(topic), bytes, bytes.length, qos, retain);
	}

	/** poll() at that time. */
	at(now: number): number {
		this.now = now;
		return this.session.poll(now);
	}
}

/** Throws if the bytes are not whole packets. */
export function decode(bytes: Uint8Array, protocolVersion = 4): Packet[] {
	const packets: Packet[] = [];
	const parser = makeParser({ protocolVersion } as never);
	parser.on('packet', (packet) => packets.push(packet));
	parser.on('error', (error) => { throw error; });
	if (parser.parse(Buffer.from(bytes)) > 0) throw new Error('Bytes of an unfinished packet are left.');
	return packets;
}

export function encode(packet: object, protocolVersion = 4): Uint8Array {
	return Uint8Array.from(generate(packet as Packet, { protocolVersion } as never));
}

/** "publish a/b "1" q1 #7 dup retain", "puback #7", … */
export function describe(packet: Packet): string {
	const words: string[] = [packet.cmd];
	if (packet.cmd === 'publish') {
		words.push(packet.topic, JSON.stringify(packet.payload.toString()), `q${packet.qos}`);
		if (packet.dup) words.push('dup');
		if (packet.retain) words.push('retain');
	}
	if (packet.cmd === 'subscribe') words.push(...packet.subscriptions.map((each) => `${each.topic} q${each.qos}`));
	if (packet.cmd === 'unsubscribe') words.push(...packet.unsubscriptions);
	if (packet.cmd === 'connect') words.push(packet.clientId);
	if (packet.messageId !== undefined) words.push(`#${packet.messageId}`);
	return words.join(' ');
}

/** The same for MQTT 5.0. */
export class Bench5 extends Bench {
	readonly protocol5: Protocol5;

	constructor(options: Partial<SessionOptions> = {}, options5: Options5 = {}) {
		const protocol5 = new Protocol5(options5);
		super({ ...options, protocol5 });
		this.protocol5 = protocol5;
	}

	packets(step = 10_000) { return decode(this.sentBytes(step), 5) as unknown as Record<string, unknown>[]; }
}

export function connected5(properties: object = {}, options: Partial<SessionOptions> = {}, options5: Options5 = {}): Bench5 {
	const bench = new Bench5(options, options5).connect(false, properties);
	bench.told();
	return bench;
}

/** Connected, with the filters "a" and "b" that were asked for (ids 1 and 2) and answered. */
export function subscribed(): Bench {
	const bench = new Bench().connect();
	bench.session.subscribe('a', 1);
	bench.session.subscribe('b', 0);
	bench.sentBytes();
	bench.receive(hex`90 03 0001 01 90 03 0002 00`);
	bench.told();
	return bench;
}
