// What a page may do to the world of simulated nodes: who runs the simulation says how.

import type { WorldAction, WorldNews } from '../web/messages.js';

export interface WorldControls {
	/** How it is now. */
	state(): WorldNews;
	/** Of one node; undefined for one that is not simulated. */
	node(name: string): { readonly power: boolean; readonly parts: readonly { readonly name: string; readonly trouble: string }[] } | undefined;
	/** A sentence for whoever asked: what was done. Throws an Error with a sentence where it cannot be done. */
	act(action: WorldAction): Promise<string>;
}
