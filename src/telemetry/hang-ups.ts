// SPDX-License-Identifier: MIT
// What a broker hung up on, or turned down: MQTT 3.1.1 has no other way to say that something is forbidden, and brokers of 5.0 use it, too.
//
// Rule: a broker answers in order, so it hung up on the first thing that it had not answered. That is said, and the second time in a row left out
// for a growing while (put-off.ts; SUBSCRIBE: filters.ts), so that readings go on. A reading is given up only where others pass
// (docs/decisions/0026-what-was-unanswered.md). Where all was answered, another client may use our client id (link.ts).
// What 5.0 turns down with a PUBACK, for now, is published anew, and readings go slower (docs/decisions/0024-turned-down-for-now.md).

import { Cause, HangUp, causeOf, hangUpFor } from '../connection/causes.js';
import { Limit } from '../common/limits.js';
import { NEVER, type Millis } from '../common/ports.js';
import { EMPTY } from '../common/text.js';
import { Fault } from '../mqtt/codec/fault.js';
import type { SessionHandler } from '../mqtt/options.js';
import { Carried } from '../storage/in-flight.js';
import { Search } from '../storage/sector-search.js';
import { BrokerSession } from './broker-session.js';
import { isFinal, turnedDownSentence } from './refusals.js';
import { blame, clear, kindsOff, putOffMs, retry, suspects } from './put-off.js';
import { Without } from './publications.js';
import { filterOf } from './subscriptions.js';

/** Kinds of messages beside publications, which have the number of their row. */
export const enum Kind {
	RESULT = 5,
	READING = 6,
}

const enum Const {
	KINDS = 0xff,
	/** Publications. A result that is left out is lost, so that takes the evidence that the session wants for setting it aside. */
	PUT_OFF_SOON = (1 << Kind.RESULT) - 1,
	BEFORE = 8,
	/** Trouble that is over: all that wait in the session, twice. */
	TAKEN_MAX = 2 * Limit.MESSAGES_MAX,
	/** So many readings in a row that it hangs up on are all alike. */
	SET_BACK_MAX = 4,
	/** A reading is given up when it was hung up on so often while others passed, each time again and again, beside the first. */
	STRIKES_MAX = 2,
	/** A broker that hangs up on a message of QoS 0 has done so by then, once TCP has delivered it: so on a slow way, too. */
	QUIET_MS = 1_000,
}

export abstract class HangUps extends BrokerSession {
	endSentence = EMPTY;
	cause: Cause = Cause.None;
	hangUp: HangUp = HangUp.Unexplained;
	/** Kinds of messages that the broker hangs up on (put-off.ts), and when all may go again. */
	private forbidden = 0;
	private allowedAt: Millis = NEVER;
	/**
	 * Kinds that went out with QoS 0 and, from bit 8, which message lay before them; and when the broker has had the time
	 * to hang up on them, NEVER as long as they are not delivered.
	 */
	private unheard = 0;
	protected quietAt: Millis = NEVER;
	/** One more than the readings that it took since it last hung up on one again and again; 0: that is long ago. */
	private takenAmidst = 0;
	/** When a late reading may follow; of a broker that turned one down, any: NEVER while one is on its way, 0 when that was answered. */
	protected lateAt: Millis = 0;
	/** Between two readings to a broker that turned one down; 0: it did not. */
	protected pauseMs = 0;

	/** A connection begins. */
	protected begin(this: HangUps & SessionHandler): void {
		this.meetBroker();
		this.endSentence = EMPTY;
		this.cause = Cause.None;
		this.hangUp = HangUp.Unexplained;
		this.unheard = 0;
		this.quietAt = NEVER;
	}

	protected forget(): void {
		this.forbidden = this.unheard = this.takenAmidst = 0;
		this.allowedAt = NEVER;
		this.inFlight.pardon();
		this.pause(0);
	}

	/** DISCONNECT of 5.0 may come of what it was sent, whatever the reason. An answer that breaks the protocol is as if the broker had hung up there. */
	protected explain(fault: Fault, code: number): void {
		const { protocol5, session } = this;
		if (fault === Fault.Disconnected) {
			const mayBlame = protocol5!.blames(code) || protocol5!.spares(code);
			this.hangUp = mayBlame && this.unanswered ? HangUp.Unanswered : hangUpFor(code);
		} else if (causeOf(fault) === Cause.Protocol) {
			this.hangUp = session.badAnswer > 0 && this.unanswered ? HangUp.Unanswered : HangUp.Explained;
		}
	}

	/** The connection ended without a word. */
	protected broken(how: string): void {
		if (this.accepted && this.unanswered) this.hangUp = HangUp.Unanswered;
		this.end(Cause.Tcp, how + this.upon);
	}

	/** Whether something was said that the broker did not answer. */
	private get unanswered(): boolean {
		return this.session.asked >= 0 || this.kindsUnanswered() > 0;
	}

