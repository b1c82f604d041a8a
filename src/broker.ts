// SPDX-License-Identifier: MIT
// The MQTT session on its transport: what is said to the broker, in which order, and what comes back.
//
// Rule: announcements first, then live readings, then late ones at a bounded rate. Nothing is queued but in the backlog:
// an announcement is a bit that is due, written when there is room. A packet id in flight points at its record until
// the broker acknowledges it; only then the record goes.

import type { Announcer, Kind } from './announce.js';
import { KINDS } from './announce.js';
import { assert } from './assert.js';
import type { Backlog } from './backlog.js';
import type { Config } from './config.js';
import type { CommandHandler } from './commands.js';
import { Cause, type Upper } from './link.js';
import { BACKLOG_PER_SECOND, INBOUND_PACKET_MAX, INFLIGHT_MAX, OUTBOX_BYTES, OUTBOX_RESERVE, PAYLOAD_MAX, STOP_TIMEOUT_MS, WRITE_MAX } from './limits.js';
import { Fault } from './mqtt/fault.js';
import type { SessionHandler } from './mqtt/options.js';
import { reasonText } from './mqtt/reasons.js';
import { Session } from './mqtt/session.js';
import { topicName } from './mqtt/topics.js';
import { NEVER, TransportState, type Clock, type Log, type Millis, type Pollable, type Transport } from './ports.js';
import { Reading, ReadingWriter } from './reading.js';
import { Text } from './text.js';

const QOS = 1;
const MESSAGES_MAX = 16;
const NOT_A_READING = -1;

export class Broker implements Pollable, Upper, SessionHandler {
	accepted = false;
	acknowledged = false;
	ended = '';
	cause: Cause = Cause.None;
	refused = false;
	/** Readings handed to the session, acknowledged by the broker, and turned down by it, since boot. */
	sent = 0;
	delivered = 0;
	setAside = 0;
	/** Set by main: the rest of the firmware that is told, and asked. */
	announcer!: Announcer;
	commands!: CommandHandler;

	readonly #config: Config;
	readonly #clock: Clock;
	readonly #transport: Transport;
	readonly #backlog: Backlog;
	readonly #log: Log;
	readonly #session: Session;
	readonly #text = new Text(PAYLOAD_MAX);
	readonly #reading = new Reading();
	readonly #writer: ReadingWriter;
	readonly #arrived = new Uint8Array(256);
	#arrivedFrom = 0;
	#arrivedTo = 0;
	readonly #readings: Uint8Array;
	readonly #late: Uint8Array;
	/** Packet ids in flight (0: free) and the positions of their records. */
	readonly #ids = new Uint16Array(MESSAGES_MAX);
	readonly #positions = new Uint32Array(MESSAGES_MAX);
	/** Bit k: the announcement of kind k is due. */
	#due = 0;
	#lateAt: Millis = 0;
	/** From opened() to closed(). */
	#open = false;
	#stopping = false;
	#stopped = false;
	#stopAt: Millis = NEVER;

