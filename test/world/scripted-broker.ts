// A broker by script in the virtual network: says what a test wants, when it wants; what the test leaves alone it answers politely.

import { parser as makeParser, type IPublishPacket, type Packet } from 'mqtt-packet';
import type { ServerEnd } from '../../simulator/virtual/ends.js';
import type { Stage } from './stage.js';

export interface Reading {
	readonly seq: number;
	readonly boot: number;
}

/** One connection of the node. */
export interface Peer {
	/** From 1. */
	readonly number: number;
	readonly version: number;
	/** Behind what was said before, at the pace of the broker. */
	say(...bytes: number[] | [Uint8Array]): void;
	hangUp(): void;
}

export interface Script {
	/** Bytes a second that go to the node; left out: as the network takes them. */
	readonly bytesPerSecond?: number;
	/** Of CONNACK in 5.0, without their length. */
	readonly properties?: readonly number[];
	/** Called with each packet of the node. False: it is not answered here. */
	readonly on?: (packet: Packet, peer: Peer) => boolean | void;
	/** The code of each PUBACK; 0 if left out. */
	readonly code?: (packet: IPublishPacket) => number;
}

const STEP_MS = 100;

export class ScriptedBroker {
	readonly packets: { at: number; connection: number; packet: Packet }[] = [];
	connections = 0;
	/** Readings that were acknowledged with a code below 0x80, each with how often; and those that came at all. */
	readonly acknowledged = new Map<number, number>();
	readonly came = new Map<number, number>();
	peer: Peer | undefined;
	script: Script;
	readonly #set: Stage;

	/** Stands in the place of the stage's own from now on. */
	constructor(set: Stage, script: Script = {}) {
		this.#set = set;
		this.script = script;
		set.simulation.broker.kill();
		set.simulation.network.listen('127.0.0.1', 1_883, (end) => this.#attend(end));
	}

	/** So many packets of that kind since. */
	count(cmd: Packet['cmd'], from = 0): number {
		return this.packets.filter(({ at, packet }) => at >= from && packet.cmd === cmd).length;
	}

	publish(topic: string, payload: string | Uint8Array, qos: 0 | 1 = 1): void {
		this.peer!.say(publishBytes(topic, payload, qos, this.peer!.version));
	}

	#attend(end: ServerEnd): void {
		const { world } = this.#set.simulation;
		const queue: Uint8Array[] = [];
		let open = true;
		let version = 4;
		const number = ++this.connections;
		const peer: Peer = {
			number,
			get version() { return version; },
			say: (...bytes) => {
				queue.push(Uint8Array.from(typeof bytes[0] === 'object' ? bytes[0] : (bytes as number[])));
				if (this.script.bytesPerSecond === undefined) pump();
			},
			hangUp: () => {
				open = false;
				end.end();
			},
		};
		const pump = (): void => {
			let left = this.script.bytesPerSecond === undefined ? Infinity : Math.ceil(this.script.bytesPerSecond * STEP_MS / 1_000);
			while (open && left > 0 && queue.length > 0) {
				const first = queue.shift()!;
				const part = first.subarray(0, left);
				end.write(part);
				left -= part.length;
				if (part.length < first.length) queue.unshift(first.subarray(part.length));
			}
		};
		const tick = (): void => {
			if (!open) return;
			pump();
			world.clock.after(STEP_MS, tick);
		};
		if (this.script.bytesPerSecond !== undefined) tick();
		this.peer = peer;
		let read: ReturnType<typeof makeParser> | undefined;
		end.onClose = () => {
			open = false;
			if (this.peer === peer) this.peer = undefined;
		};
		end.onData = (bytes) => {
			// The version stands behind the name (§3.1.2.2), in the first piece here.
			version = read ? version : bytes[8]!;
			if (!read) {
				read = makeParser({ protocolVersion: version } as never);
				read.on('packet', (packet) => this.#heard(packet, peer));
			}
			read.parse(Buffer.from(bytes));
		};
	}

	#heard(packet: Packet, peer: Peer): void {
		this.packets.push({ at: this.#set.now, connection: peer.number, packet });
		const seq = packet.cmd === 'publish' && /\/(readings|backlog)$/.test(packet.topic) ? (JSON.parse(String(packet.payload)) as Reading).seq : 0;
		if (seq > 0) this.came.set(seq, (this.came.get(seq) ?? 0) + 1);
		if (this.script.on?.(packet, peer) === false) return;
		const code = packet.cmd === 'publish' ? this.script.code?.(packet) ?? 0 : 0;
		if (seq > 0 && code < 0x80) this.acknowledged.set(seq, (this.acknowledged.get(seq) ?? 0) + 1);
		const answer = politely(packet, peer.version, this.script.properties ?? [], code);
		if (answer) peer.say(answer);
	}
}

function politely(packet: Packet, version: number, properties: readonly number[], code: number): Uint8Array | undefined {
	const id = packet.messageId ?? 0;
	const is5 = version === 5;
	switch (packet.cmd) {
		case 'connect': return is5 ? Uint8Array.of(0x20, 3 + properties.length, 0, 0, properties.length, ...properties) : Uint8Array.of(0x20, 2, 0, 0);
		case 'subscribe': return is5 ? Uint8Array.of(0x90, 4, id >> 8, id, 0, 1) : Uint8Array.of(0x90, 3, id >> 8, id, 1);
		case 'publish': return packet.qos === 1 ? puback(id, code) : undefined;
		case 'pingreq': return Uint8Array.of(0xd0, 0);
	}
	return undefined;
}

export function puback(id: number, code = 0): Uint8Array {
	return code > 0 ? Uint8Array.of(0x40, 3, id >> 8, id, code) : Uint8Array.of(0x40, 2, id >> 8, id);
}

/** With packet id 7. */
export function publishBytes(topic: string, payload: string | Uint8Array, qos: 0 | 1, version: number): Uint8Array {
	const name = Buffer.from(topic);
	const body = Buffer.concat([Buffer.of(name.length >> 8, name.length), name, Buffer.from(qos > 0 ? [0, 7] : []), Buffer.from(version === 5 ? [0] : []), Buffer.from(payload)]);
	const length: number[] = [];
	for (let rest = body.length; ; rest >>= 7) {
		length.push(rest & 0x7f | (rest > 0x7f ? 0x80 : 0));
		if (rest <= 0x7f) break;
	}
	return Uint8Array.from(Buffer.concat([Buffer.of(0x30 | qos << 1, ...length), body]));
}

/** From 1 to the highest that came, those that were not acknowledged. */
export function notAcknowledged(broker: ScriptedBroker): number[] {
	const highest = Math.max(0, ...broker.came.keys());
	return Array.from({ length: highest }, (_, i) => i + 1).filter((seq) => broker.came.has(seq) && !broker.acknowledged.has(seq));
}
