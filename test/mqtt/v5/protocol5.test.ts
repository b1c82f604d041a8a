// MQTT 5.0: what differs from 3.1.1. The sections are those of the 5.0 standard.

import { Patience } from '../../../src/mqtt/options.js';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/mqtt/codec/fault.js';
import type { Options5 } from '../../../src/mqtt/v5/protocol5.js';
import type { SessionOptions } from '../../../src/mqtt/options.js';
import { topicName } from '../../../src/mqtt/codec/topics.js';
import { hex, show } from '../../support/bytes.js';
import { Bench5, connected5 as connected, encode } from '../bench.js';

const connectOf = (options: Partial<SessionOptions> = {}, options5: Options5 = {}) => {
	const bench = new Bench5(options, options5);
	bench.session.start(0);
	return bench.packets()[0];
};

describe('CONNECT', () => {
	it('announces session expiry, how many messages and how large packets we take', () => {
		expect(connectOf({ bufferBytes: 512, inboundMax: 20 }, { sessionExpirySeconds: 0xffff_ffff })).toMatchObject({
			protocolVersion: 5, clientId: 'node1', clean: true, keepalive: 30,
			properties: { sessionExpiryInterval: 0xffff_ffff, receiveMaximum: 20, maximumPacketSize: 515 },
		});
	});

	it('is these bytes', () => {
		const bench = new Bench5({ clean: true });
		bench.session.start(0);
		expect(show(bench.sentBytes())).toBe(show(hex`10 1a 0004 'MQTT' 05 02 001e 08 21 0020 27 00000203 0005 'node1'`));
	});

	it('has no session expiry when the session is to end with the connection', () => {
		expect(connectOf({ clean: true }).properties).not.toHaveProperty('sessionExpiryInterval');
	});

	it('delays the will and lets it expire', () => {
		const will = { topic: 'w', payload: 'gone', qos: 1, retain: true };
		expect(connectOf({ will }, { willDelaySeconds: 70_000, willExpirySeconds: 9 })).toMatchObject({
			will: { topic: 'w', qos: 1, retain: true, properties: { willDelayInterval: 70_000, messageExpiryInterval: 9 } },
		});
		expect((connectOf({ will }).will as object)).not.toHaveProperty('properties.willDelayInterval');
	});

	it('may have a password without a user name', () => {
		const packet = connectOf({ password: 'token' });
		expect(packet).toMatchObject({ password: Buffer.from('token') });
		expect(packet.username).toBeUndefined();
	});

	it('asks for a new session until there is one to come back to', () => {
		const bench = connected();
		bench.session.lost();
		bench.session.start(0);
		expect(bench.packets()[0]).toMatchObject({ clean: false });
		expect(connectOf({}, { hadSession: true })).toMatchObject({ clean: false });
	});

	it('asks for a new session each time if that is wanted', () => {
		const bench = connected({}, { clean: true });
		bench.session.lost();
		bench.session.start(0);
		expect(bench.packets()[0]).toMatchObject({ clean: true });
	});
});

