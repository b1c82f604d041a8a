// What devices know of the world around the chip: types only.

import type { Conditions } from '../world/conditions.js';
import type { Link, Network } from '../world/network.js';

export interface Servers {
	readonly network: Network;
	readonly conditions: Conditions;
	/** True Unix time in milliseconds. */
	unixMs(): number;
}

export interface Station {
	readonly link: Link;
	/** Whether the interface has an address. */
	readonly addressed: boolean;
	/** Whether there is any interface: that one, or the chip's own network. */
	readonly up: boolean;
}
