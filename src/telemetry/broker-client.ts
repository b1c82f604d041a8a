// SPDX-License-Identifier: MIT
// The client of the broker: an MQTT session on its transport. It decides what is published next and hands on what comes back.
//
// Rule: publications of the node itself go first, then live readings, then late ones at a bounded rate. Only readings are queued
// (reading-queue.ts): another publication is a bit that is due, written when there is room. A reading is kept until the broker
// acknowledges its packet id. While commands wait, nothing is read from the socket that could not be answered at once.

import { assert } from '../common/assert.js';
import { Cause, causeOf, isRefusal, isTakeover } from '../connection/causes.js';
import type { Config } from '../settings/settings.js';
import { BUSY } from '../storage/cursor.js';
import { NONE } from '../storage/sector-search.js';
import { PUBLICATION, NOTHING, type InFlight } from '../storage/in-flight.js';
import { Inbox } from './inbox.js';
import { isWord } from './json.js';
import type { LinkSession } from '../connection/link.js';
import {
	ANSWERS_ROOM, LATE_PER_SECOND, INBOUND_PACKET_MAX, OUTBOX_RESERVE, PACKET_MAX_MIN, PAYLOAD_MAX, RESULT_MAX, STOP_TIMEOUT_MS, WILL_DELAY_SECONDS, WRITE_MAX,
} from '../common/limits.js';
import { Fault } from '../mqtt/codec/fault.js';
import type { SessionHandler } from '../mqtt/options.js';
import { Message } from '../mqtt/message.js';
import type { Protocol5 } from '../mqtt/v5/protocol5.js';
import type { Session } from '../mqtt/session.js';
import { topicName } from '../mqtt/codec/topics.js';
import { openSession, QOS } from './opening.js';
import { NEVER, TransportState, type Log, type Millis, type Pollable, type Store, type Transport } from '../common/ports.js';
import { makeProtocol5, reasonSentence } from './protocol.js';
import { nameAt, type Answers, type Publication, type Publications, type Subscription } from './publications.js';
import { writeReading } from '../readings/reading.js';
import { Text } from '../common/text.js';
import type { ReadingQueue } from '../storage/reading-queue.js';

export class BrokerClient implements Pollable, LinkSession, SessionHandler, Answers {
	accepted = false;
	acknowledged = false;
	endSentence = '';
	cause: Cause = Cause.None;
	refused = false;
	takenOver = false;
	/** From stop() on, once DISCONNECT has gone out or there was nobody to tell. */
	stopped = false;

	private readonly config: Config;
	private readonly transport: Transport;
	private readonly queue: ReadingQueue;
	private readonly inFlight: InFlight;
	private readonly publications: Publications;
	private readonly subscriptions: readonly Subscription[];
	private readonly log: Log;
	private readonly store: Store;
	private readonly safe: boolean;
	private session: Session;
	/** Of the session, when it speaks MQTT 5.0. */
	private protocol5: Protocol5 | undefined;
	/** What is written next: a reading goes out as it lies there. */
	private message!: Message;
	private text!: Text;
	private readonly inbox = new Inbox();
	private readonly readingsTopic: Uint8Array;
	private readonly backlogTopic: Uint8Array;
	private lateAt: Millis = 0;
	/** From opened() to closed(). */
	private open = false;
	/** CONNACK came, or may be done without: what is due may be published. */
	private mayPublish = false;
	private stopping = false;
	/** As link.ts has them. */
	private attempts = 0;
	private takeovers = 0;
	private stopAt: Millis = NEVER;

	/** `subscriptions`: asked for in this order. `safe`: what the broker has stored may be what brings us down, so each session is a new one. */
	constructor(config: Config, store: Store, transport: Transport, queue: ReadingQueue, inFlight: InFlight,
		publications: Publications, subscriptions: readonly Subscription[], log: Log, safe = false) {
		this.config = config;
		this.safe = safe;
		this.store = store;
		this.transport = transport;
		this.queue = queue;
		this.inFlight = inFlight;
		this.publications = publications;
		this.subscriptions = subscriptions;
		this.log = log;
		this.readingsTopic = this.topic('readings');
		this.backlogTopic = this.topic('backlog');
		this.session = this.makeSession(config.protocol === 5 || (config.protocol === 'auto' && store.get(VERSION_KEY) !== 4));
	}

