// A broker that keeps the standard's promises at a bad time, behind a bad network: the other side of peer.test.ts.
//
// It keeps its half of the session (QoS 2 ids, messages that we did not acknowledge) and delivers once, but while the storm
// lasts it answers late, twice, in the wrong order or not at all, falls silent, and sends half packets.

import { generate, parser as makeParser, type Packet, type Parser } from 'mqtt-packet';

export type Chance = (below: number) => number;

/** Small, seeded, good enough to make trouble (mulberry32). */
export function chances(seed: number): Chance {
	let state = seed >>> 0;
	return (below) => {
		state = (state + 0x6d2b79f5) >>> 0;
		let value = Math.imul(state ^ (state >>> 15), state | 1);
		value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
		return ((value ^ (value >>> 14)) >>> 0) % below;
	};
}

interface Outgoing { id: number; qos: number; payload: string; state: 'new' | 'sent' | 'released' }

export class Peer {
	/** Payloads in the order they were accepted. */
	readonly delivered: string[] = [];
	readonly subscriptions = new Set<string>();
	storm = true;
	sessionLost = 0;
	violations: string[] = [];
	readonly #chance: Chance;
	readonly #version: number;
	#session = false;
	/** Packet ids of QoS 2 messages between PUBLISH and PUBREL, with their payload. */
	#received = new Map<number, string>();
	#outgoing: Outgoing[] = [];
	#lastId = 0;
	#parser: Parser | undefined;
	#connected = false;
	/** CONNACK is out. */
	#greeted = false;
	#answers: Packet[] = [];
	#silent = 0;
	/** MQTT 5.0: topics by alias, in this connection. */
	#aliases = new Map<number, string>();
	aliased = 0;
	/** Receive Maximum of this connection, and the packet ids that were published in it and have no answer yet. */
	#receiveMax = 0xffff;
	readonly #inFlight = new Set<number>();

	constructor(chance: Chance, version = 4) {
		this.#chance = chance;
		this.#version = version;
	}

