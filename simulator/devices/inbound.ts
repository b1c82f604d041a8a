// Connections and packets that come to the chip from outside, as lwIP and the SDK's listener and UDP socket take them.
//
// Rule: a connection is made by lwIP before the firmware hears of it, and what it says meanwhile is offered again; whoever dials
// hears nothing of a chip that is not there. What is sent while a phone has lost the access point arrives when it is back.

import type { Wire, WireEvents } from '../world/network.js';
import { DeviceError, post, sendOnce, type Chip, type Device } from './chip.js';
import { COSTS, packetBytes, taken, type Held } from './heap.js';
import { LWIP } from './segments.js';
import type { TcpDevice } from './tcp.js';

const WAY_MS = 2;
const AGAIN_MS = 100;
/** From this address, and ports counted from that one. */
const PEER = '4.3.2.2';
const PORT_FROM = 50_000;

/** Which of the chip's interfaces somebody comes by. */
export type Side = 'accessPoint' | 'station';

export interface Reachable {
	readonly up: boolean;
	isReachable(side: Side): boolean;
}

/** What the one who dials hears. */
export interface Caller {
	data(bytes: Uint8Array): void;
	/** The chip has closed its side. */
	end(): void;
	reset(): void;
}

/** The other end of a connection, in the hands of the one who dialled. */
export class Inbound implements Wire {
	events!: WireEvents;
	/** Does not read: nothing is acknowledged. */
	paused = false;
	readonly #chip: Chip;
	readonly #passes: () => boolean;
	readonly #caller: Caller;
	readonly #toChip: Uint8Array[] = [];
	#room: number;
	#ending = false;
	#over = false;
	/** What waits for its way, in order. */
	readonly #actions: (() => boolean)[] = [];
	#moving = false;

	constructor(chip: Chip, passes: () => boolean, caller: Caller) {
		this.#chip = chip;
		this.#passes = passes;
		this.#caller = caller;
		this.#room = LWIP[chip.name].window;
	}

	/** By the one who dialled. */
	write(bytes: Uint8Array): void {
		const { mss } = LWIP[this.#chip.name];
		for (let at = 0; at < bytes.length; at += mss) this.#toChip.push(bytes.subarray(at, at + mss));
		this.#offer();
	}

	/** It says no more. */
	finish(): void {
		this.#ending = true;
		this.#offer();
	}

	/** It breaks the connection off. */
	breakOff(): void {
		this.#do(() => {
			if (!this.#over) this.events.failed();
			return (this.#over = true);
		});
	}

	resume(): void {
		this.paused = false;
		this.#move();
	}

	send(bytes: Uint8Array): void {
		const copy = Uint8Array.from(bytes);
		this.#do(() => {
			if (this.paused) return false;
			this.#caller.data(copy);
			this.#chip.after(WAY_MS, () => {
				if (!this.#over) this.events.sent(copy.length);
			});
			return true;
		});
	}

	consumed(count: number): void {
		this.#room += count;
		this.#offer();
	}

	close(): void {
		this.#say(() => this.#caller.end());
	}

	abort(): void {
		this.#say(() => this.#caller.end());
	}

	reset(): void {
		this.#say(() => this.#caller.reset());
	}

	vanish(): void {
		this.#over = true;
	}

	#say(last: () => void): void {
		if (this.#over) return;
		this.#over = true;
		this.#do(() => (last(), true));
	}

	#offer(): void {
		while (this.#toChip.length && this.#toChip[0].length <= this.#room) {
			const bytes = this.#toChip.shift()!;
			this.#room -= bytes.length;
			this.#do(() => {
				if (!this.#over) this.events.data(bytes);
				return true;
			});
		}
		if (!this.#ending || this.#toChip.length) return;
		this.#ending = false;
		this.#do(() => {
			if (!this.#over) this.events.finished();
			return true;
		});
	}

	/** When the way is free, and behind what came before. False: not yet. */
	#do(action: () => boolean): void {
		this.#actions.push(action);
		if (this.#moving) return;
		this.#moving = true;
		this.#chip.after(WAY_MS, () => this.#move());
	}

	#move(): void {
		while (this.#actions.length && this.#passes() && this.#actions[0]()) this.#actions.shift();
		this.#moving = this.#actions.length > 0;
		if (this.#moving) this.#chip.after(AGAIN_MS, () => this.#move());
	}
}

interface Listening {
	readonly port: number;
	readonly held: Held;
	/** Sockets that wait. */
	readonly waiting: number[];
	told: boolean;
}

interface Datagram {
	readonly bytes: Uint8Array;
	readonly port: number;
	readonly held: Held;
}

interface Bound {
	readonly port: number;
	readonly held: Held;
	readonly packets: Datagram[];
	told: boolean;
}

