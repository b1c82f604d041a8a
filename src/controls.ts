// SPDX-License-Identifier: MIT
// What commands do to the node: the interval, the offsets, a reading out of turn, stopping and starting anew.
//
// Rule: what is changed here is kept in the store under the setting's own key and outlives a reboot; when it cannot be
// kept, that is said. Stopping and restarting begin when all that was asked before is answered: first the broker is told, then it happens,
// in a turn of its own, never inside a callback.

import type { Announcer } from './announce.js';
import type { Broker } from './broker.js';
import type { Controls } from './commands.js';
import { FIELDS, refusal, type Config } from './config.js';
import { RESTART_UPTIME_MIN_MS, STOP_TIMEOUT_MS } from './limits.js';
import { State, type Link } from './link.js';
import { NEVER, type Clock, type Log, type Millis, type Pollable, type Store } from './ports.js';
import { ABSENT, QUANTITIES } from './reading.js';
import type { Sampler } from './sampler.js';

/** The settings that hold the offsets, by the index of their quantity. */
export const OFFSETS: readonly (keyof Config)[] = Object.freeze(['offsetMilliC', 'offsetMilliRh']);

export interface Controlled {
	readonly clock: Clock;
	readonly log: Log;
	readonly store: Store;
	readonly sampler: Sampler;
	readonly broker: Broker;
	readonly announcer: Announcer;
	readonly link: Link;
	/** Milliseconds without a link; 0 for never. */
	readonly restartAfterMs: Millis;
	readonly restart: () => void;
}

const TOO_SOON = `s ago; it restarts ${(RESTART_UPTIME_MIN_MS / 1_000) | 0} s after a start at the earliest`;

const enum Ending {
	None,
	Stop,
	Restart,
}

export class NodeControls implements Controls, Pollable {
	readonly #of: Controlled;
	#ending: Ending = Ending.None;
	/** By then it begins, answered or not. */
	#endsAt: Millis = NEVER;

	constructor(controlled: Controlled) {
		this.#of = controlled;
	}

	get ending(): boolean {
		return this.#ending !== Ending.None;
	}

	answered(all: boolean, now: Millis): Millis {
		if (all || now >= this.#endsAt) {
			if (this.#endsAt !== NEVER) this.#of.broker.stop(now);
			this.#endsAt = NEVER;
		}
		return this.#endsAt;
	}

	poll(now: Millis): Millis {
		const { link, log } = this.#of;
		if (this.#ending === Ending.None) return this.lastResort(now);
		if (link.state !== State.Stopped) return NEVER;
		if (this.#ending === Ending.Restart) this.#of.restart();
		else log.line('stopped');
		this.#ending = Ending.None;
		return NEVER;
	}

	/** So long without a link, the chip itself may be at fault: what is deaf in it stays so until it restarts. Never with a socket open, whose end comes in time. */
	private lastResort(now: Millis): Millis {
		const { announcer, link, log, restart, restartAfterMs, store } = this.#of;
		if (restartAfterMs === 0 || link.state >= State.Opening) return NEVER;
		const at = link.unlinkedSince + restartAfterMs;
		if (now < at) return at;
		if (announcer.bequeath(store)) restart();
		else log.line('no link for long, and no restart: readings would be lost that cannot be kept in flash');
		// Where it does not come to a restart: as long again.
		link.unlinkedSince = now;
		return now;
	}

	setIntervalMs(value: number): string {
		const { sampler, announcer, broker } = this.#of;
		const changed = sampler.intervalMs !== value;
		sampler.setIntervalMs(value, this.#of.clock.now());
		this.keep('intervalMs', value);
		if (changed) broker.announce(announcer.info());
		return '';
	}

	sample(): string {
		this.#of.sampler.sampleNow(this.#of.clock.now());
		return '';
	}

	calibrate(milli: readonly number[]): string {
		const { sampler } = this.#of;
		for (let i = 0; i < milli.length; i++) {
			const error = wanted(milli[i]) ? this.offsetProblem(i, milli[i]) : '';
			if (error) return error;
		}
		for (let i = 0; i < milli.length; i++) {
			if (!wanted(milli[i])) continue;
			const offset = milli[i] - sampler.last(i);
			sampler.setOffset(i, offset);
			this.keep(OFFSETS[i], offset);
		}
		return '';
	}

	stop(): string {
		return this.end(Ending.Stop);
	}

	restart(): string {
		const uptimeMs = this.#of.clock.now();
		if (uptimeMs >= RESTART_UPTIME_MIN_MS) return this.end(Ending.Restart);
		return `the node started ${Math.floor(uptimeMs / 1_000) | 0} ${TOO_SOON}`;
	}

	/** Why the last value of the quantity with this index cannot have been `milli`; '' if it can. */
	private offsetProblem(quantity: number, milli: number): string {
		const last = this.#of.sampler.last(quantity);
		if (last === ABSENT) return `no ${QUANTITIES[quantity]} has been measured yet`;
		return refusal(FIELDS.find((field) => field.key === OFFSETS[quantity])!, milli - last);
	}

	private end(ending: Ending): string {
		this.#ending = ending;
		this.#endsAt = this.#of.clock.now() + STOP_TIMEOUT_MS;
		return '';
	}

	private keep(key: keyof Config, value: number): void {
		if (!this.#of.store.set(key, value)) this.#of.log.line(`${key} cannot be kept in flash: it holds until the next restart`);
	}
}

function wanted(milli: number): boolean {
	return milli === milli;
}
