// telltale broker: the embedded broker, for a beginner's network.
//
// Rule: nobody else reaches it unless an address is named, and then nobody without the password. A password that we made is printed, one
// that was given is not. It forgets everything when it ends, and says so: what a broker must keep, mosquitto keeps (decision 32).

import type { Aedes, AuthenticateError, Client } from 'aedes';
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIPv4, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Command, Option } from 'commander';
import { safe } from '../viewer/safe.js';
import { interruption } from './console.js';
import { Failure, Misuse } from './failure.js';
import { ALL_FIELDS } from './fields.js';
import { whole } from './options.js';
import { madePassword } from './passwords.js';
import { settingFrom } from './settings.js';
import { stamp } from './stamp.js';
import { shown } from './topics.js';

interface Options {
	readonly listen: string;
	readonly port: number;
	readonly user?: string;
	readonly password?: string;
}

export interface Credentials {
	readonly user: string;
	readonly password: string;
	/** How a line that a person can paste names the password. */
	readonly spelled: string;
	readonly inEnvironment: boolean;
}

const LOOPBACK = '127.0.0.1';
const ALL = '0.0.0.0';
const USUAL_PORT = 1_883;
const USUAL_USER = 'telltale';
/** A CONNECT with a long will fits; whoever sends more before it is let in only wants our memory. */
const STRANGER_BYTES_MAX = 256 * 1_024;
/** CONNACK: bad user name or password. */
const REFUSED = 4;

export function broker(): Command {
	return new Command('broker')
		.description('Run a broker for a small network: for this machine alone, or for all of them with a password.')
		.addOption(new Option('--listen <address>', "this machine's IPv4 address for others to reach it by; 0.0.0.0 for each that it has").argParser(ownAddress).default(LOOPBACK))
		.addOption(new Option('--port <n>', 'where it listens').argParser(whole('--port', 1, 65_535)).default(USUAL_PORT))
		.addOption(new Option('--user <name>', `who may connect ("${USUAL_USER}" if there is a password)`).argParser(settingOf('user')))
		.addOption(new Option('--password <text>', 'with which password (with --listen or --user, one is made and printed)').env('TELLTALE_PASSWORD').argParser(settingOf('password')))
		.addHelpText('after', '\nIt forgets retained messages and sessions when it ends: for a broker that keeps them, install mosquitto. It speaks MQTT 3.1.1 and no TLS.'
			+ '\nThe list of processes may show a password that is given as an option: put it into the environment as TELLTALE_PASSWORD instead.')
		.action(run);
}

async function run(options: Options, command: Command): Promise<void> {
	// Overwrites the words of the command line, a password among them.
	process.title = 'telltale broker';
	const signal = interruption();
	const credentials = credentialsFrom(options, command.getOptionValueSource('password') === 'env');
	const { startBroker } = await import('../simulator/broker.js');
	const guests = new Guests((line) => console.log(line));
	const { listen: host, port } = options;
	const running = await startBroker({ port, host, prepare: (aedes) => guests.watch(aedes, credentials), onSocket: (socket) => guests.arrive(socket) }).catch((fault: Error) => Promise.reject(unheard(fault, host, port)));
	for (const line of introduction(host, port, credentials, ownAddresses())) console.log(line);
	if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
	guests.leave();
	await running.close();
}

function ownAddress(text: string): string {
	if (text === 'localhost') return LOOPBACK;
	if (!isIPv4(text)) throw new Misuse(`--listen is ${JSON.stringify(shown(text))}; it must be an IPv4 address of this machine, ${ownAddresses().map((each) => `${each}, `).join('')}${ALL} or ${LOOPBACK}.`);
	return text;
}

/** What no node could be given is not asked of one. */
function settingOf(key: 'user' | 'password'): (text: string) => string {
	return (text) => {
		if (!text) throw new Misuse(`--${key} is empty: give one, or leave it out.`);
		return String(settingFrom(ALL_FIELDS.find((field) => field.key === key)!, text));
	};
}

/** undefined: anybody may connect, which only programs of this machine can. */
export function credentialsFrom({ listen, user, password }: Options, inEnvironment: boolean): Credentials | undefined {
	if (password === undefined && user === undefined && isLoopback(listen)) return undefined;
	if (password !== undefined) return { user: user ?? USUAL_USER, password, spelled: inEnvironment ? '"$TELLTALE_PASSWORD"' : 'PASSWORD', inEnvironment };
	const made = madePassword();
	return { user: user ?? USUAL_USER, password: made, spelled: made, inEnvironment: false };
}

function isLoopback(host: string): boolean {
	return host.startsWith('127.');
}

/** By which others may reach this machine. */
export function ownAddresses(): string[] {
	return Object.values(networkInterfaces()).flatMap((each) => each ?? []).filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address);
}

