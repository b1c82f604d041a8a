// The first hour of a node with the power cut at every step that it takes in flash, before it, within it and behind it. After each cut the node
// has the old settings or the new ones, can be reached as before, and delivers what waited in flash.
// TELLTALE_CUTS=all makes them all, TELLTALE_CUTS=xs does so on the chip's engine; otherwise a seed chooses some.
import { afterAll, describe, expect, it } from 'vitest';
import { Auditor } from '../../simulator/audit/auditor.js';
import type { Storage } from '../../simulator/devices/storage.js';
import { startVirtualSimulation, type VirtualSimulation } from '../../simulator/virtual.js';
import type { Published } from '../../simulator/virtual/broker.js';
import { Random } from '../../simulator/world/random.js';
import { steadyWeather } from '../../simulator/world/weather.js';
import { rpc } from '../support/improv.js';
import { Phone } from '../support/phone.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const WIFI = { ssid: 'simulated', passphrase: 'simulated air' };
const BROKER = { host: 'broker.test', port: 1_883, user: 'nodes', password: 'broker secret' };
const { TELLTALE_CUTS: CUTS = '' } = process.env;
const ENGINE = CUTS === 'xs' ? 'xs' : 'node';
/** Of a step, how much is done when the power goes. */
const SHARES = [0, 0.5, 1];

type Step = 'erase' | 'write' | 'preference';

interface Cut {
	readonly step: number;
	readonly share: number;
}

interface Kept {
	readonly sectors: Map<string, Uint8Array>;
	readonly preferences: Storage['preferences'];
	readonly settings: Storage['settings'];
}

/** One node, for one part after the other. */
let bench: Bench | undefined;
afterAll(() => bench?.simulation.end());

/** A node that is used, and whose flash is put back to what it was. */
class Bench {
	readonly simulation: VirtualSimulation;
	lines: string[] = [];
	/** Readings that were taken by each boot, as it calls itself. */
	readonly taken = new Map<string, number>();
	/** What was published before what is tried now. */
	before: readonly Published[] = [];
	/** What waits in flash then, as "boot/seq". */
	promised: readonly string[] = [];

	private constructor(simulation: VirtualSimulation) {
		this.simulation = simulation;
	}

	/** Out of its box. */
	static async begin(): Promise<Bench> {
		const simulation = await startVirtualSimulation({
			engine: ENGINE, seed: 'cuts', world: steadyWeather({ temperatureC: 21, humidityPct: 45 }), settingsOf: () => ({ ssid: '', passphrase: '', host: '' }),
			onLine: (_, line) => void begun.lines.push(line), onMeasured: (_, boot, count) => void begun.taken.set(boot, count),
		});
		simulation.broker.requireCredentials(BROKER.user, BROKER.password);
		const begun: Bench = new Bench(simulation);
		return begun;
	}

	get node() {
		return this.simulation.nodes[0]!;
	}
	get settings(): object {
		return this.node.storage.settings;
	}

	heard(pattern: RegExp): boolean {
		return this.lines.some((line) => pattern.test(line));
	}

	texts(leaf: string): string[] {
		return this.simulation.broker.published.filter(({ topic }) => topic.endsWith(`/${leaf}`)).map(({ payload }) => payload.toString());
	}

	/** False: not within the time. */
	async reaches(what: () => boolean, limitMs: number): Promise<boolean> {
		const { world } = this.simulation;
		for (const from = world.now(); !what() && world.now() - from < limitMs;) await this.simulation.run(50);
		return what();
	}

	async until(what: () => boolean, limitMs: number, say: string): Promise<void> {
		expect(await this.reaches(what, limitMs), `${say}: ${what}\n${this.lines.slice(-12).join('\n')}`).toBe(true);
	}

	/** The plug is pulled: what the chip keeps, for restore(). */
	keep(): Kept {
		this.node.powerCut();
		this.before = this.simulation.broker.published.splice(0);
		return copied(this.node.storage);
	}

	async restore(kept: Kept): Promise<void> {
		if (this.node.running) this.node.powerCut();
		const { sectors, preferences, settings } = copied(kept);
		const { storage } = this.node;
		storage.sectors.clear();
		for (const [name, bytes] of sectors) storage.sectors.set(name, bytes);
		storage.preferences.clear();
		for (const [name, values] of preferences) storage.preferences.set(name, values);
		// The part before is long ago: settings from afar are taken at once.
		storage.preferences.get('telltale')?.set('changed', ['number', 0]);
		storage.settings = settings;
		this.simulation.broker.published.length = 0;
		await this.powerOn();
	}

	async powerOn(): Promise<void> {
		this.lines = [];
		await this.node.powerOn();
	}
}

