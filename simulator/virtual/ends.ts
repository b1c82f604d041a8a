// The two ends of a virtual connection, as a server and a judge see them: types only.

import type { Link } from '../world/network.js';

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
	/** `to`: address and port. */
	opened(connection: number, link: Link, to: string): void;
	/** The node's socket was given these. */
	sent(connection: number, bytes: Uint8Array): void;
	/** The node has read these. */
	arrived(connection: number, bytes: Uint8Array): void;
	/** The node's socket learns that it is over: closed or reset by the server, or given up. */
	lost(connection: number): void;
}
