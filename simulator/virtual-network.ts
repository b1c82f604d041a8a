// A network that exists only in the simulation: deterministic, and as bad as a test wants it.
//
// Rule: bytes arrive in order and complete, or not at all, as TCP has it; when, and in which pieces, is chance from the seed.
// Without a link everything waits (retransmission brings it later) until the sender gives up. A connection can be frozen:
// then neither side ever hears of the other again.

import type { Clock } from './clock.js';
import type { Conditions } from './conditions.js';
import type { Link, Network, Wire, WireEvents } from './network.js';
import type { Random } from './random.js';

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
	/** The node's socket holds these. */
	arrived(connection: number, bytes: Uint8Array): void;
	/** The node's socket learns that it is over: closed or reset by the server, or given up. */
	lost(connection: number): void;
}

const SYN_GIVE_UP_MS = 45_000;
/** lwIP's twelve retransmissions. */
const DATA_GIVE_UP_MS = 240_000;
/** After the link came back, the next retransmission is due within this. */
const RETRANSMIT_MS = [50, 3_000] as const;

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
		for (const connection of this.#connections) connection.frozen = true;
	}

	async quiet(): Promise<void> {}

	close(): void {}
}

interface Carried {
	readonly at: number;
	readonly giveUpAt: number;
	readonly arrive: () => void;
}

/** One direction: what is under way, in order. Only the first is being carried. */
class Pipe {
	readonly queue: Carried[] = [];
	busy = false;
}

class Connection implements Wire {
	frozen = false;
	tap: Tap | undefined;
	onGone: () => void = () => {};
	readonly #id: number;
	readonly #clock: Clock;
	readonly #random: Random;
	readonly #conditions: Conditions;
	readonly #link: Link;
	readonly #events: WireEvents;
	readonly #toServer = new Pipe();
	readonly #toNode = new Pipe();
	#server: ServerEnd | undefined;
	/** The node's socket wants no events any more. */
	#deaf = false;
	#over = false;
	/** Room in the node's window. */
	#window: number;
	#outbound: Uint8Array[] = [];
	#ending = false;
	/** Bytes on their way to the server that are not acknowledged. */
	#unacknowledged = 0;
	#unsent: Uint8Array[] = [];
	#closing = false;

	constructor(id: number, clock: Clock, random: Random, conditions: Conditions, link: Link, windowBytes: number, events: WireEvents) {
		this.#id = id;
		this.#clock = clock;
		this.#random = random;
		this.#conditions = conditions;
		this.#link = link;
		this.#window = windowBytes;
		this.#events = events;
	}

