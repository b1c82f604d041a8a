// npm run herd: ten thousand nodes lose their broker at once, and it returns. How hard is it hit, and how soon are all back?
//
// Rule: each node is the firmware's own Link and Backoff (src/connection/link.ts, src/connection/backoff.ts) between fakes that do what each state
// waits for; the strategies it is compared with differ in nothing but the delay. Time is virtual, chance comes from the seed.

import { fileURLToPath } from 'node:url';
import { Backoff } from '../../src/connection/backoff.js';
import { Cause, HangUp } from '../../src/connection/causes.js';
import { Destinations } from '../../src/connection/destinations.js';
import { Link, type LinkSession } from '../../src/connection/link.js';
import { State } from '../../src/connection/states.js';
import { withDefaults } from '../../src/settings/settings.js';
import { NetworkState, TransportState, type Log, type Millis, type Network, type Random as Chance, type Transport } from '../../src/common/ports.js';
import { Random } from '../world/random.js';

export interface HerdOptions {
	readonly nodes: number;
	readonly seed: string;
	/** Until the broker listens again. */
	readonly awayMs: number;
	/** Connections that it greets in a second; the others wait in its queue, and give up after their own patience. Infinity: all at once. */
	readonly perSecond: number;
	/** By its name in STRATEGIES. */
	readonly strategy: string;
}

export interface HerdResult {
	readonly strategy: string;
	/** Connections tried in the busiest second, and in the busiest tenth of one, once the broker is back. */
	readonly peakPerSecond: number;
	readonly peakPerTenth: number;
	/** From the return of the broker, until half, 99 % and all of the nodes were online. */
	readonly halfMs: number;
	readonly mostMs: number;
	readonly allMs: number;
	/** Connections tried while the broker was away, and after it came back, for each node. */
	readonly triedAway: number;
	readonly triedBack: number;
	/** Shortest time between two attempts of one node. */
	readonly gapMs: number;
}

type Delays = (random: Chance) => Pick<Backoff, 'failed' | 'useful' | 'takenOver'>;

/** The same face as src/connection/backoff.ts, with `delay` by the number of the failure in a row, from 1. */
function simple(delay: (failure: number, random: Chance) => Millis): Delays {
	return (random) => {
		let failures = 0;
		return {
			failed: () => delay(++failures, random),
			takenOver: () => 60_000,
			useful: () => void (failures = 0),
		};
	};
}

const CAP_MS = 60_000;

export const STRATEGIES: Readonly<Record<string, Delays>> = {
	'Telltale: 1 s and a random part of a doubling span': (random) => new Backoff(random),
	'fixed 5 s': simple(() => 5_000),
	'linear: 10 s more each time, at most 60 s': simple((failure) => Math.min(10_000 * failure, CAP_MS)),
	'doubling with 10 % of jitter, at most 60 s': simple((failure, random) => {
		const ms = Math.min(1_000 * 2 ** (failure - 1), CAP_MS);
		return ms * 0.9 + random.below(Math.floor(ms * 0.2) + 1);
	}),
};

/** What a server that is away answers with, and how soon. */
const REFUSED_MS = 20;
const GREETING_MS = [5, 60] as const;
const SILENT: Log = { line: () => {} };
const PATIENCE_MS = 3_600_000;

/** Things that are due, by the millisecond. */
class Agenda {
	readonly #due = new Map<number, (() => void)[]>();
	now = 0;

	at(ms: Millis, action: () => void): void {
		const at = Math.max(this.now, Math.ceil(ms));
		const list = this.#due.get(at);
		if (list) list.push(action);
		else this.#due.set(at, [action]);
	}

	/** Lets a millisecond pass. */
	tick(): void {
		for (let list; (list = this.#due.get(this.now)); ) {
			this.#due.delete(this.now);
			for (const action of list) action();
		}
		this.now++;
	}
}

class Server {
	up = true;
	readonly tried: number[] = [];
	#queueEndsAt = 0;
	readonly #perSecond: number;

	constructor(perSecond: number) {
		this.#perSecond = perSecond;
	}

	/** When the CONNACK of a connection opened now goes out. */
	greetAt(now: Millis): Millis {
		if (this.#perSecond === Infinity) return now;
		this.#queueEndsAt = Math.max(this.#queueEndsAt, now) + 1_000 / this.#perSecond;
		return this.#queueEndsAt;
	}
}

const CONFIG = withDefaults({ host: 'broker' });
/** No further settings, and no date. */
const NOTHING = { setting: () => undefined, unixSeconds: () => 0, doubt: () => {} };

/** Everything a Link needs, and nothing that can go wrong but the server. */
class HerdNode implements Transport, LinkSession, Network {
	state: never = NetworkState.Up as never;
	resolved = '10.0.0.1';
	room = 0;
	accepted = false;
	acknowledged = false;
	endSentence = '';
	cause: Cause = Cause.None;
	readonly stopped = false;
	readonly refused = false;
	readonly hangUp = HangUp.Unexplained;
	onlineAt = -1;
	lastTry = -Infinity;
	gapMs = Infinity;
	readonly link: Link;
	readonly #agenda: Agenda;
	readonly #server: Server;
	readonly #random: Random;
	#attempt = 0;
	#transport = TransportState.Closed;
	#wakeAt = Infinity;