function copied({ sectors, preferences, settings }: Kept): Kept {
	return {
		sectors: new Map([...sectors].map(([name, bytes]) => [name, bytes.slice()])),
		preferences: new Map([...preferences].map(([name, values]) => [name, new Map(values)])),
		settings: { ...settings },
	};
}

/** A part of the hour. */
interface Part {
	readonly name: string;
	/** From the part before, powered on, to where flash is kept. */
	prepare(bench: Bench): Promise<void>;
	/** From power on to where somebody does something. */
	ready(bench: Bench): Promise<void>;
	act(bench: Bench): Promise<unknown>;
	/** All of it is over. */
	isOver(bench: Bench): boolean;
	/** After power has come back: the node is at rest, and within reach. */
	isBack(bench: Bench): boolean;
	readonly old: object;
	readonly young: object;
	/** Done again by whoever sees that it did not work. */
	readonly again: boolean;
}

/** Client id and topics follow from the name. */
const HELD = { ...WIFI, ...BROKER, node: 'porch', clientId: 'telltale-porch', base: 'telltale/porch' };

const join = async (bench: Bench): Promise<void> => {
	const counted = (text: string): number[] => [text.length, ...Buffer.from(text)];
	bench.node.send(Uint8Array.from(rpc(1, [...counted(WIFI.ssid), ...counted(WIFI.passphrase)])));
};

const enter = (bench: Bench) => new Phone(bench.simulation, '10.0.0.10', 'station').post({
	ssid: WIFI.ssid, other: '', passphrase: '', host: BROKER.host, port: '', user: BROKER.user, password: BROKER.password, node: 'porch',
});

/** Told over the broker, once: what the power cuts short does not come again. */
const config = (value: object) => async ({ simulation: { broker } }: Bench): Promise<void> => {
	broker.publish('telltale/porch/set/config', JSON.stringify({ id: 'mine', value }));
};

const isOpen = (bench: Bench): boolean => bench.heard(/^set-up: join the Wi-Fi/);
const isJoined = (bench: Bench): boolean => bench.heard(/^set-up: joined/);
const isOnline = (bench: Bench): boolean => bench.heard(/^online at broker\.test/) && bench.texts('status').at(-1) === 'online' && bench.simulation.broker.isConnected('telltale-porch');
/** Nothing is on trial any more in the boot that runs. */
const isDecided = ({ lines }: Bench): boolean => {
	const boot = lines.slice(lines.map((line) => line.startsWith('Telltale ')).lastIndexOf(true));
	return boot.some((line) => /^settings number \d+ work/.test(line)) || !boot.some((line) => / are on trial$/.test(line));
};

/** The broker is away for long enough that readings wait in flash. */
async function outage(bench: Bench): Promise<void> {
	const { broker } = bench.simulation;
	await bench.until(() => isOnline(bench) && isDecided(bench) && bench.texts('readings').length > 0, MINUTE, 'before the outage');
	broker.publish('telltale/porch/set/interval', '{"value":5000}');
	await bench.until(() => bench.texts('result').length > 0, 20 * SECOND, 'the interval');
	broker.kill();
	await bench.simulation.run(80 * SECOND);
	const [boot, count] = [...bench.taken].at(-1)!;
	// The last may be on its way to flash.
	bench.promised = Array.from({ length: count - 1 }, (_, i) => `${boot}/${i + 1}`);
}

/** The broker is back, and slow, so that much of it still waits. */
async function online(bench: Bench): Promise<void> {
	const { broker } = bench.simulation;
	broker.kill();
	broker.start();
	broker.faults.pubackDelayMs = 3 * SECOND;
	await bench.until(() => isOnline(bench), MINUTE, 'ready');
}

