// Behaviours of messages: out and in, retained, of every QoS and size, by filters and against rights, and before CONNACK.
import { expect } from 'vitest';
import type { Behaviour, Setup } from './setup.js';

/** Larger than a segment on loopback; on XS, to which the host passes bytes as text, than a TLS record. */
const large = (length: number) => Buffer.from(Array.from({ length }, (_, at) => at * 7 + (at >> 8)));
const SIZES = { node: large(100_000), xs: large(20_000) };
const payloadsFor = (setup: Setup) => [Buffer.alloc(0), Buffer.from('1'), SIZES[setup.setting.engine]];
const ROOMY = { bufferBytes: 110_000, outboxBytes: 330_000 };

const out = (qos: 0 | 1 | 2): Behaviour => ({
	name: `QoS ${qos} out: nothing, one byte and more than a segment arrive once and whole`, xs: true,
	async run(setup) {
		const client = await setup.connected(ROOMY);
		const payloads = payloadsFor(setup);
		const topic = setup.topic(`out/grüß/${qos}`);
		const told = await Promise.all(payloads.map((payload) => client.deliver(topic, payload, qos)));
		expect(told.map(({ event }) => event)).toEqual(payloads.map(() => (qos > 0 ? 'acknowledged' : 'published')));
		const heard = await setup.listener.hears(topic, 3);
		expect(heard.map(({ payload, packet }) => [payload.equals(payloads[heard.findIndex((each) => each.payload === payload)]), packet.qos, packet.retain])).toEqual(payloads.map(() => [true, qos, false]));
		expect(await setup.silence(topic)).toHaveLength(3);
	},
});

const into = (qos: 0 | 1 | 2): Behaviour => ({
	name: `QoS ${qos} in: nothing, one byte and more than a segment are told once and whole`, xs: true,
	async run(setup) {
		const client = await setup.connected(ROOMY);
		const payloads = payloadsFor(setup);
		const topic = setup.topic(`in/grüß/${qos}`);
		expect(await client.subscribe(topic)).toMatchObject({ code: 2 });
		for (const payload of payloads) await setup.listener.publish(topic, payload, qos);
		await setup.listener.publish(topic, 'end', qos);
		await client.hears('message', { payload: 'end' });
		expect(client.all('message').map(({ base64, qos: own, retain, dup }) => [base64, own, retain, dup])).toEqual(
			[...payloads, Buffer.from('end')].map((payload) => [payload.toString('base64'), qos, false, false]),
		);
	},
});

/** The same message again and again, after one of another length, to another topic and of another QoS. */
const ready = (qos: 0 | 1 | 2): Behaviour => ({
	name: `QoS ${qos} out, made ready: each arrives once and whole, in order, whatever was sent between`, xs: true,
	async run(setup) {
		const client = await setup.connected(ROOMY);
		const [topic, other] = [setup.topic(`ready/grüß/${qos}`), setup.topic(`ready/${qos}`)];
		const payloads = ['21.5', '21.6', '', '7', SIZES[setup.setting.engine].subarray(0, 300), '21.7', SIZES[setup.setting.engine]];
		for (const payload of payloads) {
			const told = [client.deliver(topic, payload, qos, false, true), client.deliver(other, 'other', 0, false, true)];
			expect((await Promise.all(told)).map(({ event }) => event)).toEqual([qos > 0 ? 'acknowledged' : 'published', 'published']);
		}
		const heard = await setup.listener.hears(topic, payloads.length);
		expect(heard.map(({ payload, packet }, i) => [payload.equals(Buffer.from(payloads[i])), packet.qos, packet.retain])).toEqual(payloads.map(() => [true, qos, false]));
		expect(await setup.listener.hears(other, payloads.length)).toHaveLength(payloads.length);
		expect(await setup.silence(topic)).toHaveLength(payloads.length);
	},
});

/** After a message in, so that what came before it is told. */
async function mark(setup: Setup, client: Awaited<ReturnType<Setup['client']>>, topic: string): Promise<void> {
	const from = client.drive.told.length;
	await setup.listener.publish(topic, `mark ${from}`);
	await client.hears('message', { payload: `mark ${from}` });
}

