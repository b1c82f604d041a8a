// A network that exists only in the simulation: deterministic, and as bad as a test wants it.
//
// Rule: bytes arrive in order and complete, or not at all, as TCP has it (virtual-connection.ts); when, and in which pieces, is
// chance from the seed. A connection can be frozen: then neither side ever hears of the other again.

import type { Clock } from './clock.js';
import type { Conditions } from './conditions.js';
import type { Link, Network, Wire, WireEvents } from './network.js';
import type { Random } from './random.js';
import { Connection } from './virtual-connection.js';

/** The server's end of a connection. */
export interface ServerEnd {
	write(bytes: Uint8Array): void;
	/** FIN after what was written. */
	end(): void;
	/** RST. */
	reset(): void;
	onData: (bytes: Uint8Array) => void;
	/** The node has closed or reset it. */
	onClose: () => void;
	/** Number of the connection, from 1. */
	readonly id: number;
}

export type Accept = (end: ServerEnd) => void;

/** Sees what nodes do on the network: for judges. `link` stands for a node's boot. */
export interface Tap {
	opened(connection: number, link: Link): void;
	/** The node's socket was given these. */
	sent(connection: number, bytes: Uint8Array): void;
	/** The node has read these. */
	arrived(connection: number, bytes: Uint8Array): void;
	/** The node's socket learns that it is over: closed or reset by the server, or given up. */
	lost(connection: number): void;
}

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
		this.tap?.opened(this.count, link);
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
