// Questions to servers of the network that are not the broker: the resolver and the time.
//
// Rule: lwIP asks for one name at a time, the others wait; a dotted address is answered at once, though not from inside the
// call; a server that does not answer costs its full patience, and what is lost on the way is asked again. An answer that cannot be
// posted for want of memory leaves the resolver silent until the chip starts anew. SNTP asks again every 5 s, five times.

import { isIPv4 } from 'node:net';
import { DeviceError, post, sendOnce, type Chip, type Device } from './chip.js';
import { COSTS, taken, type Held } from './heap.js';
import type { Servers, Station } from './surroundings.js';
import type { Conditions } from '../world/conditions.js';

/** Four questions of lwIP's, with its growing pauses, and when it gives up. */
const DNS_ASKED_AT_MS = [0, 1_000, 3_000, 6_000] as const;
const DNS_PATIENCE_MS = 14_000;
const SNTP_AGAIN_MS = 5_000;
const SNTP_ATTEMPTS = 5;
const RETRY = 2;
const ERROR = -1;
/** Not a message of the SDK's client: what its socket reads. */
const PACKET = 0;
const NTP_EPOCH_SECONDS = 2_208_988_800;
const SYNCHRONISED = 0x24;
const UNSYNCHRONISED = 0xe4;

/** What the guest is told of it. */
type Answered = (address: string | undefined) => unknown[] | undefined;

interface Client {
	readonly held: Held;
	attemptsLeft: number;
	address: string | undefined;
	tick: { cancelled: boolean } | undefined;
}

export class NamesDevice implements Device {
	readonly operations = {
		'net.resolve': (host: string) => this.#question(host),
		'sntp.open': (host: string) => this.#openSntp(host),
		'sntp.start': (id: number, host: string) => this.#startSntp(id, host),
		'sntp.close': (id: number) => this.#closeSntp(id),
	};
	readonly #chip: Chip;
	readonly #servers: Servers;
	readonly #station: Station;
	readonly #clients = new Map<number, Client>();
	readonly #queue: { host: string; held: Held; answered: Answered }[] = [];
	#last = 0;

	constructor(chip: Chip, servers: Servers, station: Station) {
		this.#chip = chip;
		this.#servers = servers;
		this.#station = station;
	}

