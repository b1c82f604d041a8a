// One client's connection to the virtual broker, from CONNECT to its end.
//
// Rule: packets come and go through mqtt-packet; what breaks the standard is answered by hanging up, with the will and, in
// 5.0, with the reason. MQTT 3.1.1 §3.1 to §3.14, §4.3; MQTT 5.0 the same and §4.9, §4.13.

import { generate, parser, type IConnackPacket, type IConnectPacket, type IDisconnectPacket, type IPublishPacket, type ISubscribePacket, type ISubscription, type Packet } from 'mqtt-packet';
import type { Clock, Task } from '../world/clock.js';
import type { ServerEnd } from './ends.js';
import type { Receiver, Session } from './session.js';
import {
	FILTER_INVALID, ID_NOT_FOUND, KEEP_ALIVE_TIMEOUT, MALFORMED, NO_SUBSCRIBERS, NO_SUBSCRIPTION, PACKET_TOO_LARGE, PROTOCOL_ERROR, QOS_NOT_SUPPORTED,
	RECEIVE_MAXIMUM_EXCEEDED, RETAIN_NOT_SUPPORTED, SHUTTING_DOWN, TOPIC_ALIAS_INVALID, UNSPECIFIED, WILDCARDS_NOT_SUPPORTED,
} from './reasons.js';
import type { BrokerFaults, BrokerProfile, Published, Will } from './terms.js';
import { isFilter } from './topic-filters.js';

const INFLIGHT_MAX = 20;
/** Of a connection that never sends CONNECT. */
const CONNECT_PATIENCE_MS = 10_000;
/** How often a broker that stands still looks whether it may go on. */
const STANDSTILL_MS = 250;

/** What 5.0 says where 3.1.1 has these return codes; any other is "unspecified error". */
const REFUSALS: Readonly<Record<number, number>> = { 0: 0, 1: 0x84, 2: 0x85, 3: 0x88, 4: 0x86, 5: 0x87 };
/** Of a DISCONNECT that wants the will published all the same. */
const WITH_WILL = 4;
/** Receive Maximum, where CONNECT or CONNACK says nothing of it. */
const RECEIVE_MAX = 0xffff;

/** What a connection asks of the broker behind it. */
export interface Server {
	readonly profile: BrokerProfile;
	readonly faults: BrokerFaults;
	/** 3.1.1's return code for a CONNECT, and the session if it is 0. */
	admit(packet: IConnectPacket, client: Receiver): { code: number; session?: Session; present: boolean };
	leave(session: Session, client: Receiver, will: Will | undefined): void;
	/** Takes responsibility for a message. False: nobody has asked for it. */
	accept(message: Published): boolean;
	/** Code of a PUBACK or PUBREC of 5.0 for such a message; 0: it is welcome. */
	verdictOn(topic: string): number;
	subscribe(session: Session, subscription: ISubscription): void;
}

export class Client implements Receiver {
	onGone: () => void = () => {};
	readonly #broker: Server;
	readonly #clock: Clock;
	readonly #end: ServerEnd;
	/** CONNECT tells it the version. */
	readonly #parser = parser({ protocolVersion: 4 });
	#version: 4 | 5 = 4;
	#session: Session | undefined;
	#will: IConnectPacket['will'];
	#unread: Uint8Array[] = [];
	#keepAliveMs = 0;
	#patience: Task;
	#gone = false;
	/** What the client takes, in 5.0. */
	#inFlightMax = INFLIGHT_MAX;
	#packetMax = Infinity;
	/** Topics that it gave a number, and its messages of QoS 1 and 2 that wait for their last acknowledgement. */
	readonly #aliases = new Map<number, string>();
	readonly #unanswered = new Set<number>();

	constructor(broker: Server, clock: Clock, end: ServerEnd) {
		this.#broker = broker;
		this.#clock = clock;
		this.#end = end;
		this.#patience = clock.after(CONNECT_PATIENCE_MS, () => this.#close(false));
		this.#parser.on('packet', (packet) => this.#take(packet));
		this.#parser.on('error', () => this.hangUp(MALFORMED));
		end.onData = (bytes) => this.#received(bytes);
		end.onClose = () => this.#leave(true);
	}