	/** Publishes `stopped`, then sends DISCONNECT, so that the broker discards the will; then `stopped` is true. */
	stop(now: Millis): void {
		if (this.stopping) return;
		this.stopping = true;
		this.stopAt = now + STOP_TIMEOUT_MS;
		if (!this.accepted) this.stopped = true;
		this.publications.stopping();
	}

	opened(now: Millis, attempts: number, takeovers: number): void {
		this.attempts = attempts;
		this.takeovers = takeovers;
		this.accepted = this.acknowledged = this.refused = this.takenOver = false;
		this.endSentence = '';
		this.cause = Cause.None;
		this.inbox.clear();
		this.open = true;
		this.mayPublish = false;
		if (takeovers > 0) this.session.renewFilters();
		this.session.start(now);
		// Which version the broker speaks must be known: a session that is given up takes what it holds with it.
		if (this.config.publishEarly && (this.config.protocol !== 'auto' || this.store.get(VERSION_KEY))) this.linkUp();
	}

	closed(cause: Cause, now: Millis): void {
		this.session.lost(this.transport.state === TransportState.Lost);
		if (this.accepted) this.publications.linkDown(cause, now);
		this.accepted = this.open = false;
		this.queue.linkDown(now);
		if (this.stopping) this.stopped = true;
	}

	/** Moves bytes both ways and publishes what is due. The loop asks this before the link, which acts on what came of it. */
	poll(now: Millis): Millis {
		if (!this.open) return NEVER;
		const idle = this.idle;
		while (this.mayRead(now) && this.inbox.read(this.transport, this.session, now)) {}
		let wakeAt = this.session.poll(now);
		if (this.mayPublish && !this.endSentence) {
			const lateAt = this.publishDue(now);
			if (lateAt < wakeAt) wakeAt = lateAt;
		}
		this.flush(now);
		this.transport.endTurn();
		if (this.transport.state === TransportState.Lost) this.end(Cause.Tcp, 'the broker closed the connection'
			+ (this.accepted ? '' : ' before it answered CONNECT'));
		// A command was heard, or one that waits has room for its result now; those who carry it out were asked before us in this turn.
		return !this.idle && (idle || !this.stopping && this.ready) ? now : wakeAt;
	}

	/** Nobody has heard anything that waits. */
	private get idle(): boolean {
		for (let i = 0; i < this.subscriptions.length; i++) if (!this.subscriptions[i].idle) return false;
		return true;
	}

	/** Whether all that comes is either kept, or answered at once: then there must be room, and no packet begun. */
	private mayRead(now: Millis): boolean {
		return this.idle || this.flush(now) && this.transport.room >= ANSWERS_ROOM;
	}

	/** A result has room, or never will, and there is somebody to hear it. */
	get ready(): boolean {
		return this.accepted && !this.endSentence && (this.session.room(this.backlogTopic) >= RESULT_MAX || this.packetMax < PACKET_MAX_MIN);
	}

	beginAnswer(): Text { return this.text.clear(); }

	answer(qos: number, now: Millis): void {
		const message = this.message.to(this.topic('result'), qos, false);
		message.resize(this.text.length);
		if (message.packet.length > this.packetMax) this.log.line('the broker takes no packet as large as the result of that command');
		else if (qos === 0) this.write(message.packet);
		else this.session.send(message, this.text.length, now);
	}

	/** But for those of readings rare, so made anew each time rather than kept. */
	private topic(name: string): Uint8Array {
		return topicName(`${this.config.base}/${name}`);
	}

	private get packetMax(): number { return this.protocol5?.packetMax ?? Infinity; }

	/** For the session, and for answers of QoS 0: a packet that goes at once, or not at all. */
	write(packet: Uint8Array): boolean {
		return packet.length <= this.transport.room && this.transport.write(packet);
	}

