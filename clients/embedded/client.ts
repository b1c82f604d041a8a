// SPDX-License-Identifier: MIT
// The MQTT client of ECMA-419 (4th edition, clause 25): "embedded:network/mqtt/client" for any Moddable project.
//
// Rule: methods never call back; connection.ts does, from socket and timer. A write is all or nothing, and throws a sentence if
// there is no room: onWritable says when there is. A message is acknowledged once it has been read.

import { topicName } from '../../src/mqtt/codec/topics.js';
import { view } from './bytes.js';
import { Connection } from './connection.js';
import { Operation, type Bytes, type ClientOptions, type WriteOptions } from './options.js';

/** A remaining length, less the longest topic and its frame. */
const LENGTH_MAX = 268_369_900;

export default class MQTTClient {
	static readonly CONNECT = 1;
	static readonly CONNACK = 2;
	static readonly PUBLISH = 3;
	static readonly PUBACK = 4;
	static readonly PUBREC = 5;
	static readonly PUBREL = 6;
	static readonly PUBCOMP = 7;
	static readonly SUBSCRIBE = 8;
	static readonly SUBACK = 9;
	static readonly UNSUBSCRIBE = 10;
	static readonly UNSUBACK = 11;
	static readonly PINGREQ = 12;
	static readonly PINGRESP = 13;
	static readonly DISCONNECT = 14;

	/** The application's own. */
	target: unknown;
	readonly #connection: Connection<MQTTClient>;
	#topicText = '';
	#topic: Uint8Array | undefined;

	/** Throws a sentence if the options break a rule of the standards. */
	constructor(options: ClientOptions<MQTTClient>) {
		const { host, socket, format = 'buffer' } = options;
		if (!host) throw new Error('An MQTT client needs the option "host".');
		if (!socket || typeof socket.io !== 'function') throw new Error('An MQTT client needs the option "socket", with the class of the socket as "io".');
		this.format = format;
		this.target = options.target;
		this.#connection = new Connection<MQTTClient>(this, options);
		try {
			this.#connection.open();
		} catch (error) {
			this.close();
			throw error;
		}
	}

	/** Releases everything, at once and without DISCONNECT (so the broker publishes the will). Nothing is called any more. */
	close(): void { this.#connection.close(); }

	get format(): 'buffer' { return 'buffer'; }

	set format(format: 'buffer') {
		if (format !== 'buffer') throw new RangeError('An MQTT client has the format "buffer" only.');
	}

	/** Of the message that onReadable told: up to `count` bytes, or what fills a buffer; undefined if there are none. */
	read(count?: number): ArrayBuffer | undefined;
	read(into: Bytes): number | undefined;
	read(what?: number | Bytes): ArrayBuffer | number | undefined {
		this.#checkOpen();
		const connection = this.#connection;
		const from = connection.payloadAt;
		const available = connection.payloadEnd - from;
		if (available === 0) return undefined;
		const into = typeof what === 'object' ? view(what) : undefined;
		const wanted = into ? into.length : what === undefined ? available : Math.max(0, Number(what) | 0);
		const to = from + Math.min(wanted, available);
		connection.payloadAt = to;
		if (to === connection.payloadEnd) connection.wake(0);
		const { bytes } = connection.flow;
		if (!into) return bytes.slice(from, to).buffer as ArrayBuffer;
		into.set(bytes.subarray(from, to));
		return to - from;
	}

	/** Sends a message, a piece of one, or a request. Returns how many bytes of a payload may follow. */
	write(data: Bytes | null | undefined, options?: WriteOptions): number {
		this.#checkOpen();
		const connection = this.#connection;
		if (!connection.session.connected) throw new Error('write() was called without a connection: wait for CONNACK in onControl.');
		connection.tick();
		connection.flush();
		const { passing } = connection.flow;
		if (passing > 0 && options) throw new Error(`A message is under way: ${passing | 0} bytes of it are to be written first, without options.`);
		if (passing === 0 && !options) throw new Error('write() needs options: there is no message that this could be a piece of.');
		if (options) this.#begin(options.operation ?? Operation.Publish, data, options);
		else this.#piece(view(data));
		connection.wake(connection.sendDue());
		return connection.capacity;
	}

	#checkOpen(): void {
		if (this.#connection.closed) throw new Error('The MQTT client is closed.');
	}

	#begin(operation: number, data: Bytes | null | undefined, options: WriteOptions): void {
		const { flow, session, now } = this.#connection;
		switch (operation) {
			case Operation.Publish: return this.#publish(data ? view(data) : new Uint8Array(0), options);
			case Operation.Subscribe: return this.#request(operation, options);
			case Operation.Unsubscribe: return this.#request(operation, options);
			case Operation.Pingreq: return flow.ping(now);
			case Operation.Disconnect: return session.stop(now);
			case Operation.Puback: case Operation.Pubrec: case Operation.Pubrel: case Operation.Pubcomp:
				throw new Error('The client acknowledges by itself, once a message has been read.');
			default:
				throw new Error(`write() knows no operation ${operation | 0}.`);
		}
	}

