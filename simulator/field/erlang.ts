// What servers that run on Erlang need: a port mapper of their own, so that none that this machine has is asked, told or ended.
//
// Rule: one epmd for our whole process, on 127.0.0.1 and a port of its own. It was started by us, and ends with us.

import { join } from 'node:path';
import { firstOf } from './server.js';
import { freePort, makeFolder, OwnProcess } from './process.js';

const START_MS = 10_000;

let epmd: Promise<number> | undefined;

/** The port of our epmd, which is started when it is first asked for. */
function epmdPort(): Promise<number> {
	epmd ??= (async () => {
		const port = await freePort();
		await new OwnProcess('epmd', join(makeFolder('epmd'), 'log')).start({ program: 'epmd', args: ['-address', '127.0.0.1', '-port', String(port)] }, port, START_MS);
		return port;
	})();
	return epmd;
}

/** The environment of such a server: its cookie lies in its own folder. */
export async function erlangEnvironment(folder: string): Promise<Record<string, string>> {
	return { HOME: folder, ERL_EPMD_PORT: String(await epmdPort()), ERL_EPMD_ADDRESS: '127.0.0.1', ERL_CRASH_DUMP_BYTES: '0' };
}

/** Whether Erlang itself is there. */
export function hasErlang(): boolean {
	return firstOf(['erl'], ['+V']) !== undefined;
}

let nodes = 0;

/** No two that we start have the same name. */
export function nodeName(program: string): string {
	return `${program}-${process.pid}-${++nodes}@localhost`;
}

/** What Erlang's nodes say to each other stays on this machine. */
export const ON_LOOPBACK = ['-kernel', 'inet_dist_use_interface', '{127,0,0,1}'] as const;
