// The embedded broker: aedes on this machine, for those who have none of their own.
//
// Rule: only 127.0.0.1. The usual port if nobody has it, else any.

import { Aedes } from 'aedes';
import { createServer, type Server, type Socket } from 'node:net';

export interface EmbeddedBroker {
	/** mqtt://127.0.0.1:port */
	readonly url: string;
	readonly port: number;
	readonly aedes: Aedes;
	close(): Promise<void>;
}

const USUAL_PORT = 1_883;
const FREE_PORT = 'choose another, or name the broker that listens there with --broker.';

/** Without `port`: 1883 or, if that is taken, any. */
export async function startBroker({ port }: { port?: number } = {}): Promise<EmbeddedBroker> {
	const aedes = await Aedes.createBroker();
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
		aedes.handle(socket);
	});
	const taken = await listen(server, port ?? USUAL_PORT, port === undefined);
	return {
		url: `mqtt://127.0.0.1:${taken}`,
		port: taken,
		aedes,
		async close() {
			await new Promise<void>((resolve) => aedes.close(() => resolve()));
			for (const socket of sockets) socket.destroy();
			await new Promise<void>((resolve) => server.close(() => resolve()));
		},
	};
}

function listen(server: Server, port: number, orAny: boolean): Promise<number> {
	return new Promise((resolve, reject) => {
		server.once('error', (fault: NodeJS.ErrnoException) => {
			if (fault.code === 'EADDRINUSE' && orAny) resolve(listen(server, 0, false));
			else if (fault.code === 'EADDRINUSE') reject(new Error(`Port ${port} is in use on this machine: ${FREE_PORT}`));
			else reject(new Error(`The embedded broker cannot listen on port ${port} (${fault.code}).`));
		});
		server.listen(port, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
	});
}
