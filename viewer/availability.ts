// How a node is, and how often it was away: its status at each broker, and the outages that it told.
//
// Rule: with several brokers each says "offline" of a node that has left for another, so one "online" wins; else what was said last holds.
// What a broker said counts only while we are connected to it. OUTAGES_MAX outages are kept.

import { bounded, type Content, type Status } from './payload.js';

/** What the node says after a reconnect (docs/topics.md), as far as it is what it should be. */
export interface Outage {
	/** Unix seconds; absent if the date was not known. */
	readonly start?: number;
	readonly seconds?: number;
	readonly cause?: string;
	readonly attempts?: number;
	readonly kept?: number;
	readonly takeovers?: number;
	readonly restarts?: number;
	/** When it was told, in the caller's milliseconds. */
	readonly at: number;
}

export const OUTAGES_MAX = 64;
/** A node keeps each of them in 32 bits; beyond is no date. */
const NUMBER_MAX = 0xffff_ffff;
const NUMBERS = ['start', 'seconds', 'attempts', 'kept', 'takeovers', 'restarts'] as const;

interface Word {
	readonly status: Status;
	readonly at: number;
	readonly retained: boolean;
	/** We are connected to the broker that said it. */
	readonly holds: boolean;
}

export class Availability {
	readonly #byBroker: (Word | undefined)[] = [];
	#word: Word | undefined;
	last: Content | undefined;
	count = 0;
	readonly outages: Outage[] = [];

	get status(): Status | undefined {
		return this.#word?.status;
	}

	get onlineAt(): number | undefined {
		const at = this.#byBroker.findIndex((word) => word?.status === 'online' && word.holds);
		return at < 0 ? undefined : at;
	}

	get at(): number {
		return this.#word?.at ?? 0;
	}

	get retained(): boolean {
		return this.#word?.retained ?? false;
	}

	/** Whether the node is otherwise than before. */
	said(status: Status | undefined, at: number, broker: number, retained: boolean): boolean {
		const known = this.#byBroker[broker];
		// The same word again says nothing of since when.
		if (status !== undefined && known?.status === status && known.holds) return false;
		const since = known?.status === status && retained ? known! : { at, retained };
		this.#byBroker[broker] = status && { status, at: since.at, retained: since.retained, holds: true };
		const before = this.#word?.status;
		this.#word = this.#best();
		return this.#word?.status !== before;
	}

	/** The connection to the broker is lost: what it said may be over. */
	interrupted(broker: number): void {
		const word = this.#byBroker[broker];
		if (word) this.#byBroker[broker] = { ...word, holds: false };
		// While none holds, the last one stands.
		this.#word = this.#best() ?? this.#word;
	}

	#best(): Word | undefined {
		const words = this.#byBroker.filter((word) => word !== undefined);
		const held = words.filter(({ holds }) => holds);
		const among = held.length ? held : words;
		return among.find(({ status }) => status === 'online') ?? among.sort((one, other) => other.at - one.at)[0];
	}

	/** False if it was told already: it is published with QoS 1, and may come twice. */
	was(content: Content, at: number): boolean {
		if (this.last && JSON.stringify(this.last) === JSON.stringify(content)) return false;
		this.last = content;
		this.count++;
		this.outages.push(outageOf(content, at));
		if (this.outages.length > OUTAGES_MAX) this.outages.shift();
		return true;
	}
}

export function outageOf(content: Content, at: number): Outage {
	const numbers = NUMBERS.filter((key) => typeof content[key] === 'number' && content[key] >= 0 && content[key] <= NUMBER_MAX).map((key) => [key, content[key]]);
	const { cause } = content;
	return { ...Object.fromEntries(numbers), ...(typeof cause === 'string' && { cause: bounded(cause) }), at };
}
