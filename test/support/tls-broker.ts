// aedes behind TLS, and a wire tap in front of it that keeps what a client sent, byte by byte.
import { Aedes } from 'aedes';
import { createServer as createTcpServer, connect, type Server, type Socket } from 'node:net';
import { createServer, type TlsOptions, type TLSSocket } from 'node:tls';

export interface TlsBroker {
	readonly port: number;
	/** All that clients sent over the wire, one entry a connection. */
	readonly wire: Buffer[];
	/** Of each handshake that was finished. */
	readonly sessions: { cipher: string; serverName: string; alpn: string; client: string }[];
	/** Topics and payloads that were published by clients. */
	readonly published: { topic: string; payload: string }[];
	/** Breaks all connections off and takes no new ones. */
	away(): Promise<void>;
	back(): Promise<void>;
	close(): Promise<void>;
}

export async function startTlsBroker(options: TlsOptions): Promise<TlsBroker> {
	const aedes = await Aedes.createBroker();
	const sessions: TlsBroker['sessions'] = [];
	const published: TlsBroker['published'] = [];
	aedes.on('publish', ({ topic, payload }, client) => client && published.push({ topic, payload: String(payload) }));
	const inner = createServer(options, (socket: TLSSocket) => {
		const client = socket.getPeerCertificate()?.subject?.CN;
		sessions.push({ cipher: socket.getCipher().name, serverName: String(socket.servername || ''), alpn: String(socket.alpnProtocol || ''), client: String(client ?? '') });
		aedes.handle(socket);
	});
	inner.on('tlsClientError', () => {});
	const innerPort = await listen(inner, 0);
	const wire: Buffer[] = [];
	const sockets = new Set<Socket>();
	const tap = createTcpServer((socket) => {
		const at = wire.push(Buffer.alloc(0)) - 1;
		const onward = connect(innerPort, '127.0.0.1');
		for (const each of [socket, onward]) {
			sockets.add(each);
			each.on('error', () => {});
			each.on('close', () => (sockets.delete(each), socket.destroy(), onward.destroy()));
		}
		socket.on('data', (bytes) => (wire[at] = Buffer.concat([wire[at], bytes])));
		socket.pipe(onward).pipe(socket);
	});
	const port = await listen(tap, 0);
	const away = async (): Promise<void> => {
		const closed = new Promise((resolve) => tap.close(resolve));
		for (const socket of sockets) socket.destroy();
		await closed;
	};
	return {
		port, wire, sessions, published, away,
		back: async () => void (await listen(tap, port)),
		async close() {
			if (tap.listening) await away();
			await new Promise<void>((resolve) => aedes.close(() => resolve()));
			await new Promise((resolve) => inner.close(resolve));
		},
	};
}

/** The types of the TLS records that a client sent: 20 change cipher, 21 alert, 22 handshake, 23 data. */
export function recordTypes(bytes: Buffer): number[] {
	const types: number[] = [];
	for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt16BE(at + 3)) types.push(bytes[at]);
	return types;
}

export function listen(server: Server, port: number): Promise<number> {
	return new Promise((resolve, reject) => {
		server.once('error', reject);
		server.listen(port, '127.0.0.1', () => {
			server.off('error', reject);
			resolve((server.address() as { port: number }).port);
		});
	});
}
