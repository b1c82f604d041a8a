// A broker with two doors, one in the clear and one through TLS, with the same rights behind both: anybody may come without a name,
// "known" with the password "right", nobody may publish or subscribe below forbidden/. "keeper" (password "right") keeps mosquitto's list of clients.
import { Aedes, type AuthenticateError } from 'aedes';
import { spawn, type ChildProcess } from 'node:child_process';
import { pbkdf2Sync } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { answers, freePort, MOSQUITTO, START_MS } from '../../support/brokers.js';
import { read, type Made } from '../../support/certificates.js';
import { until } from '../../support/patience.js';
import { listen } from '../../support/tls-broker.js';

export type Transport = 'plain' | 'tls';
export type Kind = 'aedes' | 'mosquitto';

export interface Broker {
	readonly kind: Kind;
	readonly ports: Readonly<Record<Transport, number>>;
	/** Ends it in the middle of everything, and starts it again on the same ports; with what it had kept by now, or without. */
	restart(keeping: boolean, clientId: string): Promise<void>;
	end(): Promise<void>;
}

/** Rights for single topics: a part of Debian's package of mosquitto. */
const PLUGIN = 'mosquitto_dynamic_security.so';
const RIGHTS = ['/usr/lib', '/usr/local/lib', '/usr/lib64', '/opt/homebrew/lib'].flatMap(shelves).map((folder) => join(folder, PLUGIN)).find((path) => existsSync(path));
export const mosquittoUnfit = MOSQUITTO === undefined || RIGHTS === undefined;
if (MOSQUITTO && !RIGHTS) console.log(`${PLUGIN} is not installed: behaviours are not shown on mosquitto (Debian: apt install mosquitto).`);

function shelves(folder: string): string[] {
	if (!existsSync(folder)) return [];
	return [folder, ...readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name))];
}

export async function openMosquitto(made: Made, limits: readonly string[] = []): Promise<Broker> {
	const broker = new Mosquitto(made, { plain: await freePort(), tls: await freePort() }, limits);
	await broker.start();
	return broker;
}

class Mosquitto implements Broker {
	readonly kind = 'mosquitto';
	readonly #folder = mkdtempSync(join(tmpdir(), 'telltale-broker-'));
	#process: ChildProcess | undefined;

	constructor(made: Made, readonly ports: Broker['ports'], limits: readonly string[]) {
		writeFileSync(join(this.#folder, 'rights.json'), JSON.stringify(rights()));
		const lines = [
			`plugin ${RIGHTS}`, `plugin_opt_config_file ${join(this.#folder, 'rights.json')}`, 'log_type none',
			'persistence true', `persistence_location ${this.#folder}/`, ...limits,
			`listener ${this.ports.plain} 127.0.0.1`, 'allow_anonymous true',
			`listener ${this.ports.tls} 127.0.0.1`, `cafile ${made.cert}`, `certfile ${made.cert}`, `keyfile ${made.key}`,
		];
		// Started as root, mosquitto would become a user that may not write here.
		if (process.getuid?.() === 0) lines.push('user root');
		writeFileSync(join(this.#folder, 'mosquitto.conf'), `${lines.join('\n')}\n`);
	}

	async start(): Promise<void> {
		const child = spawn(MOSQUITTO!, ['-c', join(this.#folder, 'mosquitto.conf')], { stdio: 'ignore' });
		this.#process = child;
		await until(() => child.exitCode !== null || answers(this.ports.tls), START_MS, () => `mosquitto did not start on port ${this.ports.tls}.`);
		if (child.exitCode !== null) throw new Error(`mosquitto did not start on port ${this.ports.tls}.`);
	}

	async restart(keeping: boolean, clientId: string): Promise<void> {
		const kept = join(this.#folder, 'mosquitto.db');
		if (keeping) {
			this.#process!.kill('SIGUSR1');
			await until(() => existsSync(kept) && readFileSync(kept).includes(clientId), START_MS, () => `mosquitto saved nothing of ${clientId}.`);
		}
		await this.#kill();
		if (!keeping) rmSync(kept, { force: true });
		await this.start();
	}

	async end(): Promise<void> {
		await this.#kill();
		rmSync(this.#folder, { recursive: true, force: true });
	}

	async #kill(): Promise<void> {
		const child = this.#process!;
		if (child.exitCode !== null || child.signalCode !== null) return;
		const ended = new Promise((resolve) => child.once('exit', resolve));
		child.kill('SIGKILL');
		await ended;
	}
}

/** As mosquitto's plugin for dynamic security reads it. */
function rights(): object {
	const salt = Buffer.from('behaviours..');
	const password = pbkdf2Sync('right', salt, 101, 64, 'sha512').toString('base64');
	const users = ['known', 'keeper'].map((username) => ({ username, password, salt: salt.toString('base64'), iterations: 101, roles: [{ rolename: username }] }));
	const denied = ['publishClientSend', 'subscribePattern'].map((acltype) => ({ acltype, topic: 'forbidden/#', allow: false }));
	return {
		defaultACLAccess: { publishClientSend: true, publishClientReceive: true, subscribe: true, unsubscribe: true },
		clients: users,
		groups: [{ groupname: 'anyone', roles: [{ rolename: 'guest' }] }],
		roles: [
			{ rolename: 'guest', acls: denied }, { rolename: 'known', acls: denied },
			{ rolename: 'keeper', acls: [{ acltype: 'publishClientSend', topic: '$CONTROL/#', allow: true }] },
		],
		anonymousGroup: 'anyone',
	};
}

export async function openAedes(made: Made): Promise<Broker> {
	const broker = new AedesBroker(made, { plain: await freePort(), tls: await freePort() });
	await broker.start();
	return broker;
}

class AedesBroker implements Broker {
	readonly kind = 'aedes';
	#aedes!: Aedes;
	#servers: Server[] = [];
	readonly #sockets = new Set<Socket>();

	constructor(readonly made: Made, readonly ports: Broker['ports']) {}

	async start(): Promise<void> {
		this.#aedes = await Aedes.createBroker({
			authenticate: (_client, user, password, done) => {
				const good = !user || (user === 'known' && String(password) === 'right');
				done(good ? null : Object.assign(new Error('refused'), { returnCode: 4 }) as AuthenticateError, good);
			},
			authorizePublish: (_client, { topic }, done) => done(topic.startsWith('forbidden/') ? new Error('forbidden') : null),
			authorizeSubscribe: (_client, subscription, done) => done(null, subscription.topic.startsWith('forbidden/') ? null : subscription),
		});
		const plain = createServer((socket) => this.#aedes.handle(socket));
		const tls = createTlsServer({ cert: read(this.made.cert), key: read(this.made.key) }, (socket) => void this.#aedes.handle(socket));
		tls.on('tlsClientError', () => {});
		for (const server of [plain, tls]) server.on('connection', (socket) => this.#sockets.add(socket.on('close', () => this.#sockets.delete(socket))));
		this.#servers = [plain, tls];
		await listen(plain, this.ports.plain);
		await listen(tls, this.ports.tls);
	}

	/** It keeps what it has in memory: a new one knows nothing. */
	async restart(keeping: boolean): Promise<void> {
		if (keeping) throw new Error('aedes keeps nothing.');
		await this.end();
		await this.start();
	}

	async end(): Promise<void> {
		for (const socket of this.#sockets) socket.destroy();
		await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
		await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
	}
}