describe('CONNACK', () => {
	const answered = (bytes: Uint8Array, bench = new Bench5()) => {
		bench.session.start(0);
		bench.sentBytes();
		bench.receive(bytes);
		return bench.told();
	};

	it('with a session that we do not hold closes the connection', () => {
		expect(answered(hex`20 03 01 00 00`)).toEqual([`closed ${Fault.UnknownSession} 1`]);
		expect(answered(hex`20 03 01 00 00`, new Bench5({}, { hadSession: true }))).toEqual(['connected present']);
	});

	it('without the session that we hold makes unacknowledged messages new, and asks for the filters again', () => {
		const bench = connected();
		bench.session.subscribe('s', 1);
		bench.publish('a', 'x');
		bench.sentBytes();
		bench.receive(encode({ cmd: 'suback', messageId: 1, granted: [1] }, 5));
		bench.reconnect(true);
		expect(bench.sent()).toEqual(['publish a "x" q1 dup #2']);
		bench.reconnect(false);
		expect(bench.sent()).toEqual(['subscribe s q1 #3', 'publish a "x" q1 #2']);
	});

	it('refuses with a reason, in words', () => {
		const bench = new Bench5();
		expect(answered(encode({ cmd: 'connack', sessionPresent: false, reasonCode: 0x87, properties: { reasonString: 'no such node' } }, 5), bench))
			.toEqual([`closed ${Fault.Refused} 135`]);
		expect(bench.protocol5.reasonString).toBe('no such node');
	});

	it('says that the version is not spoken, in the words of 5.0 or of 3.1.1', () => {
		expect(answered(hex`20 03 00 84 00`)).toEqual([`closed ${Fault.ProtocolVersion} 132`]);
		expect(answered(hex`20 02 00 01`)).toEqual([`closed ${Fault.ProtocolVersion} 1`]);
	});

	it('without properties, with a wrong one, or with bytes behind them closes the connection', () => {
		expect(answered(hex`20 02 00 00`)).toEqual([`closed ${Fault.BadProperty} 0`]);
		expect(answered(hex`20 06 00 00 03 21 0000`)).toEqual([`closed ${Fault.BadProperty} 33`]);
		expect(answered(hex`20 04 00 00 00 00`)).toEqual([`closed ${Fault.BadLength} 0`]);
	});

	it('may set the keep-alive time, also to none', () => {
		const bench = new Bench5({ keepAliveMs: 30_000 });
		bench.now = 0;
		bench.connect(false, { serverKeepAlive: 8 });
		expect(bench.at(0)).toBe(7_000);
		const none = new Bench5({ keepAliveMs: 30_000 });
		none.connect(false, { serverKeepAlive: 0 });
		expect(none.at(0)).toBe(Infinity);
	});

	it('may assign a client id, which is used from then on', () => {
		const bench = new Bench5({ clientId: '' });
		bench.connect(false, { assignedClientIdentifier: 'broker-gave-this' });
		bench.session.lost();
		bench.session.start(0);
		expect(bench.packets()[0]).toMatchObject({ clientId: 'broker-gave-this' });
	});

	it('may assign a client id that CONNECT has no room for: then it is not kept', () => {
		const bench = new Bench5({ clientId: '', bufferBytes: 80 });
		bench.connect(false, { assignedClientIdentifier: 'x'.repeat(70) });
		bench.session.lost();
		bench.session.start(0);
		expect(bench.packets()[0]).toMatchObject({ clientId: '' });
	});

	it('may have all properties that there are, and user properties without number', () => {
		const properties = {
			sessionExpiryInterval: 5, receiveMaximum: 9, maximumQoS: 1, retainAvailable: true, maximumPacketSize: 400, topicAliasMaximum: 3,
			reasonString: 'välkommen', userProperties: { a: 'b', c: ['d', 'e'] }, wildcardSubscriptionAvailable: true, subscriptionIdentifiersAvailable: true,
			sharedSubscriptionAvailable: false, serverKeepAlive: 60, responseInformation: 'r', serverReference: 's',
		};
		const bench = new Bench5().connect(false, properties);
		expect(bench.told()).toEqual(['connected new']);
		expect(bench.protocol5).toMatchObject({ receiveMax: 9, qosMax: 1, retainAvailable: true, packetMax: 400, keepAliveSeconds: 60, reasonString: 'välkommen' });
	});
});

