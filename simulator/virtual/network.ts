// A network that exists only in the simulation: deterministic, and as bad as a test wants it.
//
// Rule: bytes arrive in order and complete, or not at all, as TCP has it (virtual-connection.ts); when, and in which pieces, is
// chance from the seed. A connection can be frozen: then neither side ever hears of the other again.

import type { Clock } from '../world/clock.js';
import type { Conditions } from '../world/conditions.js';
import type { Link, Network, Wire, WireEvents } from '../world/network.js';
import type { Random } from '../world/random.js';
import { Connection } from './connection.js';
import type { Accept, Tap } from './ends.js';

export type { Accept, ServerEnd, Tap } from './ends.js';

export class VirtualNetwork implements Network {
	readonly names = new Map<string, string>();
	readonly #clock: Clock;
	readonly #random: Random;
	readonly #conditions: Conditions;
	readonly #servers = new Map<string, Accept>();
	readonly #connections = new Set<Connection>();
	/** Connections made so far. */
	count = 0;
	tap: Tap | undefined;

	constructor(clock: Clock, random: Random, conditions: Conditions) {
		this.#clock = clock;
		this.#random = random;
		this.#conditions = conditions;
	}

	lookup(name: string): string | undefined {
		return this.names.get(name);
	}

	listen(address: string, port: number, accept: Accept): void {
		this.#servers.set(`${address}:${port}`, accept);
	}

	unlisten(address: string, port: number): void {
		this.#servers.delete(`${address}:${port}`);
	}

	connect(link: Link, address: string, port: number, windowBytes: number, events: WireEvents): Wire {
		const accept = (): Accept | undefined => this.#servers.get(`${address}:${port}`);
		const connection = new Connection(++this.count, this.#clock, this.#random, this.#conditions, link, windowBytes, events);
		this.#connections.add(connection);
		connection.tap = this.tap;
		this.tap?.opened(this.count, link, `${address}:${port}`);
		connection.onGone = () => this.#connections.delete(connection);
		connection.open(accept);
		return connection;
	}

	/** Every connection there is becomes half-open for ever: nothing arrives any more, nobody is told. */
	freeze(): void {
		for (const connection of this.#connections) connection.freeze();
	}

	async quiet(): Promise<void> {}

	close(): void {}
}
