// The web page of telltale watch --web and telltale simulate: where it listens, and what is said of that.
//
// Rule: on this machine alone unless an address is named. The address that is printed holds the token, behind the "#" that no browser sends on.

import { networkInterfaces } from 'node:os';
import type { Viewer } from '../viewer/viewer.js';
import type { PageServer } from '../viewer/server/page-server.js';
import { Failure, Misuse } from './failure.js';

export interface PagePlace {
	/** Without it the usual one or, if that is taken, any. */
	readonly port?: number | undefined;
	readonly bind?: string | undefined;
	/** The file of --record, if there is one. */
	readonly record?: string | undefined;
}

const TOKEN = 'TELLTALE_WEB_TOKEN';
const TOKEN_LEAST = 16;

export async function openPage(viewer: Viewer, { port, bind, record }: PagePlace = {}): Promise<PageServer> {
	const token = givenToken();
	const { PageServer } = await import('../viewer/server/page-server.js');
	try {
		return await PageServer.open({ viewer, port, host: bind, hasRecord: record !== undefined, token });
	} catch (error) {
		throw new Failure(whyNotThere(error as NodeJS.ErrnoException, port, bind));
	}
}

/** For programs that ask again after a restart of ours, as Prometheus does. */
function givenToken(): string | undefined {
	const token = process.env[TOKEN];
	if (!token) return undefined;
	if (!/^[\w-]+$/.test(token) || token.length < TOKEN_LEAST) throw new Misuse(`${TOKEN} must be ${TOKEN_LEAST} letters, digits, "-" and "_" or more.`);
	return token;
}

function whyNotThere({ code, message }: NodeJS.ErrnoException, port: number | undefined, bind: string | undefined): string {
	if (code === 'EADDRINUSE') return `Port ${port} of this machine is in use: name another with --port.`;
	if (code === 'EACCES') return `Port ${port} may not be used by this user: name one from 1024 on with --port.`;
	if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `--bind ${bind} is no address of this machine: name one of ${own().join(', ')}, or 0.0.0.0 for all.`;
	return `The page cannot be served (${code ?? message}).`;
}

function own(): string[] {
	return Object.values(networkInterfaces()).flatMap((all) => all ?? []).filter(({ family }) => family === 'IPv4').map(({ address }) => address);
}

/** One to open here, and those for others. */
export function addressesOf(server: PageServer, bind: string | undefined): string[] {
	return bind === '0.0.0.0' || bind === '::' ? own().map((address) => server.addressAt(address)) : [server.addressAt()];
}
