// The chip's digital pins, with the board's LED and its button on two of them, and the supply of parts on others.
//
// Rule: as the SDK's digitalbank.c. A pin has one owner at a time; an output cannot be read nor an input written; an edge posts one message,
// and no second before that is delivered. At a reset all pins float: the LED is dark, a button that is held stays so.

import { DeviceError, type Chip, type Device } from './chip.js';
import type { Parts } from './parts.js';

export interface PinConstants {
	readonly pin: number;
	readonly activeLow: boolean;
}

/** What a person sees of a board, and may press: it outlives a boot. */
export class Panel {
	onLight: ((isLit: boolean) => void) | undefined;
	onButton: ((isPressed: boolean) => void) | undefined;
	#isLit = false;
	#isPressed = false;

	get isLit(): boolean {
		return this.#isLit;
	}
	set isLit(isLit: boolean) {
		if (isLit === this.#isLit) return;
		this.#isLit = isLit;
		this.onLight?.(isLit);
	}

	get isPressed(): boolean {
		return this.#isPressed;
	}
	set isPressed(isPressed: boolean) {
		if (isPressed === this.#isPressed) return;
		this.#isPressed = isPressed;
		this.onButton?.(isPressed);
	}
}

interface Owner {
	readonly id: number;
	readonly isInput: boolean;
	readonly activeLow: boolean;
	readonly edge: number;
	pending: boolean;
}

const MODES = new Set([0, 1, 2, 8, 9]);
const OUTPUT = 8;
const RISING = 1;
const FALLING = 2;

export class DigitalDevice implements Device {
	readonly operations = {
		'digital.open': (pin: number, mode: number, activeLow: boolean, initial: number, edge: number) => this.#open(pin, mode, activeLow, initial, edge),
		'digital.read': (id: number) => this.#read(id),
		'digital.write': (id: number, value: number) => this.#write(id, value),
		'digital.close': (id: number) => this.#close(this.#pinOf(id)),
	};
	readonly #chip: Chip;
	readonly #led: PinConstants;
	readonly #button: PinConstants;
	readonly #panel: Panel;
	readonly #parts: Parts;
	readonly #owners = new Map<number, Owner>();
	#last = 0;

	constructor(chip: Chip, led: PinConstants, button: PinConstants, panel: Panel, parts: Parts) {
		this.#chip = chip;
		this.#led = led;
		this.#button = button;
		this.#panel = panel;
		this.#parts = parts;
		panel.onButton = () => this.#buttonMoved();
	}

	down(): void {
		this.#panel.onButton = undefined;
		this.#panel.isLit = false;
	}

	#open(pin: number, mode: number, activeLow: boolean, initial: number, edge: number): number {
		if (this.#owners.has(pin)) throw new DeviceError('in use');
		if (!MODES.has(mode)) throw new DeviceError('invalid mode', 'RangeError');
		const isInput = mode < OUTPUT;
		if (edge && !isInput) throw new DeviceError('invalid mode', 'RangeError');
		const id = ++this.#last;
		this.#owners.set(pin, { id, isInput, activeLow, edge, pending: false });
		if (!isInput) this.#write(id, initial);
		return id;
	}

	#read(id: number): number {
		const pin = this.#pinOf(id);
		const { isInput, activeLow } = this.#owners.get(pin)!;
		if (!isInput) throw new DeviceError("can't read output");
		return Number(this.#isHigh(pin) !== activeLow);
	}

	#write(id: number, value: number): void {
		const pin = this.#pinOf(id);
		const { isInput, activeLow } = this.#owners.get(pin)!;
		if (isInput) throw new DeviceError("can't write input");
		const isHigh = (value > 0) !== activeLow;
		if (pin === this.#led.pin) this.#panel.isLit = isHigh !== this.#led.activeLow;
		this.#parts.drive(pin, isHigh);
	}

	#close(pin: number): void {
		this.#owners.delete(pin);
		this.#parts.drive(pin, false);
	}

	/** A pin with nothing on it is pulled up. */
	#isHigh(pin: number): boolean {
		return pin !== this.#button.pin || this.#panel.isPressed !== this.#button.activeLow;
	}

	#buttonMoved(): void {
		const owner = this.#owners.get(this.#button.pin);
		if (!owner?.edge || owner.pending) return;
		const isOne = this.#isHigh(this.#button.pin) !== owner.activeLow;
		if (!(owner.edge & (isOne ? RISING : FALLING))) return;
		owner.pending = true;
		this.#chip.post(() => {
			owner.pending = false;
			return ['digital', owner.id, 1 << this.#button.pin];
		});
	}

	#pinOf(id: number): number {
		for (const [pin, owner] of this.#owners) if (owner.id === id) return pin;
		throw new DeviceError('xsGetHostData: invalid host data', 'SyntaxError');
	}
}
