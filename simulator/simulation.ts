// A whole simulation: nodes with the unchanged firmware, the air between them, and a broker that listens on this machine.
//
// Rule: what a caller got wrong is said in one sentence before anything starts. A seed makes the chances of the world; only
// with virtual network and time (virtual.ts) it also makes the whole run.

import { join } from 'node:path';
import { isIPv4 } from 'node:net';
import { board as esp32 } from '../hardware/esp32.js';
import { board as nodemcu } from '../hardware/nodemcu.js';
import { completed, FURTHER_KEYS, tlsKey, withDefaults } from '../src/settings/settings.js';
import { tlsProblem } from '../src/device/esp8266/tls.js';
import { bundleOnce, type BoardName } from './engine/bundle.js';
import { root } from './engine/kept.js';
import { Scheduler, type Pace } from './world/clock.js';
import { calmConditions, type Conditions } from './world/conditions.js';
import { AccessPoint } from './devices/access-point.js';
import { Panel } from './devices/digital.js';
import { Parts } from './devices/parts.js';
import { Storage } from './devices/storage.js';
import type { Resources } from './devices/tls.js';
import type { EngineKind, Linked } from './engine/engine.js';
import type { BoardConstants } from './board/machine.js';
import { twinMaker, wiresOf } from './board/wiring.js';
import { isLoopback, RealNetwork, type Network } from './world/network.js';
import { Random } from './world/random.js';
import { SimulatedNode } from './board/simulated-node.js';
import { readWeather, type Air, type Weather } from './world/weather.js';

export type Settings = Readonly<Record<string, unknown>>;
export type OnLine = (node: string, line: string) => void;

export interface WorldOptions {
	readonly board?: BoardName;
	/** Of src/settings/settings.ts; they reach the firmware as "mc/config". */
	readonly settings?: Settings;
	readonly nodes?: number;
	/** A CSV file, or weather made otherwise. */
	readonly world?: string | Weather;
	readonly seed?: string | number;
	readonly onLine?: OnLine;
	/** What goes out on the serial line of a node, byte by byte: lines and packets. */
	readonly onBytes?: (node: string, bytes: Uint8Array) => void;
	/** What a node calls its boot, and how many readings it has taken in it, at least and at most: told again with each. */
	readonly onMeasured?: (node: string, boot: string, least: number, most: number) => void;
	/** While the nodes are powered on, one after the other. */
	readonly onBooted?: (booted: number, of: number) => void;
	/** What a debug build writes to its console. */
	readonly onTrace?: OnLine;
	readonly engine?: EngineKind | Linked;
	/** The parts that are wired to each node, as the setting `sensors` lists them; else those of its first settings. */
	readonly wired?: string;
	/** Files of the image, by name: the certificates. */
	readonly resources?: Resources;
	/** The settings of each of several nodes, by its number from 1; else name, client id and base get the number. */
	readonly settingsOf?: (number: number) => Settings;
	/** Path of the entry module. */
	readonly entry?: string;
	/** Or a script like the one that bundle() makes. */
	readonly script?: string;
	/** Unix time at the beginning. */
	readonly startUnixMs?: number;
	readonly ticksAtBoot?: number;
	/** What the world is like in calm times, where it is not as calm as others. */
	readonly conditions?: Partial<Conditions>;
}

export interface SimulationOptions extends WorldOptions {
	/** mqtt://host:port of a broker on this machine, or mqtts://. */
	readonly brokerUrl: string;
	/** Times real time, or "max". */
	readonly speed?: number | 'max';
}

const BOARDS: Readonly<Record<BoardName, BoardConstants>> = { nodemcu, esp32 };
export const OFFICE_CLIMATE = join(root, 'simulator/weather/office-climate.csv');
export const MAIN = 'src/main.ts';
const SSID = 'simulated';
const PASSPHRASE = 'simulated air';
const MQTT_PORT = 1_883;
const MQTTS_PORT = 8_883;
/** Each is a process of its own. */
const NODES_MAX = 100;
const SPEED_MAX = 10_000;

