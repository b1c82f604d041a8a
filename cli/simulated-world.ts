// The world of simulated nodes in the hands of whoever looks at the page: its air, its Wi-Fi, its broker, each node's power and parts.
//
// Rule: what is done here is what could happen on a bench: no node is told of it. The air is all nodes' together, as they are in one room.

import { TROUBLES, type Trouble } from '../sensors/twin.js';
import type { EmbeddedBroker } from '../simulator/broker.js';
import type { SimulatedNode } from '../simulator/board/simulated-node.js';
import type { Simulation } from '../simulator/simulation.js';
import type { Air, Weather } from '../simulator/world/weather.js';
import type { WorldControls } from '../viewer/server/world.js';
import type { WorldAction, WorldNews } from '../viewer/web/messages.js';
import type { TopicNames } from './topic-names.js';

/** Each way: a reading and its acknowledgement are on their way for six seconds. */
const SLOW_MS = 3_000;
const TROUBLE_WORDS: Readonly<Record<Trouble, string>> = {
	none: 'works again', gone: 'was pulled out', stuck: 'is stuck: it repeats its last value', nonsense: 'answers nonsense', garbled: 'garbles what it sends',
	unsteady: 'has a bad supply: a voltage that it gives swings', hung: 'hangs: it answers again when its supply was away',
};

/** As it was recorded, until somebody sets it by hand. */
export class AirByHand implements Weather {
	readonly #recorded: Weather;
	hand: { readonly temperatureC: number; readonly humidityPct: number } | undefined;
	/** What it was like when it was asked for last. */
	last: Air;

	constructor(recorded: Weather) {
		this.#recorded = recorded;
		this.last = recorded.at(0);
	}

	at(ms: number): Air {
		return (this.last = { ...this.#recorded.at(ms), ...this.hand });
	}
}

export interface WorldParts {
	readonly simulation: Simulation;
	readonly air: AirByHand;
	readonly names: Pick<TopicNames, 'of'>;
	/** Ours, to be stopped and begun again; undefined for one that is somebody's. */
	readonly broker: SwitchedBroker | undefined;
}

/** The broker of the simulation, as something that can be killed and is the same address when it is back. */
export class SwitchedBroker {
	readonly url: string;
	readonly #begin: (port: number) => Promise<EmbeddedBroker>;
	readonly #port: number;
	#broker: EmbeddedBroker | undefined;
	#switching: Promise<void> = Promise.resolve();

	constructor(broker: EmbeddedBroker, begin: (port: number) => Promise<EmbeddedBroker>) {
		[this.#broker, this.#begin, this.url, this.#port] = [broker, begin, broker.url, broker.port];
	}

	get isUp(): boolean {
		return this.#broker !== undefined;
	}

	/** One after the other, whoever is in a hurry. */
	async turn(on: boolean): Promise<void> {
		const before = this.#switching;
		const turned = before.then(() => (on ? this.#on() : this.#off()));
		this.#switching = turned.catch(() => {});
		await turned;
	}

	async #on(): Promise<void> {
		this.#broker ??= await this.#begin(this.#port);
	}

	async #off(): Promise<void> {
		const broker = this.#broker;
		this.#broker = undefined;
		await broker?.kill();
	}

	async close(): Promise<void> {
		await this.#switching;
		await this.#broker?.close();
		this.#broker = undefined;
	}
}

export class SimulatedWorld implements WorldControls {
	readonly #parts: WorldParts;

	constructor(parts: WorldParts) {
		this.#parts = parts;
	}

	state(): WorldNews {
		const { air, broker, simulation } = this.#parts;
		const { temperatureC, humidityPct } = air.last;
		return {
			temperature: Math.round(temperatureC * 10) / 10, humidity: Math.round(humidityPct * 10) / 10, isByHand: air.hand !== undefined,
			wifi: simulation.accessPoint.up, isSlow: simulation.delayMs > 0, broker: broker ? broker.isUp : null,
		};
	}

	node(name: string) {
		const node = this.#find(name);
		return node && { power: node.running, parts: partsOf(node).map(([part, { trouble }]) => ({ name: part, trouble })) };
	}

	async act(action: WorldAction): Promise<string> {
		const { air, simulation } = this.#parts;
		switch (action.what) {
			case 'air':
				air.hand = { temperatureC: action.temperature, humidityPct: action.humidity };
				air.last = { ...air.last, ...air.hand };
				return `The air is set by hand: ${action.temperature} °C, ${action.humidity} %`;
			case 'recording':
				air.hand = undefined;
				return 'The air is as it was recorded';
			case 'wifi':
				simulation.accessPoint.up = action.on;
				return action.on ? 'The Wi-Fi is back' : 'The Wi-Fi is gone';
			case 'slow':
				simulation.delayMs = action.on ? SLOW_MS : 0;
				return action.on ? `The network is slow: ${SLOW_MS / 1_000} s each way` : 'The network is as fast as before';
			case 'broker': return this.#broker(action.on);
			case 'power': return this.#power(this.#named(action.node), action.on);
			case 'reset':
				this.#named(action.node).restart();
				return 'The reset button was pressed';
			case 'part': return trouble(this.#named(action.node), action.part, action.trouble);
		}
	}

	async #broker(on: boolean): Promise<string> {
		const { broker } = this.#parts;
		if (!broker) throw new Error('This broker is not ours to stop: it was named with --broker.');
		await broker.turn(on);
		return on ? 'The broker runs again; it has forgotten everything' : 'The broker was killed: it cannot say "offline" for anybody';
	}

	async #power(node: SimulatedNode, on: boolean): Promise<string> {
		if (!on) node.powerCut();
		else if (!node.running) {
			// It boots in its own time.
			node.powerOn().catch(() => {});
		}
		return on ? 'The power is back' : 'The power was cut: the broker hears nothing, and waits for the keep-alive before it says "offline"';
	}

	/** As its topics call it. */
	#find(name: string): SimulatedNode | undefined {
		const { names, simulation } = this.#parts;
		return simulation.nodes.find((node) => (names.of(node.name) ?? node.name) === name);
	}

	#named(name: string): SimulatedNode {
		const node = this.#find(name);
		if (!node) throw new Error('This node is not simulated here.');
		return node;
	}
}

function partsOf(node: SimulatedNode): [name: string, part: { trouble: Trouble }][] {
	return node.parts.names.map((name) => [name, node.part(name)]);
}

function trouble(node: SimulatedNode, name: string, what: string): string {
	const part = partsOf(node).find(([each]) => each === name)?.[1];
	const known = TROUBLES.find((each) => each === what);
	if (!part || !known) throw new Error('There is no such part, or nothing like that can happen to it.');
	part.trouble = known;
	return `The ${name} ${TROUBLE_WORDS[known]}`;
}
