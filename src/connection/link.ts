// SPDX-License-Identifier: MIT
// The way to the broker: Wi-Fi, address, name, socket, session, in one table of states and events (states.ts).
//
// Rule: TABLE alone decides what follows what; enter() alone acts. A stop alone enters Parting from anywhere. Each
// state but Waiting, Online and Stopped has a time limit (only the date is waited for as long as it takes, where there
// is no other broker), and what fails ends in Waiting, for as long as the back-off says. Which network and broker is
// tried next, destinations.ts decides. Nothing here blocks, so sampling never stops.

import type { Backoff } from './backoff.js';
import { Cause, HangUp } from './causes.js';
import { Next, type Destinations } from './destinations.js';
import { Event, State, TABLE } from './states.js';
import { Limit } from '../common/limits.js';
import { NEVER, NetworkState, TransportState, type Log, type Millis, type Network, type Pollable, type Transport } from '../common/ports.js';

/** What link needs of the session above it. */
export interface LinkSession {
	/**
	 * The connection is open, after so many attempts: greet. With `takeovers` another client with our id seems to have
	 * been there: the session may be its own.
	 */
	opened(now: Millis, attempts: number, takeovers: number): void;
	/** The connection is gone or about to be closed, and why. True: the next is opened in another way, so the same broker is to be asked. */
	closed(cause: Cause, now: Millis): boolean;
	/** CONNACK with code 0 came in this connection. */
	readonly accepted: boolean;
	/** An acknowledgement came in this connection. */
	readonly acknowledged: boolean;
	/** What was asked to be said before the end has been said, or nobody is there to hear it: the link shall stay down. */
	readonly stopped: boolean;
	/** Why the session ended, as a sentence; '' while it has not. */
	readonly endSentence: string;
	/** What kind of end that was. */
	readonly cause: Cause;
	/** It was turned down for what it is (client id, user, password), not for the moment. */
	readonly refused: boolean;
	/** If the broker hung up: why. */
	readonly hangUp: HangUp;
}

/** What certificates are checked by. */
export interface DateSource {
	/** 0 while it is not known. */
	unixSeconds(): number;
	/** TLS came to nothing: the date may be wrong. */
	doubt(): void;
}

export class Link implements Pollable {
	/** Attempts since the link was last useful. */
	attempts = 0;
	/** Since when no session is accepted, while none is; from the start on, since boot. */
	unlinkedSince: Millis = 0;
	/** Why the last link or attempt ended. */
	cause: Cause = Cause.None;

	/** Which network and broker it is about. */
	readonly to: Destinations;
	private readonly network: Network;
	private readonly transport: Transport;
	private readonly session: LinkSession;
	private readonly backoff: Backoff;
	private readonly log: Log;
	private readonly date: DateSource;
	state: State = State.Waiting;
	private enteredAt: Millis = 0;
	private dueAt: Millis = 0;
	/** The last link that there was proved useful. */
	useful = false;
	/**
	 * Times in a row that the broker hung up or broke the protocol soon after it had accepted us, or said that we are
	 * taken over, below 0 if a connection came to nothing in between, as the broker was away then; and what is known of
	 * the last time.
	 */
	private hangUps = 0;
	private hangUp: HangUp = HangUp.Unexplained;

	/** `date`: must be known before a connection with TLS is opened. */
	constructor(to: Destinations, network: Network, transport: Transport, session: LinkSession, backoff: Backoff, log: Log, date: DateSource) {
		this.to = to;
		this.network = network;
		this.transport = transport;
		this.session = session;
		this.backoff = backoff;
		this.log = log;
		this.date = date;
	}

	/** How many pairs of network and broker there are; and how often in a row each of them was tried and came to nothing. */
	get pairs(): number { return this.to.pairs; }
	get rounds(): number { return this.to.rounds; }

	/** Times in a row that another client with our id seems to have taken our place; 0 while there is no such suspicion. */
	get takeovers(): number {
		return this.hangUp === HangUp.TakenOver || this.hangUp === HangUp.Unexplained && this.hangUps >= Limit.TAKEOVERS_MIN ? this.hangUps : 0;
	}

	/**
	 * Somebody else needs the Wi-Fi: the link ends as if that were lost, and nothing is tried until resume(). A network
	 * that is joined stays so; whoever paused may leave it.
	 */
	pause(now: Millis): void {
		if (this.state >= State.Parting) return;
		if (this.state > State.Waiting) {
			this.setCause(Cause.Wifi, '');
			this.leave(now);
		}
		this.enter(State.Waiting, now);
		this.dueAt = NEVER;
	}

