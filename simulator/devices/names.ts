// Questions to servers of the network that are not the broker: the resolver and the time.
//
// Rule: lwIP asks for one name at a time, the others wait; a dotted address is answered at once, though not from inside the
// call; a server that does not answer costs its full patience. SNTP asks again every 5 s, five times.

import { isIPv4 } from 'node:net';
import type { Network } from '../network.js';
import type { Conditions } from '../conditions.js';
import { DeviceError, type Chip, type Device } from './chip.js';
import type { Station } from './tcp.js';

/** Four questions of lwIP's, with its growing pauses. */
const DNS_PATIENCE_MS = 14_000;
const SNTP_AGAIN_MS = 5_000;
const SNTP_ATTEMPTS = 5;
const RETRY = 2;
const TIME = 1;
const ERROR = -1;

type Answered = (address: string | undefined) => void;

export interface Servers {
	readonly network: Network;
	readonly conditions: Conditions;
	/** True Unix time in milliseconds. */
	unixMs(): number;
}

interface Client {
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
	readonly #queue: { host: string; answered: Answered }[] = [];
	#last = 0;

	constructor(chip: Chip, servers: Servers, station: Station) {
		this.#chip = chip;
		this.#servers = servers;
		this.#station = station;
	}

	#question(host: string): number {
		if (this.#servers.conditions.heap === 'short') throw new DeviceError('out of memory');
		const id = ++this.#last;
		this.#resolve(host, (address) => this.#chip.post(() => ['resolved', id, host, address ?? null]));
		return id;
	}

	#resolve(host: string, answered: Answered): void {
		this.#queue.push({ host, answered });
		if (this.#queue.length === 1) this.#askNext();
	}

	#askNext(): void {
		const { host, answered } = this.#queue[0];
		const done = (address: string | undefined): void => {
			this.#queue.shift();
			answered(address);
			if (this.#queue.length) this.#askNext();
		};
		// In the SDK's list this question stays the first for ever: the message that would take it out was lost for want of memory.
		if (this.#servers.conditions.dns === 'deaf') return;
		if (isIPv4(host)) return void this.#chip.after(0, () => done(host));
		const { conditions, network } = this.#servers;
		if (!this.#station.addressed || conditions.dns === 'silent') return void this.#chip.after(DNS_PATIENCE_MS, () => done(undefined));
		const [low, high] = conditions.latencyMs;
		this.#chip.after(this.#chip.random.between(low, high) * 2, () => done(conditions.dns === 'fails' ? undefined : network.lookup(host)));
	}

	#openSntp(host: string): number {
		if (this.#servers.conditions.heap === 'short') throw new DeviceError('no socket');
		const id = ++this.#last;
		this.#clients.set(id, { attemptsLeft: SNTP_ATTEMPTS, address: undefined, tick: undefined });
		this.#startSntp(id, host);
		return id;
	}

	#startSntp(id: number, host: string): void {
		const client = this.#clients.get(id)!;
		client.attemptsLeft = SNTP_ATTEMPTS;
		this.#armSntp(id);
		this.#resolve(host, (address) => {
			if (this.#clients.get(id) !== client) return;
			if (!address) return this.#say(id, ERROR, `cannot resolve ${host}`);
			client.address = address;
			this.#ask(id);
			this.#armSntp(id);
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
		const [low, high] = conditions.latencyMs;
		this.#chip.after(this.#chip.random.between(low, high) * 2, () => {
			if (!this.#clients.has(id)) return;
			this.#say(id, TIME, Math.floor(this.#servers.unixMs() / 1_000) + conditions.timeOffsetSeconds);
		});
	}

	#closeSntp(id: number): void {
		const tick = this.#clients.get(id)?.tick;
		if (tick) tick.cancelled = true;
		this.#clients.delete(id);
	}

	#say(id: number, message: number, value: number | string | null): void {
		const tick = this.#clients.get(id)?.tick;
		if (tick && message !== RETRY) tick.cancelled = true;
		this.#chip.post(() => (this.#clients.has(id) ? ['sntp', id, message, value] : undefined));
	}
}