export class InboundDevice implements Device {
	readonly operations = {
		'listener.open': (port: number) => this.#listen(port),
		'listener.read': (id: number) => this.#listening.get(id)!.waiting.shift() ?? null,
		'listener.close': (id: number) => this.#stopListening(id),
		'listener.port': (id: number) => this.#listening.get(id)!.port,
		'udp.open': (port: number) => this.#bind(port),
		'udp.read': (id: number) => this.#receive(id),
		'udp.write': (_id: number, hex: string, address: string, port: number) => this.#answer(Buffer.from(hex, 'hex'), address, port),
		'udp.close': (id: number) => this.#unbind(id),
	};
	readonly #chip: Chip;
	readonly #tcp: TcpDevice;
	readonly #reachable: Reachable;
	readonly #listening = new Map<number, Listening>();
	readonly #bound = new Map<number, Bound>();
	readonly #askers = new Map<number, (bytes: Uint8Array) => void>();
	#last = 0;
	#port = PORT_FROM;

	constructor(chip: Chip, tcp: TcpDevice, reachable: Reachable) {
		this.#chip = chip;
		this.#tcp = tcp;
		this.#reachable = reachable;
	}

	/** Somebody connects. Undefined: nobody answers there, or has room for it. */
	dial(side: Side, port: number, caller: Caller): Inbound | undefined {
		const entry = [...this.#listening].find(([, listening]) => listening.port === port);
		if (!entry || !this.#reachable.isReachable(side)) return undefined;
		const [id, listening] = entry;
		const inbound = new Inbound(this.#chip, () => this.#reachable.isReachable(side), caller);
		const socket = this.#tcp.accept(inbound, PEER, this.#port++);
		if (socket === undefined) return undefined;
		listening.waiting.push(socket);
		if (!listening.told) {
			listening.told = true;
			post(this.#chip, () => {
				listening.told = false;
				return listening.waiting.length ? ['listener', id, listening.waiting.length] : undefined;
			});
		}
		return inbound;
	}

	/** Somebody asks; answers come while the chip is up. */
	ask(side: Side, port: number, bytes: Uint8Array, heard: (bytes: Uint8Array) => void): void {
		const entry = [...this.#bound].find(([, bound]) => bound.port === port);
		if (!entry || !this.#reachable.isReachable(side)) return;
		const [id, bound] = entry;
		const held = this.#chip.heap.take('received packets', COSTS.received + taken(24));
		if (!held) return;
		this.#askers.set(++this.#port, (answer) => {
			if (this.#reachable.isReachable(side)) heard(answer);
		});
		bound.packets.push({ bytes, port: this.#port, held });
		if (bound.told) return;
		bound.told = true;
		post(this.#chip, () => {
			bound.told = false;
			return bound.packets.length ? ['udp', id, bound.packets.length] : undefined;
		});
	}

	/** ESP-IDF would abort. */
	#check(): void {
		if (this.#chip.name === 'ESP32' && !this.#reachable.up) throw new DeviceError('no network');
	}

	#listen(port: number): number {
		this.#check();
		if (port < 0 || port > 65_535) throw new DeviceError('invalid port', 'RangeError');
		if ([...this.#listening.values()].some((each) => each.port === port)) throw new DeviceError('socket bind');
		const held = this.#chip.heap.take('listeners', COSTS.listener);
		if (!held) throw new DeviceError('no socket');
		this.#listening.set(++this.#last, { port, held, waiting: [], told: false });
		return this.#last;
	}

	#stopListening(id: number): void {
		this.#listening.get(id)!.held.release();
		this.#listening.delete(id);
	}

	#bind(port: number): number {
		this.#check();
		if (port < 0 || port > 65_535) throw new DeviceError('invalid port', 'RangeError');
		const held = this.#chip.heap.take('UDP', COSTS.udp);
		if (!held) throw new DeviceError('no socket', 'RangeError');
		this.#bound.set(++this.#last, { port, held, packets: [], told: false });
		return this.#last;
	}

	#receive(id: number): [string, string, number] | null {
		const packet = this.#bound.get(id)!.packets.shift();
		packet?.held.release();
		return packet ? [Buffer.from(packet.bytes).toString('hex'), PEER, packet.port] : null;
	}

	#answer(bytes: Uint8Array, address: string, port: number): void {
		if (address !== PEER || !sendOnce(this.#chip, 'UDP', packetBytes(bytes.length))) throw new DeviceError('UDP send failed');
		const heard = this.#askers.get(port);
		this.#chip.after(WAY_MS, () => heard?.(bytes));
	}

	#unbind(id: number): void {
		const bound = this.#bound.get(id)!;
		for (const { held } of bound.packets) held.release();
		bound.held.release();
		this.#bound.delete(id);
	}
}
