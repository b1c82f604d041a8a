// How slow this machine is just now, and so how long a test waits in real time for what must come.
//
// Rule: every limit in real time is asked for here and said for an idle machine of two cores. It grows with the machine's load, also while
// somebody waits, and never shrinks. Limits in virtual time belong to the world, and are none of these.

import { availableParallelism, loadavg } from 'node:os';

/** What the sum below takes a core of the machine on which the limits were chosen. */
const SUM_MS = 2.5;
const SUM_STEPS = 2_000_000;
/** The tests themselves keep each core about so busy: the limits hold with that. */
const OWN_LOAD = 2;
/** What hangs must end some time. */
const SLOWEST = 30;

/** For a whole test, on an idle machine. */
export const TEST_MS = 120_000;

function sum(): number {
	let sum = 0;
	for (let i = 0; i < SUM_STEPS; i++) sum = (sum * 31 + i) | 0;
	return sum;
}

/** In the environment: what the process that started the tests has measured, so that not each of a hundred does. */
export const CORE = 'TELLTALE_TEST_CORE';

/** How many times as slow a core is, whoever else wants it: the best of some, since the first sums are not yet compiled. */
export function slownessOfCore(): number {
	let best = Infinity;
	for (let i = 0; i < 8; i++) {
		const { user, system } = process.cpuUsage();
		sum();
		const after = process.cpuUsage();
		best = Math.min(best, after.user + after.system - user - system);
	}
	return best / 1_000 / SUM_MS;
}

let core = 0;

/** How many times longer things take than on an idle machine, with the tests' own load: 1 at the least. */
export function slowness(): number {
	core ||= Number(process.env[CORE]) || slownessOfCore();
	return slownessFrom(core, loadavg()[0]!, availableParallelism());
}

/** `ofCore`: times as slow as the machine of the limits; `load`: how many wanted to run in the last minute. */
export function slownessFrom(ofCore: number, load: number, cores: number): number {
	return Math.min(SLOWEST, Math.max(1, ofCore) * Math.max(1, load / cores / OWN_LOAD));
}

/** A limit that holds on an idle machine, as it is on this one now. */
export function patient(ms: number): number {
	return Math.ceil(ms * slowness());
}

/** The same in whole seconds, for what MQTT counts in them. */
export function patientSeconds(seconds: number): number {
	return Math.ceil(seconds * slowness());
}

/** How many times as fast as real time a node is to run beside real sockets: on a busy machine these take longer, and its own time-outs do not. */
export function pace(speed: number): number {
	return Math.round(100 * speed / slowness()) / 100;
}

/** One wait. */
export class Patience {
	readonly #ms: number;
	readonly #from = performance.now();
	#slowest = 1;
	readonly #slowness: () => number;

	constructor(ms: number, of: () => number = slowness) {
		this.#ms = ms;
		this.#slowness = of;
	}

	/** What is left until it is to be asked again whether it is over. */
	get leftMs(): number {
		this.#slowest = Math.max(this.#slowest, this.#slowness());
		return Math.max(0, this.#from + this.#ms * this.#slowest - performance.now());
	}

	get isOver(): boolean {
		return this.leftMs === 0;
	}
}

/** Resolves when it is so; fails with the sentence when patience is over. */
export async function until(isSo: () => boolean | Promise<boolean>, ms: number, what: () => string, everyMs = 10): Promise<void> {
	const patience = new Patience(ms);
	while (!(await isSo())) {
		if (patience.isOver) throw new Error(what());
		await rest(everyMs);
	}
}

/** For what must not come, or only time brings. */
export const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
