// SPDX-License-Identifier: MIT
// The client of the broker: an MQTT session on its transport. It decides what is published next and hands on what comes back.
//
// Rule: publications of the node itself go first, then live readings, then late ones at a bounded rate. Only readings are queued
// (reading-queue.ts): another publication is a bit that is due, written when there is room. A reading is kept until the broker
// acknowledges its packet id. While commands wait, nothing is read from the socket that could not be answered at once. The end of a
// connection lies behind what is unread: so where nothing moves any more, the rest is read, and nothing goes out (docs/decisions/0026).

import { assert } from '../common/assert.js';
import { Cause, HangUp, causeOf, isRefusal } from '../connection/causes.js';
import type { Destinations } from '../connection/destinations.js';
import { Search } from '../storage/sector-search.js';
import { Carried, type InFlight } from '../storage/in-flight.js';
import { Inbox } from './inbox.js';
import type { LinkSession } from '../connection/link.js';
import { Limit } from '../common/limits.js';
import { Fault } from '../mqtt/codec/fault.js';
import type { SessionHandler } from '../mqtt/options.js';
import { HangUps, Kind } from './hang-ups.js';
import { QOS } from './opening.js';
import { NEVER, TransportState, type Log, type Millis, type Pollable, type Store, type Transport } from '../common/ports.js';
import { reasonSentence } from './protocol.js';
import { Due, Without, type Answers, type Publication, type Publications, type Subscription } from './publications.js';
import { unheardSentence } from './refusals.js';
import { deliver, filterOf, isUnderWay } from './subscriptions.js';
import { writeReading } from '../readings/reading.js';
import type { Text } from '../common/text.js';
import type { ReadingQueue } from '../storage/reading-queue.js';

/** LastWords: the connection is given up. What it brought is read to its end, which says whether the broker hung up; the broker hears no more. */
const enum Phase { Closed, Greeting, Publishing, LastWords }

export class BrokerClient extends HangUps implements Pollable, LinkSession, SessionHandler, Answers {
	acknowledged = false;
	refused = false;
	/** From stop() on, once DISCONNECT has gone out or there was nobody to tell. */
	stopped = false;

	private readonly transport: Transport;
	private readonly inbox = new Inbox();
	private phase = Phase.Closed;
	private stopping = false;
	/** As link.ts has them. */
	private attempts = 0;
	private takeovers = 0;
	private stopAt: Millis = NEVER;

	/** As BrokerSession. */
	constructor(to: Destinations, store: Store, transport: Transport, queue: ReadingQueue, inFlight: InFlight,
		publications: Publications, subscriptions: readonly Subscription[], log: Log, safe = false) {
		super(to, store, queue, inFlight, publications, subscriptions, log, safe);
		this.transport = transport;
		this.beginSession();
	}

	/** Publishes `stopped`, then sends DISCONNECT, so that the broker discards the will; then `stopped` is true. */
	stop(now: Millis): void {
		if (this.stopping) return;
		this.stopping = true;
		this.stopAt = now + Limit.STOP_TIMEOUT_MS;
		if (!this.accepted) this.stopped = true;
		this.publications.stopping();
	}

	opened(now: Millis, attempts: number, takeovers: number): void {
		this.attempts = attempts;
		this.takeovers = takeovers;
		this.accepted = this.acknowledged = this.refused = false;
		this.begin();
		this.inbox.clear();
		this.phase = Phase.Greeting;
		this.renewAt = takeovers > 0 ? now : Math.min(this.renewAt, now + Limit.FILTERS_MS);
		this.session.start(now);
		// Which version the broker speaks must be known: a session that is given up takes what it holds with it.
		if (this.config.publishEarly && (this.config.protocol !== 'auto' || this.spoken > 0)) this.linkUp();
	}

	closed(cause: Cause, now: Millis): boolean {
		const off = this.blame(now);
		this.spare(this.session.lost(this.transport.state === TransportState.Lost));
		this.drop(off, now);
		if (this.accepted) this.publications.linkDown(cause, now);
		this.unacknowledged(false);
		const stays = this.renewSession(cause);
		this.accepted = false;
		this.phase = Phase.Closed;
		this.queue.linkDown(now);
		if (this.stopping) this.stopped = true;
		return stays;
	}

