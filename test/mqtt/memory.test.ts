// What a session holds on the chip, measured on XS: a slot is 16 bytes there (simulator/engine/snapshot.ts).

import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../simulator/engine/engine.js';
import { startEngine } from '../../simulator/engine/start.js';

const GUEST = `
	import { Session } from './src/mqtt/session.js';
	import { Protocol5 } from './src/mqtt/v5/protocol5.js';
	import { topicName } from './src/mqtt/codec/topics.js';
	const handler = { onConnected() {}, onAcknowledged() {}, onSubscribed() {}, onUnsubscribed() {}, onMessage() {}, onOversize() {}, onSetAside() {}, onClosed() {} };
	const options = { clientId: 'telltale-node', keepAliveMs: 30000, bufferBytes: 384, outboxBytes: 896 };
	const topic = topicName('telltale/node/readings');
	const payload = new Uint8Array(80).fill(0x61);
	const acknowledgement = Uint8Array.of(0x40, 2, 0, 0);
	const message = Uint8Array.of(0x34, 7, 0, 1, 0x61, 0, 7, 0, 0x78);
	const release = Uint8Array.of(0x62, 2, 0, 7);
	const is5 = { value: false };
	const kept = { session: undefined };
	const drain = () => { for (let bytes = kept.session.peek(999); bytes; bytes = kept.session.peek(999)) kept.session.wrote(bytes.length, 0); };
	const receive = (bytes, length) => kept.session.receive(bytes, 0, length, 0);
	const connect = () => {
		kept.session.lost();
		kept.session.start(0);
		drain();
		const bytes = is5.value ? Uint8Array.of(0x20, 6, 0, 0, 3, 0x22, 0, 4) : Uint8Array.of(0x20, 2, 0, 0);
		receive(bytes, bytes.length);
	};
	const steps = {
		nothing() {},
		five() { is5.value = true; },
		make() { kept.session = new Session(is5.value ? { ...options, protocol5: new Protocol5() } : options, handler); },
		connect,
		live() {
			for (let n = 0; n < 500; n++) {
				const id = kept.session.publish(topic, payload, 70, 1, false);
				drain();
				acknowledgement[2] = id >> 8;
				acknowledgement[3] = id;
				receive(acknowledgement, 4);
				receive(message, 9);
				drain();
				receive(release, 4);
				drain();
				if (n % 50 === 0) connect();
			}
			if (kept.session.pending !== 0 || !kept.session.connected) throw new Error('The session did not live.');
		},
	};
	globalThis.handleCommand = (request) => { steps[String.fromCharCode(...new Uint8Array(request))](); return request; };
`;

let engine: Engine;

async function held(): Promise<number> {
	await engine.turn('nothing');
	const { slots, chunkBytes } = (await engine.memory())!;
	return slots * 16 + chunkBytes;
}

async function grows(step: string): Promise<number> {
	const before = await held();
	await engine.turn(step);
	return await held() - before;
}

describe('a session with a buffer of 384 bytes and an outbox of 896, as in the firmware', () => {
	beforeAll(async () => {
		const resolveDir = fileURLToPath(new URL('../../', import.meta.url));
		const { outputFiles } = await build({ stdin: { contents: GUEST, resolveDir, loader: 'js' }, bundle: true, write: false, format: 'iife', target: 'es2022' });
		engine = startEngine('xs', () => '');
		await engine.load(outputFiles[0].text);
	});

	afterAll(() => engine.kill());

	it('holds no more than 3 KB, and no more after a life of 500 messages each way and ten connections', async () => {
		const made = await grows('make');
		expect(made).toBeGreaterThan(384 + 896);
		expect(made).toBeLessThanOrEqual(3_072);
		await engine.turn('connect');
		await engine.turn('live');
		expect(await grows('live')).toBeLessThanOrEqual(16);
	});

	it('holds 1 KB more at most for MQTT 5.0', async () => {
		const three = await grows('make');
		await engine.turn('five');
		await engine.turn('nothing');
		const more = await grows('make');
		expect(three).toBeLessThanOrEqual(16);
		expect(more).toBeGreaterThan(0);
		expect(more).toBeLessThanOrEqual(1_024);
		await engine.turn('connect');
		await engine.turn('live');
		expect(await grows('live')).toBeLessThanOrEqual(16);
	});
});
