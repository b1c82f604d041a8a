// SPDX-License-Identifier: MIT
// The LED and the button of the board: what can be seen of the node and asked of it without a cable.
//
// Rule: dark is online, lit is trouble, and neither costs a turn of the loop; what blinks does not last. Each sign is
// told from the others within two seconds. The button counts when it is let go: a restart with the button held would end
// in the chip's own boot loader. One that was held when the node started, or is held too long, is stuck and asks for
// nothing. README.md has the table.

import { NEVER, type InputPin, type Millis, type OutputPin, type Pollable } from '../common/ports.js';

/** What the LED tells of the node while nobody asks for anything else. */
export const enum Sign {
	/** Also of a node that was told to stop. */
	Online,
	/** On its way to the broker. */
	Joining,
	/** An attempt came to nothing, a part does not answer, or the node is in safe mode. */
	Trouble,
	SetUp,
}

/** The node as it is seen. */
export interface Signalled {
	readonly shown: Sign;
	/** Until then it shows where it is. */
	readonly identifyUntil: Millis;
	/** The button was held for Held.SetUp. */
	askSetUp(): void;
	/** The button was held for Held.Forget. */
	forget(): void;
}

/** For how long the button was held, in milliseconds. Enumerations take no memory, where each constant of a module does. */
export const enum Held {
	SetUp = 5_000,
	Forget = 15_000,
	/** Nobody holds a button for so long. */
	Stuck = 30_000,
	/** How soon it is noticed that it was let go, if the edge was missed. */
	LookAgain = 100,
}

/** 16 steps of 125 ms, the first in bit 0, over and over. */
const enum Pattern {
	Dark = 0,
	Lit = 0xffff,
	/** Once a second, as long lit as dark. */
	Even = 0x0f0f,
	/** Two flashes, then a pause. */
	Double = 0x0005,
	Fast = 0x5555,
	HalfFast = 0x3333,
}
const enum Step {
	Ms = 125,
	Mask = 15,
}
/** By Sign. */
const PATTERNS: readonly number[] = Object.freeze([Pattern.Dark, Pattern.Even, Pattern.Lit, Pattern.Double]);

export class Indicator implements Pollable {
	private readonly led: OutputPin | undefined;
	private readonly button: InputPin | undefined;
	private readonly node: Signalled;
	/** NEVER while it is not; at first since ever. */
	private heldSince: Millis = -Infinity;
	/** -1: nobody knows. */
	private lit = -1;

	constructor(led: OutputPin | undefined, button: InputPin | undefined, node: Signalled) {
		this.led = led;
		this.button = button;
		this.node = node;
	}

	poll(now: Millis): Millis {
		const { heldSince } = this;
		const isHeld = this.watch(now);
		if (this.heldSince === NEVER && this.ask(now - heldSince)) return now;
		const pattern = isHeld ? heldPattern(now - this.heldSince) : now < this.node.identifyUntil ? Pattern.Fast : PATTERNS[this.node.shown];
		const changeAt = this.show(pattern, now);
		return isHeld && changeAt > now + Held.LookAgain ? now + Held.LookAgain : changeAt;
	}

	/** Whether the button is held, and not stuck. */
	private watch(now: Millis): boolean {
		const isPressed = this.button?.read() === 1;
		if (!isPressed) this.heldSince = NEVER;
		else if (this.heldSince === NEVER) this.heldSince = now;
		return isPressed && now - this.heldSince < Held.Stuck;
	}

	/** What somebody asks who held the button for so long. False: nothing; else those who do it have a turn to come. */
	private ask(heldMs: Millis): boolean {
		if (!(heldMs >= Held.SetUp && heldMs < Held.Stuck)) return false;
		if (heldMs < Held.Forget) this.node.askSetUp();
		else this.node.forget();
		return true;
	}

	/** Returns when the LED changes next. */
	private show(pattern: number, now: Millis): Millis {
		if (!this.led) return NEVER;
		const step = Math.floor(now / Step.Ms);
		const lit = pattern >> (step & Step.Mask) & 1;
		if (lit !== this.lit) this.led.write(this.lit = lit);
		if (pattern === Pattern.Dark || pattern === Pattern.Lit) return NEVER;
		let next = step + 1;
		while ((pattern >> (next & Step.Mask) & 1) === lit) next++;
		return next * Step.Ms;
	}
}

const heldPattern = (heldMs: Millis): number =>
	heldMs < Held.SetUp ? Pattern.Lit : heldMs < Held.Forget ? Pattern.HalfFast : Pattern.Fast;
