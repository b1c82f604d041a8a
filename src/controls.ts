// SPDX-License-Identifier: MIT
// What commands do to the node: the interval, the offsets, a reading out of turn, stopping and starting anew.
//
// Rule: what is changed here is kept in the store under the setting's own key and outlives a reboot; when it cannot be
// kept, that is said. Stopping and restarting first tell the broker, then happen in poll(), never inside a callback.

import type { Announcer } from './announce.js';
import type { Broker } from './broker.js';
import type { Controls } from './commands.js';
import { FIELDS, refusal, type Config } from './config.js';
import { State, type Link } from './link.js';
import { NEVER, type Clock, type Console, type Log, type Millis, type Pollable, type Store } from './ports.js';
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
	readonly console: Console;
	readonly restart: () => void;
}

const enum Ending {
	None,
	Stop,
	Restart,
}

export class NodeControls implements Controls, Pollable {
	/** Set by main: who reads typed lines. */
	onLine!: (line: string) => void;
	readonly #of: Controlled;
	#ending: Ending = Ending.None;

	constructor(controlled: Controlled) {
		this.#of = controlled;
	}

	poll(_now: Millis): Millis {
		const { console, link, log } = this.#of;
		const line = console.take();
		if (line) this.onLine(line);
		if (this.#ending === Ending.None || link.state !== State.Stopped) return NEVER;
		if (this.#ending === Ending.Restart) this.#of.restart();
		else log.line('stopped');
		this.#ending = Ending.None;
		return NEVER;
	}

	setIntervalMs(value: number): void {
		const { sampler, announcer, broker } = this.#of;
		sampler.setIntervalMs(value, this.#of.clock.now());
		this.keep('intervalMs', value);
		broker.announce(announcer.info());
	}

	sample(): void {
		this.#of.sampler.sampleNow(this.#of.clock.now());
	}

	calibrate(quantity: number, milli: number): string {
		const { sampler } = this.#of;
		const last = sampler.last(quantity);
		if (last === ABSENT) return `no ${QUANTITIES[quantity]} has been measured yet`;
		const key = OFFSETS[quantity];
		const offset = milli - last;
		const error = refusal(FIELDS.find((field) => field.key === key)!, offset);
		if (error) return error;
		sampler.offsets[quantity] = offset;
		this.keep(key, offset);
		return '';
	}

	stop(): void {
		this.end(Ending.Stop);
	}

	restart(): void {
		this.end(Ending.Restart);
	}

	result(json: string): void {
		this.#of.broker.announce(this.#of.announcer.result(json));
	}

	log(sentence: string): void {
		this.#of.log.line(sentence);
	}

	private end(ending: Ending): void {
		this.#ending = ending;
		this.#of.broker.stop(this.#of.clock.now());
	}

	private keep(key: keyof Config, value: number): void {
		if (!this.#of.store.set(key, value)) this.#of.log.line(`${key} cannot be kept in flash: it holds until the next restart`);
	}
}
