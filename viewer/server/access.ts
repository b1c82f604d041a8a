// Who may ask: the host that a request names, the page that it comes from, and the token that commands need.
//
// Rule: a name that somebody else lets point to this machine is no host of ours: only "localhost" and the very address that was connected to
// are. A request that another page makes is refused. The token comes once, in a POST, and becomes a cookie that no script can read.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/** More browsers than that are not one person's: the oldest must show the token again. */
const SESSIONS_MAX = 64;
const TOKEN_BYTES = 24;
/** Change nothing. Browsers send no origin with them to the page that they are on. */
const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1)$/;

export function isLoopback(address: string): boolean {
	return LOOPBACK.test(address) || address === 'localhost';
}

export class Access {
	/** For the fragment of the address. */
	readonly token: string;
	readonly #hash: Buffer;
	/** Reading needs the token too. */
	readonly #isClosed: boolean;
	readonly #sessions = new Set<string>();

	/** `isClosed`: others than this machine can connect. */
	constructor(isClosed: boolean, token = randomBytes(TOKEN_BYTES).toString('base64url')) {
		this.token = token;
		this.#hash = hash(token);
		this.#isClosed = isClosed;
	}

	/** Why a request is refused whatever it asks for; '' if it is not. */
	objection(request: IncomingMessage): string {
		const { host, origin, 'sec-fetch-site': site } = request.headers;
		// Of two, a proxy before us may have looked at the other.
		if ((request.headersDistinct['host']?.length ?? 0) > 1 || !isOurs(host ?? '', ownAddress(request))) return 'This page is at the address that the terminal printed, and under no other name.';
		if (origin !== undefined ? origin !== `http://${host}` : !READS.has(request.method ?? '')) return 'A request must come from this page itself.';
		// A browser says so also where it sends no origin.
		if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'Another page may not ask for this.';
		return '';
	}

	mayRead(request: IncomingMessage): boolean {
		return !this.#isClosed || this.mayCommand(request) || this.#isToken(/^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '');
	}

	mayCommand(request: IncomingMessage): boolean {
		const name = `${cookieName(request)}=`;
		const cookies = (request.headers.cookie ?? '').split(';').map((each) => each.trim());
		return cookies.some((cookie) => cookie.startsWith(name) && this.#sessions.has(cookie.slice(name.length)));
	}

	/** The cookie for one who knows the token; undefined for anybody else. */
	open(request: IncomingMessage, token: unknown): string | undefined {
		if (typeof token !== 'string' || !this.#isToken(token)) return undefined;
		const session = randomBytes(TOKEN_BYTES).toString('base64url');
		this.#sessions.add(session);
		if (this.#sessions.size > SESSIONS_MAX) this.#sessions.delete(this.#sessions.values().next().value!);
		return `${cookieName(request)}=${session}; HttpOnly; SameSite=Strict; Path=/`;
	}

	#isToken(token: string): boolean {
		return timingSafeEqual(hash(token), this.#hash);
	}
}

function hash(text: string): Buffer {
	return createHash('sha256').update(text).digest();
}

/** Cookies know no ports: two of us on one machine must not take each other's. */
function cookieName(request: IncomingMessage): string {
	return `telltale-${request.socket.localPort}`;
}

function ownAddress(request: IncomingMessage): string {
	return (request.socket.localAddress ?? '').replace(/^::ffff:/, '');
}

/** The port may be another: ssh leads one here from elsewhere. */
function isOurs(host: string, address: string): boolean {
	const name = /^(\[[\da-f:.]+\]|[^:\s]+)(:\d{1,5})?$/i.exec(host)?.[1]?.replace(/^\[|\]$/g, '') ?? '';
	if (name.toLowerCase() === 'localhost') return isLoopback(address);
	return isIP(name) !== 0 && name === address;
}
