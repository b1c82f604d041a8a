// What a run needs of a server, whatever program it is; and how a program is found on this machine.

import { spawnSync } from 'node:child_process';

export interface Server {
	/** Of MQTT, on 127.0.0.1. */
	readonly port: number;
	start(): Promise<void>;
	/** Ends it as a person would. */
	stop(): Promise<void>;
	/** Ends it in the middle of everything. */
	kill(): Promise<void>;
	/** Writes down what it would otherwise forget with a kill: the sessions that it has. */
	save(): Promise<void>;
	/** After the run: the process is ended, the folder removed. */
	dispose(): Promise<void>;
}

export interface ServerOptions {
	/** Of the program's own configuration. */
	readonly lines?: readonly string[];
	/** Further files of its folder, by name. In lines and files "{folder}" stands for the folder. */
	readonly files?: Readonly<Record<string, string>>;
}

export interface Program {
	readonly name: string;
	/** What Debian calls the package. */
	readonly debian: string;
	/** undefined: it is not installed. */
	version(): string | undefined;
	make(options: ServerOptions): Promise<Server>;
}

export function absence({ name, debian }: Program): string {
	return `${name} is not installed: its runs are skipped (Debian: apt install ${debian}).`;
}

/** The first of these paths that can be started, with what it says when it is asked with `args`. */
export function firstOf(paths: readonly string[], args: readonly string[]): { path: string; said: string } | undefined {
	for (const path of paths) {
		const { error, stdout, stderr } = spawnSync(path, args, { encoding: 'utf8', timeout: 10_000 });
		if (!error) return { path, said: `${stdout}${stderr}` };
	}
	return undefined;
}
