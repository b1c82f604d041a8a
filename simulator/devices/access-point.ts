// An access point, which all nodes have in reach.
//
// Rule: whoever is joined to it is told when it goes and comes.

/** One access point, for all nodes, and the others around. */
export class AccessPoint {
	readonly ssid: string;
	readonly passphrase: string;
	/** Whether it gives out addresses. */
	dhcp = true;
	/** The time server that it names with an address (option 42); '' for none. */
	timeServer = '';
	rssi = -58;
	/** Does not say its name. */
	hidden = false;
	readonly others: AccessPoint[] = [];
	#up = true;
	readonly #listeners = new Set<() => void>();

	constructor(ssid: string, passphrase: string) {
		this.ssid = ssid;
		this.passphrase = passphrase;
	}

	get up(): boolean {
		return this.#up;
	}
	set up(up: boolean) {
		this.#up = up;
		for (const listener of [...this.#listeners]) listener();
	}

	onChange(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}
}
