// A wire tap between a client and a broker on this machine: counts, keeps back and throws away bytes, and cuts. It looks at no byte
// of what it carries but the types of TLS records.
import { connect, createServer, type Socket } from 'node:net';
import { listen, recordTypes } from './tls-broker.js';

export class Tap {
	port = 0;
	/** Bytes of the client that went on to the broker, and bytes of the broker that are kept back. */
	sent = 0;
	held = 0;
	/** What the broker says is kept back until release(); 'answer': from the client's first byte of MQTT on. */
	hold: false | true | 'answer' = false;
	readonly #tls: boolean;
	readonly #kept: { to: Socket; bytes: Buffer }[] = [];
	readonly #sockets = new Set<Socket>();
	readonly #server = createServer((socket) => this.#accept(socket));
	#brokerPort = 0;
	#changed = (): void => {};
	/** Connections whose client is not heard any more. */
	readonly #deaf = new Set<Socket>();

	constructor(tls: boolean) {
		this.#tls = tls;
	}

	async start(brokerPort: number): Promise<this> {
		this.#brokerPort = brokerPort;
		this.port = await listen(this.#server, 0);
		return this;
	}

	/** Resolves when that many bytes have been sent, or are held. */
	async until(isSo: (tap: Tap) => boolean): Promise<void> {
		while (!isSo(this)) await new Promise<void>((resolve) => (this.#changed = resolve));
	}

	/** Passes on what is kept back; what comes later only if nothing is to be held any more. */
	release(hold: boolean): void {
		this.hold = hold;
		for (const { to, bytes } of this.#kept.splice(0)) if (!to.destroyed) to.write(bytes);
		this.held = 0;
	}

	/** What the client says from now on, on the connections that there are, is thrown away. */
	swallow(): void {
		for (const socket of this.#sockets) this.#deaf.add(socket);
	}

	end(): void {
		for (const socket of this.#sockets) socket.destroy();
		this.#server.close();
	}

	#accept(socket: Socket): void {
		const onward = connect(this.#brokerPort, '127.0.0.1');
		let [first, begun] = [Buffer.alloc(0), false];
		socket.setNoDelay(true);
		onward.setNoDelay(true);
		for (const [each, other] of [[socket, onward], [onward, socket]]) {
			this.#sockets.add(each);
			// An end of the one is the same end of the other: a reset too.
			each.on('error', () => other.resetAndDestroy());
			each.on('close', () => (this.#sockets.delete(each), other.destroySoon()));
		}
		socket.on('data', (bytes: Buffer) => {
			if (!begun) first = Buffer.concat([first, bytes]);
			begun ||= !this.#tls || recordTypes(first).includes(23);
			if (this.#deaf.has(socket)) return;
			this.sent += bytes.length;
			onward.write(bytes);
			this.#changed();
		});
		onward.on('data', (bytes: Buffer) => {
			if (this.hold === false || (this.hold === 'answer' && !begun)) return void socket.write(bytes);
			this.#kept.push({ to: socket, bytes });
			this.held += bytes.length;
			this.#changed();
		});
	}
}