	/** Tries at once, in the next turn. `joined`: the first network of the settings is the one that is joined. Harmless if nobody paused. */
	resume(now: Millis, joined = false): void {
		if (this.state !== State.Waiting || this.dueAt !== NEVER) return;
		if (joined) this.to.restart();
		this.dueAt = now;
	}

	poll(now: Millis): Millis {
		const before = this.state;
		if (this.session.stopped && before < State.Parting) this.beginParting(now);
		for (;;) {
			const event = this.observe(now);
			const next = TABLE[this.state][event];
			if (next === this.state) break;
			if (next === State.Waiting) this.fail(event, now);
			this.enter(next, now);
		}
		// The session has something to say at once, or somebody waits for the stop; both were asked before us in this
		// turn.
		const soon = this.state === State.Greeting ? this.enteredAt === now : this.state === State.Stopped && before !== State.Stopped;
		return soon ? now : this.dueAt;
	}

	/** For good. */
	private beginParting(now: Millis): void {
		this.cause = Cause.None;
		if (this.state < State.Greeting) this.leave(now);
		this.enter(State.Parting, now);
	}

	private observe(now: Millis): Event {
		const network = this.network.state;
		if (this.state > State.Joining && network !== NetworkState.Up) return Event.Unjoined;
		switch (this.state) {
			case State.Joining:
				if (network === NetworkState.Up) return Event.Done;
				if (network === NetworkState.Refused) return Event.Failed;
				break;
			case State.Resolving:
				if (this.network.resolved === '') return Event.Failed;
				if (this.network.resolved && this.dated()) return Event.Done;
				break;
			case State.Opening:
				if (this.transport.state === TransportState.Open) return Event.Done;
				if (this.transport.state === TransportState.Securing) this.dueAt = this.enteredAt + Limit.TLS_TIMEOUT_MS;
				if (this.transport.state === TransportState.Lost) return Event.Failed;
				break;
			case State.Greeting:
				if (this.session.endSentence) return Event.Failed;
				if (this.session.accepted) return Event.Done;
				break;
			case State.Online:
				if (this.session.endSentence) return Event.Failed;
				this.watchUse(now);
				break;
			case State.Parting:
				if (this.transport.state !== TransportState.Open || this.transport.room > 0) return Event.Done;
				break;
		}
		return now >= this.dueAt ? Event.Due : Event.None;
	}

	private dated(): boolean {
		return !this.to.tls || this.date.unixSeconds() > 0;
	}

	private watchUse(now: Millis): void {
		if (this.useful) return;
		if (!this.session.acknowledged && now - this.enteredAt < Limit.LINK_USEFUL_MS) return;
		this.useful = true;
		this.dueAt = NEVER;
		this.attempts = 0;
		this.to.useful();
		this.backoff.useful();
	}

	private enter(state: State, now: Millis): void {
		this.state = state;
		this.enteredAt = now;
		switch (state) {
			case State.Joining:
				this.attempts++;
				this.dueAt = now + Limit.WIFI_TIMEOUT_MS;
				this.join();
				break;
			case State.Resolving:
				this.dueAt = this.dated() ? now + Limit.DNS_TIMEOUT_MS : this.to.pairs > 1 ? now + Limit.DATE_TIMEOUT_MS : NEVER;
				if (!this.dated()) this.log.line('waiting for the date: without it no certificate can be checked');
				this.network.resolve(this.to.host);
				break;
			case State.Opening:
				this.dueAt = now + Limit.TCP_TIMEOUT_MS;
				this.transport.open(this.network.resolved!, this.to.port);
				break;
			case State.Greeting:
				this.dueAt = now + Limit.CONNACK_TIMEOUT_MS;
				this.session.opened(now, this.attempts, this.takeovers);
				break;
			case State.Online:
				this.useful = false;
				this.dueAt = now + Limit.LINK_USEFUL_MS;
				this.log.line(`online at ${this.to.host}:${this.to.port | 0}`);
				break;
			case State.Parting:
				this.dueAt = now + Limit.STOP_TIMEOUT_MS;
				break;
			case State.Stopped:
				if (this.transport.state !== TransportState.Closed) this.leave(now);
				this.dueAt = NEVER;
				break;
		}
	}

	private join(): void {
		const { network, to } = this;
		if (to.next() || network.state !== NetworkState.Up) network.join(to.ssid, to.passphrase, to.address, to.gateway, to.nameServer);
	}