const ONE_AFTER_THE_OTHER: readonly Part[] = [
	{
		name: 'Wi-Fi by Improv', old: {}, young: WIFI, again: true,
		prepare: async () => {},
		ready: (bench) => bench.until(() => isOpen(bench), 20 * SECOND, 'ready'),
		act: join, isOver: isJoined, isBack: (bench) => isOpen(bench) && (isJoined(bench) || Object.keys(bench.settings).length === 0),
	},
	{
		name: 'the broker by the page', old: WIFI, young: HELD, again: true,
		prepare: (bench) => bench.until(() => isJoined(bench), 20 * SECOND, 'prepare'),
		ready: (bench) => bench.until(() => isJoined(bench), 20 * SECOND, 'ready'),
		act: enter, isOver: (bench) => isOnline(bench) && isDecided(bench), isBack: (bench) => isJoined(bench) || isOnline(bench) && isDecided(bench),
	},
	{
		name: 'a broker that is none', old: { ...HELD, intervalMs: 5_000 }, young: { ...HELD, intervalMs: 5_000 }, again: false,
		prepare: outage, ready: online, act: config({ broker: { host: 'nobody.test' } }),
		isOver: (bench) => bench.heard(/^settings number \d+ do not work \(dns\)/) && isOnline(bench) && isDecided(bench),
		isBack: (bench) => isOnline(bench) && isDecided(bench),
	},
	{
		name: 'a patch by command', old: { ...HELD, intervalMs: 5_000 }, young: { ...HELD, intervalMs: 7_000, keepAliveMs: 20_000 }, again: false,
		prepare: outage, ready: online, act: config({ intervalMs: 7_000, keepAliveMs: 20_000 }),
		isOver: (bench) => bench.heard(/^settings number \d+ work/) && isOnline(bench) && isDecided(bench), isBack: (bench) => isOnline(bench) && isDecided(bench),
	},
];

/** Does it with the power cut there, and sees what is left. */
async function cut(part: Part, bench: Bench, from: Kept, { step, share }: Cut): Promise<void> {
	const { node, simulation } = bench;
	const where = `${part.name}, step ${step}, ${share} of it done`;
	await bench.restore(from);
	await part.ready(bench);
	let left = step;
	node.storage.onStep = () => (left-- > 0 ? undefined : share);
	await part.act(bench);
	await bench.reaches(() => !node.running || part.isOver(bench), 4 * MINUTE);
	node.storage.onStep = undefined;
	expect(node.running, `${where}: no cut\n${bench.lines.join('\n')}`).toBe(false);
	simulation.broker.faults.pubackDelayMs = 0;
	await bench.powerOn();
	await bench.until(() => part.isBack(bench), 3 * MINUTE, where);
	await simulation.run(2 * SECOND);
	expect([part.old, part.young], where).toContainEqual(bench.settings);
	if (part.again && JSON.stringify(bench.settings) !== JSON.stringify(part.young)) {
		await part.act(bench);
		await bench.until(() => part.isOver(bench), MINUTE, `${where}, once more`);
		expect(bench.settings, where).toEqual(part.young);
	}
	if (bench.promised.length) await expectDelivered(bench, where);
	expect(node.counts.faults, where).toBe(0);
}

/** What waited in flash has come, as it was. */
async function expectDelivered(bench: Bench, where: string): Promise<void> {
	const { broker } = bench.simulation;
	const auditor = (): Auditor => {
		const all = new Auditor('porch');
		for (const message of [...bench.before, ...broker.published]) all.heard(message);
		return all;
	};
	const missing = (): string[] => {
		const { boots } = auditor();
		return bench.promised.filter((each) => !boots.get(each.split('/')[0]!)?.readings.has(Number(each.split('/')[1])));
	};
	await bench.reaches(() => missing().length === 0, 30 * SECOND);
	expect([missing(), auditor().violations], `${where}\n${bench.lines.join('\n')}`).toEqual([[], []]);
}

/** Does it without a cut, and returns the steps that it takes. */
async function stepsOf(part: Part, bench: Bench, from: Kept): Promise<Step[]> {
	const steps: Step[] = [];
	await bench.restore(from);
	await part.ready(bench);
	bench.node.storage.onStep = (step) => void steps.push(step);
	await part.act(bench);
	await bench.until(() => part.isOver(bench), 4 * MINUTE, part.name);
	bench.node.storage.onStep = undefined;
	expect(bench.settings).toEqual(part.young);
	return steps;
}

/** Of so many steps. */
function cutsOf(steps: readonly Step[], random: Random): Cut[] {
	const all = SHARES.flatMap((share) => steps.map((_, step) => ({ step, share })));
	return CUTS ? all : SHARES.map((share) => ({ step: random.below(steps.length), share }));
}

describe('A power cut at any step of the first hour', () => {
	it.each(ONE_AFTER_THE_OTHER)('leaves the old settings or the new ones, a node within reach, and its readings: $name', async (part) => {
		bench ??= await Bench.begin();
		await part.prepare(bench);
		const from = bench.keep();
		const steps = await stepsOf(part, bench, from);
		const { before } = bench;
		const over = bench.keep();
		bench.before = before;
		const cuts = cutsOf(steps, new Random(`cuts of ${part.name}`));
		for (const each of cuts) await cut(part, bench, from, each);
		if (CUTS) console.log(`${part.name}: ${cuts.length} power cuts in ${steps.length} steps (${steps.join(', ')})`);
		bench.simulation.broker.faults.pubackDelayMs = 0;
		await bench.restore(over);
	});
});