	onConnected(sessionPresent: boolean): void {
		this.accepted = true;
		this.publications.accepted();
		if (this.config.protocol === 'auto') this.store.set(VERSION_KEY, this.protocol5 ? 5 : 4);
		this.log.line(sessionPresent ? 'the broker kept our session' : `the broker begins a new session${this.safe ? ': what it has stored is left alone' : ''}`);
		if (this.packetMax < PACKET_MAX_MIN) this.log.line(`the broker takes packets of ${this.packetMax | 0} bytes at most: readings need ${PACKET_MAX_MIN}`);
		if (!this.mayPublish) this.linkUp();
	}

	onAcknowledged(packetId: number, code: number): void {
		this.acknowledged = true;
		const message = this.takeReading(packetId);
		if (message < 0) return;
		if (code < 0x80) return this.queue.acknowledged(message);
		// 5.0 says so where 3.1.1 hangs up: it will not have it, and sending it again is forbidden (MQTT 5.0 §4.4).
		this.log.line(`the broker turns a reading down (code 0x${code.toString(16)}); it is counted as dropped`);
		this.queue.discard(message);
	}

	onSubscribed(_packetId: number, index: number, code: number): void {
		if (code >= 0x80) this.log.line(`the broker does not let us hear ${this.config.base}/${this.subscriptions[index].leaf} (code ${code | 0})`);
	}

	onUnsubscribed(_packetId: number): void {}

	onMessage(bytes: Uint8Array, topicAt: number, topicEnd: number, payloadAt: number, payloadEnd: number, _qos: number, retain: boolean, _dup: boolean): void {
		const { base } = this.config;
		const leafAt = topicAt + base.length + 1;
		// A broker that sends what nobody asked for is not obeyed.
		if (!isWord(bytes, topicAt, leafAt - 1, base) || bytes[leafAt - 1] !== SLASH) return;
		for (let i = 0; i < this.subscriptions.length; i++) {
			const subscription = this.subscriptions[i];
			const at = nameAt(subscription.leaf, bytes, leafAt, topicEnd);
			if (at >= 0) return subscription.received(bytes, at, topicEnd, payloadAt, payloadEnd, retain, this);
		}
	}

	onOversize(size: number, _qos: number): void {
		this.log.line(`a message of ${size | 0} bytes was thrown away: larger than ${INBOUND_PACKET_MAX}`);
	}

	onSetAside(packetId: number): void {
		this.log.line('the broker hung up on the same message time and again; it is set aside');
		const message = this.takeReading(packetId);
		if (message >= 0) this.queue.discard(message);
	}

	onClosed(fault: Fault, code: number): void {
		if (fault === Fault.None) {
			this.stopped = true;
			return this.end(Cause.None, 'stopped');
		}
		this.refused = isRefusal(fault, code);
		this.takenOver = isTakeover(fault, code);
		if (fault === Fault.ProtocolVersion && this.protocol5 && this.config.protocol === 'auto') {
			this.store.set(VERSION_KEY, 4);
			// What the session holds is lost with it.
			for (let message = this.inFlight.takeAny(); message >= 0; message = this.inFlight.takeAny()) {
				if (this.inFlight.isPublication(message)) this.inFlight.setPosition(message, NOTHING);
				else this.queue.recall(message);
			}
			this.session = this.makeSession(false);
			return this.end(causeOf(fault), 'the broker does not speak MQTT 5.0; 3.1.1 is tried');
		}
		this.end(causeOf(fault), reasonSentence(fault, code, this.protocol5));
	}

	/** In 5.0 the broker waits before it publishes the will, so that a short drop does not look like a loss. */
	private makeSession(speaks5: boolean): Session {
		const config = this.config;
		this.protocol5 = speaks5 ? makeProtocol5({ willDelaySeconds: WILL_DELAY_SECONDS, aliasesMax: 2 }) : undefined;
		// Those two topics are worth an alias: all others are rare.
		this.protocol5?.aliases.note(this.readingsTopic);
		this.protocol5?.aliases.note(this.backlogTopic);
		this.message = new Message(this.readingsTopic.length, PAYLOAD_MAX, this.protocol5);
		this.text = new Text(this.message.payload);
		return openSession(config, this.subscriptions, this.safe, this.protocol5, this);
	}