/** What a world is made of. */
export class World {
	readonly seed: string;
	/** In calm times. */
	readonly calm: Readonly<Conditions>;
	readonly conditions: Conditions;
	readonly accessPoint: AccessPoint;
	readonly nodes: SimulatedNode[] = [];
	readonly clock: Scheduler;
	readonly network: Network;
	readonly startUnixMs: number;

	/** `makeNetwork` is given the world as far as it is there: clock, seed and conditions. */
	constructor(options: WorldOptions, clock: Scheduler, settings: Settings, makeNetwork: (world: World) => Network) {
		this.seed = String(options.seed ?? Math.floor(Math.random() * 0x1_0000_0000));
		this.calm = { ...calmConditions(), ...options.conditions };
		this.conditions = { ...this.calm };
		this.clock = clock;
		this.startUnixMs = options.startUnixMs ?? Date.now();
		this.accessPoint = new AccessPoint(String(settings.ssid), String(settings.passphrase));
		this.network = makeNetwork(this);
	}

	/** Milliseconds since the beginning. */
	now(): number {
		return this.clock.now();
	}

	unixMs(): number {
		return this.startUnixMs + this.clock.now();
	}

	/** Bundles the firmware and powers every node on. */
	async populate(options: WorldOptions, settings: Settings): Promise<void> {
		const board = boardNamed(options.board ?? 'nodemcu');
		const { world = OFFICE_CLIMATE, onLine = () => {}, onTrace = () => {} } = options;
		const weather = typeof world === 'string' ? readWeather(world) : world;
		const script = options.script ?? await bundleOnce(options.entry ?? MAIN, board.name as BoardName);
		const count = options.nodes ?? 1;
		if (!(Number.isInteger(count) && count >= 1 && count <= NODES_MAX)) {
			throw new Error(`${count} nodes cannot be simulated: give a whole number from 1 to ${NODES_MAX}.`);
		}
		for (let index = 0; index < count; index++) {
			const config = options.settingsOf ? { ...settings, ...options.settingsOf(index + 1) } : count === 1 ? settings : numbered(settings, index + 1);
			const name = String(config.node ?? 'node');
			const seed = `${this.seed}/${name}`;
			const around = {
				now: () => this.clock.now(),
				air: (): Air => weather.at(this.clock.now()),
				random: (part: string) => new Random(`${seed}/${part}`),
				fullScaleMv: board.analog.fullScaleMv,
			};
			const wires = wiresOf(options.wired ?? String(withDefaults(config).sensors), board);
			const make = await twinMaker(wires);
			const node: SimulatedNode = new SimulatedNode({
				name, script, board, index, seed,
				// An image of the firmware has them all.
				config: options.entry === undefined ? completed(config) : config,
				engine: options.engine ?? 'xs',
				ticksAtBoot: options.ticksAtBoot ?? 0,
				clock: this.clock,
				accessPoint: this.accessPoint,
				servers: this,
				storage: new Storage(),
				resources: options.resources ?? {},
				parts: new Parts(wires, around, make),
				panel: new Panel(),
				onLine: (line) => {
					onLine(name, line);
					node.heard(line);
				},
				onBytes: (bytes) => options.onBytes?.(name, bytes),
				onTrace: (text) => onTrace(name, text),
				onMeasured: (boot, least, most) => options.onMeasured?.(name, boot, least, most),
			});
			this.nodes.push(node);
		}
		try {
			for (const [index, node] of this.nodes.entries()) {
				await node.boot();
				options.onBooted?.(index + 1, count);
			}
		} catch (fault) {
			for (const node of this.nodes) node.kill();
			throw fault;
		}
	}
}

/** A running simulation against a broker that listens on this machine. */
export class Simulation {
	readonly #world: World;
	readonly #network: RealNetwork;
	#run: Promise<void>;

	constructor(world: World, network: RealNetwork) {
		this.#world = world;
		this.#network = network;
		this.#run = world.clock.run();
		// Said again by stop(), where somebody waits for it.
		this.#run.catch(() => {});
	}

	get nodes(): readonly SimulatedNode[] {
		return this.#world.nodes;
	}

	get seed(): string {
		return this.#world.seed;
	}

	get accessPoint(): AccessPoint {
		return this.#world.accessPoint;
	}

	get conditions(): Conditions {
		return this.#world.conditions;
	}

