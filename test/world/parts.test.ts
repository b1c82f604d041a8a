// Every part of the table in whole nodes on the chip's engine, against its twin: it follows the air; whatever can happen to a twin ends in a
// state that the node names on its line, in its readings, in health and to a scan; meanwhile the others go on, and it is heard again by itself.
//
// Rule: parts are found by the table, troubles by the list in sensors/twin.ts; as many parts share a node as its bus, its pins and its
// channels allow. What a trouble must lead to is said by what the part is, never by its name.
import { describe, expect, it } from 'vitest';
import { board } from '../../hardware/esp32.js';
import { Bus } from '../../sensors/io.js';
import { PARTS, type Row } from '../../sensors/parts.js';
import { TROUBLES, type Trouble, type Twin } from '../../sensors/twin.js';
import { Bench } from '../../simulator/board/bench.js';
import { sensorsProblem } from '../../src/parts/parts.js';
import { QUALITIES, Quality } from '../../src/readings/quality.js';
import type { Air } from '../../simulator/world/weather.js';
import { audit } from '../support/audit.js';
import { MINUTE, SECOND, stage, type Stage } from './stage.js';

interface Entry {
	readonly part: string;
	readonly name?: string;
	readonly address?: number;
	readonly powerPin?: number;
	readonly intervalMs?: number;
}

const rowOf = ({ part }: Entry): Row => PARTS.find(({ name }) => name === part)!;
const nameOf = ({ part, name }: Entry) => name ?? part;
const quantitiesOf = (entry: Entry) => rowOf(entry).quantities;
/** Without a name the channels are called by their quantities alone, and one temperature must be: it compensates others. */
const named = ({ name }: Entry, quantity: string) => (name ? `${name}_${quantity}` : quantity);
const channelsOf = (entry: Entry) => quantitiesOf(entry).map((quantity) => named(entry, quantity));

const INTERVAL_MS = 5 * SECOND;
/** As often as it can be: what shows after so many times shows sooner. */
const paceOf = ({ restMs, patienceMs }: Row) => (restMs === undefined && patienceMs === undefined ? { intervalMs: SECOND } : {});

/** Each row at the first of its addresses at which it goes with those that a node has already, else in another node. */
function nodesOf(): Entry[][] {
	const nodes: Entry[][] = [[]];
	for (const row of PARTS) {
		const { name: part, addresses, folder } = row;
		if (!folder) continue;
		const places = addresses.length ? addresses.map((address) => ({ address })) : [{}];
		const fits = (entries: readonly Entry[]) => {
			const name = entries.length ? { name: `p${entries.length}` } : {};
			return places.map((place): Entry => ({ part, ...name, ...place, ...paceOf(row) })).find((each) => !sensorsProblem(JSON.stringify([...entries, each]), board));
		};
		if (!nodes.some(fits)) nodes.push([]);
		const home = nodes.find(fits)!;
		home.push(fits(home)!);
	}
	return nodes;
}

/** The same, each with a supply that can be switched. */
function supplied(entries: readonly Entry[]): Entry[] {
	const all: Entry[] = [];
	for (const entry of entries) {
		const pins = [...board.digital, ...board.outputs].reverse();
		all.push(pins.map((powerPin) => ({ ...entry, powerPin })).find((each) => !sensorsProblem(JSON.stringify([...all, each]), board))!);
	}
	return all;
}

/** Within the range of every part, a while each. */
const AIRS: readonly Air[] = [
	{ temperatureC: 5, humidityPct: 30, pressureHpa: 950 }, { temperatureC: 24.3, humidityPct: 51.7, pressureHpa: 1_003.4 }, { temperatureC: 45, humidityPct: 78, pressureHpa: 1_040 },
];
/** The coarsest part's steps and the worst converter's noise. */
const TOLERANCE: Readonly<Record<string, number>> = { temperature: 1.5, humidity: 2.5, pressure: 0.5 };
const truth = ({ temperatureC, humidityPct, pressureHpa }: Air): Readonly<Record<string, number>> => ({ temperature: temperatureC, humidity: humidityPct, pressure: pressureHpa });

