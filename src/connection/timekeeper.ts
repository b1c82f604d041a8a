// SPDX-License-Identifier: MIT
// Asks for the date as soon as there is a network, and again from time to time.
//
// Rule: nothing waits for the date. Readings taken before it is known carry their uptime and get their time when it
// comes. What is not confirmed, contradicted or doubted is asked for again in a minute.

import { TIME_AGAIN_MS, TIME_RETRY_MS } from '../common/limits.js';
import { NEVER, NetworkState, TimeState, type Log, type Millis, type Network, type Pollable, type TimeServer } from '../common/ports.js';

const GOES_ON = 'the date that is known goes on';
const UPTIME = 'readings carry their uptime';

export class Timekeeper implements Pollable {
	private readonly host: string;
	private readonly network: Network;
	private readonly server: TimeServer;
	private readonly log: Log;
	private asking = false;
	private dueAt: Millis = 0;

	constructor(host: string, network: Network, server: TimeServer, log: Log) {
		this.host = host;
		this.network = network;
		this.server = server;
		this.log = log;
	}

	poll(now: Millis): Millis {
		if (this.asking && this.server.state !== TimeState.Asking) {
			this.asking = false;
			this.dueAt = now + (this.server.state === TimeState.Answered ? TIME_AGAIN_MS : TIME_RETRY_MS);
			this.tell(this.server.state);
		}
		// As soon as may be: a minute after the last answer.
		if (this.server.state === TimeState.Doubted && this.dueAt > now + TIME_RETRY_MS) this.dueAt = Math.max(now, this.dueAt - TIME_AGAIN_MS + TIME_RETRY_MS);
		if (this.network.state !== NetworkState.Up) return NEVER;
		if (now < this.dueAt) return this.dueAt;
		// A client that never answers in either way is asked anew.
		if (this.asking) this.tell(TimeState.Failed);
		this.server.ask(this.host);
		this.asking = true;
		return (this.dueAt = now + TIME_RETRY_MS);
	}

	private tell(state: TimeState): void {
		switch (state) {
			case TimeState.Stepped:
				return this.log.line('the date is known');
			case TimeState.Contradicted:
				return this.log.line(`the time server ${this.host} contradicts the date that is known; it is asked again`);
			case TimeState.Disbelieved:
				return this.log.line(`the time server ${this.host} is not synchronised, or says a date from before this firmware; it is not believed`);
			case TimeState.Failed:
				return this.log.line(`the time server ${this.host} does not answer; ${this.server.unixSeconds() > 0 ? GOES_ON : UPTIME}`);
		}
	}
}