describe("the broker's limits", () => {
	it('Receive Maximum: so many messages of QoS 1 and 2 in flight, everything else still flows', () => {
		const bench = connected({ receiveMaximum: 2 });
		[1, 2, 3].forEach((n) => bench.publish('a', `${n}`, n === 1 ? 2 : 1));
		bench.session.subscribe('s', 0);
		expect(bench.sent()).toEqual(['subscribe s q0 #4', 'publish a "1" q2 #1', 'publish a "2" q1 #2']);
		bench.receive(hex`50 02 0001`);
		expect(bench.sent()).toEqual(['pubrel #1']);
		bench.receive(hex`70 02 0001`);
		expect(bench.sent()).toEqual(['publish a "3" q1 #3']);
	});

	it('Receive Maximum holds for re-sends too, and never widens our own window', () => {
		const bench = connected({ receiveMaximum: 100 }, { inFlightMax: 3 });
		for (let n = 0; n < 5; n++) bench.publish('a', `${n}`);
		expect(bench.sent()).toHaveLength(3);
		bench.session.lost();
		bench.connect(true, { receiveMaximum: 1 });
		expect(bench.sent()).toHaveLength(1);
	});

	it('Maximum Packet Size: nothing larger is taken, and what waits is set aside', () => {
		const bench = new Bench5();
		bench.publish('a', 'x'.repeat(150));
		bench.publish('a', 'small');
		bench.connect(false, { maximumPacketSize: 120 });
		expect(bench.told()).toEqual(['connected new', 'aside 1']);
		expect(bench.sent()).toEqual(['publish a "small" q1 #2']);
		const room = bench.session.room(topicName('a'));
		expect(bench.publish('a', 'x'.repeat(room + 1))).toBe(-1);
		bench.publish('a', 'x'.repeat(room));
		expect(bench.sentBytes().length).toBe(120);
	});

	it('Maximum Packet Size too small for a request: it is not made, and told as refused', () => {
		const bench = new Bench5();
		bench.session.subscribe('a/filter/of/thirty/one/bytes/abcd', 0);
		bench.connect(false, { maximumPacketSize: 40 });
		expect(bench.told()).toEqual(['connected new', 'subscribed 1 0 149']);
		expect(bench.sent()).toEqual([]);
		const later = connected({ maximumPacketSize: 40 });
		later.session.subscribe('short', 0);
		expect(later.sent()).toEqual(['subscribe short q0 #1']);
		later.session.subscribe('a/filter/of/thirty/one/bytes/abcd', 0);
		expect(later.told()).toEqual(['subscribed 2 1 149']);
		expect(later.sent()).toEqual([]);
	});

	it('Maximum QoS 1 lowers QoS 2', () => {
		const bench = new Bench5();
		bench.publish('a', '1', 2);
		bench.connect(false, { maximumQoS: 1 });
		bench.publish('a', '2', 2);
		expect(bench.sent()).toEqual(['publish a "1" q1 #1', 'publish a "2" q1 #2']);
		bench.told();
		bench.receive(hex`40 02 0001`);
		expect(bench.told()).toEqual(['acknowledged 1']);
	});

	it('Maximum QoS 0 closes the connection for a message that must arrive, not for others', () => {
		const bench = connected({ maximumQoS: 0 });
		bench.publish('a', '0', 0);
		expect(bench.sent()).toEqual(['publish a "0" q0']);
		bench.publish('a', '1', 1);
		expect(bench.told()).toEqual([`closed ${Fault.Capability} 155`]);
		expect(bench.sent()).toEqual([]);
		expect(bench.session.pending).toBe(1);
	});

	it('no RETAIN: sent without', () => {
		const bench = new Bench5();
		bench.publish('a', '1', 1, true);
		bench.connect(false, { retainAvailable: false });
		bench.publish('a', '2', 0, true);
		expect(bench.sent()).toEqual(['publish a "1" q1 #1', 'publish a "2" q0']);
	});

	it('are those of each connection alone', () => {
		const bench = connected({ receiveMaximum: 1, maximumQoS: 1, retainAvailable: false, maximumPacketSize: 200, topicAliasMaximum: 2, serverKeepAlive: 5 });
		bench.reconnect(false);
		expect(bench.protocol5).toMatchObject({ receiveMax: 0xffff, qosMax: 2, retainAvailable: true, packetMax: Infinity, keepAliveSeconds: -1 });
	});
});

describe('PUBLISH out', () => {
	it('has a property length', () => {
		const bench = connected();
		bench.publish('a', 'x', 0);
		bench.publish('a', 'x', 1);
		expect(show(bench.sentBytes())).toBe(show(hex`30 05 0001 'a' 00 'x' 32 07 0001 'a' 0001 00 'x'`));
	});

	it('may expire', () => {
		const bench = connected({}, {}, { messageExpirySeconds: 90_000 });
		expect(bench.session.room(topicName('a'))).toBe(1_024 - 3 - 2 - 1 - 2 - 6);
		bench.publish('a', 'x', 1);
		expect(bench.packets()).toMatchObject([{ topic: 'a', payload: Buffer.from('x'), properties: { messageExpiryInterval: 90_000 } }]);
	});

	it('counts as done when PUBACK or PUBREC turns it down: told with the reason, never sent again', () => {
		const bench = connected();
		bench.publish('a', '1', 1);
		bench.publish('a', '2', 2);
		bench.sentBytes();
		bench.receive(hex`40 03 0001 97`);
		bench.receive(encode({ cmd: 'pubrec', messageId: 2, reasonCode: 0x87, properties: { reasonString: 'no', userProperties: { a: 'b' } } }, 5));
		expect(bench.told()).toEqual(['acknowledged 1 151', 'acknowledged 2 135']);
		expect(bench.sent()).toEqual([]);
		bench.reconnect(true);
		expect(bench.sent()).toEqual([]);
	});

	it('is never sent again on the same connection, whatever is wanted', () => {
		const bench = connected({}, { resendOnTimeout: true, ackTimeoutMs: 5_000 });
		bench.publish('a', '1', 1);
		bench.sentBytes();
		bench.at(bench.now + 5_000);
		expect(bench.told()).toEqual([`closed ${Fault.AckTimeout} 0`]);
		expect(bench.sent()).toEqual([]);
	});

	it('goes on by PUBREL and PUBCOMP when PUBREC has a reason below 0x80', () => {
		const bench = connected();
		bench.publish('a', '2', 2);
		bench.sentBytes();
		bench.receive(hex`50 03 0001 10`);
		expect(bench.sent()).toEqual(['pubrel #1']);
		bench.receive(hex`70 04 0001 00 00`);
		expect(bench.told()).toEqual(['acknowledged 1']);
	});

	it('answers a PUBREC or PUBREL for what it does not know with 0x92', () => {
		const bench = connected();
		bench.receive(hex`50 02 0009 62 02 0008`);
		expect(show(bench.sentBytes())).toBe('62 03 00 09 92 70 03 00 08 92');
		expect(bench.session.running).toBe(true);
	});
});

