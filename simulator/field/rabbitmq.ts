// RabbitMQ, as Debian has it, with its MQTT plug-in (3.1.1 alone) and nothing else: its own database, log, plug-ins, name and ports.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { erlangEnvironment, hasErlang, nodeName, ON_LOOPBACK } from './erlang.js';
import type { Program, Server, ServerOptions } from './server.js';
import { freePort, makeFolder, OwnProcess, removeFolder } from './process.js';

const START = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const CONTROL = '/usr/lib/rabbitmq/bin/rabbitmqctl';
const START_MS = 90_000;
const CONTROL_MS = 30_000;

export class RabbitMq implements Server {
	readonly port: number;
	readonly #folder: string;
	readonly #env: Readonly<Record<string, string>>;
	readonly #process: OwnProcess;

	private constructor(port: number, folder: string, env: Readonly<Record<string, string>>) {
		this.port = port;
		this.#folder = folder;
		this.#env = env;
		this.#process = new OwnProcess('rabbitmq', join(folder, 'output'));
	}

	static async make({ lines = [], files = {} }: ServerOptions): Promise<RabbitMq> {
		const folder = makeFolder('rabbitmq');
		const [port, distPort] = [await freePort(), await freePort()];
		for (const name of ['database', 'log']) mkdirSync(join(folder, name));
		const write = (name: string, text: string): void => writeFileSync(join(folder, name), `${text.replaceAll('{folder}', folder)}\n`, { mode: 0o600 });
		for (const [name, text] of Object.entries(files)) write(name, text);
		write('environment', '# Nothing of /etc.');
		write('plugins', '[rabbitmq_mqtt].');
		write('rabbitmq.conf', ['listeners.tcp = none', `mqtt.listeners.tcp.1 = 127.0.0.1:${port}`, 'mqtt.prefetch = 200', ...lines].join('\n'));
		return new RabbitMq(port, folder, {
			...await erlangEnvironment(folder),
			RABBITMQ_CONF_ENV_FILE: join(folder, 'environment'),
			RABBITMQ_NODENAME: nodeName('rabbitmq'),
			RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
			RABBITMQ_DIST_PORT: String(distPort),
			RABBITMQ_MNESIA_BASE: join(folder, 'database'),
			RABBITMQ_LOG_BASE: join(folder, 'log'),
			RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
			RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
			RABBITMQ_PID_FILE: join(folder, 'pid'),
			RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: ON_LOOPBACK.join(' '),
			// Its script becomes the server then, rather than its parent: the process that we started is the one that we end.
			RUNNING_UNDER_SYSTEMD: 'true',
		});
	}

	start(): Promise<void> {
		return this.#process.start({ program: START, args: [], env: this.#env }, this.port, START_MS);
	}

	stop(): Promise<void> {
		return this.#process.end('SIGTERM', 60_000);
	}

	kill(): Promise<void> {
		return this.#process.end('SIGKILL');
	}

	/** It writes before it acknowledges. */
	async save(): Promise<void> {}

	/** While it is on, no publisher's bytes are read, in RabbitMQ's own way of a shortage. */
	async memoryAlarm(on: boolean): Promise<void> {
		await this.#control('set_vm_memory_high_watermark', on ? '0.0000001' : '0.6');
	}

	/** Queues take so few messages, and every other is turned down: to its publisher, MQTT 3.1.1 has no word for that. */
	async queueLimit(messages: number | undefined): Promise<void> {
		if (messages === undefined) await this.#control('clear_policy', 'full');
		else await this.#control('set_policy', '--apply-to', 'queues', 'full', '.*', JSON.stringify({ 'max-length': messages, overflow: 'reject-publish' }));
	}

	async #control(...args: readonly string[]): Promise<void> {
		await promisify(execFile)(CONTROL, args, { env: { ...process.env, ...this.#env }, timeout: CONTROL_MS });
	}

	async dispose(): Promise<void> {
		await this.kill();
		removeFolder(this.#folder);
	}
}

/** The folder of the release, which is named for its version. */
function release(): string | undefined {
	return existsSync(START) && hasErlang() ? dirname(dirname(realpathSync(START))) : undefined;
}

export const rabbitmq: Program = {
	name: 'rabbitmq',
	debian: 'rabbitmq-server',
	version: () => {
		const version = /rabbitmq_server-([\d.]+)/.exec(release() ?? '')?.[1];
		return version !== undefined && existsSync(join(release()!, 'plugins', `rabbitmq_mqtt-${version}`)) ? version : undefined;
	},
	make: (options) => RabbitMq.make(options),
};

export interface RabbitUser {
	readonly name: string;
	/** Regular expressions of topics with dots for slashes. */
	readonly write: string;
	readonly read: string;
}

/** RabbitMQ's definitions of users who may publish and hear only so much; the password of each is its name. */
export function definitions(users: readonly RabbitUser[]): string {
	const salt = Buffer.from('salt');
	const hash = (text: string): string => Buffer.concat([salt, createHash('sha256').update(salt).update(text).digest()]).toString('base64');
	return JSON.stringify({
		vhosts: [{ name: '/' }],
		users: users.map(({ name }) => ({ name, password_hash: hash(name), hashing_algorithm: 'rabbit_password_hashing_sha256', tags: '' })),
		permissions: users.map(({ name }) => ({ user: name, vhost: '/', configure: '.*', write: '.*', read: '.*' })),
		topic_permissions: users.map(({ name, write, read }) => ({ user: name, vhost: '/', exchange: 'amq.topic', write, read })),
	});
}