export function introduction(listen: string, port: number, credentials: Credentials | undefined, own: readonly string[]): string[] {
	const hosts = listen === ALL ? [...own, ...(own.length ? [] : [LOOPBACK])] : [listen];
	const host = hosts[0]!;
	const broker = `mqtt://${host}:${port}`;
	const named = credentials ? ` --user ${quoted(credentials.user)}` : '';
	// A command that goes on for long has its password from the environment.
	const set = credentials && !credentials.inEnvironment ? `TELLTALE_PASSWORD=${credentials.spelled} ` : '';
	const lines = [`Broker:    ${broker}, running until this ends; then it forgets what it has${credentials ? '' : '; whoever reaches it may connect'}`];
	if (hosts.length > 1) lines.push(`           also at ${hosts.slice(1).join(', ')}`);
	if (isLoopback(host)) {
		const other = own[0] ?? 'ADDRESS';
		lines.push(`Nodes:     only those that "npx telltale simulate" runs on this machine; for others: npx telltale broker --listen ${other}`);
	}
	lines.push(`Node:      npx telltale configure --host ${host}${port === USUAL_PORT ? '' : ` --port ${port}`}${named}${credentials ? ` --password ${credentials.spelled}` : ''}`);
	if (!isLoopback(host)) lines.push('           writes its settings to a file; with --port behind it, it sets up the board at the USB cable');
	lines.push(`Look with: ${set}npx telltale watch --broker ${broker}${named}`, 'Stop with: Ctrl-C', '');
	return lines.map(safe);
}

/** As one word of a shell. */
function quoted(text: string): string {
	return /^[\w.@%+:,/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function unheard(fault: Error, host: string, port: number): unknown {
	const code = (fault.cause as NodeJS.ErrnoException | undefined)?.code;
	if (code === 'EADDRINUSE') return new Failure(`Port ${port} is in use on this machine: choose another with --port, or use the broker that listens there.`);
	if (code === 'EADDRNOTAVAIL') return new Misuse(`${host} is no address of this machine: choose ${[...ownAddresses(), ALL].join(' or ')} with --listen.`);
	if (code === 'EACCES') return new Failure(`This user may not listen on port ${port}: choose one above 1023 with --port.`);
	return code === undefined ? fault : new Failure(`The broker cannot listen on ${host}, port ${port} (${code}): choose another address or port.`);
}

/** Says who comes and who goes. */
export class Guests {
	readonly #say: (line: string) => void;
	/** A socket that is closed does not know any more. */
	readonly #addresses = new WeakMap<object, string>();
	readonly #reasons = new WeakMap<Client, string>();
	#leaving = false;

	constructor(say: (line: string) => void) {
		this.#say = say;
	}

	/** Before it has said who it is, nobody may fill our memory. */
	arrive(socket: Socket): void {
		this.#addresses.set(socket, socket.remoteAddress ?? '');
		socket.on('readable', () => {
			const { client } = socket as Socket & { client?: Client };
			if (!client?.connected && socket.bytesRead > STRANGER_BYTES_MAX) socket.destroy(new Error('too much for a CONNECT'));
		});
	}

	watch(aedes: Aedes, credentials: Credentials | undefined): void {
		const users = new WeakMap<Client, string>();
		aedes.authenticate = (client, name, password, done) => {
			if (!credentials || isWho(credentials, name, password)) {
				if (name) users.set(client, name);
				return done(null, true);
			}
			this.#line(`${named(client)}${this.#from(client)} is refused: ${name === undefined ? 'it gave no user name' : `user ${safe(shown(name))} with that password is not known`}`);
			done(Object.assign(new Error('bad user name or password'), { returnCode: REFUSED }) as AuthenticateError, false);
		};
		aedes.on('client', (client) => this.#line(`${named(client)}${this.#from(client)} comes${users.has(client) ? ` as ${safe(shown(users.get(client)!))}` : ''}`));
		aedes.on('clientError', (client, error) => void this.#reasons.set(client, error.message));
		aedes.on('clientDisconnect', (client) => {
			const reason = this.#reasons.get(client);
			this.#line(`${named(client)} goes${reason ? `: ${safe(shown(reason))}` : ''}`);
		});
		aedes.on('connectionError', (client, error) => this.#line(`Somebody${this.#from(client)} is turned away: ${turnedAway(error)}`));
		// Of its timers: nobody is asked for anything by it.
		(aedes as NodeJS.EventEmitter).on('error', (error: Error) => this.#line(`The broker's own: ${safe(shown(error.message))}`));
	}

	/** From now on all go because we do. */
	leave(): void {
		this.#leaving = true;
	}

	#from(client: Client): string {
		const address = this.#addresses.get(client.conn);
		return address ? ` from ${address}` : '';
	}

	#line(text: string): void {
		if (!this.#leaving) this.#say(`${stamp()}  ${text}`);
	}
}

function turnedAway(error: Error): string {
	if (error.message === 'unacceptable protocol version') return 'it speaks another MQTT than 3.1.1 (a node: set protocol to 4, or "auto")';
	return safe(shown(error.message));
}

function named(client: Client): string {
	return client.id ? safe(shown(client.id)) : 'Somebody';
}

/** The time that it takes tells nothing. */
function isWho({ user, password }: Credentials, name: string | undefined, secret: Readonly<Buffer> | undefined): boolean {
	const [rightName, rightSecret] = [equal(user, name ?? ''), equal(password, secret ?? '')];
	return rightName && rightSecret;
}

function equal(one: string, other: string | Readonly<Buffer>): boolean {
	const digest = (text: string | Readonly<Buffer>) => createHash('sha256').update(text as string | Buffer).digest();
	return timingSafeEqual(digest(one), digest(other));
}
