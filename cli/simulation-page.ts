// The page of telltale simulate: a viewer of its own, which is there before the nodes, and their world in the hands of whoever looks.

import { openViewer, type Viewer } from '../viewer/viewer.js';
import type { PageServer } from '../viewer/server/page-server.js';
import type { Simulation } from '../simulator/simulation.js';
import type { Weather } from '../simulator/world/weather.js';
import type { Certificates } from './certificates.js';
import type { BrokerAddress } from './options.js';
import { openPage, type PagePlace } from './page.js';
import { TopicNames } from './topic-names.js';
import { AirByHand, SimulatedWorld, type SwitchedBroker } from './simulated-world.js';

/** Nodes come back after a second at the earliest: we are there before. */
const RETRY_MAX_MS = 250;

export class SimulationPage {
	readonly air: AirByHand;
	readonly #viewer: Viewer;
	readonly #server: PageServer;
	readonly #names: TopicNames;
	readonly #broker: SwitchedBroker | undefined;

	private constructor(viewer: Viewer, server: PageServer, weather: Weather, names: TopicNames, broker: SwitchedBroker | undefined) {
		[this.#viewer, this.#server, this.#names, this.#broker] = [viewer, server, names, broker];
		this.air = new AirByHand(weather);
		viewer.on('info', ({ node, info }) => names.heard(node, String(info['boot'])));
		viewer.on('reading', ({ node, reading: { boot }, late }) => late || names.heard(node, boot));
	}

	/** `names`: in topics, by what the log calls them. `broker`: ours; undefined for one that was named. */
	static async open(address: BrokerAddress, tls: Certificates['pem'] | undefined, roots: readonly string[], names: ReadonlyMap<string, string>, weather: Weather, broker: SwitchedBroker | undefined, place: PagePlace): Promise<SimulationPage> {
		const viewer = openViewer({ brokers: [{ ...address, tls }], roots, fromStart: broker !== undefined, retryMaxMs: RETRY_MAX_MS });
		try {
			return new SimulationPage(viewer, await openPage(viewer, place), weather, new TopicNames(names), broker);
		} catch (error) {
			await viewer.close();
			throw error;
		}
	}

	get address(): string {
		return this.#server.addressAt();
	}

	/** The nodes run. */
	attach(simulation: Simulation): void {
		this.#server.attach(new SimulatedWorld({ simulation, air: this.air, names: this.#names, broker: this.#broker }));
	}

	/** A line of a node's serial log. */
	log(node: string, line: string): void {
		const name = this.#names.of(node);
		if (name !== undefined) this.#server.chronicle.log(name, line);
	}

	/** A node has taken readings in this boot. */
	measured(node: string, boot: string): void {
		this.#names.begun(node, boot);
	}

	async close(): Promise<void> {
		await this.#server.close();
		await this.#viewer.close();
	}
}
