// A second client with a node's client id, on a good line of its own: it connects, is thrown out, and comes back.
//
// Rule: it behaves as a second board with the same settings would: the same id, will and filters, its session kept or not. What it is
// sent it acknowledges and forgets. It is no part of the network, so the judges of nodes do not see it.

import { generate, parser, type Packet, type Parser } from 'mqtt-packet';
import type { Clock, Task } from '../world/clock.js';
import type { Random } from '../world/random.js';
import type { VirtualBroker } from './broker.js';
import type { ServerEnd } from './ends.js';

export interface RivalOptions {
	readonly clientId: string;
	readonly base: string;
	readonly version: 4 | 5;
	readonly clean: boolean;
	/** How long it stays away when it was thrown out. */
	readonly awayMs: readonly [low: number, high: number];
}

/** Of the way to the broker. */
const LATENCY_MS = 5;
const SESSION_EXPIRY_SECONDS = 604_800;
const WILL_DELAY_SECONDS = 30;

export class RivalClient {
	/** How often the broker took it for the node. */
	accepted = 0;
	readonly #clock: Clock;
	readonly #random: Random;
	readonly #broker: VirtualBroker;
	readonly #options: RivalOptions;
	#end: ServerEnd | undefined;
	#next: Task;
	/** In 5.0 it begins with a new session, as nobody can know of one before. */
	#known: boolean;
	#lastId = 0;

	constructor(clock: Clock, random: Random, broker: VirtualBroker, options: RivalOptions) {
		this.#clock = clock;
		this.#random = random;
		this.#broker = broker;
		this.#options = options;
		this.#known = options.version === 4;
		this.#next = clock.after(LATENCY_MS, () => this.#connect());
	}

	/** Says goodbye, for good. */
	leave(): void {
		this.#next.cancelled = true;
		const end = this.#end;
		this.#end = undefined;
		end?.onData(generate({ cmd: 'disconnect', reasonCode: 0 }, { protocolVersion: this.#options.version }));
	}

	#connect(): void {
		const { clientId, base, version, clean } = this.#options;
		const end = this.#makeEnd(parser({ protocolVersion: version }));
		if (!this.#broker.attend(end)) return this.#comeAgain();
		this.#end = end;
		this.#say({
			cmd: 'connect', protocolId: 'MQTT', protocolVersion: version, clientId, keepalive: 0, clean: clean || !this.#known,
			properties: { sessionExpiryInterval: clean ? 0 : SESSION_EXPIRY_SECONDS },
			will: { topic: `${base}/status`, payload: Buffer.from('offline'), qos: 1, retain: true, properties: { willDelayInterval: WILL_DELAY_SECONDS } },
		});
	}

	#makeEnd(reader: Parser): ServerEnd {
		const gone = (): void => {
			if (this.#end !== end) return;
			this.#end = undefined;
			this.#comeAgain();
		};
		const end: ServerEnd = { id: 0, write: (bytes) => void reader.parse(Buffer.from(bytes)), end: gone, reset: gone, onData: () => {}, onClose: () => {} };
		// What it answers takes a moment, as it would over a line.
		reader.on('packet', (packet) => this.#clock.after(LATENCY_MS, () => {
			if (this.#end === end) this.#heard(packet);
		}));
		return end;
	}

	#comeAgain(): void {
		this.#next = this.#clock.after(this.#random.between(...this.#options.awayMs), () => this.#connect());
	}

	#heard(packet: Packet): void {
		if (packet.cmd === 'publish' && packet.qos === 1) return this.#say({ cmd: 'puback', messageId: packet.messageId, reasonCode: 0 });
		if (packet.cmd !== 'connack' || (packet.returnCode ?? packet.reasonCode) !== 0) return;
		this.accepted++;
		this.#known = true;
		if (packet.sessionPresent) return;
		for (const filter of ['set/+', 'status']) {
			this.#lastId = (this.#lastId % 0xffff) + 1;
			this.#say({ cmd: 'subscribe', messageId: this.#lastId, subscriptions: [{ topic: `${this.#options.base}/${filter}`, qos: 1 }] });
		}
	}

	#say(packet: Packet): void {
		this.#end?.onData(generate(packet, { protocolVersion: this.#options.version }));
	}
}
