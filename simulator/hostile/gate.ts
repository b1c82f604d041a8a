// Stands between the network and the broker: lets bytes of the campaign into the stream, holds a connection back, or takes it over.
//
// Rule: what the broker says stays in order and whole; what is said here goes between two of its packets. A connection that is taken
// over never reaches the broker, which goes on believing what it believed.

import type { VirtualBroker } from '../virtual/broker.js';
import type { ServerEnd, VirtualNetwork } from '../virtual/network.js';

/** What becomes of the next connection: it goes to the broker, to the broker later, or to nobody but us. */
export type Welcome = 'pass' | 'hold' | 'alone';

export class Gate {
	next: Welcome = 'pass';
	/** Connections so far, and the latest. */
	connections = 0;
	current: Passage | undefined;
	readonly #network: VirtualNetwork;
	readonly #broker: VirtualBroker;
	readonly #address: string;
	readonly #port: number;

	constructor(network: VirtualNetwork, broker: VirtualBroker, address: string, port: number) {
		this.#network = network;
		this.#broker = broker;
		this.#address = address;
		this.#port = port;
		this.open();
	}

	/** To be called when the broker was started: it listens for itself then. */
	open(): void {
		this.#network.listen(this.#address, this.#port, (end) => {
			this.connections++;
			this.current = new Passage(end, this.#broker, this.next);
			this.next = 'pass';
		});
	}

	/** Breaks the connection off; the broker learns it at once. */
	cut(): void {
		this.current?.cut();
	}
}

export class Passage {
	/** Something was said by the node. */
	heard = false;
	open = true;
	readonly #end: ServerEnd;
	readonly #broker: VirtualBroker;
	/** As the broker has it, from when it has been told of the connection. */
	#inner: ServerEnd | undefined;
	#held: Uint8Array[] = [];
	/** What is said while another packet is half said. */
	#waiting: Uint8Array[] | undefined;

	constructor(end: ServerEnd, broker: VirtualBroker, welcome: Welcome) {
		this.#end = end;
		this.#broker = broker;
		end.onData = (bytes) => this.#heard(bytes);
		end.onClose = () => this.#closed();
		if (welcome === 'pass') this.release();
	}

	/** To the node, behind what was said before. */
	say(bytes: Uint8Array): void {
		if (!this.open) return;
		if (this.#waiting) this.#waiting.push(bytes);
		else this.#end.write(bytes);
	}

	/** Says these, and nothing more until resume(). */
	pauseAfter(bytes: Uint8Array): void {
		this.say(bytes);
		this.#waiting ??= [];
	}

	/** The rest of what was half said, and what had to wait for it. */
	resume(bytes: Uint8Array): void {
		const waiting = this.#waiting ?? [];
		this.#waiting = undefined;
		for (const each of [bytes, ...waiting]) this.say(each);
	}

	/** The broker is told of it, and of all that was said so far. */
	release(): void {
		if (this.#inner) return;
		const inner: ServerEnd = {
			id: this.#end.id, onData: () => {}, onClose: () => {}, write: (bytes) => this.say(bytes),
			end: () => this.#over(() => this.#end.end()),
			reset: () => this.#over(() => this.#end.reset()),
		};
		if (!this.#broker.attend(inner)) return this.cut();
		this.#inner = inner;
		for (const bytes of this.#held.splice(0)) inner.onData(bytes);
		if (!this.open) inner.onClose();
	}

	cut(): void {
		this.#over(() => this.#end.reset());
		this.#inner?.onClose();
	}

	#heard(bytes: Uint8Array): void {
		this.heard = true;
		if (this.#inner) this.#inner.onData(bytes);
		else this.#held.push(bytes);
	}

	#closed(): void {
		this.open = false;
		this.#inner?.onClose();
	}

	#over(end: () => void): void {
		if (!this.open) return;
		this.open = false;
		end();
	}
}
