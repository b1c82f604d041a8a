// mosquitto, as Debian has it, with a configuration of our own.

import { pbkdf2Sync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { firstOf, type Program, type Server, type ServerOptions } from './server.js';
import { freePort, makeFolder, OwnProcess, removeFolder, sleep } from './process.js';

const PATHS = ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto', 'mosquitto'];
const START_MS = 10_000;
const SAVE_MS = 5_000;

export class Mosquitto implements Server {
	readonly port: number;
	readonly #path: string;
	readonly #folder = makeFolder('mosquitto');
	readonly #process: OwnProcess;

	constructor(path: string, port: number, { lines = [], files = {} }: ServerOptions) {
		this.#path = path;
		this.port = port;
		this.#process = new OwnProcess('mosquitto', join(this.#folder, 'log'));
		const placed = (text: string): string => text.replaceAll('{folder}', this.#folder);
		for (const [name, text] of Object.entries(files)) writeFileSync(join(this.#folder, name), placed(text), { mode: 0o600 });
		const said = lines.map(placed);
		const saysOf = (option: string): boolean => said.some((line) => line.startsWith(`${option} `));
		writeFileSync(join(this.#folder, 'mosquitto.conf'), [
			`listener ${port} 127.0.0.1`,
			...(saysOf('persistence') ? [] : ['persistence true', `persistence_location ${this.#folder}/`]),
			...(saysOf('allow_anonymous') ? [] : ['allow_anonymous true']),
			'log_type error', 'log_type warning', 'log_type notice', 'log_type information',
			// Started as root, mosquitto would become a user that may not write here.
			...(process.getuid?.() === 0 ? ['user root'] : []),
			...said,
		].join('\n') + '\n');
	}

	/** It says itself when it listens. A connection that is only tried would make it count one too few against max_connections. */
	start(): Promise<void> {
		const before = this.#starts();
		return this.#process.start({ program: this.#path, args: ['-c', join(this.#folder, 'mosquitto.conf')] }, this.port, START_MS, () => this.#starts() > before);
	}

	#starts(): number {
		const log = join(this.#folder, 'log');
		return existsSync(log) ? readFileSync(log, 'utf8').split(/ running$/m).length - 1 : 0;
	}

	stop(): Promise<void> {
		return this.#process.end('SIGTERM');
	}

	kill(): Promise<void> {
		return this.#process.end('SIGKILL');
	}

	async save(): Promise<void> {
		const file = join(this.#folder, 'mosquitto.db');
		this.#process.signal('SIGUSR1');
		for (let waited = 0; waited < SAVE_MS && !(existsSync(file) && readFileSync(file).length); waited += 20) await sleep(20);
		await sleep(100);
	}

	/** Reads its users again. */
	letIn(users: readonly string[]): void {
		writeFileSync(join(this.#folder, 'passwords'), passwords(users));
		this.#process.signal('SIGHUP');
	}

	async dispose(): Promise<void> {
		await this.kill();
		removeFolder(this.#folder);
	}
}

const ROUNDS = 101;

/** A password file, as mosquitto_passwd makes it; the password of each is its name. */
export function passwords(users: readonly string[]): string {
	const salt = Buffer.from('twelve bytes');
	return users.map((user) => `${user}:$7$${ROUNDS}$${salt.toString('base64')}$${pbkdf2Sync(user, salt, ROUNDS, 64, 'sha512').toString('base64')}\n`).join('');
}

function found(): { path: string; said: string } | undefined {
	return firstOf(PATHS, ['-h']);
}

export const mosquitto: Program = {
	name: 'mosquitto',
	debian: 'mosquitto',
	version: () => /version (\S+)/.exec(found()?.said ?? '')?.[1],
	make: async (options) => new Mosquitto(found()!.path, await freePort(), options),
};

/** Where Debian has the plug-in that can refuse subscriptions; undefined where it is not. */
export const DYNAMIC_SECURITY = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib'].map((folder) => `${folder}/mosquitto_dynamic_security.so`).find((path) => existsSync(path));
