// The wires between nodes and brokers: what a network must do, and the one made of real sockets on this machine.
//
// Rule: nothing leaves this machine. Real sockets go to 127.0.0.1 only; names come from a small table, and whatever is not in
// it fails as an unknown name does. A node without a link sends nothing and hears nothing, and nobody is told.

import { connect, type Socket } from 'node:net';
import type { Clock } from './clock.js';

/** What happens on a wire, told to the node's socket; each at its own time, never from inside a call. */
export interface WireEvents {
	connected(): void;
	data(bytes: Uint8Array): void;
	/** The peer has acknowledged so many bytes more. */
	sent(count: number): void;
	/** The peer has said its last. */
	finished(): void;
	/** Refused, reset, or given up. */
	failed(): void;
}

export interface Wire {
	/** For judges: the node's socket has taken these (they leave later, with send(), or never), the node has read these, or a write of its was refused, which is the end. */
	written?(bytes: Uint8Array): void;
	read?(bytes: Uint8Array): void;
	refused?(): void;
	/** One segment. */
	send(bytes: Uint8Array): void;
	/** So much room more in the node's window. */
	consumed(count: number): void;
	/** Says goodbye after what was sent; no events any more. */
	close(): void;
	/** As reset(), though what was sent just before may still be read by the peer; none of it is sent again. */
	abort(): void;
	/** Breaks it off; no events any more. */
	reset(): void;
	/** The node is gone without a word: the peer goes on believing in the connection. */
	vanish(): void;
}

export interface Network {
	/** A dotted address, or undefined for a name that nobody knows. */
	lookup(name: string): string | undefined;
	connect(link: Link, address: string, port: number, windowBytes: number, events: WireEvents): Wire;
	/** Settles when nothing is under way; for the pace "max". */
	quiet(): Promise<void>;
	close(): void;
}

/** A node's radio link. */
export class Link {
	#up = false;
	readonly #listeners = new Set<() => void>();

	get up(): boolean {
		return this.#up;
	}

