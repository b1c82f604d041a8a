// SPDX-License-Identifier: MIT
// Improv on a node whose settings cannot be used, and nothing else: whoever asks is told why.
//
// Rule: it takes nothing in. What the image brings holds beneath all settings, so another image has to mend it.

import type { Console, Log, Millis, PacketLine } from '../common/ports.js';
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
	private readonly keys: Console;

	constructor(line: PacketLine & Log & Console, chip: string, problem: string) {
		super(line);
		this.keys = line;
		this.chip = chip;
		this.problem = problem;
	}

	/** What is typed is not carried out either, one line in a turn. */
	override poll(now: Millis): Millis {
		const at = super.poll(now);
		if (!this.keys.take()) return at;
		this.line.line(this.problem);
		return now;
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
