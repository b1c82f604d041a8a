// A small HTTP server for the browsers of this machine: some files, known beforehand, and nothing else.
//
// Rule: it listens on 127.0.0.1 alone, and a request for another host is refused, so that no page of the Internet can read here through a
// name that it lets point to this machine. A path is looked up as it is written: there is no way from it to the disk.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Failure } from './failure.js';

export interface WebFile {
	readonly type: string;
	readonly bytes: Buffer;
}

const HOST = '127.0.0.1';
const CONNECTIONS_MAX = 64;

/** Scripts, styles and data from here alone. The dialog's icons have style attributes; those cannot load anything either. */
const POLICY = [
	"default-src 'none'", "script-src 'self'", "style-src 'self'", "style-src-attr 'unsafe-inline'", "connect-src 'self'", "img-src 'self'",
	"base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
	'Content-Security-Policy': POLICY,
	'X-Content-Type-Options': 'nosniff',
	'Referrer-Policy': 'no-referrer',
	'Cross-Origin-Opener-Policy': 'same-origin',
	'Cross-Origin-Resource-Policy': 'same-origin',
	// A release that was made anew shows at once.
	'Cache-Control': 'no-store',
};

/** `files`: by their paths, which begin with "/". */
export async function serveFiles(files: ReadonlyMap<string, WebFile>, port: number): Promise<Server> {
	const server = createServer((request, response) => answer(request, response, files));
	server.maxConnections = CONNECTIONS_MAX;
	await new Promise<void>((resolve, reject) => {
		server.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'EADDRINUSE' || error.code === 'EACCES'
			? new Failure(`Port ${port} of this machine ${error.code === 'EACCES' ? 'may not be used by this user' : 'is in use'}: name another, like --web ${port < 1_024 ? 8_266 : port + 1}.`) : error));
		server.listen(port, HOST, resolve);
	});
	return server;
}

/** As a browser names it. */
export function addressOf(server: Server): string {
	return `http://localhost:${(server.address() as AddressInfo).port}/`;
}

function answer(request: IncomingMessage, response: ServerResponse, files: ReadonlyMap<string, WebFile>): void {
	const { method, headers: { host = '' } } = request;
	const port = request.socket.localPort;
	if (host !== `localhost:${port}` && host !== `${HOST}:${port}`) return refuse(response, 403, 'This is for the browsers of this machine.');
	if (method !== 'GET') return refuse(response.setHeader('Allow', 'GET'), 405, 'There is nothing but GET here.');
	const file = files.get(request.url!.split('?', 1)[0]!);
	if (!file) return refuse(response, 404, 'There is no such page.');
	response.writeHead(200, { ...HEADERS, 'Content-Type': file.type, 'Content-Length': file.bytes.length }).end(file.bytes);
}

function refuse(response: ServerResponse, status: number, sentence: string): void {
	// What the request brings along is not read.
	response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' }).end(`${sentence}\n`);
}