const oversize = (qos: 0 | 1 | 2): Behaviour => ({
	name: `MQTT 3.1.1: a message in of QoS ${qos} that is too large is thrown away, told, and not sent again to the session; the connection stays`, version: 4, xs: qos === 2,
	async run(setup) {
		const client = await setup.connected({ bufferBytes: 200 });
		const topic = setup.topic('oversize');
		await client.subscribe(topic);
		await setup.listener.publish(topic, 'x'.repeat(40_000), qos);
		expect(await client.hears('oversize')).toMatchObject({ qos });
		await mark(setup, client, topic);
		await client.disconnect();
		expect(await client.reconnect()).toMatchObject({ sessionPresent: true });
		await mark(setup, client, topic);
		expect(client.all('oversize')).toHaveLength(1);
		expect(client.payloads.map((text) => text.slice(0, 4))).toEqual(['mark', 'mark']);
	},
});

export const MESSAGES: readonly Behaviour[] = [
	out(0), out(1), out(2), ready(0), ready(1), ready(2), into(0), into(1), into(2), oversize(0), oversize(1), oversize(2),
	{
		name: 'MQTT 5.0: a message in that is too large is kept from us by the broker; the connection stays', version: 5,
		async run(setup) {
			const client = await setup.connected({ bufferBytes: 200 });
			const topic = setup.topic('oversize');
			await client.subscribe(topic);
			for (const qos of [0, 1, 2] as const) await setup.listener.publish(topic, 'x'.repeat(40_000), qos);
			await mark(setup, client, topic);
			expect(client.all('oversize')).toEqual([]);
			expect(client.payloads).toHaveLength(1);
		},
	},
	{
		name: 'a burst of all three QoS arrives in order, out and in', xs: true,
		async run(setup) {
			const client = await setup.connected({ outboxBytes: 8_192, messagesMax: 60 });
			const numbers = Array.from({ length: 24 }, (_, at) => `${at}`);
			const away = setup.topic('burst/out');
			const told = await Promise.all(numbers.map((text, at) => client.deliver(away, text, at % 3)));
			expect(new Set(told.map(({ event }) => event))).toEqual(new Set(['published', 'acknowledged']));
			const heard = await setup.listener.hears(away, numbers.length);
			// The order holds among messages of the same QoS (§4.6).
			const of = (texts: string[], qos: number) => texts.filter((text) => Number(text) % 3 === qos);
			for (const qos of [0, 1, 2]) expect(of(heard.map(({ payload }) => String(payload)), qos)).toEqual(of(numbers, qos));
			const here = setup.topic('burst/in');
			await client.subscribe(here);
			await Promise.all(numbers.map((text, at) => setup.listener.publish(here, text, (at % 3) as 0 | 1 | 2)));
			await client.drive.find(() => client.all('message').length === numbers.length);
			for (const qos of [0, 1, 2]) expect(of(client.payloads, qos)).toEqual(of(numbers, qos));
		},
	},
	{
		// mosquitto 2.0 lets two new ones follow each PUBCOMP, whatever max_inflight_messages and our Receive Maximum say.
		name: 'a broker that has more messages of QoS 2 under way than we can remember loses a few connections, but no message, and none is told twice', kind: 'mosquitto', xs: true,
		async run(setup) {
			const client = await setup.connected({ inboundMax: 2 });
			const topic = setup.topic('many');
			await client.subscribe(topic);
			const numbers = Array.from({ length: 12 }, (_, at) => `${at}`);
			await Promise.all(numbers.map((text) => setup.listener.publish(topic, text, 2)));
			for (let closed = 0; client.payloads.length < numbers.length; closed++) {
				await client.drive.find(() => client.payloads.length === numbers.length || client.all('closed').length > closed);
				if (client.all('closed').length === closed) break;
				expect(client.all('closed')[closed]).toMatchObject({ fault: 'TooManyInbound' });
				// Each connection brings the two that are remembered.
				expect(closed).toBeLessThan(numbers.length);
				expect(await client.reconnect()).toMatchObject({ sessionPresent: true });
			}
			await mark(setup, client, topic);
			expect(client.payloads.slice(0, -1)).toEqual(numbers);
		},
	},
	{
		name: 'a retained message out is there for who comes later, until an empty one clears it', xs: true,
		async run(setup) {
			const client = await setup.connected();
			const topic = setup.topic('retained');
			await client.deliver(topic, 'kept', 1, true);
			const later = await setup.observer();
			await later.client.subscribeAsync(topic, { qos: 1 });
			expect((await later.hears(topic))[0]).toMatchObject({ payload: Buffer.from('kept'), packet: { retain: true } });
			await client.deliver(topic, '', 1, true);
			expect((await later.hears(topic, 2))[1].payload).toHaveLength(0);
			const last = await setup.observer();
			await last.client.subscribeAsync(`${setup.base}/#`, { qos: 1 });
			await setup.listener.publish(setup.topic('mark'), '');
			await last.hears(setup.topic('mark'));
			expect(last.of(topic)).toEqual([]);
		},
	},
	{
		name: 'RETAIN in is told for a message that was kept, and not for one that is passed on', xs: true,
		async run(setup) {
			const topic = setup.topic('retained');
			await setup.listener.publish(topic, 'kept', 1, true);
			const client = await setup.connected();
			await client.subscribe(topic);
			expect(await client.hears('message')).toMatchObject({ payload: 'kept', retain: true, qos: 1 });
			await setup.listener.publish(topic, 'live', 1, true);
			expect(await client.hears('message', { payload: 'live' })).toMatchObject({ retain: false });
		},
	},
	{
		name: 'wildcards bring what they match and nothing else; a filter that was left brings nothing', xs: true,
		async run(setup) {
			const client = await setup.connected();
			await client.subscribe(setup.topic('+/here'), 1);
			await client.subscribe(setup.topic('deep/#'), 0);
			for (const name of ['a/here', 'a/there', 'a/b/here', 'deep', 'deep/er/here', 'deeper', 'b/here']) await setup.listener.publish(setup.topic(name), name, 1);
			await client.hears('message', { payload: 'b/here' });
			expect(client.all('message').map(({ payload, qos }) => [payload, qos])).toEqual([['a/here', 1], ['deep', 0], ['deep/er/here', 0], ['b/here', 1]]);
			expect(await client.unsubscribe(setup.topic('+/here'))).toMatchObject({ event: 'unsubscribed' });
			await setup.listener.publish(setup.topic('a/here'), 'late', 1);
			await mark(setup, client, setup.topic('deep/mark'));
			expect(client.payloads).not.toContain('late');
		},
	},
	{
		name: 'a subscription that is refused is told so; others go on', xs: true,
		async run(setup) {
			const client = await setup.connected();
			expect(await client.subscribe('forbidden/room')).toMatchObject({ refused: true, code: setup.five ? 0x87 : 0x80 });
			await client.subscribe(setup.topic('allowed'));
			await mark(setup, client, setup.topic('allowed'));
			await setup.listener.publish(setup.topic('allowed'), 'last');
			await client.hears('message', { payload: 'last' });
		},
	},
	{
		name: 'messages go out behind CONNECT, before CONNACK, if that is wished', xs: true,
		async run(setup) {
			const tap = await setup.tap();
			tap.hold = 'answer';
			const client = await setup.client({ port: tap.port, publishBeforeConnack: true });
			const connected = client.connect();
			// MQTT 5.0 lets one message of QoS 1 out until CONNACK has told the Receive Maximum; aedes may answer it before CONNACK, which ends the connection.
			const qos = setup.broker.kind === 'aedes' ? 0 : 1;
			await client.publish(setup.topic('early'), 'first', qos);
			await client.publish(setup.topic('early'), 'second', 0);
			expect((await setup.listener.hears(setup.topic('early'), 2)).map(({ payload }) => String(payload)).sort()).toEqual(['first', 'second']);
			expect(client.all('connected')).toEqual([]);
			tap.release(false);
			expect(await connected).toMatchObject({ event: 'connected' });
			if (qos > 0) expect(await client.hears('acknowledged')).toMatchObject({ code: 0 });
			expect(await setup.silence(setup.topic('early'))).toHaveLength(2);
		},
	},
	{
		name: 'messages wait for CONNACK otherwise',
		async run(setup) {
			const tap = await setup.tap();
			tap.hold = 'answer';
			const client = await setup.client({ port: tap.port });
			const connected = client.connect();
			await client.publish(setup.topic('early'), 'one', 1);
			await tap.until(({ held }) => held > 0);
			expect(await setup.silence(setup.topic('early'))).toEqual([]);
			tap.release(false);
			await connected;
			await setup.listener.hears(setup.topic('early'));
		},
	},
];
