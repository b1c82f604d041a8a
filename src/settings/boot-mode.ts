// SPDX-License-Identifier: MIT
// What this boot is for: to measure, to try new settings, to be reached after a loop of boots, or to be set up. One
// table of modes and events.
//
// Rule: TABLE alone decides what follows what; enter() alone acts. Each boot is counted in the store before anything
// else can fail. The count is cleared when the node has run long enough or was told to restart. Safe mode, and a set-up
// mode that was asked for, are left by themselves: a cause that has passed must not keep a node from measuring. An
// outage is no event here. docs/architecture.md draws this table.

import { Limit } from '../common/limits.js';
import { NEVER, type Log, type Millis, type Pollable, type Store } from '../common/ports.js';

export const enum Mode {
	/** Until the settings are read. */
	Starting,
	Normal,
	/** As Normal, with settings that have not worked yet. */
	Trial,
	/** It connects, reports and takes commands; it measures nothing. */
	Safe,
	/** Somebody shall say which network and broker to use. */
	SetUp,
	/** The next boot decides anew. */
	Restarting,
}

export const enum BootEvent {
	None,
	/** There is no network or no broker to go to. */
	Missing,
	/** The boots before ended too soon. */
	Loop,
	/** Settings wait to be tried. */
	Proposed,
	/** Somebody wants to set the node up. */
	Asked,
	/** What was on trial has worked. */
	Worked,
	/** The mode's time is over, or what was on trial has failed, or a restart is wanted. */
	Over,
}

/** TABLE[mode][event] is the next mode; the mode itself where the event means nothing. */
export const TABLE: readonly (readonly Mode[])[] = Object.freeze([
	// by event:    None, Missing, Loop, Proposed, Asked, Worked, Over
	Object.freeze([Mode.Normal, Mode.SetUp, Mode.Safe, Mode.Trial, Mode.SetUp, Mode.Starting, Mode.Restarting]),
	Object.freeze([Mode.Normal, Mode.Normal, Mode.Normal, Mode.Restarting, Mode.Restarting, Mode.Normal, Mode.Restarting]),
	Object.freeze([Mode.Trial, Mode.Trial, Mode.Trial, Mode.Trial, Mode.Restarting, Mode.Normal, Mode.Restarting]),
	Object.freeze([Mode.Safe, Mode.Safe, Mode.Safe, Mode.Restarting, Mode.Restarting, Mode.Safe, Mode.Restarting]),
	Object.freeze([Mode.SetUp, Mode.SetUp, Mode.SetUp, Mode.Restarting, Mode.SetUp, Mode.SetUp, Mode.Restarting]),
	Object.freeze([Mode.Restarting, Mode.Restarting, Mode.Restarting, Mode.Restarting, Mode.Restarting, Mode.Restarting, Mode.Restarting]),
]);

const BOOTS = 'boots';
const SET_UP = 'setup';
const CHANGED = 'changed';

export class BootMode implements Pollable {
	mode: Mode = Mode.Starting;
	private readonly store: Store;
	private readonly restart: () => void;
	private dueAt: Millis = NEVER;

	constructor(store: Store, restart: () => void) {
		this.store = store;
		this.restart = restart;
		store.set(BOOTS, this.boots + 1);
	}

	/** Safe mode itself ended too soon with what was changed in place: the image's settings alone, if they suffice. */
	get imageAlone(): boolean {
		return this.boots > Limit.BOOTS_MAX + 1;
	}

	/** This boot is to set the node up, whatever there is. */
	get asked(): boolean {
		return this.store.get(SET_UP) === 1;
	}

	/** Somebody has changed the settings from afar: those that come after this boot are told so until one has run long enough. */
	noteChange(): void {
		this.store.set(CHANGED, 1);
	}

	/** Such a change was not long ago. */
	get isChanged(): boolean {
		return this.store.get(CHANGED) === 1;
	}

	/** Nothing is measured: the boots before ended too soon. */
	get safe(): boolean {
		return this.mode === Mode.Safe;
	}

	/** The settings are read: some of them are `proposed`, or what a node needs is `missing`. */
	begin(proposed: boolean, missing: boolean, log: Log): void {
		const { asked } = this;
		// Once: a power cut leaves set-up mode.
		if (asked) this.store.set(SET_UP, 0);
		this.happened(asked ? BootEvent.Asked : missing ? BootEvent.Missing : proposed ? BootEvent.Proposed : this.looped);
		if (this.safe) log.line(`safe mode: ${LOOP}; nothing is measured for ${(Limit.SAFE_MODE_MS / 60_000) | 0} minutes`);
		// Who needs to be set up waits for it.
		if (this.mode === Mode.SetUp && !asked) this.dueAt = NEVER;
	}

	happened(event: BootEvent): void {
		const mode = TABLE[this.mode][event];
		if (mode !== this.mode) this.enter(mode);
	}

	poll(now: Millis): Millis {
		if (now < this.dueAt) return this.dueAt;
		this.dueAt = NEVER;
		if (this.isChanged) this.store.set(CHANGED, 0);
		if (this.mode === Mode.Normal || this.mode === Mode.Trial) this.survived();
		else this.happened(BootEvent.Over);
		return NEVER;
	}

	/** Somebody is at it: set-up mode goes on, where it ends by itself. */
	used(now: Millis): void {
		if (this.dueAt !== NEVER) this.dueAt = now + Limit.SET_UP_MS;
	}

	/** Restarts at once. The next boot is wanted: it does not count towards a loop. */
	reboot(): void {
		this.happened(BootEvent.Over);
	}

	/** Restarts at once into set-up mode, for SET_UP_MS without use. */
	requestSetUp(): void {
		if (this.mode === Mode.SetUp) return;
		this.store.set(SET_UP, 1);
		this.happened(BootEvent.Asked);
	}

	/** This boot counts towards no loop. */
	survived(): void {
		if (this.boots) this.store.set(BOOTS, 0);
	}

	private get looped(): BootEvent {
		return this.boots > Limit.BOOTS_MAX ? BootEvent.Loop : BootEvent.None;
	}

	private get boots(): number {
		return this.store.get(BOOTS) ?? 0;
	}

	private enter(mode: Mode): void {
		const worked = this.mode === Mode.Trial && mode === Mode.Normal;
		this.mode = mode;
		switch (mode) {
			case Mode.Normal:
			case Mode.Trial:
				if (!worked) this.dueAt = Limit.SURVIVED_MS;
				break;
			case Mode.Safe:
				this.dueAt = Limit.SAFE_MODE_MS;
				break;
			case Mode.SetUp:
				this.dueAt = Limit.SET_UP_MS;
				break;
			case Mode.Restarting:
				this.survived();
				this.restart();
				break;
		}
	}
}

const LOOP = `the last ${Limit.BOOTS_MAX} boots ended within ${(Limit.SURVIVED_MS / 60_000) | 0} minutes`;
