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
	readonly sign: Sign;
	/** Until then it shows where it is. */
	readonly identifyUntil: Millis;
	/** The button was held for HELD_SET_UP_MS. */
	askSetUp(): void;
	/** The button was held for HELD_FORGET_MS. */
	forget(): void;
}

export const HELD_SET_UP_MS = 5_000;
export const HELD_FORGET_MS = 15_000;
/** Nobody holds a button for so long. */
export const HELD_STUCK_MS = 30_000;
/** How soon it is noticed that the button was let go, if its edge was missed. */
const LOOK_AGAIN_MS = 100;

/** 16 steps of 125 ms, the first in bit 0, over and over. */
const STEP_MS = 125;
const STEPS = 15;
const DARK = 0;
const LIT = 0xffff;
/** Once a second, as long lit as dark. */
const EVEN = 0x0f0f;
/** Two flashes, then a pause. */
const DOUBLE = 0x0005;
const FAST = 0x5555;
const HALF_FAST = 0x3333;
/** By Sign. */
const PATTERNS: readonly number[] = Object.freeze([DARK, EVEN, LIT, DOUBLE]);

/** Since ever. */
const STUCK: Millis = -Infinity;

export class Indicator implements Pollable {
	private readonly led: OutputPin | undefined;
	private readonly button: InputPin | undefined;
	private readonly node: Signalled;
	/** NEVER while it is not. */
	private heldSince: Millis = STUCK;
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
		const pattern = isHeld ? heldPattern(now - this.heldSince) : now < this.node.identifyUntil ? FAST : PATTERNS[this.node.sign];
		const changeAt = this.show(pattern, now);
		return isHeld && changeAt > now + LOOK_AGAIN_MS ? now + LOOK_AGAIN_MS : changeAt;
	}

	/** Whether the button is held, and not stuck. */
	private watch(now: Millis): boolean {
		const isPressed = this.button?.read() === 1;
		if (!isPressed) this.heldSince = NEVER;
		else if (this.heldSince === NEVER) this.heldSince = now;
		return isPressed && now - this.heldSince < HELD_STUCK_MS;
	}

	/** What somebody asks who held the button for so long. False: nothing; else those who do it have a turn to come. */
	private ask(heldMs: Millis): boolean {
		if (!(heldMs >= HELD_SET_UP_MS && heldMs < HELD_STUCK_MS)) return false;
		if (heldMs < HELD_FORGET_MS) this.node.askSetUp();
		else this.node.forget();
		return true;
	}

	/** Returns when the LED changes next. */
	private show(pattern: number, now: Millis): Millis {
		if (!this.led) return NEVER;
		const step = Math.floor(now / STEP_MS);
		const lit = pattern >> (step & STEPS) & 1;
		if (lit !== this.lit) this.led.write(this.lit = lit);
		if (pattern === DARK || pattern === LIT) return NEVER;
		let next = step + 1;
		while ((pattern >> (next & STEPS) & 1) === lit) next++;
		return next * STEP_MS;
	}
}

function heldPattern(heldMs: Millis): number {
	return heldMs < HELD_SET_UP_MS ? LIT : heldMs < HELD_FORGET_MS ? HALF_FAST : FAST;
}
