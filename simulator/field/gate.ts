// A loopback proxy between nodes and a server: it passes bytes, loses them, or holds them, as networks do.
//
// Rule: whoever is lost hears nothing, neither bytes nor an end, and nor does the other side. What is held arrives later, in order.

import { connect, createServer, type Server, type Socket } from 'node:net';

/** Told of what came through, in the order of each direction. */
export interface Listener {
	said(bytes: Uint8Array): void;
	heard(bytes: Uint8Array): void;
}

/** Which way nothing comes through any more. */
export type Loss = 'both' | 'to the node' | 'to the server';

export class Gate {
	port = 0;
	/** Connections that nodes opened. */
	connections = 0;
	readonly #target: number;
	readonly #listen: () => Listener;
	readonly #passages = new Set<Passage>();
	#server: Server | undefined;
	#mute = false;
	#held = false;

	/** `listen` makes a listener for each connection. */
	constructor(target: number, listen: () => Listener) {
		this.#target = target;
		this.#listen = listen;
	}

	/** Takes connections; each time on the same port. */
	async open(): Promise<void> {
		if (this.#server) return;
		const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
		this.#server = server;
		await new Promise<void>((resolve, reject) => server.once('error', reject).listen(this.port, '127.0.0.1', resolve));
		this.port = (server.address() as { port: number }).port;
	}

	/** Refuses connections, and breaks those off that there are. */
	shut(): void {
		this.#server?.close();
		this.#server = undefined;
		for (const passage of this.#passages) passage.reset();
	}

	/** Every connection there is becomes half-open for ever. */
	lose(loss: Loss = 'both'): void {
		for (const passage of this.#passages) passage.lose(loss);
	}

	/** Nothing comes through, in old connections for ever; new ones are accepted and reach nobody, until it is over. */
	mute(on: boolean): void {
		this.#mute = on;
		if (on) this.lose();
	}

	/** What is said in the meantime arrives when it is over. */
	hold(on: boolean): void {
		this.#held = on;
		for (const passage of this.#passages) passage.hold(on);
	}

	#accept(socket: Socket): void {
		this.connections++;
		const passage = new Passage(socket, this.#target, this.#listen());
		this.#passages.add(passage);
		passage.onGone = () => this.#passages.delete(passage);
		if (this.#mute) passage.lose('both');
		if (this.#held) passage.hold(true);
		passage.begin();
	}
}

class Passage {
	onGone: () => void = () => {};
	readonly #node: Socket;
	readonly #target: number;
	readonly #listener: Listener;
	#server: Socket | undefined;
	/** Nothing goes this way. */
	#lostToNode = false;
	#lostToServer = false;
	#held = false;

	constructor(node: Socket, target: number, listener: Listener) {
		this.#node = node;
		this.#target = target;
		this.#listener = listener;
		node.pause();
		node.on('error', () => {});
		node.on('data', (bytes) => this.#forward(bytes, this.#server, this.#lostToServer, () => listener.said(bytes)));
		node.on('end', () => this.#ended(node, this.#server, this.#lostToServer));
		node.on('close', (fault) => this.#closed(this.#server, this.#lostToServer, fault));
	}

	/** Goes on to the server, unless nothing shall come to it. */
	begin(): void {
		if (this.#held) return;
		if (this.#lostToServer) return void this.#node.resume();
		const server = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
		this.#server = server;
		server.on('error', () => {});
		server.on('connect', () => this.#held || this.#node.resume());
		server.on('data', (bytes) => this.#forward(bytes, this.#node, this.#lostToNode, () => this.#listener.heard(bytes)));
		server.on('end', () => this.#ended(server, this.#node, this.#lostToNode));
		server.on('close', (fault) => this.#closed(this.#node, this.#lostToNode, fault));
	}

	lose(loss: Loss): void {
		if (loss !== 'to the server') this.#lostToNode = true;
		if (loss !== 'to the node') this.#lostToServer = true;
	}

	hold(on: boolean): void {
		this.#held = on;
		if (!this.#server) return void (!on && this.begin());
		for (const socket of [this.#node, this.#server]) on ? socket.pause() : socket.resume();
	}

	reset(): void {
		this.#node.resetAndDestroy();
		this.#server?.resetAndDestroy();
	}

	#forward(bytes: Uint8Array, to: Socket | undefined, lost: boolean, tell: () => void): void {
		if (lost || !to?.writable) return;
		tell();
		to.write(bytes);
	}

	/** One side has said its last. */
	#ended(from: Socket, to: Socket | undefined, lost: boolean): void {
		if (!lost) return void to?.end();
		// Who is half-open is heard by nobody, and shall not stay in our hands.
		from.end();
	}

	/** One side is gone, in order or broken off. */
	#closed(other: Socket | undefined, lost: boolean, broken: boolean): void {
		if (!lost && broken) other?.resetAndDestroy();
		else if (!lost) other?.end();
		if (this.#node.destroyed && (this.#server?.destroyed ?? true)) this.onGone();
	}
}
