// SPDX-License-Identifier: MIT
// The MQTT session of the broker's client, on the terms that this broker takes: the version of MQTT, retained messages, QoS 1.
//
// Rule: the settings say what is wanted. What a broker turns down is left out from the next CONNECT on; where that is QoS 1, the session is made
// anew, and what the one before held waits again. It is remembered in the store, and taken back when a broker allows it again
// (docs/decisions/0025-what-a-broker-takes.md). With `protocol` "auto" the versions are tried in turn until one is accepted.

import { Cause } from '../connection/causes.js';
import type { Destinations } from '../connection/destinations.js';
import { Limit } from '../common/limits.js';
import { NEVER, type Log, type Millis, type Store } from '../common/ports.js';
import { Text } from '../common/text.js';
import { Fault } from '../mqtt/codec/fault.js';
import { topicName } from '../mqtt/codec/topics.js';
import { Message } from '../mqtt/message.js';
import type { SessionHandler } from '../mqtt/options.js';
import type { Session } from '../mqtt/session.js';
import type { Protocol5 } from '../mqtt/v5/protocol5.js';
import { ENTRIES, type Config } from '../settings/settings.js';
import { Carried, type InFlight } from '../storage/in-flight.js';
import type { ReadingQueue } from '../storage/reading-queue.js';
import { openSession } from './opening.js';
import { makeProtocol5 } from './protocol.js';
import { Without, type Publications, type Subscription } from './publications.js';

/** What the next connection needs. */
const enum Renewal {
	None,
	/** Another will, which CONNECT asks for anew. */
	Will,
	/** A session that holds nothing of QoS 1. */
	Empty,
	/** One of the other version. */
	Version,
}

export abstract class BrokerSession {
	accepted = false;

	protected readonly to: Destinations;
	protected readonly queue: ReadingQueue;
	protected readonly inFlight: InFlight;
	protected readonly publications: Publications;
	protected readonly subscriptions: readonly Subscription[];
	protected readonly log: Log;
	protected readonly safe: boolean;
	private readonly store: Store;
	protected session!: Session;
	/** Of the session, when it speaks MQTT 5.0. */
	protected protocol5: Protocol5 | undefined;
	/** What is written next: a reading goes out as it lies there. */
	protected message!: Message;
	protected text!: Text;
	protected readonly readingsTopic: Uint8Array;
	protected readonly backlogTopic: Uint8Array;
	private renewal = Renewal.None;
	/** Connections in a row that came to nothing before CONNACK. */
	private failures = 0;
	/** Whose session it is, as destinations.ts numbers them. */
	private broker = 0;
	/** When the filters are asked for although the broker kept the session; NEVER: they were, since the last connection began. */
	protected renewAt: Millis = NEVER;

	/** `subscriptions`: asked for in this order. `safe`: what the broker has stored may be what brings us down, so each session is a new one. */
	constructor(to: Destinations, store: Store, queue: ReadingQueue, inFlight: InFlight,
		publications: Publications, subscriptions: readonly Subscription[], log: Log, safe: boolean) {
		this.to = to;
		this.safe = safe;
		this.store = store;
		this.queue = queue;
		this.inFlight = inFlight;
		this.publications = publications;
		this.subscriptions = subscriptions;
		this.log = log;
		this.readingsTopic = this.topic('readings');
		this.backlogTopic = this.topic('backlog');
	}

	protected get config(): Config { return this.to.config; }

	/** But for those of readings rare, so made anew each time rather than kept. */
	protected topic(name: string): Uint8Array {
		return topicName(`${this.config.base}/${name}`);
	}

	/** The broker has granted the subscription to commands, if there is one. */
	get hears(): boolean {
		return this.accepted && this.config.commands && this.session.isGranted(`${this.config.base}/set/+`);
	}

	protected get packetMax(): number { return this.protocol5?.packetMax ?? Infinity; }

	/** The first session: as the broker took it the last time. MUST be called once, when `this` can be told of what happens. */
	protected beginSession(this: BrokerSession & SessionHandler): void {
		const { config, publications } = this;
		const wants5 = config.protocol === 5 || (config.protocol === 'auto' && this.spoken !== 4);
		publications.without = (wants5 ? this.store.get(this.keyOf(WITHOUT_KEY)) ?? 0 : 0) | wished(config);
		this.session = this.makeSession(wants5);
	}

	/** A connection is open: to another broker than before it needs another session, and what is known of that one holds no more. */
	protected meetBroker(this: BrokerSession & SessionHandler): void {
		const { broker } = this.to;
		if (broker === this.broker) return;
		this.broker = broker;
		this.failures = 0;
		this.renewal = Renewal.None;
		this.forget();
		this.emptySession();
		this.beginSession();
	}

	/** What is known of how the broker takes what it is sent is of no use any more. */
	protected abstract forget(): void;

	private keyOf(key: string): string {
		return key + ENTRIES[this.broker];
	}

	/** The version that the broker was found to speak; 0: none yet. */
	protected get spoken(): number {
		return this.store.get(this.keyOf(VERSION_KEY)) ?? 0;
	}

	/** CONNACK said yes. In a session that begins anew the filters are asked for at once. */
	protected agreed(sessionPresent: boolean): void {
		if (!sessionPresent) this.renewAt = NEVER;
		const { protocol5 } = this;
		this.failures = 0;
		if (this.config.protocol === 'auto') this.store.set(this.keyOf(VERSION_KEY), protocol5 ? 5 : 4);
		if (!protocol5) return;
		const without = (protocol5.retainAvailable ? 0 : Without.Retain) | (protocol5.qosMax > 0 ? 0 : Without.Acknowledgements) | wished(this.config);
		this.goWithout(without);
	}