	/**
	 * The kind of message, as a bit, that it did not answer first: brokers answer in order. With QoS 0 it may be one of two;
	 * the other may be SUBSCRIBE, which has no bit.
	 */
	private kindsUnanswered(): number {
		const { asked, oldestId } = this.session;
		const unheard = this.unheard & Const.KINDS;
		if (asked >= 0 || oldestId === 0) return unheard;
		const oldest = 1 << this.kindOf(this.inFlight.find(oldestId));
		return this.unheard >> Const.BEFORE === oldestId ? oldest : unheard | oldest;
	}

	protected kindOf(message: number): number {
		if (message < 0) return Kind.RESULT;
		return this.inFlight.isPublication(message) ? Carried.PUBLICATION - this.inFlight.position(message) : Kind.READING;
	}

	/** What the broker hung up on, to end a sentence; '' if nothing is known of it. */
	protected get upon(): string {
		if (this.hangUp !== HangUp.Unanswered) return '';
		const { asked } = this.session;
		const names = this.names(this.kindsUnanswered());
		return ` upon ${asked < 0 ? names : `SUBSCRIBE to ${filterOf(this.config, this.subscriptions, asked)}${names && ' or '}${names}`}`;
	}

	private names(kinds: number): string {
		let names = '';
		for (let kind = 0; kinds >> kind > 0; kind++) {
			if (kinds >> kind & 1) names += `${names && ' or '}${kind === Kind.READING ? 'a reading' : `PUBLISH to ${this.config.base}/${this.leaf(kind)}`}`;
		}
		return names;
	}

	private leaf(kind: number): string {
		return kind === Kind.RESULT ? 'result' : this.publications.rows[kind].leaf;
	}

	/** Returns the kinds that are left out from now on. SUBSCRIBE is the session's own to put off. */
	protected blame(now: Millis): number {
		if (this.hangUp !== HangUp.Unanswered) return 0;
		const before = kindsOff(this.forbidden);
		const kinds = this.kindsUnanswered();
		// Results that were left out once are left out longer, but upon the same evidence as before.
		if (kinds > 0) this.forbidden = blame(this.forbidden, kinds & Const.PUT_OFF_SOON) | this.forbidden & kinds & 1 << Kind.RESULT;
		const off = kindsOff(this.forbidden) & ~before;
		if (off === 0) return 0;
		this.hangUp = HangUp.LeftOut;
		this.allowedAt = now + putOffMs(this.forbidden);
		this.log.line(`${this.names(off)} is left out for ${(putOffMs(this.forbidden) / 1_000) | 0} s: the broker hangs up on it`);
		return off;
	}

	/** After a hang-up nothing of the node itself, and nothing that is left out, goes before readings on the next connection. */
	protected drop(off: number, now: Millis): void {
		if (!this.accepted) this.unsay();
		if (kindsOff(this.forbidden) > 0 && this.allowedAt === NEVER) this.allowedAt = now + putOffMs(this.forbidden);
		if (this.hangUp < HangUp.Unanswered) return;
		for (let kind = 0; kind <= Kind.RESULT; kind++) {
			if (kind === Kind.RESULT && !(off & 1 << Kind.RESULT)) return;
			for (let message = this.inFlight.indexOf(Carried.PUBLICATION - kind); message >= 0; message = this.inFlight.indexOf(Carried.PUBLICATION - kind)) {
				this.session.drop(this.inFlight.giveUp(message));
				if (kind !== Kind.RESULT) this.publications.dropped(kind);
			}
		}
	}

	/** What went out with QoS 0 before CONNACK was said to nobody: the connection was not accepted. */
	private unsay(): void {
		for (let kind = 0; kind < Kind.RESULT; kind++) if (this.unheard & 1 << kind) this.publications.dropped(kind);
	}

	/** What went out with QoS 0 was not hung up on. `delivered`: TCP has nothing under way. */
	protected takenQuietly(now: Millis, delivered: boolean): void {
		if (delivered && this.accepted && this.unheard > 0 && this.quietAt === NEVER) this.quietAt = now + Const.QUIET_MS;
		if (now < this.quietAt) return;
		this.forbidden = clear(this.forbidden, this.unheard & Const.KINDS);
		this.unheard = 0;
		this.quietAt = NEVER;
	}

	/** A message of that kind is with the session; its topic, which comes seldom, is kept no longer. */
	protected note(packetId: number, kind: number): void {
		this.message.forgetTopic();
		if (packetId > 0) {
			if (this.inFlight.hasRoom) this.inFlight.add(packetId, Carried.PUBLICATION - kind);
			return;
		}
		this.unheard = this.unheard & Const.KINDS | 1 << kind | this.session.firstId << Const.BEFORE;
		this.quietAt = NEVER;
	}

	/** A publication is acknowledged. */
	private answered(message: number): void {
		this.forbidden = clear(this.forbidden, 1 << this.kindOf(message));
	}

	/** The index of the reading that this packet carried, or NONE. `taken`: the broker has it. */
	protected takeReading(packetId: number, taken: boolean): number {
		const message = this.inFlight.take(packetId);
		if (message < 0 || !this.inFlight.isPublication(message)) return message;
		if (taken) this.answered(message);
		this.inFlight.setPosition(message, Carried.NOTHING);
		return Search.NONE;
	}

