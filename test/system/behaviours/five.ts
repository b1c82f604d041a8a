// Behaviours that MQTT 5.0 adds: wills and sessions that last, limits that the broker sets, topic aliases, reasons.
// aedes does not speak it; what is shown there is how it says so.
import { expect } from 'vitest';
import { patient, patientSeconds, rest } from '../../support/patience.js';
import type { Behaviour } from './setup.js';

const WILL = { payload: 'lost', qos: 1 };
/** Of a will: who is to be back in time has that long. */
const DELAY_SECONDS = patientSeconds(3);

export const FIVE: readonly Behaviour[] = ([
	{
		name: 'the will is published although we say DISCONNECT, with reason 4', xs: true,
		async run(setup) {
			const topic = setup.topic('will');
			const client = await setup.connected({ will: { topic, ...WILL }, willExpirySeconds: 50 });
			expect(await client.disconnect(4)).toMatchObject({ fault: 'None' });
			const [{ packet }] = await setup.listener.hears(topic);
			expect(packet.properties?.messageExpiryInterval).toBeGreaterThan(40);
		},
	},
	{
		name: 'a will with a delay is published after it, unless we are back in time', waits: true, xs: true,
		async run(setup) {
			const options = (name: string) => ({ will: { topic: setup.topic(name), ...WILL }, willDelaySeconds: DELAY_SECONDS, sessionExpirySeconds: 20 * DELAY_SECONDS });
			const back = await setup.connected(options('back'));
			const gone = await setup.connected(options('gone'));
			await back.drop();
			expect(await back.reconnect()).toMatchObject({ sessionPresent: true });
			const dropped = performance.now();
			await gone.drop();
			// The will of who is back would have been due before that of who is gone.
			await setup.listener.hears(setup.topic('gone'));
			// mosquitto counts whole seconds.
			expect(performance.now() - dropped).toBeGreaterThan(DELAY_SECONDS * 1_000 - 1_100);
			expect(await setup.silence(setup.topic('back'), setup.topic('gone'))).toEqual(['lost']);
			expect(back.all('closed')).toHaveLength(1);
		},
	},
	{
		name: 'a session expires when we say so, and not before', waits: true,
		async run(setup) {
			const short = await setup.connected({ sessionExpirySeconds: 1 });
			const long = await setup.connected({ sessionExpirySeconds: patientSeconds(100) });
			for (const client of [short, long]) {
				await client.subscribe(setup.topic('while-away'), 1);
				await client.disconnect();
			}
			// mosquitto looks once each second.
			await rest(patient(3_500));
			await setup.listener.publish(setup.topic('while-away'), 'away');
			expect(await short.reconnect()).toMatchObject({ sessionPresent: false });
			expect(await long.reconnect()).toMatchObject({ sessionPresent: true });
			await long.hears('message', { payload: 'away' });
			await setup.listener.publish(setup.topic('while-away'), 'now');
			await short.hears('message', { payload: 'now' });
			expect(short.payloads).toEqual(['now']);
		},
	},
	{
		name: 'a message says when it expires', xs: true,
		async run(setup) {
			const client = await setup.connected({ messageExpirySeconds: 500 });
			await client.deliver(setup.topic('expiry'), 'fresh');
			const [{ packet }] = await setup.listener.hears(setup.topic('expiry'));
			expect(packet.properties?.messageExpiryInterval).toBeGreaterThan(480);
			expect(packet.properties?.messageExpiryInterval).toBeLessThanOrEqual(500);
		},
	},
	{
		name: 'no more messages are under way than the broker\'s Receive Maximum', broker: 'narrow', xs: true,
		async run(setup) {
			const tap = await setup.tap();
			const client = await setup.connected({ port: tap.port });
			expect(client.all('connected')[0]).toMatchObject({ receiveMax: 2 });
			tap.hold = true;
			const topic = setup.topic('many');
			const delivered = Promise.all(['1', '2', '3', '4', '5', '6'].map((text) => client.deliver(topic, text, 2)));
			await client.drive.find(() => client.all('published').length === 6);
			await tap.until(({ held }) => held > 0);
			// A third one and mosquitto would end the connection with 0x93.
			expect(await setup.silence(topic)).toEqual([]);
			tap.release(false);
			expect((await delivered).map(({ event }) => event)).toEqual(Array(6).fill('acknowledged'));
			expect((await setup.listener.hears(topic, 6)).map(({ payload }) => String(payload))).toEqual(['1', '2', '3', '4', '5', '6']);
			expect(client.all('closed')).toEqual([]);
		},
	},
	{
		name: 'nothing goes out that is larger than the broker\'s Maximum Packet Size: it is refused, or set aside if it was stored before', broker: 'narrow', xs: true,
		async run(setup) {
			const client = await setup.client({ outboxBytes: 8_192 });
			const connected = client.connect();
			const before = await client.publish(setup.topic('large'), 'x'.repeat(3_000), 1);
			expect(before).toMatchObject({ event: 'published' });
			expect(await connected).toMatchObject({ packetMax: 2_000 });
			expect(await client.hears('setAside')).toMatchObject({ id: before.id });
			expect(await client.publish(setup.topic('large'), 'x'.repeat(2_000), 1)).toMatchObject({ event: 'error', sentence: expect.stringMatching(/no room.*\d+ bytes of payload fit/) });
			await client.deliver(setup.topic('large'), 'x'.repeat(1_900), 1);
			expect((await setup.silence(setup.topic('large'))).map(({ length }) => length)).toEqual([1_900]);
			expect(client.all('closed')).toEqual([]);
		},
	},
	{
		name: 'the broker\'s keep-alive is told, and kept instead of ours', broker: 'narrow', waits: true,
		async run(setup) {
			const tap = await setup.tap();
			const client = await setup.connected({ port: tap.port, keepAliveMs: 60_000 });
			expect(client.all('connected')[0]).toMatchObject({ keepAliveSeconds: 10 });
			const { sent } = tap;
			await tap.until((now) => now.sent > sent);
			expect(client.all('closed')).toEqual([]);
		},
	},
	{
		name: 'a topic that the broker knows by number is not sent again', xs: true,
		async run(setup) {
			const tap = await setup.tap();
			const client = await setup.connected({ port: tap.port, aliasesMax: 1 });
			const long = setup.topic('x'.repeat(120));
			const sizes: number[] = [];
			for (const text of ['1', '2', '3']) {
				const before = tap.sent;
				await client.deliver(long, text, 1);
				sizes.push(tap.sent - before);
			}
			expect(sizes[0]).toBeGreaterThan(120);
			// A TLS record adds 29 bytes at the most.
			expect(sizes[1]).toBeLessThan(50);
			expect(sizes[2]).toBe(sizes[1]);
			await client.drop();
			await client.reconnect();
			await client.deliver(long, '4', 1);
			expect((await setup.listener.hears(long, 4)).map(({ payload }) => String(payload))).toEqual(['1', '2', '3', '4']);
		},
	},
	{
		name: 'a client without an id takes the one that the broker assigns', xs: true,
		async run(setup) {
			const client = await setup.connected({ clientId: '', clean: true });
			const { assignedClientId } = client.all('connected')[0];
			expect(assignedClientId).toMatch(/.{8}/);
			// It is known by it outside.
			await setup.observer({ clientId: String(assignedClientId), clean: true });
			await client.hears('closed');
			await client.reconnect();
			expect(client.all('connected')[1]).toMatchObject({ sessionPresent: false, assignedClientId });
		},
	},
	{
		name: 'a message that is not authorized is told so in words, and the connection goes on', xs: true,
		async run(setup) {
			const client = await setup.connected();
			for (const qos of [1, 2]) expect(await client.deliver('forbidden/room', setup.base, qos)).toMatchObject({ event: 'acknowledged', refused: true, code: 0x87, reason: 'not authorized' });
			expect(await client.deliver(setup.topic('allowed'), 'good', 1)).toMatchObject({ code: 0 });
			expect(await setup.silence('forbidden/room', setup.topic('allowed'))).toEqual(['good']);
		},
	},
	{
		name: 'the end of a connection by the broker is told with its reason in words', xs: true,
		async run(setup) {
			const keeper = await setup.observer({ username: 'keeper', password: 'right' });
			const control = (command: object) => keeper.publish('$CONTROL/dynamic-security/v1', JSON.stringify({ commands: [command] }));
			const credentials = { user: setup.base, password: 'pass' };
			await control({ command: 'createClient', username: setup.base, password: 'pass' });
			const client = await setup.connected(credentials);
			await control({ command: 'deleteClient', username: setup.base });
			expect(await client.hears('closed')).toMatchObject({ fault: 'Disconnected', code: 0x98, sentence: 'the broker ended the connection: administrative action' });
			expect(await client.reconnect()).toMatchObject({ event: 'closed', fault: 'Refused', sentence: 'the broker does not authorize this client: check user and password, and its access rules' });
		},
	},
] satisfies Behaviour[]).map((behaviour) => ({ version: 5, ...behaviour }));

/** MQTT 5.0 to a broker that only speaks 3.1.1. */
export const OLD: readonly Behaviour[] = [{
	name: 'MQTT 5.0 is refused by its version, so that 3.1.1 can be tried', version: 5, kind: 'aedes', xs: true,
	async run(setup) {
		const client = await setup.client();
		expect(await client.connect()).toMatchObject({ event: 'closed', fault: 'ProtocolVersion', sentence: expect.stringContaining('does not speak this version of MQTT') });
		await setup.connected({ protocol: 4 });
	},
}];
