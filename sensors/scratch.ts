// SPDX-License-Identifier: MIT
// The bytes that drivers read answers into and send commands from: one buffer for all parts of a node.
//
// Rule: nothing in it outlives the call that put it there, since each part finds there what another left. On XS an array takes
// 120 B beside its bytes: with one for each part, eight of them would take a kilobyte.

/** As long as the longest answer of those that share it. */
export class Scratch {
	bytes: Uint8Array;

	constructor(count: number) {
		this.bytes = new Uint8Array(count);
	}

	/** With room for so many bytes from now on. */
	holding(count: number): this {
		if (this.bytes.length < count) this.bytes = new Uint8Array(count);
		return this;
	}
}

/** The one that is shared, or an own. */
export const scratchFor = (shared: Scratch | undefined, count: number): Scratch => shared ? shared.holding(count) : new Scratch(count);