	open(accept: () => Accept | undefined): void {
		this.#carry(this.#toServer, SYN_GIVE_UP_MS, () => {
			if (this.#deaf) return;
			const server = accept();
			if (this.#conditions.tcp === 'silent') return void this.#clock.after(SYN_GIVE_UP_MS, () => this.#fail());
			if (!server || this.#conditions.tcp === 'refused') return this.#carry(this.#toNode, SYN_GIVE_UP_MS, () => this.#fail());
			this.#server = this.#makeServerEnd();
			this.#carry(this.#toNode, SYN_GIVE_UP_MS, () => this.#tell(() => this.#events.connected()));
			server(this.#server);
		});
	}

	send(bytes: Uint8Array): void {
		this.tap?.sent(this.#id, bytes);
		for (const piece of this.#cut(bytes)) this.#unsent.push(piece);
		this.#pushToServer();
	}

	consumed(count: number): void {
		this.#window += count;
		this.#pushToNode();
	}

	close(): void {
		this.#deaf = true;
		this.#closing = true;
		this.#pushToServer();
	}

	reset(): void {
		this.#deaf = true;
		this.#unsent = [];
		this.#carry(this.#toServer, DATA_GIVE_UP_MS, () => this.#closeServer());
	}

	vanish(): void {
		this.#deaf = true;
		this.frozen = true;
		this.onGone();
	}

	#makeServerEnd(): ServerEnd {
		return {
			id: this.#id,
			write: (bytes) => {
				for (const piece of this.#cut(bytes)) this.#outbound.push(piece);
				this.#pushToNode();
			},
			end: () => {
				this.#ending = true;
				this.#pushToNode();
			},
			reset: () => {
				this.#outbound = [];
				this.#server = undefined;
				this.#carry(this.#toNode, DATA_GIVE_UP_MS, () => this.#fail());
			},
			onData: () => {},
			onClose: () => {},
		};
	}

	#pushToServer(): void {
		const { peerWindowBytes } = this.#conditions;
		// A piece waits for room for the whole of it, or for an empty window that it fills.
		while (this.#unsent.length && this.#unacknowledged + Math.min(this.#unsent[0].length, peerWindowBytes) <= peerWindowBytes) {
			let piece = this.#unsent.shift()!;
			const room = peerWindowBytes - this.#unacknowledged;
			if (piece.length > room) {
				this.#unsent.unshift(piece.subarray(room));
				piece = piece.subarray(0, room);
			}
			this.#carryPiece(piece);
		}
		if (this.#closing && this.#unsent.length === 0) {
			this.#closing = false;
			this.#carry(this.#toServer, DATA_GIVE_UP_MS, () => this.#closeServer());
		}
	}

	#carryPiece(piece: Uint8Array): void {
		this.#unacknowledged += piece.length;
		this.#carry(this.#toServer, DATA_GIVE_UP_MS, () => {
			this.#server?.onData(piece);
			this.#carry(this.#toNode, DATA_GIVE_UP_MS, () => {
				this.#unacknowledged -= piece.length;
				this.#tell(() => this.#events.sent(piece.length));
				this.#pushToServer();
			});
		});
	}

	#pushToNode(): void {
		while (this.#outbound.length && this.#window > 0) {
			let piece = this.#outbound.shift()!;
			if (piece.length > this.#window) {
				this.#outbound.unshift(piece.subarray(this.#window));
				piece = piece.subarray(0, this.#window);
			}
			this.#window -= piece.length;
			this.#carry(this.#toNode, DATA_GIVE_UP_MS, () => this.#tell(() => this.#arrive(piece)));
		}
		if (this.#ending && this.#outbound.length === 0) {
			this.#ending = false;
			this.#carry(this.#toNode, DATA_GIVE_UP_MS, () => this.#tell(() => this.#finish()));
		}
	}

	#arrive(piece: Uint8Array): void {
		this.tap?.arrived(this.#id, piece);
		this.#events.data(piece);
	}

	#finish(): void {
		this.tap?.lost(this.#id);
		this.#events.finished();
	}

	/** Takes something over the air: in order, after a while, and only while there is a link. */
	#carry(pipe: Pipe, patienceMs: number, arrive: () => void): void {
		const [low, high] = this.#conditions.latencyMs;
		const now = this.#clock.now();
		pipe.queue.push({ at: now + this.#random.between(low, high), giveUpAt: now + patienceMs, arrive });
		this.#carryNext(pipe);
	}

	#carryNext(pipe: Pipe): void {
		if (pipe.busy || pipe.queue.length === 0) return;
		pipe.busy = true;
		this.#clock.at(pipe.queue[0].at, () => this.#attempt(pipe));
	}

	#attempt(pipe: Pipe): void {
		if (this.#over) return;
		const { giveUpAt, arrive } = pipe.queue[0];
		if (this.frozen) return this.#loseHopeAt(giveUpAt);
		if (!this.#link.up) return this.#waitForLink(pipe, giveUpAt);
		pipe.queue.shift();
		pipe.busy = false;
		arrive();
		this.#carryNext(pipe);
	}

	#waitForLink(pipe: Pipe, giveUpAt: number): void {
		const unlisten = this.#link.onChange(() => {
			if (!this.#link.up) return;
			unlisten();
			this.#clock.after(this.#random.between(RETRANSMIT_MS[0], RETRANSMIT_MS[1]), () => this.#attempt(pipe));
		});
		this.#loseHopeAt(giveUpAt, unlisten);
	}

	/** The node's side loses patience; the server has none of its own. */
	#loseHopeAt(ms: number, unlisten?: () => void): void {
		this.#clock.at(ms, () => {
			if (this.#over || (this.#link.up && !this.frozen)) return;
			unlisten?.();
			if (this.#unacknowledged || !this.#server) this.#fail();
		});
	}

	#fail(): void {
		if (this.#over) return;
		this.#tell(() => {
			this.tap?.lost(this.#id);
			this.#events.failed();
		});
		this.#over = true;
		this.onGone();
	}

	#closeServer(): void {
		const server = this.#server;
		this.#server = undefined;
		this.#over = true;
		this.onGone();
		server?.onClose();
	}

	#tell(event: () => void): void {
		if (!this.#deaf && !this.#over) event();
	}

	#cut(bytes: Uint8Array): Uint8Array[] {
		const pieces: Uint8Array[] = [];
		const [low, high] = this.#conditions.segmentBytes;
		for (let at = 0; at < bytes.length; ) {
			const size = low + this.#random.below(high - low + 1);
			pieces.push(bytes.slice(at, at + size));
			at += size;
		}
		return pieces;
	}
}