describe('inbound', () => {
	it('properties of a message are stepped over', () => {
		const bench = connected();
		bench.receive(encode({
			cmd: 'publish', topic: 'a', payload: 'x', qos: 1, messageId: 7, properties: {
				payloadFormatIndicator: true, messageExpiryInterval: 5, responseTopic: 'r', correlationData: Buffer.from([1, 2]),
				userProperties: { a: 'b' }, contentType: 'text/plain',
			},
		}, 5));
		expect(bench.told()).toEqual(['message a "x" 1']);
		expect(show(bench.sentBytes())).toBe('40 02 00 07');
	});

	it('messages with an empty payload, of every QoS, are told', () => {
		for (const qos of [0, 1, 2]) {
			const bench = connected();
			bench.receive(encode({ cmd: 'publish', topic: 'a', payload: '', qos, messageId: 7 }, 5));
			expect(bench.told()).toEqual([`message a "" ${qos}`]);
		}
	});

	it('messages that are too large are drained and acknowledged all the same', () => {
		const bench = connected();
		bench.receive(encode({ cmd: 'publish', topic: 'a', payload: 'x'.repeat(2_000), qos: 1, messageId: 7, properties: { userProperties: { a: 'b' } } }, 5));
		expect(bench.told()).toEqual(['oversize 2013 1']);
		expect(bench.sent()).toEqual(['puback #7']);
	});

	it('SUBACK and UNSUBACK have one code behind their properties', () => {
		const bench = connected();
		bench.session.subscribe('a', 1);
		expect(show(bench.sentBytes())).toBe(show(hex`82 07 0001 00 0001 'a' 01`));
		bench.receive(encode({ cmd: 'suback', messageId: 1, granted: [0x87], properties: { reasonString: 'no' } }, 5));
		expect(bench.told()).toEqual(['subscribed 1 0 135']);
		bench.session.unsubscribe('a');
		expect(show(bench.sentBytes())).toBe(show(hex`a2 06 0002 00 0001 'a'`));
		bench.receive(encode({ cmd: 'unsuback', messageId: 2, granted: [0x11] }, 5));
		expect(bench.told()).toEqual(['unsubscribed 2']);
	});

	it('a shared subscription has a name, a filter and no No Local', () => {
		const { session } = connected();
		expect(session.subscribe('$share/g/a/+', 1)).toBe(1);
		for (const filter of ['$share/', '$share/g', '$share/g/', '$share//a', '$share/g+/a']) expect(() => session.subscribe(filter, 0), filter).toThrow();
		expect(() => session.subscribe('$share/h/a', 4)).toThrow('No Local');
		expect(session.subscribe('b', 4 | 8 | 0x20 | 1)).toBe(2);
		expect(() => session.subscribe('c', 0x30)).toThrow('QoS');
		expect(() => session.subscribe('c', 3)).toThrow('QoS');
	});
});