	/** There is somebody to talk to, or will be when CONNECT is accepted. */
	private linkUp(): void {
		this.mayPublish = true;
		this.queue.linkUp();
		this.publications.linkUp(this.attempts, this.takeovers);
	}

	private end(cause: Cause, sentence: string): void {
		if (this.endSentence) return;
		this.cause = cause;
		this.endSentence = sentence;
	}

	/** True: all that may go out is out, so that a packet may begin. */
	private flush(now: Millis): boolean {
		while (this.transport.state === TransportState.Open) {
			const room = this.transport.room;
			const bytes = this.session.peek(room < WRITE_MAX ? room : WRITE_MAX);
			if (!bytes) return room > 0;
			if (!this.transport.write(bytes)) {
				this.end(Cause.Tcp, 'the connection broke while sending');
				break;
			}
			this.session.wrote(bytes.length, now);
		}
		return false;
	}

	/** Hands on what there is room for; returns when a late reading may follow, or when stopping has waited long enough. */
	private publishDue(now: Millis): Millis {
		if (now >= this.stopAt) return this.disconnect(now);
		const { due, rows } = this.publications;
		for (let index = 0; due >> index > 0; index++) {
			if (due >> index & 1 && this.inFlight.indexOf(PUBLICATION - index) < 0 && !this.publish(rows[index], index, now)) return this.stopAt;
		}
		if (this.stopping) return this.session.pending === 0 ? this.disconnect(now) : this.stopAt;
		let position: number;
		while ((position = this.queue.nextLive()) !== NONE) {
			if (!this.publishReading(this.readingsTopic, position, now)) return NEVER;
		}
		if (now < this.lateAt) return this.lateAt;
		position = this.queue.nextLate();
		if (position === NONE) return NEVER;
		if (position === BUSY) return now;
		if (!this.publishReading(this.backlogTopic, position, now)) return NEVER;
		return (this.lateAt = now + 1_000 / LATE_PER_SECOND);
	}

	/** Returns when the socket must have taken it. */
	private disconnect(now: Millis): Millis {
		this.session.stop(now);
		return this.session.poll(now);
	}

	/** False: no room for it now. */
	private publish({ leaf, qos, retain }: Publication, index: number, now: Millis): boolean {
		if (!this.inFlight.hasRoom) return false;
		const text = this.text;
		this.publications.write(index, text.clear());
		assert(!text.overflowed, 'a publication is longer than PAYLOAD_MAX');
		const packetId = this.session.send(this.message.to(this.topic(leaf), qos, retain), text.length, now);
		if (packetId < 0) return false;
		// The next of its kind waits for its acknowledgement, so that none pile up.
		if (packetId > 0) this.inFlight.add(packetId, PUBLICATION - index);
		this.publications.published(index);
		return true;
	}

	private publishReading(topic: Uint8Array, position: number, now: Millis): boolean {
		if (!this.inFlight.hasRoom || this.session.room(topic) < OUTBOX_RESERVE) return false;
		writeReading(this.text, this.queue.read(position));
		assert(!this.text.overflowed, 'a reading is longer than PAYLOAD_MAX');
		const packetId = this.session.send(this.message.to(topic, QOS, false), this.text.length, now);
		if (packetId < 0) return false;
		this.queue.sent(packetId, position);
		return true;
	}

	/** The index of the reading that this packet carried, or NONE. */
	private takeReading(packetId: number): number {
		const message = this.inFlight.take(packetId);
		if (message < 0 || !this.inFlight.isPublication(message)) return message;
		this.inFlight.setPosition(message, NOTHING);
		return NONE;
	}
}

const SLASH = 0x2f;
/** Key in the store: the version that the broker was found to speak. */
const VERSION_KEY = 'spoken';