	constructor(config: Config, boot: number, clock: Clock, transport: Transport, backlog: Backlog, log: Log) {
		this.#config = config;
		this.#writer = new ReadingWriter(boot);
		this.#clock = clock;
		this.#transport = transport;
		this.#backlog = backlog;
		this.#log = log;
		this.#readings = topicName(`${config.base}/readings`);
		this.#late = topicName(`${config.base}/backlog`);
		this.#session = new Session({
			clientId: config.clientId,
			user: config.user,
			password: config.password,
			keepAliveMs: config.keepAliveMs,
			clean: config.cleanSession,
			will: { topic: `${config.base}/status`, payload: 'offline', qos: QOS, retain: true },
			bufferBytes: INBOUND_PACKET_MAX,
			outboxBytes: OUTBOX_BYTES,
			messagesMax: MESSAGES_MAX,
			inFlightMax: INFLIGHT_MAX,
		}, this);
		this.#session.subscribe(`${config.base}/set/+`, QOS);
		this.#session.subscribe(`${config.base}/status`, QOS);
	}

	/** True from stop() on, once DISCONNECT has gone out or there was nobody to tell. */
	get stopped(): boolean {
		return this.#stopped;
	}

	/** An announcement of this kind shall go out as soon as there is room. */
	announce(kind: Kind): void {
		this.#due |= 1 << kind;
	}

	/** Says `stopped` and then DISCONNECT, so that the broker discards the will; then `stopped` is true. */
	stop(now: Millis): void {
		if (this.#stopping) return;
		this.#stopping = true;
		this.#stopAt = now + STOP_TIMEOUT_MS;
		if (!this.accepted) this.#stopped = true;
		this.announce(this.announcer.stopping());
	}

	opened(now: Millis): void {
		this.accepted = this.acknowledged = this.refused = false;
		this.ended = '';
		this.cause = Cause.None;
		this.#arrivedFrom = this.#arrivedTo = 0;
		this.#open = true;
		this.#session.start(now);
	}

	closed(cause: Cause, now: Millis): void {
		this.#session.lost(this.#transport.state === TransportState.Lost);
		if (this.accepted) this.announcer.onLost(cause, now);
		this.accepted = this.#open = false;
		if (this.#stopping) this.#stopped = true;
	}

	/** Moves bytes both ways and says what is due. The loop asks this before the link, which acts on what came of it. */
	poll(now: Millis): Millis {
		if (!this.#open) return NEVER;
		this.#read(now);
		let wakeAt = this.#session.poll(now);
		if (this.accepted && !this.ended) {
			const lateAt = this.#say(now);
			if (lateAt < wakeAt) wakeAt = lateAt;
		}
		this.#write(now);
		if (!this.ended && this.#transport.state === TransportState.Lost) {
			this.#end(Cause.Tcp, this.accepted ? 'the broker closed the connection' : 'the broker closed the connection before it answered CONNECT');
		}
		return wakeAt;
	}

	onConnected(sessionPresent: boolean): void {
		this.accepted = true;
		this.#backlog.linkUp();
		this.#log.line(sessionPresent ? 'the broker kept our session' : 'the broker begins a new session');
		this.#due |= this.announcer.onConnected();
	}

	onAcknowledged(packetId: number, code: number): void {
		this.acknowledged = true;
		const position = this.#landed(packetId);
		if (position === NOT_A_READING) return;
		if (code >= 0x80) this.#log.line(`the broker turned a reading down with code ${code}`);
		this.#backlog.acknowledged(position);
		this.delivered++;
	}

	onSubscribed(_packetId: number, index: number, code: number): void {
		if (code < 0x80) return;
		this.#log.line(`the broker refuses to let us hear ${index === 0 ? 'commands' : 'our own status'} (code ${code})`);
	}

	onUnsubscribed(_packetId: number): void {}

	onMessage(bytes: Uint8Array, topicAt: number, topicEnd: number, payloadAt: number, payloadEnd: number, _qos: number, retain: boolean, _dup: boolean): void {
		const prefix = this.#config.base.length + 1;
		if (bytes[topicAt + prefix + 3] === SLASH && topicEnd - topicAt > prefix + 4) {
			this.commands.onCommand(bytes, topicAt + prefix + 4, topicEnd, payloadAt, payloadEnd, retain);
		} else if (this.announcer.isLateWill(bytes, payloadAt, payloadEnd) && !this.#stopping) {
			// A will of an earlier connection turned up while we are here: say again what is true.
			this.announce(this.announcer.online());
		}
	}

	onOversize(size: number, _qos: number): void {
		this.#log.line(`a message of ${size} bytes was thrown away: larger than ${INBOUND_PACKET_MAX}`);
	}

	onSetAside(packetId: number): void {
		this.#log.line('the broker hung up on the same message three times; it is set aside');
		const position = this.#landed(packetId);
		if (position === NOT_A_READING) return;
		this.#backlog.discard(position);
		this.setAside++;
	}

	onClosed(fault: Fault, code: number): void {
		if (fault === Fault.None) {
			this.#stopped = true;
			return this.#end(Cause.None, 'stopped');
		}
		this.refused = fault === Fault.Refused && code !== SERVER_UNAVAILABLE;
		const silent = fault === Fault.PingTimeout || fault === Fault.ConnackTimeout || fault === Fault.Stalled || fault === Fault.AckTimeout;
		this.#end(fault === Fault.Refused ? Cause.Refused : silent ? Cause.Silence : Cause.Protocol, reasonText(fault, code));
	}

	#end(cause: Cause, sentence: string): void {
		if (this.ended) return;
		this.cause = cause;
		this.ended = sentence;
	}

	#read(now: Millis): void {
		for (;;) {
			if (this.#arrivedFrom === this.#arrivedTo) {
				this.#arrivedFrom = 0;
				this.#arrivedTo = this.#transport.read(this.#arrived);
				if (this.#arrivedTo === 0) return;
			}
			const from = this.#session.receive(this.#arrived, this.#arrivedFrom, this.#arrivedTo, now);
			this.#arrivedFrom = from;
			// Acknowledgements wait for the socket: the rest comes after they have gone.
			if (from < this.#arrivedTo) return;
		}
	}

	#write(now: Millis): void {
		while (this.#transport.state === TransportState.Open) {
			const room = this.#transport.room;
			const bytes = this.#session.peek(room < WRITE_MAX ? room : WRITE_MAX);
			if (!bytes) return;
			if (!this.#transport.write(bytes)) return this.#end(Cause.Tcp, 'the connection broke while sending');
			this.#session.wrote(bytes.length, now);
		}
	}

	/** Hands on what there is room for; returns when a late reading may follow. */
	#say(now: Millis): Millis {
		while (this.#due) {
			if (!this.#sayDue()) return NEVER;
		}
		if (this.#stopping) {
			if (this.#session.pending === 0 || now >= this.#stopAt) this.#session.stop(now);
			return this.#stopAt;
		}
		let position: number;
		while ((position = this.#backlog.nextLive()) >= 0) {
			if (!this.#sayReading(this.#readings, position, now)) return NEVER;
		}
		while ((position = this.#backlog.nextLate()) >= 0) {
			if (now < this.#lateAt) return this.#lateAt;
			if (!this.#sayReading(this.#late, position, now)) return NEVER;
			this.#lateAt = now + 1_000 / BACKLOG_PER_SECOND;
		}
		return NEVER;
	}

	/** The due announcement of the lowest kind. False: no room for it now. */
	#sayDue(): boolean {
		const bit = this.#due & -this.#due;
		const kind = 31 - Math.clz32(bit);
		const text = this.#text;
		this.announcer.write(kind, text.clear());
		assert(!text.overflowed, 'an announcement is longer than PAYLOAD_MAX');
		const { name, qos, retain } = KINDS[kind];
		// Rare, so made anew each time rather than kept.
		const topic = topicName(`${this.#config.base}/${name}`);
		if (text.length && this.#session.publish(topic, text.bytes, text.length, qos, retain) < 0) return false;
		this.#due &= ~bit;
		this.announcer.said(kind);
		return true;
	}

	#sayReading(topic: Uint8Array, position: number, now: Millis): boolean {
		const slot = this.#ids.indexOf(0);
		if (slot < 0 || this.#session.room(topic.length) < OUTBOX_RESERVE) return false;
		const reading = this.#reading;
		this.#backlog.read(position, reading);
		const unix = this.#clock.unixSeconds();
		// Taken before the date was known, sent after: uptimes tell how long ago it was.
		if (!reading.time && unix) reading.time = unix - (Math.floor(now / 1_000) - reading.uptime);
		this.#writer.write(this.#text, reading);
		assert(!this.#text.overflowed, 'a reading is longer than PAYLOAD_MAX');
		const packetId = this.#session.publish(topic, this.#text.bytes, this.#text.length, QOS, false);
		if (packetId < 0) return false;
		this.#ids[slot] = packetId;
		this.#positions[slot] = position;
		this.#backlog.sent(position);
		this.sent++;
		return true;
	}

	/** The position of the record that this packet carried, and its slot is free again. */
	#landed(packetId: number): number {
		const slot = this.#ids.indexOf(packetId);
		if (slot < 0) return NOT_A_READING;
		this.#ids[slot] = 0;
		return this.#positions[slot];
	}
}

const SLASH = 0x2f;
/** CONNACK return code 3: not our fault, and it passes (MQTT 3.1.1 table 3.1). */
const SERVER_UNAVAILABLE = 3;
