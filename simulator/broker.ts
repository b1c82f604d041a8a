// The embedded broker: aedes on this machine, for those who have none of their own.
//
// Rule: only 127.0.0.1, unless a caller names another address of this machine. The usual port if nobody has it, else any.

import { Aedes } from 'aedes';
import { createServer, type Server, type Socket } from 'node:net';

export interface EmbeddedBroker {
	/** mqtt://127.0.0.1:port, or the address that was named. */
	readonly url: string;
	readonly port: number;
	readonly aedes: Aedes;
	close(): Promise<void>;
	/** As a power cut ends a broker: it says nothing to anybody, and no will of anybody. What it kept is gone. */
	kill(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
const USUAL_PORT = 1_883;
const FREE_PORT = 'choose another, or name the broker that listens there with --broker.';

export interface BrokerSetup {
	/** Without it 1883 or, if that is taken, any. */
	readonly port?: number;
	/** An IPv4 address of this machine. */
	readonly host?: string;
	/** Called before anybody can connect. */
	readonly prepare?: (aedes: Aedes) => void;
	/** Called for each connection, before the broker has it. */
	readonly onSocket?: (socket: Socket) => void;
}

/** Rejects with the system's error as the cause. */
export async function startBroker({ port, host = LOOPBACK, prepare, onSocket }: BrokerSetup = {}): Promise<EmbeddedBroker> {
	const aedes = await Aedes.createBroker();
	prepare?.(aedes);
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
		onSocket?.(socket);
		aedes.handle(socket);
	});
	let taken: number;
	try {
		taken = await listen(server, host, port ?? USUAL_PORT, port === undefined);
	} catch (fault) {
		// Its timers would hold the process open.
		await new Promise<void>((resolve) => aedes.close(() => resolve()));
		throw fault;
	}
	return {
		url: `mqtt://${host}:${taken}`,
		port: taken,
		aedes,
		async close() {
			await new Promise<void>((resolve) => aedes.close(() => resolve()));
			for (const socket of sockets) socket.destroy();
			await new Promise<void>((resolve) => server.close(() => resolve()));
		},
		async kill() {
			// All at once: a will that one connection leaves behind finds nobody at the others.
			for (const socket of sockets) socket.resetAndDestroy();
			await Promise.all([new Promise<void>((resolve) => server.close(() => resolve())), new Promise<void>((resolve) => aedes.close(() => resolve()))]);
		},
	};
}

function listen(server: Server, host: string, port: number, orAny: boolean): Promise<number> {
	return new Promise((resolve, reject) => {
		server.once('error', (cause: NodeJS.ErrnoException) => {
			if (cause.code === 'EADDRINUSE' && orAny) resolve(listen(server, host, 0, false));
			else if (cause.code === 'EADDRINUSE') reject(new Error(`Port ${port} is in use on this machine: ${FREE_PORT}`, { cause }));
			else reject(new Error(`The embedded broker cannot listen on port ${port} (${cause.code}).`, { cause }));
		});
		server.listen(port, host, () => resolve((server.address() as { port: number }).port));
	});
}