	/** The kinds of messages, as bits, that are not to be sent now. */
	protected leftOut(now: Millis): number {
		if (now >= this.allowedAt) {
			this.forbidden = retry(this.forbidden);
			this.allowedAt = NEVER;
		}
		return kindsOff(this.forbidden);
	}

	/** The broker hung up on some kind: the next time shall show which. Where nothing is acknowledged nothing could. */
	protected get careful(): boolean {
		return suspects(this.forbidden) > 0 && !(this.publications.without & Without.Acknowledgements);
	}

	/** Something that is no reading is unanswered. */
	protected get isTrying(): boolean {
		return (this.kindsUnanswered() & ~(1 << Kind.READING)) > 0;
	}

	/** A reading is acknowledged: the next may follow sooner. Live ones show nothing for late ones, which have another topic. */
	protected taken(message: number): void {
		if (this.lateAt === NEVER) this.pause(this.pauseMs > Limit.PAUSE_MS ? this.pauseMs / 2 : 0);
		this.inFlight.clear(message);
		if (this.takenAmidst > 0 && this.queue.isLate(message) && ++this.takenAmidst > Const.TAKEN_MAX) this.takenAmidst = 0;
	}

	/** The session has set a message aside. A reading is given up only where others are taken: a broker that hangs up on all alike costs none. */
	protected setAside(kind: number, message: number, spared = false): void {
		const strikes = message < 0 || spared ? 0 : this.inFlight.strike(message, this.takenAmidst > 1, this.takenAmidst === 0);
		this.takenAmidst = 1;
		if (message >= 0 && strikes < Const.STRIKES_MAX) {
			this.log.line('the broker hung up on the same reading time and again; others go first');
			if (this.inFlight.setBack(message) < Const.SET_BACK_MAX) return;
			return this.takeBack();
		}
		if (message < 0 && kind === Kind.RESULT && this.endSentence) {
			this.forbidden = blame(this.forbidden | 1 << Kind.RESULT, 1 << Kind.RESULT);
			// A connection follows soon: after a minute's back-off the time without results would be over, and no reading had passed.
			if (this.hangUp === HangUp.Unanswered) this.hangUp = HangUp.LeftOut;
		}
		this.log.line('the broker hung up on the same message time and again; it is set aside');
		if (message >= 0) this.queue.discard(message);
	}

	/** The broker ended the connection upon it as often, for a reason that is not about it: no reading is given up for that. Before drop(). */
	protected spare(packetId: number): void {
		const kind = this.kindOf(this.inFlight.find(packetId));
		if (packetId === 0 || kind < Kind.RESULT) return;
		this.session.drop(packetId);
		this.setAside(kind, this.takeReading(packetId, false), true);
	}

	/** A PUBACK of 5.0 says so where 3.1.1 hangs up. */
	protected turnedDown(packetId: number, code: number): void {
		const message = this.inFlight.take(packetId);
		if (message < 0) return;
		const final = isFinal(code);
		this.inFlight.clear(message);
		if (this.inFlight.isPublication(message)) {
			const kind = this.kindOf(message);
			this.answered(message);
			this.inFlight.setPosition(message, Carried.NOTHING);
			this.log.line(turnedDownSentence(this.leaf(kind), code, final || kind === Kind.RESULT ? 'it is left out' : 'status and info follow anew'));
			if (!final && kind !== Kind.RESULT) this.publications.turnedDown(kind);
		} else if (final) {
			this.log.line(turnedDownSentence('a reading', code, 'it is counted as dropped'));
			this.queue.discard(message);
			// It was answered, and that says nothing of how fast the others may go.
			if (this.lateAt === NEVER) this.pause(this.pauseMs);
		} else {
			if (this.pauseMs === 0) this.log.line(turnedDownSentence('a reading', code, 'it is published anew later, and all are, slower'));
			this.queue.recall(message);
			// Others that were on their way with it say nothing new.
			if (this.pauseMs === 0 || this.lateAt === NEVER) this.pause(Math.min(Math.max(Limit.PAUSE_MS, 2 * this.pauseMs), Limit.PAUSE_MAX_MS));
		}
	}

	/** The last reading was answered: the next may go after so long. */
	protected pause(ms: Millis): void {
		this.pauseMs = ms;
		this.lateAt = 0;
	}

	/** What others were to go before has its turn again when one of them was taken, or `none` waits. */
	protected takeBackDue(none: boolean): void {
		if (this.takenAmidst > 1 || this.takenAmidst > 0 && none && this.session.pending === 0) this.takeBack();
	}

	/** Readings that others went before wait again. */
	private takeBack(): void {
		for (let message = this.inFlight.take(Carried.SET_BACK); message >= 0; message = this.inFlight.take(Carried.SET_BACK)) this.queue.recall(message);
	}

	protected end(cause: Cause, sentence: string): void {
		if (this.endSentence) return;
		this.cause = cause;
		this.endSentence = sentence;
	}
}