/** Some measure what was there when they were asked before. */
const SETTLING_MS = 8 * SECOND;
/** In which each part has its turn. */
const LOOK_MS = 6 * SECOND;
/** From one part to the next: the line takes some sentences at once, not of all. */
const APART_MS = 1_100;
/** As often as a value that must move may stay, and some more. */
const STUCK_MS = 32 * SECOND;
const PATIENCE_MS = 5 * MINUTE;
const AGAIN = '(answers again|its values can be trusted again)';

type Said = Readonly<Record<string, unknown>> & { readonly suspect?: readonly string[] };

class Scene {
	readonly set: Stage;
	readonly entries: readonly Entry[];
	readonly sensors: readonly { compensate?: unknown }[];
	private airs = 0;
	private scans = 0;
	private scanned: Readonly<Record<string, string>> = {};
	private readonly air: { now: Air };
	private healths = 0;

	private constructor(set: Stage, entries: readonly Entry[], sensors: Scene['sensors'], air: { now: Air }) {
		[this.set, this.entries, this.sensors, this.air] = [set, entries, sensors, air];
	}

	static async of(entries: readonly Entry[], seed: string): Promise<Scene> {
		const air = { now: AIRS[0]! };
		const set = await stage({ engine: 'xs', board: 'esp32', seed, world: { at: () => air.now }, settings: { sensors: JSON.stringify(entries), intervalMs: INTERVAL_MS } });
		const benches = await Promise.all(entries.map((entry) => Bench.of(entry.part, board)));
		await set.until(() => set.isOnline() && set.readings().length > 0, MINUTE);
		return new Scene(set, entries, benches.map(({ sensor }) => sensor), air);
	}

	twin(entry: Entry): Twin {
		return this.set.node.part(nameOf(entry));
	}

	nextAir(): void {
		this.air.now = AIRS[++this.airs % AIRS.length]!;
	}

	/** Readings of since then. */
	said(from: number): Said[] {
		return this.set.texts('readings', from).map((text) => JSON.parse(text) as Said);
	}

	heard(entry: Entry, from: number, sentence = '.+'): boolean {
		return this.set.heard(new RegExp(`^sensor ${nameOf(entry)}: ${sentence}$`), from) !== undefined;
	}

	/** Each of these gives what the air is like, and nothing is doubted. */
	follow(entries: readonly Entry[], said: readonly Said[], sick: readonly Entry[]): void {
		const last = Object.assign({}, ...said) as Said;
		const suspects = new Set(said.flatMap(({ suspect }) => suspect ?? []));
		const compensating = this.entries.find((entry) => quantitiesOf(entry).includes('temperature'))!;
		for (const entry of entries) {
			// By a temperature that cannot be told to be wrong.
			const isMisled = this.sensors[this.entries.indexOf(entry)]!.compensate !== undefined && sick.includes(compensating);
			for (const quantity of quantitiesOf(entry)) {
				const value = last[named(entry, quantity)] as number;
				expect(value, `${entry.part} ${quantity}`).toBeTypeOf('number');
				expect(suspects.has(named(entry, quantity)), `${entry.part} ${quantity} is doubted`).toBe(false);
				if (!TOLERANCE[quantity] || isMisled) continue;
				expect(Math.abs(value - truth(this.air.now)[quantity]!), `${entry.part}: ${value} in ${JSON.stringify(this.air.now)}`).toBeLessThan(TOLERANCE[quantity]);
			}
		}
	}

	/** What the command says of each part. */
	async scan(): Promise<Readonly<Record<string, string>>> {
		const id = `s${++this.scans}`;
		const result = () => this.set.texts('result').map((text) => JSON.parse(text) as { id: string; parts: Record<string, string> }).find((each) => each.id === id);
		this.set.simulation.broker.publish('telltale/porch/set/scan', JSON.stringify({ id }), { qos: 1 });
		await this.set.until(() => result() !== undefined, 30 * SECOND);
		return (this.scanned = result()!.parts);
	}