	set(up: boolean): void {
		if (up === this.#up) return;
		this.#up = up;
		for (const listener of [...this.#listeners]) listener();
	}

	onChange(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}
}

export function isLoopback(address: string): boolean {
	return /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address);
}

/** Whether a host, as it stands in an address, is this machine for certain. */
export function isThisMachine(host: string): boolean {
	return host === 'localhost' || isLoopback(host);
}

/** A local broker answers within a fraction of this. */
const QUIET_MS = 3;
const SYN_GIVE_UP_MS = 45_000;

export class RealNetwork implements Network {
	readonly #clock: Clock;
	readonly #names: ReadonlyMap<string, string>;
	readonly #complain: (sentence: string) => void;
	readonly #sockets = new Set<Socket>();
	#connecting = 0;
	#activeAt = 0;
	#complained = false;
	/** Added to each way, for whoever wants to see a slow network. */
	delayMs = 0;

	/** `names` beside "localhost". */
	constructor(clock: Clock, names: Iterable<string>, complain: (sentence: string) => void) {
		this.#clock = clock;
		this.#names = new Map(['localhost', ...names].map((name) => [name, '127.0.0.1']));
		this.#complain = complain;
	}

	lookup(name: string): string | undefined {
		return this.#names.get(name);
	}

	connect(link: Link, address: string, port: number, windowBytes: number, events: WireEvents): Wire {
		if (!isLoopback(address)) return this.#refuse(address, port, events);
		this.#connecting++;
		const socket = connect({ host: address, port, noDelay: true, allowHalfOpen: true });
		const settled = (): void => {
			socket.off('connect', settled).off('close', settled);
			this.#connecting--;
		};
		socket.on('connect', settled).on('close', settled);
		this.#sockets.add(socket);
		socket.on('close', () => this.#sockets.delete(socket));
		const stir = (): void => {
			this.#activeAt = performance.now();
		};
		return new RealWire(this.#clock, link, socket, windowBytes, events, stir, () => this.delayMs);
	}

	async quiet(): Promise<void> {
		while (this.#connecting || performance.now() - this.#activeAt < QUIET_MS) {
			await new Promise((resolve) => setTimeout(resolve, 1));
		}
		// What is readable already gets its turn.
		await new Promise((resolve) => setImmediate(resolve));
	}

	close(): void {
		for (const socket of this.#sockets) socket.destroy();
	}

	#refuse(address: string, port: number, events: WireEvents): Wire {
		const wish = `A simulated node wants to reach ${address}:${port}; it may only talk to this machine (127.0.0.1)`;
		if (!this.#complained) this.#complain(`${wish}, so nobody answers there.`);
		this.#complained = true;
		let open = true;
		this.#clock.after(SYN_GIVE_UP_MS, () => {
			if (open) events.failed();
		});
		const end = (): void => void (open = false);
		return { send() {}, consumed() {}, close: end, abort: end, reset: end, vanish: end };
	}
}

class RealWire implements Wire {
	readonly #clock: Clock;
	readonly #link: Link;
	readonly #socket: Socket;
	readonly #events: WireEvents;
	readonly #stir: () => void;
	readonly #unlisten: () => void;
	readonly #delayMs: () => number;
	#room: number;
	/** What waits for the link to come back, in order. */
	#held: (() => void)[] = [];
	#deaf = false;
	/** When what was delayed last is due: it stays in its order when the delay shrinks. */
	#dueAt = 0;

	constructor(clock: Clock, link: Link, socket: Socket, windowBytes: number, events: WireEvents, stir: () => void, delayMs: () => number = () => 0) {
		this.#clock = clock;
		this.#link = link;
		this.#socket = socket;
		this.#room = windowBytes;
		this.#events = events;
		this.#stir = stir;
		this.#delayMs = delayMs;
		this.#unlisten = link.onChange(() => this.#linkChanged());
		stir();
		socket.on('connect', () => this.#tell(() => events.connected()));
		socket.on('data', (bytes: Buffer) => this.#received(bytes));
		socket.on('end', () => this.#tell(() => events.finished()));
		socket.on('error', () => this.#tell(() => events.failed()));
		socket.on('close', stir);
	}

	send(bytes: Uint8Array): void {
		this.#whenUp(() => {
			if (!this.#socket.writable) return;
			this.#stir();
			this.#socket.write(bytes, (fault) => {
				if (!fault) this.#tell(() => this.#events.sent(bytes.length));
			});
		});
	}

	consumed(count: number): void {
		this.#room += count;
		if (this.#room > 0) this.#socket.resume();
	}

	close(): void {
		this.#deafen();
		this.#whenUp(() => {
			this.#stir();
			this.#socket.end();
			// The peer's own end must still be read, or the socket lives on.
			this.#socket.resume();
			this.#socket.on('end', () => this.#socket.destroy());
			if (this.#socket.readableEnded) this.#socket.destroy();
			this.#unlisten();
		});
	}

	/** This machine's own TCP has handed on what it took already. */
	abort(): void {
		this.reset();
	}

	reset(): void {
		this.#deafen();
		this.#whenUp(() => {
			this.#stir();
			this.#socket.resetAndDestroy();
			this.#unlisten();
		});
	}

	vanish(): void {
		this.#deafen();
		this.#unlisten();
		this.#held = [];
		this.#socket.pause();
	}

	/** From now on nobody listens; errors of the socket are nobody's. */
	#deafen(): void {
		this.#deaf = true;
	}

	#received(bytes: Buffer): void {
		this.#room -= bytes.length;
		if (this.#room <= 0) this.#socket.pause();
		this.#tell(() => this.#events.data(bytes));
	}

	#tell(event: () => void): void {
		this.#stir();
		if (this.#deaf) return;
		this.#whenUp(() => {
			this.#clock.after(0, () => {
				if (!this.#deaf) event();
			});
		});
	}

	#whenUp(action: () => void): void {
		if (this.#link.up && this.#held.length === 0) this.#pass(action);
		else this.#held.push(action);
	}

	#pass(action: () => void): void {
		const now = this.#clock.now();
		const due = Math.max(this.#dueAt, now + this.#delayMs());
		if (due <= now) return action();
		this.#dueAt = due;
		this.#clock.at(due, action);
	}

	#linkChanged(): void {
		if (!this.#link.up) return this.#deaf ? undefined : void this.#socket.pause();
		const held = this.#held;
		this.#held = [];
		for (const action of held) this.#pass(action);
		if (this.#room > 0) this.#socket.resume();
	}
}
