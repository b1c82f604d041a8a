// Thousands of short lives of a session in a storm, each from a seed. TELLTALE_SEEDS=n runs n of them (2,000 if not set),
// TELLTALE_SEED=n only that one; a failure names its seed.

import { describe, expect, it } from 'vitest';
import { topicName } from '../../src/mqtt/codec/topics.js';
import { Recorder, OPTIONS } from './bench.js';
import { Session } from '../../src/mqtt/session.js';
import { Protocol5 } from '../../src/mqtt/v5/protocol5.js';
import { type Chance, chances, Peer } from './peer.js';

const SEEDS = Number(process.env.TELLTALE_SEEDS ?? 2_000);
const ONLY = process.env.TELLTALE_SEED;
const UP = topicName('up');

class Life {
	readonly recorder = new Recorder();
	readonly session: Session;
	readonly peer: Peer;
	/** Payloads that must come down. */
	readonly owed: string[] = [];
	readonly #chance: Chance;
	readonly #loses: boolean;
	now = 0;
	#up: number[] = [];
	#down: number[] = [];
	#open = false;
	#openAt = 0;
	#closed = false;
	#published = 0;
	#sent = 0;

	constructor(seed: number, loses: boolean, version = 4) {
		this.#chance = chances(seed);
		this.#loses = loses;
		this.peer = new Peer(this.#chance, version);
		this.session = new Session({
			...OPTIONS, keepAliveMs: 8_000, pingTimeoutMs: 4_000, ackTimeoutMs: 6_000, connackTimeoutMs: 4_000, outboxBytes: 160,
			messagesMax: 6, inFlightMax: 1 + this.#chance(6), controlBytes: 32, bufferBytes: 48, protocol5: version === 5 ? new Protocol5() : undefined,
			publishBeforeConnack: this.#chance(2) === 0,
		}, this.recorder);
		this.session.subscribe('down', 2);
		this.recorder.then = (name) => { if (name === 'closed') this.#closed = true; };
	}

	/** Messages 1 to 20 go up, 1 to 12 come down, each with its QoS in its name. */
	run(): void {
		for (let step = 0; step < 160; step++) this.#step();
		this.peer.storm = false;
		// Patience may have grown to 48 s, and a filter may be put off for 2 minutes.
		for (let step = 0; step < 1_200 && !this.done; step++) this.#step();
	}

	get done(): boolean {
		return this.#published === 20 && this.#sent === 12 && this.session.pending === 0 && this.peer.outgoing === 0;
	}

	#step(): void {
		const chance = this.#chance;
		const { peer, session } = this;
		this.now += 50 + chance(900);
		if (!this.#open && this.now >= this.#openAt) this.#begin();
		if (this.#published < 20 && chance(2) === 0) this.#publish();
		if (this.#sent < 12 && chance(4) === 0) this.#send();
		session.poll(this.now);
		if (this.#open) {
			this.#write();
			this.#carry(this.#up, (bytes) => peer.receive(bytes));
			this.#down.push(...peer.speak());
			this.#carry(this.#down, (bytes) => this.#receive(bytes));
			this.#write();
		}
		if (this.#closed || this.#open && peer.storm && chance(25) === 0) this.#end();
	}

	#begin(): void {
		this.#open = true;
		this.#closed = false;
		if (this.#loses && this.peer.storm && this.#chance(4) === 0) this.peer.forget();
		this.peer.open();
		this.session.start(this.now);
	}

	#end(): void {
		this.session.lost();
		this.#open = this.#closed = false;
		this.#up = [];
		this.#down = [];
		this.#openAt = this.now + this.#chance(2_000);
	}

	#publish(): void {
		const qos = this.#chance(3);
		const payload = Buffer.from(`u${this.#published + 1}q${qos}`);
		if (this.session.publish(UP, payload, payload.length, qos, false) >= 0) this.#published++;
	}

	#send(): void {
		const qos = this.#chance(3);
		const payload = `d${++this.#sent}q${qos}`;
		if (qos > 0) this.owed.push(payload);
		this.peer.send(payload, qos);
	}

	/** The socket takes what it likes. */
	#write(): void {
		for (let n = 0; n < 4; n++) {
			const bytes = this.session.peek(this.peer.storm ? this.#chance(40) : 1_000);
			if (!bytes) return;
			const count = this.peer.storm ? this.#chance(bytes.length + 1) : bytes.length;
			this.#up.push(...bytes.subarray(0, count));
			this.session.wrote(count, this.now);
		}
	}

	#carry(pipe: number[], to: (bytes: Uint8Array) => void): void {
		const count = this.peer.storm ? this.#chance(Math.min(pipe.length, 60) + 1) : pipe.length;
		if (count > 0) to(Uint8Array.from(pipe.splice(0, count)));
	}

	#receive(bytes: Uint8Array): void {
		const taken = this.session.receive(bytes, 0, bytes.length, this.now);
		this.#down.unshift(...bytes.subarray(taken));
	}

