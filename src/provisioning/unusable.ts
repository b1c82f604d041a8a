// SPDX-License-Identifier: MIT
// Improv on a node whose settings cannot be used, and nothing else: whoever asks is told why.
//
// Rule: it takes nothing in. What the image brings holds beneath all settings, so another image has to mend it.

import type { Log, PacketLine } from '../common/ports.js';
import { Improv, type Joiner } from './improv.js';
import { Phase, type FoundNetwork } from './provisioner.js';

const NO_NETWORKS: readonly FoundNetwork[] = Object.freeze([]);
const NAMELESS = 'node';

export class ImprovUnusable extends Improv implements Joiner {
	readonly node = NAMELESS;
	readonly phase = Phase.Failed;
	readonly address = '';
	readonly isSetUp = false;
	readonly networks = NO_NETWORKS;
	readonly chip: string;
	/** A sentence. */
	readonly problem: string;
	protected readonly proposed = 0;

	constructor(line: PacketLine & Log, chip: string, problem: string) {
		super(line);
		this.chip = chip;
		this.problem = problem;
	}

	begin(): Joiner {
		return this;
	}

	join(): string {
		return this.problem;
	}

	scan(): void {}

	protected obey(): string {
		return this.problem;
	}
}
