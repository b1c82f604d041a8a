// SPDX-License-Identifier: MIT
// Asks for the date as soon as there is a network, and again from time to time.
//
// Rule: nothing waits for the date. Readings taken before it is known carry their uptime and get their time when it
// comes. What is not confirmed, contradicted or doubted is asked for again in a minute. A server that the network names
// is asked first, unless the settings name one; when it gives no date, the one of the settings has its turn.

import { Limit } from '../common/limits.js';
import { FIELDS, type Config } from '../settings/settings.js';
import { NEVER, NetworkState, TimeState, type Log, type Millis, type Network, type Pollable, type TimeServer } from '../common/ports.js';

/** Nobody has chosen another. */
const USUAL = FIELDS.find(({ key }) => key === ('timeServer' satisfies keyof Config))!.initial;

/** Who was asked last. */
const enum Asked {
	Nobody,
	/** The network's server, which gave no date. */
	LocalInVain,
	/** The network's server; its answer is awaited, as is the next one's. */
	Local,
	/** The one of the settings. */
	Given,
}

export class Timekeeper implements Pollable {
	private readonly host: string;
	private readonly network: Network;
	private readonly server: TimeServer;
	private readonly log: Log;
	private asked: Asked = Asked.Nobody;
	private dueAt: Millis = 0;

	constructor(host: string, network: Network, server: TimeServer, log: Log) {
		this.host = host;
		this.network = network;
		this.server = server;
		this.log = log;
	}

	poll(now: Millis): Millis {
		const { state } = this.server;
		if (this.asked >= Asked.Local && state !== TimeState.Asking) this.answered(state, now);
		// As soon as may be: a minute after the last answer.
		if (state === TimeState.Doubted && this.dueAt > now + Limit.TIME_RETRY_MS) this.dueAt = Math.max(now, this.dueAt - Limit.TIME_AGAIN_MS + Limit.TIME_RETRY_MS);
		if (this.network.state !== NetworkState.Up) return NEVER;
		if (now < this.dueAt) return this.dueAt;
		// A client that never answers in either way is asked anew.
		if (this.asked >= Asked.Local) this.tell(TimeState.Failed);
		const isLocalTurn = this.asked === Asked.Nobody || this.asked === Asked.Given;
		const local = isLocalTurn && this.host === USUAL ? this.network.timeServer() : '';
		this.asked = local ? Asked.Local : Asked.Given;
		this.server.ask(local || this.host);
		return (this.dueAt = now + Limit.TIME_RETRY_MS);
	}

	private answered(state: TimeState, now: Millis): void {
		this.tell(state);
		const inVain = this.asked === Asked.Local && (state === TimeState.Failed || state === TimeState.Disbelieved);
		this.asked = inVain ? Asked.LocalInVain : Asked.Nobody;
		this.dueAt = inVain ? now : now + (state === TimeState.Answered ? Limit.TIME_AGAIN_MS : Limit.TIME_RETRY_MS);
	}

	private tell(state: TimeState): void {
		const name = this.asked === Asked.Local ? 'of this network' : this.host;
		switch (state) {
			case TimeState.Stepped:
				return this.log.line('the date is known');
			case TimeState.Contradicted:
				return this.log.line(`the time server ${name} contradicts the date that is known; it is asked again`);
			case TimeState.Disbelieved:
				return this.log.line(`the time server ${name} is not synchronised, or says a date from before this firmware; it is not believed`);
			case TimeState.Failed:
				return this.log.line(`the time server ${name} does not answer; ${
					this.server.unixSeconds() > 0 ? 'the date that is known goes on' : 'readings carry their uptime'}`);
		}
	}
}
