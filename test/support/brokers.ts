// Real brokers on loopback that a test starts, stops and starts again on the same port: aedes in this process, mosquitto from Debian.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBroker, type EmbeddedBroker } from '../../simulator/broker.js';
import { answers, freePort } from '../../simulator/field/process.js';
import { until } from './patience.js';

export { answers, freePort };

/** For mosquitto, to listen or to write down what it has. */
export const START_MS = 5_000;

export interface TestBroker {
	readonly url: string;
	readonly port: number;
	start(): Promise<void>;
	/** Ends it as a person would; sessions are kept where the broker keeps them. */
	stop(): Promise<void>;
	/** Ends it in the middle of everything. */
	kill(): Promise<void>;
	/** Settles when that client's session has been written down; at once where nothing ever is. */
	saved(clientId: string): Promise<void>;
	/** After the test. */
	dispose(): Promise<void>;
}

export interface BrokerKind {
	readonly name: string;
	readonly missing: boolean;
	make(options?: { user?: string; password?: string; lines?: readonly string[] }): Promise<TestBroker>;
}

export const MOSQUITTO = ['/usr/sbin/mosquitto', '/usr/local/sbin/mosquitto', 'mosquitto'].find((path) => !spawnSync(path, ['-h']).error);
export const mosquittoMissing = MOSQUITTO === undefined;
export const mosquittoSubMissing = Boolean(spawnSync('mosquitto_sub', ['--help']).error);
if (mosquittoMissing) console.log('mosquitto is not installed: its tests are skipped (Debian: apt install mosquitto mosquitto-clients).');

class AedesBroker implements TestBroker {
	readonly url: string;
	#broker: EmbeddedBroker | undefined;
	constructor(readonly port: number, readonly credentials: { user?: string; password?: string }) {
		this.url = `mqtt://127.0.0.1:${port}`;
	}
	async start(): Promise<void> {
		this.#broker = await startBroker({ port: this.port });
		const { user, password } = this.credentials;
		if (!user) return;
		this.#broker.aedes.authenticate = (_client, name, secret, done) => {
			const good = name === user && String(secret) === password;
			done(good ? null : Object.assign(new Error('refused'), { returnCode: 5 }) as never, good);
		};
	}
	async stop(): Promise<void> {
		await this.#broker?.close();
		this.#broker = undefined;
	}
	kill = () => this.stop();
	saved = async () => {};
	dispose = () => this.stop();
}

class MosquittoBroker implements TestBroker {
	readonly url: string;
	readonly #folder = mkdtempSync(join(tmpdir(), 'telltale-mosquitto-'));
	#process: ChildProcess | undefined;
	constructor(readonly port: number, { user, password, lines: own = [] }: { user?: string; password?: string; lines?: readonly string[] }) {
		this.url = `mqtt://127.0.0.1:${port}`;
		const lines = [`listener ${port} 127.0.0.1`, 'persistence true', 'autosave_interval 1', `persistence_location ${this.#folder}/`, 'log_type none', ...own];
		if (user) {
			const file = join(this.#folder, 'passwords');
			spawnSync('mosquitto_passwd', ['-b', '-c', file, user, password ?? '']);
			lines.push('allow_anonymous false', `password_file ${file}`);
		} else lines.push('allow_anonymous true');
		// Started as root, mosquitto would become a user that may not write here.
		if (process.getuid?.() === 0) lines.push('user root');
		writeFileSync(join(this.#folder, 'mosquitto.conf'), lines.join('\n') + '\n');
	}
	async start(): Promise<void> {
		const child = spawn(MOSQUITTO!, ['-c', join(this.#folder, 'mosquitto.conf')], { stdio: 'ignore' });
		this.#process = child;
		await until(() => child.exitCode !== null || answers(this.port), START_MS, () => `mosquitto did not start on port ${this.port}.`);
		if (child.exitCode !== null) throw new Error(`mosquitto did not start on port ${this.port}.`);
	}
	stop = () => this.#end('SIGTERM');
	kill = () => this.#end('SIGKILL');
	async saved(clientId: string): Promise<void> {
		const file = join(this.#folder, 'mosquitto.db');
		this.#process!.kill('SIGUSR1');
		await until(() => existsSync(file) && readFileSync(file).includes(clientId), START_MS, () => `mosquitto saved nothing of ${clientId}.`);
	}
	async dispose(): Promise<void> {
		await this.kill();
		rmSync(this.#folder, { recursive: true, force: true });
	}
	async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
		const child = this.#process;
		if (!child || child.exitCode !== null || child.signalCode !== null) return;
		const ended = new Promise((resolve) => child.once('exit', resolve));
		child.kill(signal);
		await ended;
		this.#process = undefined;
	}
}

export const BROKERS: readonly BrokerKind[] = [
	{ name: 'aedes', missing: false, make: async (options = {}) => new AedesBroker(await freePort(), options) },
	{ name: 'mosquitto', missing: mosquittoMissing, make: async (options = {}) => new MosquittoBroker(await freePort(), options) },
];