describe('a refusal that the standard has for other packets alone', () => {
	it.each([['PUBACK', 1, hex`40 03 0001 95`], ['PUBREC', 2, hex`50 03 0001 92`]] as const)('in %s refuses that message, and the connection lives', (_name, qos, bytes) => {
		const bench = connected();
		bench.publish('a', 'x', qos);
		bench.sentBytes();
		bench.receive(bytes);
		expect(bench.told()).toEqual([`acknowledged 1 ${bytes[4]}`]);
		expect([bench.session.connected, bench.session.pending]).toEqual([true, 0]);
	});

	it.each([['SUBACK', hex`90 04 0001 00 95`, 'subscribed 1 0 149'], ['UNSUBACK', hex`b0 04 0002 00 97`, 'unsubscribed 2']] as const)('in %s refuses that filter, and the connection lives', (name, bytes, told) => {
		const bench = connected();
		bench.session.subscribe('a', 1);
		bench.sentBytes();
		if (name === 'UNSUBACK') {
			bench.receive(hex`90 04 0001 00 01`);
			bench.session.unsubscribe('a');
			bench.sentBytes();
			bench.told();
		}
		bench.receive(bytes);
		expect(bench.told()).toEqual([told]);
		expect(bench.session.connected).toBe(true);
	});

	it('in DISCONNECT is the reason that is told', () => {
		const bench = connected();
		bench.receive(hex`e0 01 88`);
		expect(bench.told()).toEqual([`closed ${Fault.Disconnected} 136`]);
	});
});

describe('what the standard forbids ends with a DISCONNECT that says why', () => {
	const cases: [string, Uint8Array, Fault, number][] = [
		['a topic alias, since we allow none', hex`30 08 0001 'a' 03 23 0001 'x'`, Fault.BadProperty, 0x94],
		['an empty topic', hex`30 07 0000 03 23 0001 'x'`, Fault.BadTopic, 0x90],
		['a wildcard', hex`30 04 0001 '#' 00`, Fault.BadTopic, 0x90],
		['a property that does not belong there', hex`30 07 0001 'a' 03 21 0001`, Fault.BadProperty, 0x81],
		['properties longer than the packet', hex`30 05 0001 'a' 09 00`, Fault.BadProperty, 0x81],
		['a topic alias cut short', hex`30 06 0001 'a' 02 23 00`, Fault.BadProperty, 0x81],
		['a property that comes twice', hex`30 08 0001 'a' 04 01 00 01 00`, Fault.BadProperty, 0x82],
		['a property out of its range', hex`30 06 0001 'a' 02 01 02`, Fault.BadProperty, 0x82],
		['text of a property that is not UTF-8', hex`40 07 0001 00 04 1f 0001 ff`, Fault.BadProperty, 0x81],
		['a property of another packet in PUBACK', hex`40 06 0001 00 02 01 00`, Fault.BadProperty, 0x81],
		['PUBACK with a code that says yes in another packet', hex`40 03 0001 01`, Fault.BadCode, 0x82],
		['PUBACK with a code that is in no table', hex`40 03 0001 a3`, Fault.BadCode, 0x82],
		['PUBREC with a code that is in no table', hex`50 03 0001 a3`, Fault.BadCode, 0x82],
		['PUBREL with a code that is in no table', hex`62 03 0001 ff`, Fault.BadCode, 0x82],
		['PUBCOMP with a code that is in no table', hex`70 03 0001 7f`, Fault.BadCode, 0x82],
		['UNSUBACK with a code that is in no table', hex`b0 04 0001 00 a3`, Fault.BadCode, 0x82],
		['DISCONNECT with a code of a client', hex`e0 01 04`, Fault.BadCode, 0x82],
		['ill-formed text', hex`30 04 0001 ff 00`, Fault.BadText, 0x81],
		['QoS 3', hex`36`, Fault.BadQos, 0x81],
		['reserved bits', hex`d1`, Fault.ReservedBits, 0x81],
		['reserved bits of DISCONNECT', hex`e1`, Fault.ReservedBits, 0x81],
		['AUTH, since we use no authentication method', hex`f0`, Fault.Unexpected, 0x82],
		['a second CONNACK', hex`20 03 00 00 00`, Fault.Unexpected, 0x82],
		['packet id 0', hex`40 02 0000`, Fault.BadPacketId, 0x82],
		['SUBACK with a code that is not known', hex`90 04 0001 00 05`, Fault.BadCode, 0x82],
		['SUBACK with two codes', hex`90 05 0001 00 00 00`, Fault.BadLength, 0x81],
		['a large packet other than PUBLISH', hex`40 81 04`, Fault.PacketTooLarge, 0x95],
		['bytes behind the properties', hex`40 05 0001 00 00 00`, Fault.BadLength, 0x81],
	];
	for (const [name, bytes, fault, code] of cases) {
		it(name, () => {
			const bench = connected();
			bench.receive(bytes);
			expect(bench.told()).toEqual([]);
			expect(bench.session.connected).toBe(false);
			bench.receive(hex`30 04 0001 'z' 00`);
			expect(show(bench.sentBytes())).toBe(show(hex`e0 01 ${code}`));
			expect(bench.told()).toEqual([expect.stringMatching(`^closed ${fault} `)]);
		});
	}

	it('more QoS 2 messages at once than we announced', () => {
		const bench = connected({}, { inboundMax: 1 });
		[1, 2].forEach((messageId) => bench.receive(encode({ cmd: 'publish', topic: 'a', payload: '', qos: 2, messageId }, 5)));
		expect(show(bench.sentBytes())).toBe('50 02 00 01 e0 01 93');
		expect(bench.told().at(-1)).toBe(`closed ${Fault.TooManyInbound} 52`);
	});

	it('also if the socket takes nothing: then without the DISCONNECT', () => {
		const bench = connected();
		bench.receive(hex`36`);
		bench.at(bench.now + 10_000);
		expect(bench.told()).toEqual([`closed ${Fault.BadQos} 54`]);
	});
});

