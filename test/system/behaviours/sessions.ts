// Behaviours of sessions: kept and clean ones, wills, what is unacknowledged when a connection breaks, a broker that dies, silence.
import { expect } from 'vitest';
import { patientSeconds, rest } from '../../support/patience.js';
import type { Behaviour, Setup } from './setup.js';

const WILL = { payload: 'lost', qos: 1 };

/** The broker's answer to a message of ours is lost with the connection; `answers` of them come through before. */
const unanswered = (qos: 1 | 2, answers: 0 | 1, ready = false): Behaviour => ({
	name: `an unacknowledged message of QoS ${qos}${ready ? ', made ready,' : ''} is sent again after a dropped socket${answers ? ', from PUBREL on' : ''}${qos === 2 ? ', and is there once' : ''}`, xs: true,
	async run(setup) {
		const tap = await setup.tap();
		const client = await setup.connected({ port: tap.port });
		const topic = setup.topic('unanswered');
		// mosquitto and aedes only keep a session that has something in it.
		await client.subscribe(setup.topic('own'));
		tap.hold = true;
		await client.publish(topic, 'once', qos, false, ready);
		await tap.until(({ held }) => held > 0);
		if (answers) {
			tap.release(true);
			await tap.until(({ held }) => held > 0);
		}
		await client.drop();
		tap.hold = false;
		expect(client.all('acknowledged')).toEqual([]);
		expect(await client.reconnect()).toMatchObject({ sessionPresent: true });
		expect(await client.hears('acknowledged')).toMatchObject({ code: 0, id: client.all('published')[0].id });
		const heard = await setup.silence(topic);
		expect(heard).toEqual(qos === 2 ? ['once'] : ['once', 'once']);
	},
});

/** What we answer to a message in is lost with the connection. */
const unanswering = (qos: 1 | 2): Behaviour => ({
	name: `a message in of QoS ${qos} whose answer was lost comes again${qos === 2 ? ' and is told once' : ', as a duplicate'}`, xs: qos === 2,
	async run(setup) {
		const tap = await setup.tap();
		const client = await setup.connected({ port: tap.port });
		const topic = setup.topic('unanswering');
		await client.subscribe(topic);
		tap.swallow();
		await setup.listener.publish(topic, 'one', qos);
		await client.hears('message', { payload: 'one' });
		await client.drop();
		expect(await client.reconnect()).toMatchObject({ sessionPresent: true });
		await setup.listener.publish(topic, 'two', qos);
		await client.hears('message', { payload: 'two' });
		expect(client.payloads).toEqual(qos === 1 ? ['one', 'one', 'two'] : ['one', 'two']);
		// aedes sends again without DUP.
		if (setup.broker.kind === 'mosquitto') expect(client.all('message').map(({ dup }) => dup)).toEqual(qos === 1 ? [false, true, false] : [false, false]);
	},
});

const restart = (keeping: boolean): Behaviour => ({
	name: `a broker that is killed and comes back ${keeping ? 'with' : 'without'} what it had kept: ${keeping ? 'the session goes on' : 'we subscribe again'}, nothing stored is lost`,
	broker: 'own', kind: keeping ? 'mosquitto' : undefined, xs: true,
	async run(setup) {
		const client = await setup.connected();
		const topic = setup.topic('after');
		const subscribed = await client.subscribe(topic, 1);
		if (keeping && setup.five) {
			// mosquitto 2.0 writes down no session that began with Clean Start, as each of ours does in MQTT 5.0, before it is resumed.
			await client.disconnect();
			await client.reconnect();
		}
		await setup.broker.restart(keeping, client.id);
		await client.hears('closed', { fault: 'Lost' });
		await client.publish(topic, 'stored', 2);
		const from = client.drive.told.length;
		expect(await client.reconnect()).toMatchObject({ event: 'connected', sessionPresent: keeping });
		if (!keeping) expect(await client.hears('subscribed', {}, from)).toMatchObject({ code: 1 });
		await client.hears('acknowledged');
		const listener = await setup.observer();
		await listener.publish(topic, 'from outside');
		await client.hears('message', { payload: 'from outside' });
		expect(client.all('subscribed').length).toBe(keeping ? 1 : 2);
		expect(client.all('subscribed')[0]).toBe(subscribed);
	},
});

/** Keep-alive and what passes of three of them, which a slow machine makes longer: the broker counts seconds by its own clock. */
const KEEP_ALIVE_MS = patientSeconds(2) * 1_000;
const IDLE_MS = 3.1 * KEEP_ALIVE_MS;

async function refusedAs(setup: Setup, user: string, password: string): Promise<void> {
	const client = await setup.client({ user, password });
	const told = await client.connect();
	expect(told).toMatchObject({ event: 'closed', fault: 'Refused' });
	expect(told.sentence).toMatch(/^the broker (refuses the user name or password: |does not authorize this client: )/);
}

