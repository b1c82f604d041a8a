// What simulated nodes are called in their topics, now: settings in place may give a node another name than it was made with.
//
// Rule: a boot's number says whose a message is. Until one is heard, a node is called as its settings at the start say.

export class TopicNames {
	/** By what the log calls a node. */
	readonly #names: Map<string, string>;
	readonly #boots = new Map<string, string>();

	constructor(names: ReadonlyMap<string, string>) {
		this.#names = new Map(names);
	}

	/** This node runs as this boot. */
	begun(node: string, boot: string): void {
		this.#boots.set(node, boot);
	}

	/** Who is called so says that it is this boot. */
	heard(name: string, boot: string): void {
		for (const [node, own] of this.#boots) if (own === boot) this.#names.set(node, name);
	}

	of(node: string): string | undefined {
		return this.#names.get(node);
	}
}