	/** When it was scanned last. */
	isDoubted(entry: Entry): boolean {
		return (this.scanned[nameOf(entry)] ?? QUALITIES[Quality.Ok]) !== QUALITIES[Quality.Ok];
	}

	/** That trouble comes to the sick, one after the other, in another air; and leaves those that had one before. */
	async befall(trouble: Trouble, sick: readonly Entry[]): Promise<void> {
		this.nextAir();
		for (const entry of this.entries) {
			const next = sick.includes(entry) ? trouble : 'none';
			const twin = this.twin(entry);
			if (twin.trouble === next) continue;
			twin.trouble = next;
			await this.set.run(APART_MS);
		}
	}

	/** Health names nobody but one of those. */
	judgeHealth(from: number, sick: readonly Entry[]): void {
		for (const text of this.set.texts('health', from)) {
			const { failing, why } = JSON.parse(text) as { failing?: string; why?: string };
			if (failing === undefined) continue;
			this.healths++;
			expect(sick.map(nameOf)).toContain(failing);
			expect(why).toMatch(/: /);
		}
	}

	async expectWell(): Promise<void> {
		await this.set.until(() => !('failing' in this.set.health()), 2 * MINUTE);
		expect(this.healths).toBeGreaterThan(0);
		expect(new Set(Object.values(await this.scan()))).toEqual(new Set([QUALITIES[Quality.Ok]]));
		expect(this.set.node.counts).toMatchObject({ boots: 1, faults: 0 });
		const auditor = audit(this.set.simulation.broker.published, 'porch');
		expect([auditor.violations, auditor.missingOfAll()]).toEqual([[], []]);
	}
}

/** All that the twin says to its driver in that trouble, without noise. */
async function bytesOf({ part }: Entry, trouble: Trouble): Promise<string> {
	const bench = await Bench.of(part, board, { quiet: true });
	const { twin } = bench;
	const heard: unknown[] = [];
	const noted = <Value>(value: Value): Value => {
		heard.push(value);
		return value;
	};
	if (twin.bus === 'i2c') Object.assign(twin, { read: ((read) => (count: number) => noted(read(count)))(twin.read.bind(twin)) });
	else if (twin.bus === 'pulse') Object.assign(twin, { answer: ((answer) => (lowUs: number) => noted(answer(lowUs)))(twin.answer.bind(twin)) });
	bench.now += 10 * SECOND;
	twin.trouble = trouble;
	bench.said();
	return JSON.stringify(heard);
}

/** What the node makes of that trouble; undefined: of what it says then some cannot be, and some may. */
async function stateOf(entry: Entry, trouble: Trouble): Promise<Quality | undefined> {
	const { noisy, bus } = rowOf(entry);
	switch (trouble) {
		case 'gone': return Quality.NoAnswer;
		// A part without check sums says what it always says.
		case 'garbled': return (await bytesOf(entry, 'garbled')) === (await bytesOf(entry, 'none')) ? Quality.Ok : Quality.CheckSum;
		case 'stuck': return noisy ? Quality.Stuck : Quality.Ok;
		case 'unsteady': return bus === Bus.Analog ? Quality.Spread : Quality.Ok;
		case 'nonsense': return undefined;
		default: throw new Error(`Nobody has said what ${trouble} leads to.`);
	}
}

/** No value that cannot be is said without a doubt. */
function expectDoubted(entry: Entry, said: readonly Said[]): void {
	const { quantities, minima, maxima } = rowOf(entry);
	quantities.forEach((quantity, k) => {
		const channel = named(entry, quantity);
		for (const one of said) {
			const milli = (one[channel] as number | undefined) === undefined ? undefined : (one[channel] as number) * 1_000;
			if (milli === undefined || (milli >= minima[k]! && milli <= maxima[k]!)) continue;
			expect(one.suspect ?? [], `${entry.part} says ${milli}`).toContain(channel);
		}
	});
}

