// Whether a node is there, in the eyes of a subscriber: its last word on status, and when it last said anything.
//
// Rule: a connection of before that is half-open looks the same to a broker, so only what was said lately counts. Where the node retains nothing, its
// last word is what was published, not what the broker keeps.

import type { SimulatedNode } from '../board/simulated-node.js';
import type { VirtualSimulation } from '../virtual.js';

export class Presence {
	readonly #simulation: VirtualSimulation;
	readonly #retains: boolean;
	readonly #words = new Map<string, string>();

	/** `retains`: by the node's settings. */
	constructor(simulation: VirtualSimulation, retains: boolean) {
		this.#simulation = simulation;
		this.#retains = retains;
		const { broker } = simulation;
		const passOn = broker.onPublished;
		broker.onPublished = (message) => {
			passOn(message);
			if (message.topic.endsWith('/status')) this.#words.set(message.topic, message.payload.toString());
		};
	}

	word({ name }: SimulatedNode): string | undefined {
		const topic = `telltale/${name}/status`;
		return this.#retains ? this.#simulation.broker.retained.get(topic)?.payload.toString() : this.#words.get(topic);
	}

	/** Connected, and heard since then. */
	isOnline(node: SimulatedNode, since: number): boolean {
		const { broker, world } = this.#simulation;
		const lastHeardAt = this.#lastHeardAt(node);
		return node.running && broker.isConnected(`telltale-${node.name}`) && this.word(node) === 'online' && lastHeardAt > since && world.now() >= lastHeardAt;
	}

	#lastHeardAt(node: SimulatedNode): number {
		const { published } = this.#simulation.broker;
		for (let i = published.length - 1; i >= 0; i--) {
			if (published[i]!.clientId === `telltale-${node.name}` && !published[i]!.will) return published[i]!.at;
		}
		return -1;
	}
}