	/** A session that was kept may be another client's, with other filters than ours, or none. Returns when they are asked for. */
	protected renewFilters(now: Millis): Millis {
		if (!this.accepted) return NEVER;
		if (now >= this.renewAt) {
			this.renewAt = NEVER;
			this.session.renewFilters();
		}
		return this.renewAt;
	}

	/** What a connection ended for, in the words of the session: whether the next one must be another. */
	protected learn(fault: Fault, code: number): void {
		if (fault === Fault.ProtocolVersion && this.config.protocol === 'auto') this.renewal = Renewal.Version;
		const { without } = this.publications;
		if (fault !== Fault.Refused && fault !== Fault.Disconnected && fault !== Fault.Capability) return;
		if (code === Const.RETAIN_NOT_SUPPORTED) {
			this.goWithout(without | Without.Retain);
			this.renewal = Renewal.Will;
		} else if (code === Const.QOS_NOT_SUPPORTED) {
			this.goWithout(without | Without.Acknowledgements);
			this.renewal = Renewal.Empty;
		}
	}

	private goWithout(without: number): void {
		const { publications } = this;
		if (without === publications.without) return;
		const added = without & ~publications.without;
		publications.without = without;
		this.store.set(this.keyOf(WITHOUT_KEY), without & ~wished(this.config));
		if (added & Without.Retain) this.log.line('the broker keeps no retained messages: status and info are sent without, once a minute');
		if (added & Without.Acknowledgements) this.log.line('the broker takes QoS 0 only: nothing is acknowledged, and what it loses is lost');
	}

	/**
	 * The connection is over, and the session told: another one takes its place, if it must. True: the broker was not
	 * asked in that way yet. (5.0 after 3.1.1 it was, or it is tried now and then.)
	 */
	protected renewSession(this: BrokerSession & SessionHandler, cause: Cause): boolean {
		const other = this.turnsVersion(cause);
		const renewed = this.renewal === Renewal.Will || this.renewal === Renewal.Empty;
		if (other || this.renewal === Renewal.Empty) {
			const speaks5 = (this.protocol5 !== undefined) !== other;
			this.emptySession();
			this.session = this.makeSession(speaks5);
			if (other) this.log.line(`MQTT ${this.protocol5 ? '5.0' : '3.1.1'} is tried next`);
		}
		this.renewal = Renewal.None;
		return renewed || other && !this.protocol5;
	}

	/** What the session holds is lost with it: it waits again, or is due again. */
	private emptySession(): void {
		for (let message = this.inFlight.takeAny(); message >= 0; message = this.inFlight.takeAny()) this.recall(message);
		// Let go before another is made: there is no room for two.
		this.session = this.protocol5 = undefined!;
		this.message = this.text = undefined!;
	}

	/** Whether the broker takes a packet as large as the message will be. */
	protected fits(message: Message): boolean {
		if (this.packetMax === Infinity) return true;
		message.resize(this.text.length);
		return message.packet.length <= this.packetMax;
	}

	protected qosOf(wanted: number): number {
		return this.publications.without & Without.Acknowledgements ? 0 : wanted;
	}

	protected recall(message: number): void {
		if (!this.inFlight.isPublication(message)) return this.queue.recall(message);
		const kind = Carried.PUBLICATION - this.inFlight.position(message);
		this.inFlight.setPosition(message, Carried.NOTHING);
		// What is none of the node's own is the result of a command, which that broker was asked for.
		if (kind < this.publications.rows.length) this.publications.dropped(kind);
	}

	/** A version that was accepted once is left for a refusal that names it, or, now and then, when nothing else helps. */
	private turnsVersion(cause: Cause): boolean {
		if (this.config.protocol !== 'auto' || this.accepted || cause === Cause.Wifi || cause === Cause.None) return false;
		this.failures++;
		const { spoken } = this;
		const strays = spoken > 0 && (spoken === 5) !== (this.protocol5 !== undefined);
		return this.renewal === Renewal.Version || strays || (this.renewal === Renewal.None && (spoken === 0 || (this.failures & Const.TRIES_MASK) === 0));
	}

	private makeSession(this: BrokerSession & SessionHandler, speaks5: boolean): Session {
		const { config, to } = this;
		this.protocol5 = speaks5 ? makeProtocol5({ willDelaySeconds: Math.ceil(config.willDelayMs / 1_000), aliasesMax: 2 }) : undefined;
		// Those two topics are worth an alias: all others are rare.
		this.protocol5?.aliases.note(this.readingsTopic);
		this.protocol5?.aliases.note(this.backlogTopic);
		this.message = new Message(this.readingsTopic.length, Limit.PAYLOAD_MAX, this.protocol5);
		this.text = new Text(this.message.payload);
		return openSession(to, this.publications, this.subscriptions, this.safe, this.protocol5, this);
	}
}

/** What the settings leave out. */
const wished = ({ retain, qos }: Config): number =>
	(retain ? 0 : Without.Retain) | (qos > 0 ? 0 : Without.Acknowledgements);

/** Keys in the store: the version that the broker was found to speak, and what it does not take. */
const VERSION_KEY = 'spoken';
const WITHOUT_KEY = 'without';

const enum Const {
	/** MQTT 5.0 §3.2.2.2, §3.14.2.1. */
	RETAIN_NOT_SUPPORTED = 0x9a,
	QOS_NOT_SUPPORTED = 0x9b,
	/** Every eighth failure in a row. */
	TRIES_MASK = 7,
}