	/** Messages that the client has not acknowledged. */
	get outgoing(): number { return this.#outgoing.length; }

	send(payload: string, qos: number): void {
		this.#outgoing.push({ id: ++this.#lastId, qos, payload, state: 'new' });
	}

	open(): void {
		this.#parser = makeParser({ protocolVersion: this.#version } as never);
		this.#parser.on('packet', (packet) => this.#packet(packet));
		this.#parser.on('error', (error) => this.violations.push(error.message));
		this.#connected = this.#greeted = false;
		this.#answers = [];
		this.#silent = 0;
		this.#aliases.clear();
		this.#inFlight.clear();
		for (const each of this.#outgoing) if (each.state === 'sent') each.state = 'new';
	}

	receive(bytes: Uint8Array): void { this.#parser!.parse(Buffer.from(bytes)); }

	/** The session may be forgotten between connections. */
	forget(): void {
		this.#session = false;
		this.sessionLost++;
		this.#received.clear();
		this.#outgoing = [];
		this.subscriptions.clear();
	}

	/** What it says in this moment: some, all or none of its answers, and messages of its own. */
	speak(): Uint8Array {
		if (this.storm && this.#silent === 0 && this.#chance(60) === 0) this.#silent = 1 + this.#chance(40);
		if (this.storm && this.#silent > 0) {
			this.#silent--;
			return new Uint8Array(0);
		}
		const out: Buffer[] = [];
		while (this.#answers.length > 0 && !(this.storm && this.#chance(4) === 0)) out.push(this.#write(this.#nextAnswer()));
		if (this.#greeted) for (const each of this.#outgoing) if (each.state !== 'sent' && !(this.storm && this.#chance(3) === 0)) out.push(...this.#say(each));
		return Uint8Array.from(Buffer.concat(out));
	}

	#nextAnswer(): Packet {
		const index = this.storm && this.#greeted ? this.#chance(Math.min(3, this.#answers.length)) : 0;
		this.#greeted = true;
		return this.#answers.splice(index, 1)[0];
	}

	#say(each: Outgoing): Buffer[] {
		const again = each.state === 'released';
		each.state = again ? each.state : 'sent';
		if (again) return this.#chance(4) === 0 ? [this.#write({ cmd: 'pubrel', messageId: each.id })] : [];
		const dup = each.qos > 0 && this.#chance(5) === 0;
		const packet = { cmd: 'publish', topic: 'down', payload: each.payload, qos: each.qos, messageId: each.id, retain: false, dup } as Packet;
		if (each.qos === 0) this.#outgoing = this.#outgoing.filter((other) => other !== each);
		const twice = each.qos === 2 && this.storm && this.#chance(5) === 0;
		return twice ? [this.#write(packet), this.#write(packet)] : [this.#write(packet)];
	}

	#write(packet: Packet): Buffer {
		if (packet.cmd === 'puback' || packet.cmd === 'pubcomp') this.#inFlight.delete(packet.messageId!);
		return generate(packet, { protocolVersion: this.#version } as never);
	}

	/** Now and then an answer gets lost or doubled, but only what comes after CONNACK. */
	#answer(packet: object): void {
		const fate = this.storm ? this.#chance(20) : 9;
		if (fate === 0) return;
		this.#answers.push(packet as Packet);
		if (fate === 1) this.#answers.push(packet as Packet);
	}

	#packet(packet: Packet): void {
		if (!this.#connected && packet.cmd !== 'connect') this.violations.push(`${packet.cmd} before connect`);
		switch (packet.cmd) {
			case 'connect': return this.#connect(packet.clean === true);
			case 'publish':
				this.#topic(packet.topic, packet.properties?.topicAlias);
				return this.#publish(packet.qos, packet.messageId ?? 0, packet.payload.toString());
			case 'pubrel': this.#received.delete(packet.messageId!); return this.#answer({ cmd: 'pubcomp', messageId: packet.messageId });
			case 'subscribe':
				packet.subscriptions.forEach((each) => this.subscriptions.add(each.topic));
				return this.#answer({ cmd: 'suback', messageId: packet.messageId, granted: packet.subscriptions.map((each) => each.qos) });
			case 'puback': case 'pubcomp':
				this.#outgoing = this.#outgoing.filter((each) => each.id !== packet.messageId || each.state === 'new');
				return;
			case 'pubrec': return this.#release(packet.messageId!);
			case 'pingreq': return this.#answer({ cmd: 'pingresp' });
		}
	}

	#connect(clean: boolean): void {
		if (this.#connected) this.violations.push('second connect');
		if (clean) this.#session = false;
		this.#connected = true;
		this.#receiveMax = 1 + this.#chance(5);
		this.#answers.unshift({ cmd: 'connack', sessionPresent: this.#session, returnCode: 0, reasonCode: 0, properties: { topicAliasMaximum: 1 + this.#chance(3), receiveMaximum: this.#receiveMax } } as Packet);
		this.#session = true;
		for (const each of this.#outgoing) if (each.state === 'released') this.#answers.push({ cmd: 'pubrel', messageId: each.id } as Packet);
	}

	#topic(topic: string, alias = 0): void {
		if (topic !== '') this.#aliases.set(alias, topic);
		else this.aliased++;
		if ((topic || this.#aliases.get(alias)) !== 'up') this.violations.push(`publish to "${topic}" with alias ${alias}`);
	}

	#publish(qos: number, id: number, payload: string): void {
		if (qos > 0) this.#inFlight.add(id);
		if (this.#version === 5 && this.#greeted && this.#inFlight.size > this.#receiveMax) this.violations.push('receive maximum exceeded');
		if (qos < 2) {
			this.delivered.push(payload);
			if (qos === 1) this.#answer({ cmd: 'puback', messageId: id });
			return;
		}
		const known = this.#received.get(id);
		if (known !== undefined && known !== payload) this.violations.push(`packet id ${id} was used again while in flight`);
		if (known === undefined) this.delivered.push(payload);
		this.#received.set(id, payload);
		this.#answer({ cmd: 'pubrec', messageId: id });
	}

	#release(id: number): void {
		const message = this.#outgoing.find((each) => each.id === id);
		if (!message) return;
		message.state = 'released';
		this.#answer({ cmd: 'pubrel', messageId: id });
	}
}
