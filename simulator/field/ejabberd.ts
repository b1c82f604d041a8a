// ejabberd, as Debian has it, with its MQTT module (3.1.1 and 5.0) and nothing else: its own database, log, name and ports.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { erlangEnvironment, hasErlang, nodeName, ON_LOOPBACK } from './erlang.js';
import type { Program, Server, ServerOptions } from './server.js';
import { freePort, makeFolder, OwnProcess, removeFolder } from './process.js';

const CONTROL = '/usr/sbin/ejabberdctl';
const START_MS = 60_000;

class Ejabberd implements Server {
	readonly port: number;
	readonly #folder: string;
	readonly #args: readonly string[];
	readonly #env: Readonly<Record<string, string>>;
	readonly #process: OwnProcess;

	private constructor(port: number, folder: string, env: Readonly<Record<string, string>>) {
		this.port = port;
		this.#folder = folder;
		this.#process = new OwnProcess('ejabberd', join(folder, 'output'));
		// What ejabberdctl would start, without its look at processes and port mappers that are not ours.
		this.#args = ['-sname', nodeName('ejabberd'), ...ON_LOOPBACK, '-noinput', '-mnesia', 'dir', `"${join(folder, 'database')}"`, '-s', 'ejabberd'];
		this.#env = {
			...env,
			ERL_LIBS: libraries()!,
			EJABBERD_CONFIG_PATH: join(folder, 'ejabberd.yml'),
			EJABBERD_LOG_PATH: join(folder, 'log', 'ejabberd.log'),
			EJABBERD_PID_PATH: join(folder, 'pid'),
		};
	}

	/** `lines` are options of mod_mqtt. Everybody may come, by whatever name. */
	static async make({ lines = [] }: ServerOptions): Promise<Ejabberd> {
		const folder = makeFolder('ejabberd');
		const port = await freePort();
		for (const name of ['database', 'log']) mkdirSync(join(folder, name));
		writeFileSync(join(folder, 'ejabberd.yml'), [
			'hosts: [localhost]', 'loglevel: warning',
			'auth_method: [anonymous]', 'anonymous_protocol: login_anon', 'allow_multiple_connections: true',
			'listen:', `  - {port: ${port}, ip: "127.0.0.1", module: mod_mqtt, backlog: 100}`,
			'modules:', lines.length ? '  mod_mqtt:' : '  mod_mqtt: {}', ...lines.map((line) => `    ${line}`),
		].join('\n') + '\n');
		return new Ejabberd(port, folder, await erlangEnvironment(folder));
	}

	start(): Promise<void> {
		return this.#process.start({ program: 'erl', args: this.#args, env: this.#env }, this.port, START_MS);
	}

	stop(): Promise<void> {
		return this.#process.end('SIGTERM', 60_000);
	}

	kill(): Promise<void> {
		return this.#process.end('SIGKILL');
	}

	/** It keeps sessions in memory alone. */
	async save(): Promise<void> {}

	async dispose(): Promise<void> {
		await this.kill();
		removeFolder(this.#folder);
	}
}

/** Where its own script says that Erlang finds it. */
function libraries(): string | undefined {
	return existsSync(CONTROL) ? /^ERL_LIBS='([^']+)'/m.exec(readFileSync(CONTROL, 'utf8'))?.[1] : undefined;
}

export const ejabberd: Program = {
	name: 'ejabberd',
	debian: 'ejabberd',
	version: () => {
		const folder = libraries();
		if (folder === undefined || !hasErlang()) return undefined;
		return readdirSync(folder).map((name) => /^ejabberd-([\d.]+)$/.exec(name)?.[1]).find((version) => version !== undefined);
	},
	make: (options) => Ejabberd.make(options),
};