	/** Payloads that came down, as told. */
	get told(): string[] {
		return this.recorder.log.filter((line) => line.startsWith('message')).map((line) => line.split(' ')[2].slice(1, -1));
	}
}

const count = (list: readonly string[], item: string) => list.filter((each) => each === item).length;
const number = (payload: string) => Number(payload.match(/\d+/)![0]);

/** Throws what is wrong with one direction. */
function check(seen: readonly string[], sent: number, direction: string, loses: boolean): void {
	for (let n = 1; n <= sent; n++) {
		const mine = seen.filter((each) => number(each) === n);
		const qos = Number(mine[0]?.at(-1) ?? -1);
		if (qos === 0 && mine.length > 1) throw new Error(`QoS 0 message ${direction}${n} was delivered ${mine.length} times`);
		if (qos === 2 && mine.length > 1 && !loses) throw new Error(`QoS 2 message ${direction}${n} was delivered ${mine.length} times`);
	}
}

function live(seed: number, loses: boolean, version: number): number {
	const life = new Life(seed, loses, version);
	life.run();
	const { peer, told } = life;
	if (peer.violations.length > 0) throw new Error(peer.violations.join('; '));
	const faults = life.recorder.log.filter((line) => line.startsWith('closed') && !/^closed (3|4|5|6|23) /.test(line));
	if (faults.length > 0) throw new Error(`The broker was blamed wrongly: ${faults.join(', ')}`);
	if (!life.done) throw new Error(`Not drained after the storm: ${life.session.pending} pending, ${peer.outgoing} to come`);
	check(peer.delivered, 20, 'u', loses);
	check(told, 12, 'd', loses);
	const missing = loses ? [] : life.owed.filter((each) => !told.includes(each));
	if (missing.length > 0) throw new Error(`Acknowledged but not told: ${missing.join(' ')}`);
	const first = peer.delivered.filter((each, at, all) => all.indexOf(each) === at && !each.endsWith('q0')).map(number);
	if (!loses && first.some((each, at) => at > 0 && each < first[at - 1])) throw new Error(`First deliveries out of order: ${first.join(' ')}`);
	acknowledged(life);
	return peer.aliased;
}

/** Every message of QoS 1 and 2 that was stored has arrived: those that are missing can only have been QoS 0. */
function acknowledged(life: Life): void {
	const arrived = new Set(life.peer.delivered.map(number));
	const stored = life.recorder.log.filter((line) => line.startsWith('acknowledged'));
	const atLeastOnce = [...arrived].filter((n) => !life.peer.delivered.some((each) => number(each) === n && each.endsWith('q0'))).length;
	if (atLeastOnce !== stored.length) throw new Error(`${stored.length} messages were acknowledged, ${atLeastOnce} arrived`);
}

/** Returns how many messages went out with an alias instead of a topic. */
function lives(loses: boolean, seeds: number, version: number): number {
	let aliased = 0;
	const from = ONLY ? Number(ONLY) : 1;
	for (let seed = from; seed < (ONLY ? from + 1 : seeds + 1); seed++) {
		try {
			aliased += live(seed, loses, version);
		} catch (error) {
			throw new Error(`seed ${seed}: ${(error as Error).message} (TELLTALE_SEED=${seed} repeats it)`);
		}
	}
	return aliased;
}

describe('through late, lost, doubled and reordered answers, half packets, silence and broken connections', () => {
	it('QoS 2 arrives exactly once and QoS 1 at least once, both ways, in order', () => { lives(false, SEEDS, 4); });

	it('in MQTT 5.0 too, with topic aliases and a changing receive maximum', () => expect(lives(false, SEEDS, 5)).toBeGreaterThan(SEEDS));

	it('QoS 1 and 2 arrive at least once even if the broker forgets the session', () => { lives(true, Math.ceil(SEEDS / 4), 4); lives(true, Math.ceil(SEEDS / 4), 5); });

	it('one seed makes one life', () => {
		const lives = [1, 2].map(() => { const life = new Life(7, false); life.run(); return life.recorder.log.join('\n'); });
		expect(lives[0]).toBe(lives[1]);
		expect(count(lives[0].split('\n'), 'connected present')).toBeGreaterThan(0);
	});
});
