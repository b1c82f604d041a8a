// Somebody uses the nodes while things go wrong: asks for a reading, sets the interval, calibrates, restarts.
//
// Rule: what is asked changes nothing that the judges cannot follow: the interval is set to what it is (which is stored), references
// show the air of the moment, with an error, and a node that has acknowledged a restart must do it or say why not.

import type { IPublishPacket } from 'mqtt-packet';
import { Random } from '../random.js';
import type { SimulatedNode } from '../simulated-node.js';
import type { VirtualSimulation } from '../virtual.js';
import type { Scenario } from './scenario.js';
import type { WireJudge } from './wire.js';
import type { Witness } from './witness.js';

/** A reference's error, either way. */
const REFERENCE_C = 1.5;
const REFERENCE_PCT = 2;
/** To say `stopped` and DISCONNECT (5 s), to give up a broker that takes neither (10 s more), and to start anew. */
const RESTART_MS = 30_000;

export class Operator {
	readonly #simulation: VirtualSimulation;
	readonly #scenario: Scenario;
	readonly #witnesses: readonly Witness[];
	readonly #complain: (sentence: string) => void;
	readonly #random: Random;
	/** Commands sent so far: each has an id of its own. */
	#count = 0;
	/** Restarts that a node has heard of and not acknowledged, as client id and packet id. */
	readonly #heard = new Set<string>();

	constructor(simulation: VirtualSimulation, scenario: Scenario, wire: WireJudge, witnesses: readonly Witness[], complain: (sentence: string) => void) {
		this.#simulation = simulation;
		this.#scenario = scenario;
		this.#witnesses = witnesses;
		this.#complain = complain;
		this.#random = new Random(`${scenario.seed}/commands`);
		const passOn = wire.onPacket;
		wire.onPacket = (packet, said, clientId) => {
			passOn(packet, said, clientId);
			if (packet.cmd === 'publish' && !said && packet.qos === 1) this.#note(packet, clientId);
			else if (packet.cmd === 'puback' && said && this.#heard.delete(`${clientId} ${packet.messageId}`)) this.#expectRestart(clientId);
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
		this.#witnesses.find(({ name }) => name === node.name)!.calibrate(shown);
		return { temperature: shown.temperatureC, humidity: shown.humidityPct };
	}

	/** A packet id that is used for something else now has lost its old meaning. (An empty message clears what was retained, and asks for nothing.) */
	#note({ topic, payload, retain, messageId }: IPublishPacket, clientId: string): void {
		const key = `${clientId} ${messageId}`;
		if (topic.endsWith('/set/restart') && !retain && payload.length) this.#heard.add(key);
		else this.#heard.delete(key);
	}

	#expectRestart(clientId: string): void {
		const { world, nodes } = this.#simulation;
		const node = nodes.find(({ name }) => clientId === `telltale-${name}`)!;
		const { boots } = node.counts;
		const at = world.now();
		world.clock.after(RESTART_MS, () => {
			if (node.running && node.counts.boots === boots && !this.#refused(node, at)) this.#complain(`${node.name} acknowledged a restart at ${(at / 1_000).toFixed(1)} s and runs on`);
		});
	}

	/** Whether the node has said since then that it does not restart: so soon after a start it does not, nor behind another restart. */
	#refused({ name }: SimulatedNode, since: number): boolean {
		const { published } = this.#simulation.broker;
		for (let i = published.length - 1; i >= 0 && published[i]!.at >= since; i--) {
			const { topic, payload } = published[i]!;
			if (topic === `telltale/${name}/result` && payload.includes('"name":"restart","ok":false')) return true;
		}
		return false;
	}
}