export const SESSIONS: readonly Behaviour[] = [
	unanswered(1, 0), unanswered(2, 0), unanswered(2, 1), unanswered(1, 0, true), unanswered(2, 1, true), unanswering(1), unanswering(2), restart(true), restart(false),
	{
		name: 'filters are asked for again in a session that is present, if that is wished', xs: true,
		async run(setup) {
			const client = await setup.connected();
			await client.subscribe(setup.topic('again'));
			await client.drop();
			const from = client.drive.told.length;
			expect(await client.reconnect({ renew: true })).toMatchObject({ sessionPresent: true });
			expect(await client.hears('subscribed', {}, from)).toMatchObject({ code: 2 });
			expect(client.all('subscribed')).toHaveLength(2);
			await setup.listener.publish(setup.topic('again'), 'heard');
			expect(await client.hears('message')).toMatchObject({ payload: 'heard' });
		},
	},
	{
		name: 'an idle connection stays for three times its keep-alive', waits: true, xs: true,
		async run(setup) {
			const client = await setup.connected({ keepAliveMs: KEEP_ALIVE_MS, pingTimeoutMs: 2.5 * KEEP_ALIVE_MS, will: { topic: setup.topic('will'), ...WILL } });
			await rest(IDLE_MS);
			expect(client.all('closed')).toEqual([]);
			await client.deliver(setup.topic('still'), 'here');
			expect(await setup.silence(setup.topic('will'), setup.topic('still'))).toEqual(['here']);
		},
	},
	{
		name: 'without a keep-alive an idle connection stays', waits: true,
		async run(setup) {
			const client = await setup.connected();
			await rest(IDLE_MS);
			await client.deliver(setup.topic('still'), 'here');
			expect(await setup.silence(setup.topic('still'))).toEqual(['here']);
		},
	},
	{
		name: 'the will is published when the socket is dropped, with its QoS and RETAIN', xs: true,
		async run(setup) {
			const topic = setup.topic('will');
			const client = await setup.connected({ will: { topic, base64: '/wA=', qos: 2, retain: true } });
			await client.drop();
			expect((await setup.listener.hears(topic))[0]).toMatchObject({ payload: Buffer.from([255, 0]), packet: { qos: 2 } });
			const later = await setup.observer();
			await later.client.subscribeAsync(topic, { qos: 2 });
			expect((await later.hears(topic))[0].packet.retain).toBe(true);
		},
	},
	{
		name: 'the will is not published after DISCONNECT', xs: true,
		async run(setup) {
			const topic = setup.topic('will');
			const client = await setup.connected({ will: { topic, ...WILL } });
			expect(await client.disconnect()).toMatchObject({ fault: 'None' });
			// Whoever comes back has been said goodbye to before.
			await client.reconnect();
			await client.disconnect();
			expect(await setup.silence(topic)).toEqual([]);
		},
	},
	{
		name: 'a kept session is present, and what came while we were away arrives', xs: true,
		async run(setup) {
			const client = await setup.connected();
			expect(client.all('connected')[0]).toMatchObject({ sessionPresent: false });
			const topic = setup.topic('while-away');
			await client.subscribe(topic);
			await client.disconnect();
			for (const qos of [1, 2] as const) await setup.listener.publish(topic, `away ${qos}`, qos);
			expect(await client.reconnect()).toMatchObject({ sessionPresent: true });
			await client.drive.find(() => client.all('message').length >= 2);
			expect(client.payloads.sort()).toEqual(['away 1', 'away 2']);
			expect(client.all('subscribed')).toHaveLength(1);
		},
	},
	{
		name: 'a clean session is not present, gets nothing that came before, and is subscribed again', xs: true,
		async run(setup) {
			const client = await setup.connected({ clean: true });
			const topic = setup.topic('while-away');
			await client.subscribe(topic);
			await client.disconnect();
			await setup.listener.publish(topic, 'away');
			const from = client.drive.told.length;
			expect(await client.reconnect()).toMatchObject({ sessionPresent: false });
			await client.hears('subscribed', {}, from);
			await setup.listener.publish(topic, 'now');
			await client.hears('message', { payload: 'now' });
			expect(client.payloads).toEqual(['now']);
		},
	},
	{
		name: 'a message that was stored without a connection goes out with the next one', xs: true,
		async run(setup) {
			const client = await setup.connected();
			await client.drop();
			const topic = setup.topic('stored');
			for (const qos of [0, 1, 2]) await client.publish(topic, `${qos}`, qos);
			expect(await setup.silence(topic)).toEqual([]);
			await client.reconnect();
			// The order holds among messages of the same QoS.
			expect((await setup.listener.hears(topic, 3)).map(({ payload, packet }) => [String(payload), packet.qos]).sort()).toEqual([['0', 0], ['1', 1], ['2', 2]]);
		},
	},
	{
		name: 'a second client with the same id takes the session over, and that is told', xs: true,
		async run(setup) {
			const client = await setup.connected();
			await setup.observer({ clientId: client.id, clean: false });
			const told = await client.hears('closed');
			// mosquitto 2.0 gives no reason.
			expect(told).toMatchObject({ fault: 'Lost', sentence: 'the broker closed the connection' });
		},
	},
	{
		name: 'an unknown user and a wrong password are refused in words, the right one is taken', xs: true,
		async run(setup) {
			await refusedAs(setup, 'unknown', 'right');
			await refusedAs(setup, 'known', 'wrong');
			const client = await setup.connected({ user: 'known', password: 'right' });
			await client.deliver(setup.topic('known'), 'here');
			await setup.listener.hears(setup.topic('known'));
		},
	},
	{
		name: 'a message for which the broker hangs up is set aside, and what is behind it goes out', kind: 'aedes', version: 4,
		async run(setup) {
			const client = await setup.connected();
			await client.publish('forbidden/room', 'poison', 1);
			await client.publish(setup.topic('behind'), 'good', 1);
			for (let hangUps = 1; client.all('setAside').length === 0; hangUps++) {
				expect(hangUps).toBeLessThanOrEqual(3);
				await client.drive.find(() => client.all('closed').length === hangUps);
				await client.reconnect();
			}
			expect(await client.hears('setAside')).toMatchObject({ id: client.all('published')[0].id });
			await client.hears('acknowledged', { id: client.all('published')[1].id });
			expect(await setup.silence(setup.topic('behind'), 'forbidden/room')).toEqual(['good']);
		},
	},
];