	#publish(data: Uint8Array, options: WriteOptions): void {
		const { topic = '', QoS = 0, retain = false, duplicate = false, byteLength = data.length, id = 0 } = options;
		const { flow, room } = this.#connection;
		checkQos(QoS);
		if (!(byteLength >= data.length && byteLength <= LENGTH_MAX)) throw new RangeError(`byteLength is at least that of the data, and at most ${LENGTH_MAX}.`);
		if (topic !== this.#topicText || !this.#topic) this.#topic = topicName(topic);
		this.#topicText = topic;
		if (QoS > 0 && id !== 0 && !flow.isFree(id)) throw new Error(`The id ${id | 0} is in use, or impossible: choose another, or leave it out.`);
		if (!flow.ready || flow.headSize(this.#topic, byteLength, QoS) + data.length > room) throw new Error('overflow: wait for onWritable.');
		if (flow.begin(this.#topic, byteLength, QoS, retain, duplicate, id) < 0) {
			throw new Error('overflow: too many messages are not acknowledged (inFlightMax), or the topic is too long (controlBytes, outboxBytes).');
		}
		this.#connection.flush();
		this.#pass(data);
	}

	#piece(data: Uint8Array): void {
		const { flow, room } = this.#connection;
		if (data.length > flow.passing) throw new RangeError(`Only ${flow.passing | 0} bytes of the message are left.`);
		if (data.length > room) throw new Error('overflow: wait for onWritable.');
		this.#pass(data);
	}

	#pass(data: Uint8Array): void {
		if (data.length === 0) return;
		const connection = this.#connection;
		if (!connection.send(data)) throw new Error('The connection takes no more bytes: it is being lost.');
		connection.flow.passed(data.length, connection.now);
	}

	/** The session asks for one item after the other; the application hears one answer. */
	#request(operation: number, { items = [], id }: WriteOptions): void {
		const { flow, session, requests } = this.#connection;
		const topics: string[] = [];
		for (let i = 0; i < items.length; i++) {
			checkQos(items[i].QoS ?? 0);
			topics.push(String(items[i].topic));
		}
		if (topics.length === 0) throw new Error('SUBSCRIBE and UNSUBSCRIBE need at least one item.');
		if (!flow.canAsk(topics)) {
			throw new Error('overflow: a topic filter awaits its answer, or there is no room for so many (filtersMax, filterBytes, controlBytes).');
		}
		const ids: number[] = [];
		for (let i = 0; i < topics.length; i++) {
			ids.push(operation === Operation.Subscribe ? session.subscribe(topics[i], items[i].QoS ?? 0) : this.#unsubscribe(topics[i]));
		}
		requests.add(operation, id ?? ids[0], ids);
	}

	/** What an earlier connection subscribed to is not on the session's list; what is left before it was asked for makes an UNSUBSCRIBE only. */
	#unsubscribe(topic: string): number {
		const { session } = this.#connection;
		const id = session.unsubscribe(topic);
		if (id > 0 || session.subscribe(topic, 0) < 0) return id;
		return session.unsubscribe(topic);
	}
}

const checkQos = (qos: number): void => {
	if (qos !== 0 && qos !== 1 && qos !== 2) throw new RangeError('QoS is 0, 1 or 2.');
};