	constructor(agenda: Agenda, server: Server, random: Random, delays: Delays) {
		this.#agenda = agenda;
		this.#server = server;
		this.#random = random;
		const transport: Transport = new Proxy(this as unknown as Transport, { get: (target, key) => (key === 'state' ? this.#transport : bound(target, key)) });
		this.link = new Link(new Destinations(CONFIG, NOTHING), this, transport, this, delays(random) as Backoff, SILENT, NOTHING);
	}

	wake(): void {
		const { now } = this.#agenda;
		const before = this.link.state;
		// A loop that is asked again at once comes round in the next millisecond.
		const at = Math.max(this.link.poll(now), now + 1);
		if (this.link.state === State.Online && before !== State.Online) this.onlineAt = now;
		if (at >= this.#wakeAt) return;
		this.#wakeAt = at;
		this.#agenda.at(at, () => {
			if (this.#wakeAt !== at) return;
			this.#wakeAt = Infinity;
			this.wake();
		});
	}

	lose(): void {
		this.onlineAt = -1;
		this.endSentence = 'the broker closed the connection';
		this.cause = Cause.Tcp;
		this.#transport = TransportState.Lost;
		this.wake();
	}

	scan(): boolean {
		return false;
	}

	open(): void {
		const { now } = this.#agenda;
		this.gapMs = Math.min(this.gapMs, now - this.lastTry);
		this.lastTry = now;
		this.#server.tried.push(now);
		this.#transport = TransportState.Connecting;
		const attempt = ++this.#attempt;
		this.#agenda.at(now + REFUSED_MS, () => {
			if (attempt !== this.#attempt) return;
			this.#transport = this.#server.up ? TransportState.Open : TransportState.Lost;
			this.wake();
		});
	}

	close(): void {
		this.#attempt++;
		this.#transport = TransportState.Closed;
	}

	opened(now: Millis): void {
		this.accepted = this.acknowledged = false;
		this.endSentence = '';
		const attempt = this.#attempt;
		this.#agenda.at(this.#server.greetAt(now) + this.#random.between(...GREETING_MS), () => {
			if (attempt !== this.#attempt) return;
			this.accepted = this.acknowledged = true;
			this.wake();
		});
	}

	closed(): boolean {
		this.accepted = false;
		return false;
	}

	join(): void {}
	leave(): void {}
	resolve(): void {}
	timeServer(): string {
		return '';
	}
	rssi(): number {
		return -60;
	}
	address(): string {
		return '10.0.0.2';
	}
	endTurn(): void {}

	write(): boolean {
		return true;
	}
	read(): number {
		return 0;
	}
}

function bound(target: object, key: string | symbol): unknown {
	const value = Reflect.get(target, key);
	return typeof value === 'function' ? value.bind(target) : value;
}

export function runHerd({ nodes: count, seed, awayMs, perSecond, strategy }: HerdOptions): HerdResult {
	const agenda = new Agenda();
	const server = new Server(Infinity);
	const nodes = Array.from({ length: count }, (_, i) => new HerdNode(agenda, server, new Random(`${seed}/${i}`), STRATEGIES[strategy]!));
	for (const node of nodes) node.wake();
	while (agenda.now < 120_000) agenda.tick();
	const busy = new Server(perSecond);
	Object.assign(server, { up: false, greetAt: (now: number) => busy.greetAt(now) });
	const triedBefore = server.tried.length;
	for (const node of nodes) Object.assign(node, { gapMs: Infinity }).lose();
	const backAt = agenda.now + awayMs;
	while (agenda.now < backAt) agenda.tick();
	server.up = true;
	const triedAway = server.tried.length - triedBefore;
	while (nodes.some((node) => node.onlineAt < 0) && agenda.now < backAt + PATIENCE_MS) for (let i = 0; i < 1_000; i++) agenda.tick();
	const back = nodes.map((node) => (node.onlineAt < 0 ? Infinity : node.onlineAt - backAt)).sort((one, other) => one - other);
	const tried = server.tried.filter((at) => at >= backAt);
	return {
		strategy,
		peakPerSecond: peak(tried, backAt, 1_000),
		peakPerTenth: peak(tried, backAt, 100),
		halfMs: back[Math.floor(count / 2)]!,
		mostMs: back[Math.floor(count * 0.99)]!,
		allMs: back[count - 1]!,
		triedAway: triedAway / count,
		triedBack: tried.length / count,
		gapMs: Math.min(...nodes.map((node) => node.gapMs)),
	};
}

function peak(times: readonly number[], from: number, binMs: number): number {
	const bins = new Map<number, number>();
	for (const at of times) bins.set(Math.floor((at - from) / binMs), (bins.get(Math.floor((at - from) / binMs)) ?? 0) + 1);
	return Math.max(0, ...bins.values());
}

function table(options: Omit<HerdOptions, 'strategy'>): string {
	const seconds = (ms: number): string => (ms === Infinity ? 'not within an hour' : `${(ms / 1_000).toFixed(1)} s`);
	const rows = Object.keys(STRATEGIES).map((strategy) => {
		const result = runHerd({ ...options, strategy });
		return `| ${[strategy, result.peakPerSecond, result.peakPerTenth, seconds(result.halfMs), seconds(result.mostMs), seconds(result.allMs), result.triedAway.toFixed(1), result.triedBack.toFixed(2)].join(' | ')} |`;
	});
	return [
		'| strategy | most attempts in a second | in a tenth of one | half online after | 99 % | all | attempts a node while away | and after |',
		'|---|---|---|---|---|---|---|---|',
		...rows,
	].join('\n');
}

function main(): void {
	const nodes = Number(process.argv[2] ?? 10_000);
	for (const [awayMs, perSecond] of [[30_000, Infinity], [600_000, Infinity], [600_000, 500]] as const) {
		const rate = perSecond === Infinity ? 'that greets everybody at once' : `that greets ${perSecond} a second`;
		console.log(`\n${nodes} nodes, a broker ${rate}, away for ${awayMs / 1_000} s:\n\n${table({ nodes, seed: 'herd', awayMs, perSecond })}`);
	}
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
