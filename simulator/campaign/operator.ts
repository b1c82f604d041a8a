// Somebody uses the nodes while things go wrong: asks for a reading, sets the interval, calibrates, restarts.
//
// Rule: what is asked changes nothing that the judges cannot follow: the interval is set to what it is (which is stored), references
// show the air of the moment, with an error, and a node that says that it restarts must do it.

import { Random } from '../world/random.js';
import type { SimulatedNode } from '../board/simulated-node.js';
import type { VirtualSimulation } from '../virtual.js';
import type { Scenario } from './scenario.js';
import type { WireJudge } from './wire.js';
import type { MeasurementsJudge } from './measurements.js';

/** A reference's error, either way. */
const REFERENCE_C = 1.5;
const REFERENCE_PCT = 2;
/** To say `stopped` and DISCONNECT (5 s), to give up a broker that takes neither (10 s more), and to start anew. */
const RESTART_MS = 30_000;

export class Operator {
	readonly #simulation: VirtualSimulation;
	readonly #scenario: Scenario;
	readonly #judgeOf: (node: string) => MeasurementsJudge | undefined;
	readonly #complain: (sentence: string) => void;
	readonly #random: Random;
	/** Commands sent so far: each has an id of its own. */
	#count = 0;

	constructor(simulation: VirtualSimulation, scenario: Scenario, wire: WireJudge, judgeOf: (node: string) => MeasurementsJudge | undefined, complain: (sentence: string) => void) {
		this.#simulation = simulation;
		this.#scenario = scenario;
		this.#judgeOf = judgeOf;
		this.#complain = complain;
		this.#random = new Random(`${scenario.seed}/commands`);
		const passOn = wire.onPacket;
		wire.onPacket = (packet, said, clientId) => {
			passOn(packet, said, clientId);
			if (packet.cmd === 'publish' && said && !packet.dup && packet.payload.includes('"name":"restart","ok":true')) this.#expectRestart(clientId);
		};
	}

	begin(everyMs: readonly [number, number]): void {
		const { world, nodes } = this.#simulation;
		world.clock.after(this.#random.between(...everyMs), () => {
			if (world.now() >= this.#scenario.hours * 3_600_000) return;
			const node = nodes[this.#random.below(nodes.length)]!;
			const [name, payload] = this.#command(node);
			this.#simulation.broker.publish(`telltale/${node.name}/set/${name}`, JSON.stringify({ id: `operator ${++this.#count}`, ...payload }), { qos: 1 });
			this.begin(everyMs);
		});
	}

	#command(node: SimulatedNode): readonly [name: string, payload: { value?: unknown }] {
		const which = this.#random.next();
		if (which < 0.35) return ['sample', {}];
		if (which < 0.7) return ['interval', { value: this.#scenario.settings.intervalMs }];
		if (which < 0.85) return ['restart', {}];
		return ['calibrate', { value: this.#reference(node) }];
	}

	#reference(node: SimulatedNode): { temperature: number; humidity: number } {
		const { temperatureC, humidityPct } = this.#scenario.weather.at(this.#simulation.world.now());
		const shown = {
			temperatureC: Math.round((temperatureC + this.#random.between(-REFERENCE_C, REFERENCE_C)) * 1_000) / 1_000,
			humidityPct: Math.round((humidityPct + this.#random.between(-REFERENCE_PCT, REFERENCE_PCT)) * 1_000) / 1_000,
		};
		this.#judgeOf(node.name)!.calibrate(shown);
		return { temperature: shown.temperatureC, humidity: shown.humidityPct };
	}

	#expectRestart(clientId: string): void {
		const { world, nodes } = this.#simulation;
		const node = nodes.find(({ name }) => clientId === `telltale-${name}`)!;
		const { boots } = node.counts;
		const at = world.now();
		world.clock.after(RESTART_MS, () => {
			if (node.running && node.counts.boots === boots) this.#complain(`${node.name} said that it restarts at ${(at / 1_000).toFixed(1)} s and runs on`);
		});
	}
}
