// One client's connection to the virtual broker, from CONNECT to its end.
//
// Rule: packets come and go through mqtt-packet; what breaks the standard is answered by hanging up, with the will.
// MQTT 3.1.1 §3.1 to §3.14, §4.3.

import { generate, parser, type IConnectPacket, type IPublishPacket, type ISubscribePacket, type Packet } from 'mqtt-packet';
import type { Clock, Task } from './clock.js';
import { isFilter, type Session, type VirtualBroker } from './virtual-broker.js';
import type { ServerEnd } from './virtual-network.js';

const INFLIGHT_MAX = 20;
/** Of a connection that never sends CONNECT. */
const CONNECT_PATIENCE_MS = 10_000;
/** How often a broker that stands still looks whether it may go on. */
const STANDSTILL_MS = 250;

export class Client {
	onGone: () => void = () => {};
	readonly #broker: VirtualBroker;
	readonly #clock: Clock;
	readonly #end: ServerEnd;
	readonly #parser = parser({ protocolVersion: 4 });
	#session: Session | undefined;
	#will: IConnectPacket['will'];
	#unread: Uint8Array[] = [];
	#keepAliveMs = 0;
	#patience: Task;
	#gone = false;

	constructor(broker: VirtualBroker, clock: Clock, end: ServerEnd) {
		this.#broker = broker;
		this.#clock = clock;
		this.#end = end;
		this.#patience = clock.after(CONNECT_PATIENCE_MS, () => this.hangUp(false));
		this.#parser.on('packet', (packet) => this.#take(packet));
		this.#parser.on('error', () => this.hangUp(true));
		end.onData = (bytes) => this.#received(bytes);
		end.onClose = () => this.#leave(true);
	}

	send(packet: Packet): void {
		if (!this.#gone) this.#end.write(generate(packet));
	}

	/** Sends what waits, as far as the number in flight allows. */
	drain(): void {
		const outgoing = this.#session!.outgoing;
		for (let i = 0; i < Math.min(outgoing.length, INFLIGHT_MAX); i++) {
			if (outgoing[i].sent) continue;
			outgoing[i].sent = true;
			this.send(outgoing[i].released ? { cmd: 'pubrel', messageId: outgoing[i].id } : outgoing[i].packet);
		}
	}

	hangUp(withWill: boolean): void {
		if (this.#gone) return;
		this.#leave(withWill);
		this.#end.end();
	}

	/** The broker's process is gone. */
	drop(): void {
		this.#will = undefined;
		this.#leave(false);
		this.#end.reset();
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
		if (this.#keepAliveMs) this.#patience = this.#clock.after(this.#keepAliveMs * 1.5, () => this.hangUp(true));
	}

	#leave(withWill: boolean): void {
		if (this.#gone) return;
		this.#gone = true;
		this.#patience.cancelled = true;
		this.onGone();
		const session = this.#session;
		if (!session) return;
		this.#broker.leave(session, this);
		const will = this.#will;
		if (!withWill || !will) return;
		const { topic, qos = 0, retain = false } = will;
		const payload = Buffer.from(will.payload as Buffer);
		this.#broker.accept({ at: this.#clock.now(), topic, payload, qos, retain, dup: false, clientId: session.clientId, will: true });
	}

	#take(packet: Packet): void {
		if (this.#gone) return;
		if (packet.cmd === 'connect') return this.#connect(packet);
		// §3.1.0-1: CONNECT comes first.
		if (!this.#session) return this.hangUp(false);
		switch (packet.cmd) {
			case 'publish':
				return this.#publish(packet);
			case 'puback':
			case 'pubcomp':
				return this.#settled(packet.messageId!);
			case 'pubrec':
				return this.#releaseOutgoing(packet.messageId!);
			case 'pubrel':
				this.#session.incoming.delete(packet.messageId!);
				return this.#acknowledge({ cmd: 'pubcomp', messageId: packet.messageId });
			case 'subscribe':
				return this.#subscribe(packet);
			case 'unsubscribe':
				for (const filter of packet.unsubscriptions) this.#session.subscriptions.delete(filter);
				return this.#acknowledge({ cmd: 'unsuback', messageId: packet.messageId, granted: [] });
			case 'pingreq':
				if (!this.#broker.faults.ignorePings) this.send({ cmd: 'pingresp' });
				return;
			case 'disconnect':
				this.#will = undefined;
				return this.hangUp(false);
			default:
				return this.hangUp(true);
		}
	}

	#connect(packet: IConnectPacket): void {
		// §3.1.0-2: a second CONNECT is a violation.
		if (this.#session) return this.hangUp(true);
		const { code, session, present } = this.#broker.admit(packet, this);
		this.send({ cmd: 'connack', returnCode: code, sessionPresent: present });
		if (!session) return this.hangUp(false);
		this.#session = session;
		this.#will = packet.will;
		this.#keepAliveMs = (packet.keepalive ?? 0) * 1_000;
		if (this.#broker.faults.hangUpAfterConnack) return this.hangUp(true);
		for (const each of session.outgoing) {
			if (each.sent && !each.released) each.packet.dup = true;
			each.sent = false;
		}
		this.#beAwake();
		this.drain();
	}

	#publish(packet: IPublishPacket): void {
		const { topic, qos, retain, dup, messageId } = packet;
		const session = this.#session!;
		const known = qos === 2 && session.incoming.has(messageId!);
		if (qos === 2) session.incoming.add(messageId!);
		if (!known) {
			const payload = Buffer.from(packet.payload as Buffer);
			this.#broker.accept({ at: this.#clock.now(), topic, payload, qos, retain, dup, clientId: session.clientId, will: false });
		}
		if (qos) this.#acknowledge({ cmd: qos === 1 ? 'puback' : 'pubrec', messageId });
	}

	#acknowledge(packet: Packet): void {
		const { withholdAcks, duplicateAcks, ackDelayMs } = this.#broker.faults;
		if (withholdAcks) return;
		const say = (): void => {
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

	#releaseOutgoing(id: number): void {
		const found = this.#session!.outgoing.find((each) => each.id === id);
		if (found) found.released = true;
		this.send({ cmd: 'pubrel', messageId: id });
	}

	#subscribe(packet: ISubscribePacket): void {
		const granted = packet.subscriptions.map(({ topic, qos }) => (isFilter(topic) ? qos : 0x80));
		this.#acknowledge({ cmd: 'suback', messageId: packet.messageId, granted });
		for (const { topic, qos } of packet.subscriptions) if (isFilter(topic)) this.#broker.subscribe(this.#session!, topic, qos as 0 | 1 | 2);
	}
}
