// Fakes of src/common/ports.ts that are held to its words: time that the test moves, chance that it seeds, lines that it reads.
import { NetworkState, TransportState, type Log, type Millis, type Network, type ScanListener, type Random, type TellableClock, type Transport } from '../../src/common/ports.js';

export class FakeClock implements TellableClock {
	time: Millis = 0;
	unix = 0;
	now(): Millis {
		return this.time;
	}
	/** Runs with the clock once it is known, as on the chip. */
	unixSeconds(): number {
		return this.unix && Math.floor(this.unix + this.time / 1000);
	}
	tellDate(unixSeconds: number): string {
		this.unix = unixSeconds - this.time / 1000;
		return '';
	}
	uptimeBefore = 0;
	earlierBoots = 0;
	uptime(): number {
		return this.uptimeBefore + Math.floor(this.time / 1000);
	}
}

export class FakeLog implements Log {
	readonly lines: string[] = [];
	line(text: string): void {
		this.lines.push(text);
	}
	get last(): string {
		return this.lines.at(-1) ?? '';
	}
}

/** mulberry32: small, seeded, good enough to be unfair in. */
export function random(seed: number): () => number {
	return () => {
		seed = (seed + 0x6d2b79f5) | 0;
		let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
	};
}

export class FakeRandom implements Random {
	readonly #next: () => number;
	constructor(seed: number) {
		this.#next = random(seed);
	}
	below(n: number): number {
		return Math.floor(this.#next() * n);
	}
}

export class FakeNetwork implements Network {
	state: NetworkState = NetworkState.Down;
	resolved: string | undefined;
	/** What was asked of it, in order. */
	readonly asked: string[] = [];
	join(ssid: string, passphrase: string, address = '', gateway = '', nameServer = ''): void {
		this.state = NetworkState.Down;
		this.asked.push(['join', ssid, passphrase, address, gateway, nameServer].join(' ').trimEnd());
	}
	leave(): void {
		this.asked.push('leave');
	}
	rssi(): number {
		return -60;
	}
	address(): string {
		return this.state === NetworkState.Up ? '192.0.2.7' : '';
	}
	/** By DHCP. */
	local = '';
	timeServer(): string {
		return this.local;
	}
	resolve(host: string): void {
		this.resolved = undefined;
		this.asked.push(`resolve ${host}`);
	}
	/** Who waits for the networks of a scan. */
	scanning: ScanListener | undefined;
	canScan = true;
	scan(listener: ScanListener): boolean {
		this.asked.push('scan');
		this.scanning = listener;
		return this.canScan;
	}
}

/** A socket whose far end is the test: `sent` has what was written, arrive() puts bytes there to be read. */
export class FakeTransport implements Transport {
	state: TransportState = TransportState.Closed;
	room = 0;
	reason = '';
	/** What was written is acknowledged at once; else when the test says so. */
	acknowledges = true;
	readonly asked: string[] = [];
	sent: number[] = [];
	#unacknowledged = false;
	#arrived: number[] = [];
	open(address: string, port: number): void {
		this.asked.push(`open ${address}:${port}`);
		this.state = TransportState.Connecting;
		this.sent = [];
		this.#arrived = [];
	}
	close(): void {
		if (this.state !== TransportState.Closed) this.asked.push('close');
		this.state = TransportState.Closed;
		this.room = 0;
	}
	write(bytes: Uint8Array): boolean {
		if (bytes.length > this.room) throw new Error('written beyond room');
		if (this.state !== TransportState.Open) return false;
		this.sent.push(...bytes);
		this.#unacknowledged ||= !this.acknowledges;
		return true;
	}
	endTurn(): void {
		if (this.#unacknowledged) this.room = 0;
	}
	read(into: Uint8Array): number {
		const part = this.#arrived.splice(0, into.length);
		into.set(part);
		return part.length;
	}
	/** The far end's part. */
	connected(room = 2920): void {
		this.state = TransportState.Open;
		this.room = room;
	}
	acknowledge(): void {
		this.#unacknowledged = false;
		this.room = 2_920;
	}
	arrive(...bytes: number[]): void {
		this.#arrived.push(...bytes);
	}
	lose(): void {
		this.state = TransportState.Lost;
		this.room = 0;
	}
}