	/** Says why, closes what is open, and sets the end of the wait. */
	private fail(event: Event, now: Millis): void {
		const byNetwork = event === Event.Unjoined || this.state === State.Joining;
		const refused = this.state >= State.Greeting && this.session.refused;
		const sentence = this.failureSentence(event);
		const stays = this.leave(now);
		const again = this.countHangUp(now);
		const next = stays ? this.to.stay(refused) : this.to.failed(byNetwork, refused, again);
		const delayMs = next === Next.Other ? this.backoff.other() : again ? this.backoff.takenOver() : this.backoff.failed(next === Next.Refused);
		this.dueAt = now + delayMs;
		this.log.line(`${sentence}${again ? this.suspicion : ''}; next attempt in ${(delayMs / 1_000) | 0} s`);
	}

	/**
	 * MQTT 3.1.1 §3.1.4-2 has the broker close the elder connection of a client id, and has no word for it; 5.0 has.
	 * True: it looks like that, or the broker hangs up, or breaks the protocol, so often that it is to be left alone
	 * for a while.
	 */
	private countHangUp(now: Millis): boolean {
		if (this.state !== State.Online) {
			if (this.takeovers === 0 && this.hangUps > 0) this.hangUps = -this.hangUps;
			return false;
		}
		this.hangUp = this.session.hangUp;
		if (this.hangUp === HangUp.LeftOut) this.hangUps = 0;
		else if (this.hangUp === HangUp.TakenOver) this.hangUps = Math.abs(this.hangUps) + 1;
		else if (this.endsByBroker && now - this.enteredAt < Limit.LINK_USEFUL_MS) this.hangUps += this.hangUps < 0 ? -1 : 1;
		else this.hangUps = 0;
		return Math.abs(this.hangUps) >= Limit.TAKEOVERS_MIN || this.hangUp === HangUp.TakenOver;
	}

	/** An acknowledgement before it shows nothing: what ends one connection so may end each. */
	private get endsByBroker(): boolean {
		return this.cause === Cause.Tcp || this.cause === Cause.Protocol;
	}

	private get suspicion(): string {
		if (this.hangUp === HangUp.TakenOver) return ': another client uses our client id';
		return `, ${Math.abs(this.hangUps) | 0} times in a row${this.takeovers > 0 ? ': does another client use our client id?' : ''}`;
	}

	/** True: the same broker is to be asked again. */
	private leave(now: Millis): boolean {
		if (this.state === State.Online) this.unlinkedSince = now;
		const stays = this.state >= State.Greeting && this.session.closed(this.cause, now);
		this.transport.close();
		// An association that came to nothing is given up, else the radio would go on by its own rules.
		if (this.state === State.Joining) this.network.leave();
		return stays;
	}

	/** One sentence for a human, and the one word for machines. */
	private failureSentence(event: Event): string {
		const { ssid, host, port } = this.to;
		if (event === Event.Unjoined) return this.setCause(Cause.Wifi, `Wi-Fi "${ssid}" is gone`);
		const late = event === Event.Due;
		switch (this.state) {
			case State.Joining:
				if (late && this.network.state === NetworkState.Joined) {
					return this.setCause(Cause.Wifi, `Wi-Fi "${ssid}" takes us in but gives no address: is there a DHCP server?`);
				}
				if (late) return this.setCause(Cause.Wifi, `Wi-Fi "${ssid}" does not answer: out of reach, or the name is wrong`);
				return this.setCause(Cause.Wifi, `Wi-Fi "${ssid}" refuses the passphrase`);
			case State.Resolving:
				if (late && !this.dated()) return this.setCause(Cause.Tls, `no TLS with ${host}:${port | 0}: the date is not known`);
				return this.setCause(Cause.Dns, late ? `the name server does not answer for ${host}` : `no address is known for the broker's name ${host}`);
			case State.Opening:
				if (this.transport.reason) this.date.doubt();
				if (this.transport.reason) return this.setCause(Cause.Tls, `no TLS with ${host}:${port | 0}: ${this.transport.reason}`);
				if (late) return this.setCause(Cause.Silence, `${host}:${port | 0} does not answer: wrong address, or a firewall`);
				return this.setCause(Cause.Tcp, `${host}:${port | 0} refuses the connection: no broker is listening there`);
			case State.Greeting:
				if (late) return this.setCause(Cause.Silence, `${host}:${port | 0} accepts the connection but says nothing: is it an MQTT broker?`);
		}
		return this.setCause(this.session.cause, this.session.endSentence);
	}

	private setCause(cause: Cause, sentence: string): string {
		this.cause = cause;
		return sentence;
	}
}