describe('DISCONNECT', () => {
	it('of the broker is understood, with its reason', () => {
		const bench = connected();
		bench.receive(encode({ cmd: 'disconnect', reasonCode: 0x8e, properties: { reasonString: 'same id' } }, 5));
		expect(bench.told()).toEqual([`closed ${Fault.Disconnected} 142`]);
		expect(bench.protocol5.reasonString).toBe('same id');
		expect(bench.sent()).toEqual([]);
	});

	it('of the broker may be short', () => {
		for (const bytes of [hex`e0 00`, hex`e0 01 00`, hex`e0 02 00 00`]) {
			const bench = connected();
			bench.receive(bytes);
			expect(bench.told()).toEqual([`closed ${Fault.Disconnected} 0`]);
		}
	});

	it('about a message three times in a row has that message set aside', () => {
		const bench = connected();
		bench.publish('a', 'POISON');
		for (let n = 0; n < 3; n++) {
			bench.sentBytes();
			bench.receive(hex`e0 01 99`);
			bench.reconnect(true, true);
			bench.at(bench.now + Patience.HOLD_MS);
		}
		expect(bench.told().filter((line) => line.startsWith('aside'))).toEqual(['aside 1']);
	});

	it('about their number, the broker or the link has no message set aside; they go one by one from then on', () => {
		for (const code of [0, 0x89, 0x8b, 0x8c, 0x8d, 0x93, 0x96, 0x97, 0x9c, 0x9d, 0x9f, 0xa0]) {
			const bench = connected();
			for (const text of ['1', '2', '3']) bench.publish('a', text);
			for (let n = 0; n < 9; n++) {
				expect(bench.sent()).toHaveLength(n === 0 ? 3 : 1);
				bench.receive(hex`e0 01 ${code}`);
				bench.reconnect(true, true);
				bench.at(bench.now + Patience.HOLD_MS);
			}
			expect(bench.told().filter((line) => line.startsWith('aside'))).toEqual([]);
			bench.sentBytes();
			bench.receive(hex`40 02 0001`);
			expect(bench.sent()).toHaveLength(2);
		}
	});

	it('about the broker itself says which message it came of time and again, and leaves it to the caller; about another client it says none', () => {
		for (const [code, told] of [[0x8b, 1], [0x8e, 0]] as const) {
			const bench = connected();
			bench.publish('a', 'innocent');
			for (let n = 1; n <= 5; n++) {
				bench.sentBytes();
				bench.receive(hex`e0 01 ${code}`);
				expect(bench.session.lost(true), `${code} ${n}`).toBe(n < 3 ? 0 : told);
				bench.reconnect(true, true);
				bench.at(bench.now + Patience.HOLD_MS);
			}
			expect(bench.session.pending).toBe(1);
			expect(bench.told().filter((line) => line.startsWith('aside'))).toEqual([]);
		}
	});

	it('of ours is plain, or asks for the will', () => {
		const bench = connected();
		bench.session.stop(0);
		expect(show(bench.sentBytes())).toBe('e0 00');
		const will = connected();
		will.session.stop(0, 4);
		expect(show(will.sentBytes())).toBe('e0 01 04');
		expect(will.told()).toEqual([`closed ${Fault.None} 0`]);
	});
});
