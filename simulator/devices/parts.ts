// The parts that are wired to a node, as its chip meets them: at addresses and at pins.
//
// Rule: parts live through the boots of their node; a chip is theirs from its reset on. One with a power pin has no supply while
// that pin is not driven high; one that hangs is as if it were not there until its supply was. Parts at one address answer together, as on
// a bus whose wires anybody may pull low.

import type { AnalogTwin, I2CTwin, PulseTwin, Twin, TwinAir, TwinWorld } from '../../sensors/twin.js';
import type { Random } from '../world/random.js';
import type { Chip } from './chip.js';

/** Where a part is wired to, and what it is called. */
export interface Wire {
	/** Its own, or its row's. */
	readonly name: string;
	/** In the table sensors/parts.ts. */
	readonly row: string;
	/** On I2C. */
	readonly address: number;
	/** On an analog input, or on one wire. */
	readonly pin: number;
	/** That it gets its supply from; else it has one as long as the board. */
	readonly powerPin?: number | undefined;
}

export type MakeOne = (wire: Wire, world: TwinWorld) => Twin;

interface Wired extends Wire {
	readonly twin: Twin;
	powered: boolean;
}

export interface PartsAround {
	/** Milliseconds of the simulation. */
	now(): number;
	air(): TwinAir;
	/** Of the board's analog inputs. */
	readonly fullScaleMv: number;
	/** Chance for the part of that name. */
	random(name: string): Random;
}

/** From a chip's reset to its main function. */
const RESET_MS = 450;
const NO_PIN = -1;

export class Parts {
	/** The chip asks for something, whether or not a part is there: told before it gets an answer. */
	onAsked: (() => void) | undefined;
	readonly #wired: readonly Wired[];
	#chip: Chip | undefined;
	/** The supply came back so long before this moment. */
	#since = 0;
	/** A part that is well gives the chip a result. */
	onResult: ((twin: Twin, pin: number) => void) | undefined;

	constructor(wires: readonly Wire[], around: PartsAround, make: MakeOne) {
		this.#since = RESET_MS;
		this.#wired = wires.map((wire) => {
			const world: TwinWorld = {
				air: () => around.air(),
				now: () => (this.#chip?.now() ?? around.now()) - this.#since,
				delay: (ms) => this.#chip?.delay(ms),
				random: around.random(wire.name),
				fullScaleMv: around.fullScaleMv,
			};
			return { ...wire, twin: make(wire, world), powered: wire.powerPin === undefined };
		});
		this.#since = 0;
	}

	get names(): readonly string[] {
		return this.#wired.map(({ name }) => name);
	}

	get twins(): readonly Twin[] {
		return this.#wired.map(({ twin }) => twin);
	}

	named(name: string): Twin {
		const found = this.#wired.find((each) => each.name === name);
		if (!found) throw new Error(`No part ${name} is wired; there are: ${this.names.join(', ')}.`);
		return found.twin;
	}

	/** A chip is reset, and its pins float; without one, nobody asks. */
	attach(chip: Chip | undefined): void {
		this.#chip = chip;
		for (const each of this.#wired) if (each.powerPin !== undefined) each.powered = false;
	}

	/** The board has its supply again, and its chip will soon run its main function. */
	powerUp(): void {
		this.#since = RESET_MS;
		for (const { powerPin, twin } of this.#wired) if (powerPin === undefined) supply(twin);
		this.#since = 0;
	}

	/** The chip drives this pin high or low, or lets go of it. */
	drive(pin: number, isHigh: boolean): void {
		for (const each of this.#wired) {
			if (each.powerPin !== pin || each.powered === isHigh) continue;
			each.powered = isHigh;
			if (isHigh) supply(each.twin);
		}
	}

	/** At an input that nothing drives it is 0. */
	millivolts(pin: number): number {
		this.onAsked?.();
		const found = this.#onPin<AnalogTwin>('analog', pin);
		if (found) this.#gives(found, pin);
		return found?.millivolts() ?? 0;
	}

	/** Whether anybody acknowledges. */
	write(address: number, bytes: Uint8Array): boolean {
		// A write of no bytes is no more than a look whether anybody is there.
		if (bytes.length) this.onAsked?.();
		return this.#at(address).map((each) => each.write(bytes)).includes(true);
	}

	/** undefined: nobody acknowledges. */
	read(address: number, count: number): Uint8Array | undefined {
		const there = this.#at(address);
		const answers = there.flatMap((each) => each.read(count) ?? []);
		if (answers.length) this.#gives(there[0]!, NO_PIN);
		return answers.length ? answers.reduce((one, other) => one.map((byte, i) => byte & other[i]!)) : undefined;
	}

	/** What is on the line after it was held low for so long: the length of each level in microseconds, high first. */
	answer(pin: number, lowUs: number): readonly number[] {
		this.onAsked?.();
		const found = this.#onPin<PulseTwin>('pulse', pin);
		const levels = found?.answer(lowUs) ?? [];
		if (levels.length) this.#gives(found!, pin);
		return levels;
	}

	/** What a driver may refuse is none. */
	#gives(twin: Twin, pin: number): void {
		if (twin.trouble === 'none' || twin.trouble === 'stuck') this.onResult?.(twin, pin);
	}

	#at(address: number): I2CTwin[] {
		return this.#wired.flatMap((each) => (isThere(each) && each.twin.bus === 'i2c' && each.twin.address === address ? [each.twin] : []));
	}

	#onPin<Kind extends Twin>(bus: Kind['bus'], pin: number): Kind | undefined {
		return this.#wired.find((each) => isThere(each) && each.twin.bus === bus && each.pin === pin)?.twin as Kind | undefined;
	}
}

const isThere = ({ powered, twin }: Wired): boolean => powered && twin.trouble !== 'hung';

/** It has been without for a while. */
function supply(twin: Twin): void {
	if (twin.trouble === 'hung') twin.trouble = 'none';
	twin.powerUp();
}
