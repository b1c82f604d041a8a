// Lets programs on this machine, a browser above all, connect to a simulated node: a port on 127.0.0.1 for one of the node's.
//
// Rule: who comes by it stands for a phone in the node's own network, or for a computer in the one that it has joined. While the
// node is not to be reached, nobody is let in. Nothing listens but on 127.0.0.1.

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Side } from '../devices/inbound.js';
import type { SimulatedNode } from './simulated-node.js';

export interface Door {
	/** On 127.0.0.1. */
	readonly port: number;
	close(): void;
}

/** `port` of the node; needs a simulation that runs in real time. */
export async function openDoor(node: SimulatedNode, side: Side, port: number): Promise<Door> {
	const sockets = new Set<Socket>();
	const server = createServer({ allowHalfOpen: true }, (socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket)).on('error', () => {});
		let open = true;
		const inbound = node.inbound?.dial(side, port, {
			data: (bytes) => void socket.write(bytes),
			end: () => {
				open = false;
				socket.end();
			},
			reset: () => {
				open = false;
				socket.resetAndDestroy();
			},
		});
		if (!inbound) return void socket.resetAndDestroy();
		socket.on('data', (bytes: Buffer) => inbound.write(bytes));
		socket.on('end', () => {
			if (open) inbound.finish();
		});
		socket.on('close', () => {
			if (open) inbound.breakOff();
		});
	});
	await listening(server);
	return {
		port: (server.address() as AddressInfo).port,
		close() {
			server.close();
			for (const socket of sockets) socket.destroy();
		},
	};
}

function listening(server: Server): Promise<void> {
	return new Promise((resolve, reject) => void server.once('error', reject).listen(0, '127.0.0.1', resolve));
}