	/** Moves bytes both ways and publishes what is due. The loop asks this before the link, which acts on what came of it. */
	poll(now: Millis): Millis {
		if (this.phase === Phase.Closed) return NEVER;
		const idle = this.idle;
		// What is unread may be the end.
		if (idle || this.transport.room > 0) this.takenQuietly(now, this.transport.room > 0);
		// A broker that refuses the connection takes nothing of what was published before (§3.1.4).
		if (this.accepted && this.phase === Phase.Publishing && this.transport.room > 0 && this.session.pending === 0) this.unacknowledged(true);
		while (this.mayRead(now) && this.inbox.read(this.transport, this.session, now)) {}
		const lateAt = this.phase === Phase.Publishing && !this.endSentence ? this.publishDue(now) : NEVER;
		this.flush(now);
		const renewAt = this.renewFilters(now);
		// What was just sent is awaited from now on, and so is what follows from that: PINGREQ, a filter that is asked for again.
		let sessionAt = this.session.poll(now);
		if (this.phase !== Phase.LastWords && this.session.peek(this.transport.room)) {
			this.flush(now);
			sessionAt = this.session.poll(now);
		}
		const wakeAt = Math.min(sessionAt, lateAt, renewAt, this.stuckAt(now));
		this.transport.endTurn();
		if (this.transport.state === TransportState.Lost && !this.endSentence) this.hungUp();
		// A command was heard, or one that waits has room for its result now; those who carry it out were asked before us in this turn.
		return !this.idle && (idle || !this.stopping && this.ready && !isUnderWay(this.subscriptions)) ? now : wakeAt;
	}

	/** Nobody has heard anything that waits. */
	private get idle(): boolean {
		for (let i = 0; i < this.subscriptions.length; i++) if (!this.subscriptions[i].idle) return false;
		return true;
	}

	/** Whether all that comes is either kept, or answered at once: then there must be room, and no packet begun. */
	private mayRead(now: Millis): boolean {
		if (this.idle && this.phase !== Phase.LastWords) return true;
		if (this.flush(now) && this.transport.room >= Limit.ANSWERS_ROOM) return true;
		if (this.accepted && now >= this.session.movedAt + Limit.STUCK_MS && this.inbox.fill(this.transport)) this.phase = Phase.LastWords;
		if (this.phase !== Phase.LastWords) return false;
		this.session.hush();
		return true;
	}

	/** When a connection that takes no bytes is given up, or ends although the broker did not hang up. */
	private stuckAt(now: Millis): Millis {
		const isLast = this.phase === Phase.LastWords;
		const at = this.session.movedAt + (isLast ? Limit.END_MS : Limit.STUCK_MS);
		if (isLast && now >= at && this.transport.state === TransportState.Open) this.onClosed(Fault.Stalled, 0);
		return isLast || this.accepted && !this.idle && now < at ? at : NEVER;
	}

	/** A result has room, and there is somebody to hear it. */
	get ready(): boolean { return this.accepted && this.phase === Phase.Publishing && !this.endSentence && this.hasRoom(Limit.RESULT_MAX); }

	/** For a payload of that length, whatever the broker takes. */
	private hasRoom(length: number): boolean { return this.session.free - this.backlogTopic.length - Const.PUBLISH_BYTES >= length; }

	beginAnswer(): Text { return this.text.clear(); }

	answer(qos: number, now: Millis): void {
		const message = this.message.to(this.topic('result'), this.qosOf(qos), false);
		message.resize(this.text.length);
		if (message.packet.length > this.packetMax) this.log.line('the broker takes no packet as large as the result of that command');
		else if (this.leftOut(now) & 1 << Kind.RESULT) this.log.line('the result of that command is left out: the broker hangs up on results');
		else if (qos === 0) this.write(message.packet);
		else this.note(this.session.send(message, this.text.length, now), Kind.RESULT);
	}

	/** For the session, and for answers of QoS 0: a packet that goes at once, or not at all. */
	write(packet: Uint8Array): boolean { return packet.length <= this.transport.room && this.transport.write(packet); }

