// What MQTT costs on XS, for one packet of 50 bytes at a time: our session of both versions, and mqtt-packet.

import type { BuildOptions } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { Guest, type Cost } from './xs.js';

export interface Figures {
	/** PUBLISH out, of a message that is made ready and of the same length as the one before, given to the socket and of QoS 1 stored; of another length. */
	send0?: Cost;
	send1?: Cost;
	resize1?: Cost;
	/** PUBLISH out, stored, given to the socket and told so. */
	publish0: Cost;
	publish1: Cost;
	/** PUBACK in, for a message that waits for it. */
	acknowledge: Cost;
	/** PUBLISH in, from the socket's bytes to the application, with the topic of the one before, and with another. */
	message: Cost;
	other?: Cost;
	/** A turn of the loop in which nothing happens. */
	poll?: Cost;
	/** Bytes that one session, or parser, holds. */
	held: number;
	/** Bytes of byte code in this engine, with all it imports. */
	code: number;
}

/** A few of each first: what is made once is none of them. */
const WARM_UP = 3;

const local = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** For mqtt-packet: what its packages would find in a browser. */
const PACKAGES: BuildOptions = {
	inject: [local('guests/globals.ts')],
	alias: { buffer: 'buffer/', events: 'events/', string_decoder: 'string_decoder/', debug: local('guests/nothing.cjs') },
	define: { global: 'globalThis' },
};

async function codeOf(guest: Guest): Promise<number> {
	const empty = await Guest.start('test/bench/guests/empty.ts');
	const { codeBytes } = await empty.held();
	empty.end();
	return (await guest.held()).codeBytes - codeBytes;
}

async function make(guest: Guest, step: string): Promise<number> {
	const before = (await guest.held()).bytes;
	await guest.run(step);
	return (await guest.held()).bytes - before;
}

export async function sessionFigures(version: 3 | 5): Promise<Figures> {
	const guest = await Guest.start(`test/bench/guests/session${version}.ts`);
	/** One message of QoS 1, and its end. */
	const acknowledged = async (step: string) => {
		const cost = await guest.measure(step);
		await guest.run('acknowledge', 'acknowledged');
		return cost;
	};
	try {
		const code = await codeOf(guest);
		const held = await make(guest, 'make');
		await guest.run('makeMessages', 'connect');
		for (let i = 0; i < WARM_UP; i++) {
			await guest.run('publish1', 'acknowledge', 'acknowledged', 'publish0', 'send1', 'acknowledge', 'acknowledged', 'send0', 'turn', 'message', 'message', 'message', 'poll');
		}
		const send0 = await guest.measure('send0');
		const send1 = await acknowledged('send1');
		const resize1 = await acknowledged('resize1');
		const publish0 = await guest.measure('publish0');
		const publish1 = await guest.measure('publish1');
		const acknowledge = await guest.measure('acknowledge');
		await guest.run('acknowledged');
		const message = await guest.measure('message');
		await guest.run('told', 'turn');
		const other = await guest.measure('message');
		return { send0, send1, resize1, publish0, publish1, acknowledge, message, other, poll: await guest.measure('poll'), held, code };
	} finally {
		guest.end();
	}
}

export async function packetFigures(): Promise<Figures> {
	const guest = await Guest.start('test/bench/guests/mqtt-packet.ts', PACKAGES);
	try {
		const code = await codeOf(guest);
		const held = await make(guest, 'make');
		for (let i = 0; i < WARM_UP; i++) await guest.run('publish1', 'acknowledge', 'publish0', 'message', 'check');
		const publish0 = await guest.measure('publish0');
		await guest.run('check');
		const publish1 = await guest.measure('publish1');
		const acknowledge = await guest.measure('acknowledge');
		return { publish0, publish1, acknowledge, message: await guest.measure('message'), held, code };
	} finally {
		guest.end();
	}
}
