// SPDX-License-Identifier: MIT
// What can be asked of a node in set-up mode beside its page: by Improv, at the serial line, and at its button.
//
// Rule: only what sets the node up is done, a look at its bus among it; the rest is refused in a sentence, since nothing is
// measured here.

import { Limit } from '../common/limits.js';
import { NEVER, type Clock, type Log, type Millis, type PacketLine } from '../common/ports.js';
import type { Setting } from '../settings/settings.js';
import type { Actions, Commands } from '../telemetry/commands.js';
import { Sign, type Signalled } from '../telemetry/indicator.js';
import type { NodeBoard } from '../telemetry/node-publications.js';
import type { Answers } from '../telemetry/publications.js';
import type { Report, Scanning } from '../telemetry/report.js';
import { Improv, type Joiner } from './improv.js';
import type { SetUp } from './set-up.js';

const NOTHING_MEASURED = 'the node is being set up: nothing is measured or sent';

export class SetUpActions implements Actions, Signalled {
	readonly shown = Sign.SetUp;
	identifyUntil: Millis = 0;
	private readonly setUp: SetUp;
	private readonly clock: Clock;
	private readonly board: NodeBoard;

	constructor(setUp: SetUp, clock: Clock, board: NodeBoard) {
		this.setUp = setUp;
		this.clock = clock;
		this.board = board;
	}

	setIntervalMs(): string {
		return NOTHING_MEASURED;
	}

	sample(): string {
		return NOTHING_MEASURED;
	}

	calibrate(): string {
		return NOTHING_MEASURED;
	}

	noise(): string {
		return NOTHING_MEASURED;
	}

	stop(): string {
		return NOTHING_MEASURED;
	}

	setDate(): string {
		return NOTHING_MEASURED;
	}

	identify(): string {
		this.identifyUntil = this.clock.now() + Limit.IDENTIFY_MS;
		return '';
	}

	beginScan(): Scanning {
		return this.board.newScan(this.clock);
	}

	/** It is. */
	askSetUp(): void {}

	forget(): string {
		return this.setUp.forget();
	}

	restart(): string {
		return this.setUp.restart();
	}

	configure(changes: Readonly<Record<string, Setting>>): string {
		return this.setUp.configure(changes);
	}

	get proposed(): number {
		return this.setUp.proposed;
	}

	get ending(): boolean {
		return this.setUp.isRestarting;
	}

	answered(): Millis {
		return NEVER;
	}
}

/** There is no broker to answer to. */
export const NO_ANSWERS = Object.freeze({ ready: false }) as Answers;

export class ImprovInSetUp extends Improv {
	readonly chip: string;
	private readonly setUp: SetUp;
	private readonly commands: Commands;

	constructor(line: PacketLine & Log, chip: string, setUp: SetUp, commands: Commands) {
		super(line);
		this.chip = chip;
		this.setUp = setUp;
		this.commands = commands;
	}

	get node(): string {
		return this.setUp.node;
	}

	protected get proposed(): number {
		return this.setUp.proposed;
	}

	begin(): Joiner {
		return this.setUp;
	}

	protected obey(bytes: Uint8Array, nameAt: number, payloadAt: number, payloadEnd: number): string {
		return this.commands.obey(bytes, nameAt, payloadAt, payloadEnd);
	}

	protected override report(): Report | undefined {
		return this.commands.takeReport();
	}
}