async function suffer(scene: Scene, trouble: Trouble, sick: readonly Entry[]): Promise<void> {
	const { set, entries } = scene;
	const before = entries.filter((entry) => scene.twin(entry).trouble !== 'none');
	const states = new Map<Entry, Quality | undefined>();
	for (const entry of sick) states.set(entry, await stateOf(entry, trouble));
	const from = set.now;
	await scene.befall(trouble, sick);
	await set.run(trouble === 'stuck' ? STUCK_MS : SETTLING_MS);
	const isNamed = (entry: Entry) => states.get(entry) === Quality.Ok || scene.heard(entry, from);
	await set.until(() => sick.every(isNamed), PATIENCE_MS);
	const looked = set.now;
	await set.run(LOOK_MS);
	const said = scene.said(looked);
	const well = entries.filter((entry) => !sick.includes(entry));
	scene.follow(well, said, sick);
	for (const entry of well) if (scene.isDoubted(entry)) expect([trouble, entry.part, scene.heard(entry, from, AGAIN)]).toEqual([trouble, entry.part, true]);
	const scanned = await scene.scan();
	for (const entry of sick) {
		const state = states.get(entry);
		expectDoubted(entry, scene.said(from));
		if (state === undefined) continue;
		expect([entry.part, scanned[nameOf(entry)]]).toEqual([entry.part, QUALITIES[state]]);
		const values = channelsOf(entry).flatMap((channel) => said.filter((one) => one[channel] !== undefined));
		const isDoubted = said.some(({ suspect }) => channelsOf(entry).some((channel) => suspect?.includes(channel)));
		expect([entry.part, values.length > 0, isDoubted]).toEqual([entry.part, state < Quality.CheckSum, state !== Quality.Ok && state < Quality.CheckSum]);
		if (state === Quality.Ok && trouble !== 'stuck') scene.follow([entry], said, sick);
	}
	for (const entry of well) expect([entry.part, scanned[nameOf(entry)]]).toEqual([entry.part, QUALITIES[Quality.Ok]]);
	scene.judgeHealth(from, [...before, ...sick]);
}

describe.each(nodesOf().map((entries) => [entries.map(({ part }) => part).join(', '), entries] as const))('a node on XS with %s', (_parts, entries) => {
	it('follows the air with each, and names each that is in any trouble, while it goes on with the others, until that is over', async () => {
		const scene = await Scene.of(entries, 'parts');
		for (const _air of AIRS) {
			await scene.set.run(SETTLING_MS);
			const from = scene.set.now;
			await scene.set.run(LOOK_MS);
			scene.follow(entries, scene.said(from), []);
			scene.nextAir();
		}
		for (const trouble of TROUBLES) {
			if (trouble === 'none' || trouble === 'hung') continue;
			for (const half of [0, 1]) {
				const sick = entries.filter((_entry, index) => index % 2 === half);
				if (sick.length) await suffer(scene, trouble, sick);
			}
		}
		await scene.befall('none', []);
		await scene.set.run(SETTLING_MS);
		const from = scene.set.now;
		await scene.set.run(LOOK_MS);
		scene.follow(entries, scene.said(from), []);
		await scene.expectWell();
	});

	it('takes the supply of each that hangs away for a moment, and hears it again', async () => {
		const all = supplied(entries);
		const scene = await Scene.of(all, 'supply');
		const from = scene.set.now;
		await scene.befall('hung', all);
		await scene.set.until(() => all.every((entry) => scene.heard(entry, from, 'answers again')), MINUTE);
		expect(all.map((entry) => scene.twin(entry).trouble)).toEqual(all.map(() => 'none'));
		await scene.set.run(SETTLING_MS);
		const looked = scene.set.now;
		await scene.set.run(LOOK_MS);
		scene.follow(all, scene.said(looked), []);
		expect(scene.set.node.counts).toMatchObject({ boots: 1, faults: 0 });
	});
});