	/** What the client has no room for is let fall (MQTT 5.0 §3.1.2-25). */
	send(packet: Packet): void {
		if (this.#gone) return;
		const bytes = generate(packet, { protocolVersion: this.#version });
		if (bytes.length <= this.#packetMax) this.#end.write(bytes);
	}

	/** Sends what waits, as far as the number in flight allows. */
	drain(): void {
		const outgoing = this.#session!.outgoing;
		for (let i = 0; i < Math.min(outgoing.length, this.#inFlightMax); i++) {
			const each = outgoing[i]!;
			if (each.sent) continue;
			each.sent = true;
			if (each.released) this.send({ cmd: 'pubrel', messageId: each.id, reasonCode: 0 });
			else if (this.#takes(each.packet)) this.send(each.packet);
			else outgoing.splice(i--, 1);
		}
	}

	/** In 5.0 with DISCONNECT and this reason, if the broker is one that says why. */
	hangUp(reason: number): void {
		if (this.#session && this.#version === 5 && this.#broker.profile.saysWhy) this.send({ cmd: 'disconnect', reasonCode: reason });
		this.#close(true);
	}

	#breakOff({ reason, resets }: NonNullable<BrokerFaults['forbids']>): void {
		if (!resets) return this.hangUp(reason);
		this.#leave(true);
		this.#end.reset();
	}

	/** The broker's process is gone. */
	drop(): void {
		this.#will = undefined;
		this.#leave(false);
		this.#end.reset();
	}

	#takes(packet: IPublishPacket): boolean {
		return this.#packetMax === Infinity || generate(packet, { protocolVersion: this.#version }).length <= this.#packetMax;
	}

	#close(withWill: boolean): void {
		if (this.#gone) return;
		this.#leave(withWill);
		this.#end.end();
	}

	#received(bytes: Uint8Array): void {
		if (this.#gone) return;
		this.#unread.push(bytes);
		if (this.#unread.length === 1) this.#read();
	}

	/** A silent broker stands still: what it was sent is not lost, it is read when the broker goes on. */
	#read(): void {
		if (this.#gone) return;
		if (this.#broker.faults.silent) return void this.#clock.after(STANDSTILL_MS, () => this.#read());
		for (const bytes of this.#unread.splice(0)) if (!this.#gone) this.#parser.parse(Buffer.from(bytes));
		if (!this.#gone) this.#beAwake();
	}

	#beAwake(): void {
		if (!this.#session) return;
		this.#patience.cancelled = true;
		// §3.1.2.10: one and a half times the keep alive.
		if (this.#keepAliveMs) this.#patience = this.#clock.after(this.#keepAliveMs * 1.5, () => this.hangUp(KEEP_ALIVE_TIMEOUT));
	}

	#leave(withWill: boolean): void {
		if (this.#gone) return;
		this.#gone = true;
		this.#patience.cancelled = true;
		this.onGone();
		if (this.#session) this.#broker.leave(this.#session, this, withWill ? this.#lastWill(this.#session) : undefined);
	}

	#lastWill({ clientId }: Session): Will | undefined {
		if (!this.#will) return undefined;
		const { topic, qos = 0, retain = false, properties } = this.#will;
		const payload = Buffer.from(this.#will.payload as Buffer);
		const message = { at: this.#clock.now(), topic, payload, qos, retain, dup: false, clientId, will: true };
		return { message, delayMs: (properties?.willDelayInterval ?? 0) * 1_000 };
	}

	#take(packet: Packet): void {
		if (this.#gone) return;
		if (packet.cmd === 'connect') return this.#connect(packet);
		// §3.1.0-1: CONNECT comes first.
		if (!this.#session) return this.#close(false);
		switch (packet.cmd) {
			case 'publish':
				return this.#publish(packet);
			case 'puback':
			case 'pubcomp':
				return this.#settled(packet.messageId!);
			case 'pubrec':
				return this.#releaseOutgoing(packet.messageId!, packet.reasonCode ?? 0);
			case 'pubrel':
				return this.#released(packet.messageId!);
			case 'subscribe':
				return this.#subscribe(packet);
			case 'unsubscribe': {
				const granted = packet.unsubscriptions.map((filter) => (this.#session!.subscriptions.delete(filter) ? 0 : NO_SUBSCRIPTION));
				return this.#acknowledge({ cmd: 'unsuback', messageId: packet.messageId, granted });
			}
			case 'pingreq':
				if (!this.#broker.faults.ignorePings) this.send({ cmd: 'pingresp' });
				return;
			case 'disconnect':
				return this.#goodbye(packet);
			default:
				return this.hangUp(PROTOCOL_ERROR);
		}
	}

	#connect(packet: IConnectPacket): void {
		// §3.1.0-2: a second CONNECT is a violation.
		if (this.#session) return this.hangUp(PROTOCOL_ERROR);
		const { profile, faults } = this.#broker;
		const speaks = packet.protocolVersion === 5 ? profile.speaks5 : profile.speaks4;
		if (speaks !== true) return this.#refuse(speaks);
		this.#version = packet.protocolVersion === 5 ? 5 : 4;
		const asked = packet.will ? this.#tooMuch(packet.will.qos ?? 0, packet.will.retain === true) : 0;
		if (asked) return this.#refuseTerms(asked);
		const { code, session, present } = this.#broker.admit(packet, this);
		this.send(this.#version === 5 ? this.#connack5(packet, REFUSALS[code] ?? UNSPECIFIED, present, session) : { cmd: 'connack', returnCode: code, sessionPresent: present });
		if (!session) return this.#close(false);
		this.#session = session;
		this.#will = packet.will;
		this.#keepAliveMs = ((this.#version === 5 ? profile.serverKeepAlive : undefined) ?? packet.keepalive ?? 0) * 1_000;
		this.#inFlightMax = Math.min(INFLIGHT_MAX, packet.properties?.receiveMaximum ?? RECEIVE_MAX);
		this.#packetMax = packet.properties?.maximumPacketSize ?? Infinity;
		if (faults.hangUpAfterConnack) return this.hangUp(SHUTTING_DOWN);
		session.rewind();
		this.#beAwake();
		this.drain();
	}

	/** Of a broker that does not know the version. */
	#refuse(how: Exclude<BrokerProfile['speaks5'], true>): void {
		if (how === 'says nothing') return;
		if (how === 'resets') return this.drop();
		if (how !== 'closes') {
			this.#version = how === 0x84 ? 5 : 4;
			this.send({ cmd: 'connack', returnCode: how, reasonCode: how, sessionPresent: false });
		}
		this.#close(false);
	}

	/** 3.1.1 has no word for it. */
	#refuseTerms(reasonCode: number): void {
		if (this.#version === 5) this.send({ cmd: 'connack', reasonCode, sessionPresent: false });
		this.#close(false);
	}

	/** The reason for which a message is refused that asks for more than this broker gives, or 0. */
	#tooMuch(qos: number, retain: boolean): number {
		const { keepsRetained, qosMax } = this.#broker.profile;
		return qos > qosMax ? QOS_NOT_SUPPORTED : retain && !keepsRetained ? RETAIN_NOT_SUPPORTED : 0;
	}

	#connack5(packet: IConnectPacket, reasonCode: number, sessionPresent: boolean, session: Session | undefined): IConnackPacket {
		const { receiveMaximum, maximumPacketSize, topicAliasMaximum, serverKeepAlive } = this.#broker.profile;
		const assignedClientIdentifier = packet.clientId || !session ? undefined : session.clientId;
		const { keepsRetained, qosMax, takesWildcards } = this.#broker.profile;
		const told = reasonCode === 0 ? {
			retainAvailable: keepsRetained ? undefined : false, maximumQoS: qosMax < 2 ? qosMax : undefined, wildcardSubscriptionAvailable: takesWildcards ? undefined : false,
			 receiveMaximum, maximumPacketSize, topicAliasMaximum, serverKeepAlive, assignedClientIdentifier,
		} : {};
		const properties = Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)) as IConnackPacket['properties'];
		return { cmd: 'connack', reasonCode, sessionPresent, properties };
	}

	#goodbye({ reasonCode, properties }: IDisconnectPacket): void {
		if (reasonCode !== WITH_WILL) this.#will = undefined;
		const seconds = properties?.sessionExpiryInterval;
		if (seconds !== undefined) this.#session!.expiryMs = seconds * 1_000;
		this.#close(reasonCode === WITH_WILL);
	}

	#publish(packet: IPublishPacket): void {
		const { qos, retain, dup, messageId } = packet;
		const session = this.#session!;
		const topic = this.#version === 5 ? this.#topic5(packet) : packet.topic;
		if (typeof topic === 'number') return this.hangUp(topic);
		const asked = this.#tooMuch(qos, retain);
		if (asked) return this.hangUp(asked);
		const { forbids } = this.#broker.faults;
		if (forbids?.publish?.test(`${topic} ${String(packet.payload)}`)) return this.#breakOff(forbids);
		const known = qos === 2 && session.incoming.has(messageId!);
		let reasonCode = known || this.#version === 4 || !qos ? 0 : this.#broker.verdictOn(topic);
		if (qos === 2 && reasonCode === 0) session.incoming.add(messageId!);
		if (!known && reasonCode === 0) {
			const payload = Buffer.from(packet.payload as Buffer);
			const wanted = this.#broker.accept({ at: this.#clock.now(), topic, payload, qos, retain, dup, clientId: session.clientId, will: false });
			if (!wanted) reasonCode = NO_SUBSCRIBERS;
		}
		if (qos) this.#acknowledge({ cmd: qos === 1 ? 'puback' : 'pubrec', messageId, reasonCode });
	}

	/** Of a message in 5.0: its topic, whole, or the reason why this connection ends. §3.3.2.3.4, §3.3.4, §3.2.2.3.6. */
	#topic5({ topic, qos, messageId, length, properties }: IPublishPacket): string | number {
		const { topicAliasMaximum = 0, receiveMaximum = RECEIVE_MAX, maximumPacketSize = Infinity } = this.#broker.profile;
		if (packetSize(length ?? 0) > maximumPacketSize) return PACKET_TOO_LARGE;
		if (qos) this.#unanswered.add(messageId!);
		if (this.#unanswered.size > receiveMaximum) return RECEIVE_MAXIMUM_EXCEEDED;
		const alias = properties?.topicAlias;
		if (alias === undefined) return topic || PROTOCOL_ERROR;
		if (alias === 0 || alias > topicAliasMaximum) return TOPIC_ALIAS_INVALID;
		if (topic) this.#aliases.set(alias, topic);
		return this.#aliases.get(alias) ?? PROTOCOL_ERROR;
	}

	#acknowledge(packet: Packet): void {
		const { withholdAcks, duplicateAcks, pubackDelayMs } = this.#broker.faults;
		const ackDelayMs = Math.max(this.#broker.faults.ackDelayMs, packet.cmd === 'puback' ? pubackDelayMs : 0);
		if (withholdAcks) return;
		const say = (): void => {
			if (packet.cmd !== 'pubrec' || (packet.reasonCode ?? 0) >= UNSPECIFIED) this.#unanswered.delete(packet.messageId!);
			this.send(packet);
			if (duplicateAcks) this.send(packet);
		};
		if (ackDelayMs) this.#clock.after(ackDelayMs, say);
		else say();
	}

	#settled(id: number): void {
		const { outgoing } = this.#session!;
		const at = outgoing.findIndex((each) => each.id === id);
		if (at >= 0) outgoing.splice(at, 1);
		this.drain();
	}

	#releaseOutgoing(id: number, reason: number): void {
		if (reason >= UNSPECIFIED) return this.#settled(id);
		const found = this.#session!.outgoing.find((each) => each.id === id);
		if (found) found.released = true;
		this.send({ cmd: 'pubrel', messageId: id, reasonCode: found ? 0 : ID_NOT_FOUND });
	}

	#released(id: number): void {
		const known = this.#session!.incoming.delete(id);
		this.#acknowledge({ cmd: 'pubcomp', messageId: id, reasonCode: known ? 0 : ID_NOT_FOUND });
	}

	#subscribe(packet: ISubscribePacket): void {
		const { faults, profile } = this.#broker;
		const { forbids, subacks } = faults;
		if (packet.subscriptions.some(({ topic }) => forbids?.subscribe?.test(topic))) return this.#breakOff(forbids!);
		const wild = !profile.takesWildcards && packet.subscriptions.some(({ topic }) => /[+#]/.test(topic));
		if (wild && this.#version === 5) return this.hangUp(WILDCARDS_NOT_SUPPORTED);
		if (subacks === 'never') return;
		if (subacks?.once) faults.subacks = undefined;
		const granted = packet.subscriptions.map(({ topic, qos }) => this.#refusal(topic, subacks?.code ?? 0) || Math.min(qos, profile.qosMax) as 0 | 1 | 2);
		this.#acknowledge({ cmd: 'suback', messageId: packet.messageId, granted });
		packet.subscriptions.forEach((each, i) => granted[i]! < UNSPECIFIED && this.#broker.subscribe(this.#session!, each));
	}

	/** Code of a SUBACK that does not grant that filter, or 0. */
	#refusal(filter: string, code: number): number {
		if (!isFilter(filter)) return this.#version === 5 ? FILTER_INVALID : UNSPECIFIED;
		return code || (this.#broker.profile.takesWildcards || !/[+#]/.test(filter) ? 0 : UNSPECIFIED);
	}
}

/** Of a whole packet with that remaining length. */
export function packetSize(remaining: number): number {
	return 1 + (remaining < 0x80 ? 1 : remaining < 0x4000 ? 2 : remaining < 0x20_0000 ? 3 : 4) + remaining;
}