	onConnected(sessionPresent: boolean): void {
		this.accepted = true;
		this.publications.accepted();
		const { without } = this.publications;
		this.agreed(sessionPresent);
		this.log.line(sessionPresent ? 'the broker kept our session' : `the broker begins a new session${this.safe ? ': what it has stored is left alone' : ''}`);
		if (this.packetMax < Limit.PACKET_MAX) this.log.line(`the broker takes packets of ${this.packetMax | 0} bytes at most: what is larger is left out`);
		if (this.phase === Phase.Greeting) this.linkUp();
		// What went out before CONNACK went by other terms: status was not retained.
		else if (without !== this.publications.without) this.publications.linkUp(this.attempts, this.takeovers);
	}

	onAcknowledged(packetId: number, code: number): void {
		this.acknowledged = true;
		if (code >= 0x80) return this.turnedDown(packetId, code);
		const message = this.takeReading(packetId, true);
		if (message < 0) return;
		this.taken(message);
		this.queue.acknowledged(message);
	}

	onSubscribed(_packetId: number, index: number, code: number): void {
		// It hung up on it.
		if (code >= 0x80 && this.endSentence) this.hangUp = HangUp.LeftOut;
		if (code >= 0x80) this.log.line(unheardSentence(filterOf(this.config, this.subscriptions, index), code));
	}

	onUnsubscribed(_packetId: number): void {}

	onMessage(bytes: Uint8Array, topicAt: number, topicEnd: number, payloadAt: number, payloadEnd: number, _qos: number, retain: boolean, _dup: boolean): void {
		// It is not acknowledged either, so it comes again.
		if (this.phase === Phase.LastWords) return;
		deliver(this.config, this.subscriptions, bytes, topicAt, topicEnd, payloadAt, payloadEnd, retain, this);
	}

	onOversize(size: number, _qos: number): void {
		this.log.line(`a message of ${size | 0} bytes was thrown away: larger than ${Limit.INBOUND_PACKET_MAX}`);
	}

	onSetAside(packetId: number): void { this.setAside(this.kindOf(this.inFlight.find(packetId)), this.takeReading(packetId, false)); }

	onClosed(fault: Fault, code: number): void {
		if (fault === Fault.None) {
			this.stopped = true;
			return this.end(Cause.None, 'stopped');
		}
		this.refused = isRefusal(fault, code);
		this.explain(fault, code);
		this.learn(fault, code);
		this.end(causeOf(fault), this.strangerSentence || reasonSentence(fault, code, this.protocol5) + this.upon);
	}

	/** Who answers CONNECT in another protocol is told by its first bytes. */
	private get strangerSentence(): string {
		const words = this.accepted ? '' : this.inbox.stranger;
		return words && `${this.to.host}:${this.to.port | 0} ${words}`;
	}

	/** There is somebody to talk to, or will be when CONNECT is accepted. */
	private linkUp(): void {
		this.phase = Phase.Publishing;
		this.pause(0);
		this.queue.linkUp();
		this.publications.linkUp(this.attempts, this.takeovers);
	}

	private hungUp(): void {
		if (!this.accepted) return this.end(Cause.Tcp, this.strangerSentence || 'the broker closed the connection before it answered CONNECT');
		this.broken('the broker closed the connection');
	}

	/** True: all that may go out is out, so that a packet may begin. */
	private flush(now: Millis): boolean {
		while (this.phase !== Phase.LastWords && this.transport.state === TransportState.Open) {
			const room = this.transport.room;
			const bytes = this.session.peek(room < Limit.WRITE_MAX ? room : Limit.WRITE_MAX);
			if (!bytes) return room > 0;
			if (!this.transport.write(bytes)) {
				this.broken('the connection broke while sending');
				break;
			}
			this.session.wrote(bytes.length, now);
		}
		return false;
	}

	/** Publishes what has room; returns when a late reading may follow, or stopping has waited long enough. Without room an acknowledgement wakes us. */
	private publishDue(now: Millis): Millis {
		if (now >= this.stopAt) return this.disconnect(now);
		const due = this.publications.due & Due.NOW & ~this.leftOut(now);
		const careful = this.careful && !this.stopping;
		if (!careful && !this.publishRows(due, now)) return this.stopAt;
		if (this.stopping) return this.session.pending === 0 ? this.disconnect(now) : this.stopAt;
		return careful && this.tries(due, now) ? this.quietAt : this.publishReadings(now);
	}

