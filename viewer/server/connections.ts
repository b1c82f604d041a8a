// Who holds a connection, and who must let go of one: whoever opens many and says little keeps nobody else out.
//
// Rule: CONNECTIONS_MAX at once. For one more, the one goes that was quiet longest, of the address that holds most; what is kept, which is a
// stream of events or a question to a node, stays. An address that is not this machine's holds ADDRESS_MAX at the most. One request after the
// other: who sends another before it has its answer is closed.

import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isLoopback } from './access.js';

export const CONNECTIONS_MAX = 128;
/** A browser opens six to one place. */
export const ADDRESS_MAX = 48;

interface Held {
	readonly address: string;
	isAnswered: boolean;
	isKept: boolean;
}

export class Connections {
	/** The first was quiet longest. */
	readonly #held = new Map<Socket, Held>();

	constructor(server: Pick<Server, 'on'>) {
		server.on('connection', (socket: Socket) => this.#opened(socket));
	}

	get count(): number {
		return this.#held.size;
	}

	/** A request is to be answered. False: the one before is not yet, and the connection is closed. */
	begin(socket: Socket, response: Pick<ServerResponse, 'once'>): boolean {
		const held = this.#held.get(socket);
		if (!held) return false;
		if (!held.isAnswered) {
			socket.destroy();
			return false;
		}
		held.isAnswered = false;
		this.#stir(socket, held);
		response.once('close', () => {
			[held.isAnswered, held.isKept] = [true, false];
			if (this.#held.has(socket)) this.#stir(socket, held);
		});
		return true;
	}

	/** Its answer takes time, and it has the right to it. */
	keep(socket: Socket): void {
		const held = this.#held.get(socket);
		if (held) held.isKept = true;
	}

	#opened(socket: Socket): void {
		const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
		const own = isLoopback(address) ? 0 : this.#of(address);
		if (own >= ADDRESS_MAX) this.#letGo(address);
		else if (this.#held.size >= CONNECTIONS_MAX) this.#letGo(this.#greediest());
		// All of them are kept.
		if (this.#held.size >= CONNECTIONS_MAX || (own >= ADDRESS_MAX && this.#of(address) >= ADDRESS_MAX)) return void socket.destroy();
		this.#held.set(socket, { address, isAnswered: true, isKept: false });
		socket.once('close', () => this.#held.delete(socket));
	}

	#letGo(address: string | undefined): void {
		for (const [socket, held] of this.#held) {
			if (held.isKept || held.address !== address) continue;
			this.#held.delete(socket);
			socket.destroy();
			return;
		}
	}

	#of(address: string): number {
		let count = 0;
		for (const held of this.#held.values()) if (held.address === address) count++;
		return count;
	}

	/** The address that holds most of those that can go. */
	#greediest(): string | undefined {
		const counts = new Map<string, number>();
		for (const { address, isKept } of this.#held.values()) if (!isKept) counts.set(address, (counts.get(address) ?? 0) + 1);
		return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0];
	}

	#stir(socket: Socket, held: Held): void {
		this.#held.delete(socket);
		this.#held.set(socket, held);
	}
}