	/** Of each way between nodes and brokers, beside what this machine takes. */
	get delayMs(): number {
		return this.#network.delayMs;
	}
	set delayMs(ms: number) {
		this.#network.delayMs = ms;
	}

	/** Milliseconds of the simulation. */
	now(): number {
		return this.#world.now();
	}

	/** Settles when so much time of the simulation has passed. Rejects if the simulation itself breaks. */
	async pass(ms: number): Promise<void> {
		await Promise.race([new Promise<void>((resolve) => void this.#world.clock.after(ms, resolve)), this.#run]);
	}

	/** Asks each node to stop, then ends everything. */
	async stop(): Promise<void> {
		try {
			await Promise.race([Promise.all(this.nodes.map((node) => node.stop())), this.#run]);
		} finally {
			this.#world.clock.stop();
			for (const node of this.nodes) node.kill();
			this.#world.network.close();
		}
		await this.#run;
	}
}

export async function startSimulation(options: SimulationOptions): Promise<Simulation> {
	const pace: Pace = options.speed ?? 1;
	if (typeof pace === 'number' && !(pace > 0 && pace <= SPEED_MAX)) {
		throw new Error(`A speed of ${pace} is not possible: give a number above 0, at most ${SPEED_MAX}, or "max".`);
	}
	const settings = withBroker(withAir(options.settings ?? {}), options.brokerUrl);
	if (tlsKey(settings) && options.board !== 'esp32') throw new Error(`A simulated NodeMCU cannot do that: ${tlsProblem(tlsKey(settings))}`);
	const clock: Scheduler = new Scheduler(pace, () => world.network.quiet());
	const names = [String(settings.host), String(settings.timeServer ?? 'pool.ntp.org')];
	const complain = (sentence: string): void => options.onLine?.('', sentence);
	const network = new RealNetwork(clock, names, complain);
	const world: World = new World(options, clock, settings, () => network);
	await world.populate(options, settings);
	return new Simulation(world, network);
}

/** The access point is the one that the settings want. */
export function withAir(settings: Settings): Settings {
	return { ...settings, ssid: settings.ssid || SSID, passphrase: settings.ssid ? (settings.passphrase ?? '') : PASSPHRASE };
}

const OWN_ADDRESS: readonly string[] = ['address', 'gateway', 'nameServer'];

function withBroker(settings: Settings, brokerUrl: string): Settings {
	let url: URL;
	try {
		url = new URL(brokerUrl);
	} catch {
		throw new Error(`"${brokerUrl}" is no address of a broker: give one like mqtt://127.0.0.1:1883.`);
	}
	if (!['mqtt:', 'mqtts:'].includes(url.protocol)) throw new Error(`The firmware speaks MQTT over TCP or TLS only: "${brokerUrl}" must begin with mqtt:// or mqtts://.`);
	const tls = url.protocol === 'mqtts:';
	if (isIPv4(url.hostname) && !isLoopback(url.hostname)) {
		throw new Error(`The broker ${url.hostname} is not on this machine: simulated nodes only talk to 127.0.0.1.`);
	}
	const { username, password } = url;
	// The one network of the world and that broker are all that there is.
	const alone = Object.fromEntries(Object.entries(settings).filter(([key]) => !FURTHER_KEYS.includes(key) && !OWN_ADDRESS.includes(key))) as Settings;
	return {
		...alone,
		host: url.hostname,
		port: url.port ? Number(url.port) : tls ? MQTTS_PORT : MQTT_PORT,
		tls,
		...(username && { user: decodeURIComponent(username), password: decodeURIComponent(password) }),
	};
}

function boardNamed(name: string): BoardConstants {
	if (!Object.hasOwn(BOARDS, name)) throw new Error(`There is no board "${name}": choose one of ${Object.keys(BOARDS).join(', ')}.`);
	return BOARDS[name as BoardName];
}

/** Nodes of the same settings must differ in all that a broker knows them by. */
function numbered(settings: Settings, number: number): Settings {
	const suffixed: Record<string, unknown> = { ...settings, node: `${settings.node ?? 'node'}-${number}` };
	for (const key of ['clientId', 'base']) if (settings[key]) suffixed[key] = `${settings[key]}-${number}`;
	return suffixed;
}