	private publishReadings(now: Millis): Millis {
		const slow = this.pauseMs > 0;
		if (slow && this.lateAt === 0) this.lateAt = now + this.pauseMs;
		if (slow && now < this.lateAt) return this.lateAt;
		let position: number;
		while ((position = this.queue.nextLive()) !== Search.NONE) {
			if (!this.publishReading(this.readingsTopic, position, now)) return this.lateAt > now ? this.lateAt : NEVER;
			if (slow) return (this.lateAt = NEVER);
		}
		if (now < this.lateAt) return this.lateAt;
		position = this.queue.nextLate();
		this.takeBackDue(position === Search.NONE);
		if (position === Search.NONE) return NEVER;
		if (position === Search.BUSY) return now;
		if (!this.publishReading(this.backlogTopic, position, now)) return this.lateAt > now ? this.lateAt : NEVER;
		return (this.lateAt = slow ? NEVER : now + 1_000 / Limit.LATE_PER_SECOND);
	}

	/** Of each kind that is due, the one before must be acknowledged. False: there is no room. */
	private publishRows(due: number, now: Millis): boolean {
		const { rows } = this.publications;
		for (let index = 0; due >> index > 0; index++) {
			if (due >> index & 1 && this.inFlight.indexOf(Carried.PUBLICATION - index) < 0 && !this.publish(rows[index], index, now)) return false;
		}
		return true;
	}

	/**
	 * While something is suspected: readings first, then what is due, one by one, each when all before it is answered, so that it is known what the broker
	 * hangs up on. True: readings wait for it.
	 */
	private tries(due: number, now: Millis): boolean {
		if (this.isTrying) return true;
		if (due === 0 || !this.acknowledged && (this.queue.nextLive() !== Search.NONE || this.queue.nextLate() !== Search.NONE)) return false;
		if (this.session.pending === 0 && this.session.asked < 0) this.publishRows(due & -due, now);
		return true;
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
		const kept = retain && !(this.publications.without & Without.Retain);
		const message = this.message.to(this.topic(leaf), this.qosOf(qos), kept);
		const fits = this.fits(message);
		const packetId = fits ? this.session.send(message, text.length, now) : 0;
		if (packetId < 0) return false;
		// The next of its kind waits for its acknowledgement, so that none pile up.
		if (fits) this.note(packetId, index);
		this.publications.published(index);
		return true;
	}

	private publishReading(topic: Uint8Array, position: number, now: Millis): boolean {
		if (!this.inFlight.hasRoom || !this.hasRoom(Limit.OUTBOX_RESERVE)) return false;
		writeReading(this.text, this.queue.read(position), this.queue);
		assert(!this.text.overflowed, 'a reading is longer than PAYLOAD_MAX');
		const message = this.message.to(topic, this.qosOf(QOS), false);
		if (!this.fits(message)) {
			this.log.line(`a reading takes ${message.packet.length | 0} bytes, the broker ${this.packetMax | 0} at most: readings wait`);
			// A late one holds up no live one.
			this.pauseMs = topic === this.readingsTopic ? Limit.PAUSE_MAX_MS : 0;
			this.lateAt = now + Limit.PAUSE_MAX_MS;
			return false;
		}
		const packetId = this.session.send(message, this.text.length, now);
		if (packetId < 0) return false;
		this.queue.sent(packetId || Carried.UNACKNOWLEDGED, position);
		return true;
	}

	/** Readings that nobody will acknowledge: TCP has delivered them, or they wait again. */
	private unacknowledged(delivered: boolean): void {
		if (!(this.publications.without & Without.Acknowledgements)) return;
		for (let message = this.inFlight.take(Carried.UNACKNOWLEDGED); message >= 0; message = this.inFlight.take(Carried.UNACKNOWLEDGED)) {
			if (delivered) this.taken(message);
			if (delivered) this.queue.acknowledged(message);
			else this.queue.recall(message);
		}
	}
}

const enum Const {
	/** Of a PUBLISH, beside topic and payload: first byte, remaining length, packet id, no properties. */
	PUBLISH_BYTES = 6,
}