	#question(host: string): number {
		const id = ++this.#last;
		this.#resolve(host, (address) => ['resolved', id, host, address ?? null]);
		return id;
	}

	#resolve(host: string, answered: Answered): void {
		const held = this.#servers.conditions.heap === 'short' ? undefined : this.#chip.heap.take('names', taken(COSTS.name + host.length));
		if (!held) throw new DeviceError('out of memory');
		this.#queue.push({ host, held, answered });
		if (this.#queue.length === 1) this.#askNext();
	}

	#askNext(): void {
		const { host } = this.#queue[0];
		// In the SDK's list this question stays the first for ever: the message that would take it out was lost for want of memory.
		if (this.#servers.conditions.dns === 'deaf') return;
		if (isIPv4(host)) return void this.#chip.after(0, () => this.#answer(host));
		let open = true;
		const answer = (address: string | undefined): void => {
			if (open) this.#answer(address);
			open = false;
		};
		const { conditions, network } = this.#servers;
		for (const ms of DNS_ASKED_AT_MS) {
			this.#chip.after(ms, () => {
				if (!open || !this.#station.addressed || conditions.dns === 'silent') return;
				this.#exchange('DNS', COSTS.dnsQuestion, () => answer(conditions.dns === 'fails' ? undefined : network.lookup(host)));
			});
		}
		this.#chip.after(DNS_PATIENCE_MS, () => answer(undefined));
	}

	/** The SDK asks for the next name when this answer is delivered: with one that is lost it is silent for good. */
	#answer(address: string | undefined): void {
		const { held, answered } = this.#queue[0];
		post(this.#chip, () => {
			held.release();
			this.#queue.shift();
			if (this.#queue.length) this.#askNext();
			return answered(address);
		});
	}

	/** A question and its answer over the air, each of which may be lost. */
	#exchange(what: string, bytes: number, heard: () => void): void {
		const { conditions } = this.#servers;
		const { random } = this.#chip;
		const passes = (): boolean => this.#station.link.up && !conditions.stalled && !(conditions.lossRate > 0 && random.chance(conditions.lossRate));
		if (!sendOnce(this.#chip, what, bytes)) return;
		this.#chip.after(random.between(...conditions.latencyMs), () => {
			if (!passes()) return;
			this.#chip.after(random.between(...conditions.latencyMs), () => {
				if (passes()) heard();
			});
		});
	}

	#openSntp(host: string): number {
		const held = this.#servers.conditions.heap === 'short' ? undefined : this.#chip.heap.take('SNTP', COSTS.sntp);
		if (!held) throw new DeviceError('no socket');
		const id = ++this.#last;
		this.#clients.set(id, { held, attemptsLeft: SNTP_ATTEMPTS, address: undefined, tick: undefined });
		try {
			this.#startSntp(id, host);
		} catch (fault) {
			this.#closeSntp(id);
			throw fault;
		}
		return id;
	}

	#startSntp(id: number, host: string): void {
		const client = this.#clients.get(id)!;
		client.attemptsLeft = SNTP_ATTEMPTS;
		this.#armSntp(id);
		this.#resolve(host, (address) => {
			if (this.#clients.get(id) !== client) return undefined;
			if (!address) {
				this.#disarm(id);
				return ['sntp', id, ERROR, `cannot resolve ${host}`];
			}
			client.address = address;
			this.#ask(id);
			this.#armSntp(id);
			return undefined;
		});
	}

	#armSntp(id: number): void {
		const client = this.#clients.get(id)!;
		if (client.tick) client.tick.cancelled = true;
		client.tick = this.#chip.after(SNTP_AGAIN_MS, () => {
			if (--client.attemptsLeft === 0) return this.#say(id, ERROR, 'no response from SNTP server');
			if (client.address) this.#ask(id);
			this.#say(id, RETRY, null);
			this.#armSntp(id);
		});
	}

	#ask(id: number): void {
		const { conditions } = this.#servers;
		if (!this.#station.link.up || conditions.time === 'silent') return;
		this.#exchange('SNTP', COSTS.sntpQuestion, () => {
			if (!this.#clients.has(id)) return;
			const packet = timePacket(conditions, Math.floor(this.#servers.unixMs() / 1_000) + conditions.timeOffsetSeconds);
			post(this.#chip, () => this.#saying(id, PACKET, packet.toString('hex')));
		});
	}

	#closeSntp(id: number): void {
		this.#disarm(id);
		this.#clients.get(id)?.held.release();
		this.#clients.delete(id);
	}

	#disarm(id: number): void {
		const tick = this.#clients.get(id)?.tick;
		if (tick) tick.cancelled = true;
	}

	/** By a timer of the SDK's, which takes no message. */
	#say(id: number, message: number, value: number | string | null): void {
		if (message !== RETRY) this.#disarm(id);
		this.#chip.post(() => this.#saying(id, message, value));
	}

	#saying(id: number, message: number, value: number | string | null): unknown[] | undefined {
		return this.#clients.has(id) ? ['sntp', id, message, value] : undefined;
	}
}

/** What a server sends: leap indicator, version 4, mode 4; the stratum; at 40 the transmit timestamp. RFC 5905 §7.3. */
function timePacket({ time }: Conditions, unixSeconds: number): Buffer {
	const packet = Buffer.alloc(48);
	packet[0] = time === 'leap 3' ? UNSYNCHRONISED : SYNCHRONISED;
	packet[1] = time === 'stratum 16' ? 16 : time === 'kiss of death' ? 0 : 2;
	if (time !== 'zero') packet.writeUInt32BE((unixSeconds + NTP_EPOCH_SECONDS) % 2 ** 32, 40);
	return packet;
}
