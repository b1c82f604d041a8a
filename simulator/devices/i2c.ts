// An I2C bus on two pins with parts on it that answer in their own bytes.

import { DeviceError, type Chip, type Device } from './chip.js';

/** A part on the bus. False or undefined: it does not acknowledge. */
export interface Part {
	readonly address: number;
	write(bytes: Uint8Array, chip: Chip): boolean;
	read(count: number, chip: Chip): Uint8Array | undefined;
	/** The supply came back. */
	powerUp?(nowMs: number): void;
}

export interface Bus {
	readonly data: number;
	readonly clock: number;
	readonly parts: readonly Part[];
}

interface Instance {
	data: number;
	clock: number;
	address: number;
}

export class I2cDevice implements Device {
	readonly operations = {
		'i2c.open': (data: number, clock: number, address: number, hz: number) => this.#open(data, clock, address, hz),
		'i2c.write': (id: number, hex: string) => this.#write(id, Buffer.from(hex, 'hex')),
		'i2c.read': (id: number, count: number) => this.#read(id, count),
		'i2c.writeRead': (id: number, hex: string, count: number) => this.#writeRead(id, Buffer.from(hex, 'hex'), count),
		'i2c.close': (id: number) => void this.#instances.delete(id),
	};
	readonly #chip: Chip;
	readonly #bus: Bus;
	readonly #instances = new Map<number, Instance>();
	#last = 0;

	constructor(chip: Chip, bus: Bus) {
		this.#chip = chip;
		this.#bus = bus;
	}

	#open(data: number, clock: number, address: number, hz: number): number {
		if (this.#chip.name === 'ESP8266') {
			if (!(data >= 0 && data <= 16)) throw new DeviceError('invalid data', 'RangeError');
			if (!(clock >= 0 && clock <= 16)) throw new DeviceError('invalid clock', 'RangeError');
		}
		if (!(address >= 0 && address <= 127)) throw new DeviceError('invalid address', 'RangeError');
		for (const each of this.#instances.values()) {
			if (each.data === data && each.clock === clock && each.address === address) throw new DeviceError('duplicate address', 'RangeError');
		}
		if (!(hz > 0 && hz <= 20_000_000)) throw new DeviceError('invalid hz', 'RangeError');
		this.#instances.set(++this.#last, { data, clock, address });
		return this.#last;
	}

	/** Whether anybody acknowledged; of a write of no bytes only. */
	#write(id: number, bytes: Uint8Array): boolean {
		const acknowledged = this.#part(id)?.write(bytes, this.#chip) ?? false;
		if (!acknowledged && bytes.length) throw new DeviceError(this.#words('i2c write failed', 'write failed'));
		return acknowledged;
	}

	#read(id: number, count: number): string {
		const bytes = this.#part(id)?.read(count, this.#chip);
		if (!bytes) throw new DeviceError(this.#words('i2c read failed', 'read failed'));
		return Buffer.from(bytes).toString('hex');
	}

	#writeRead(id: number, bytes: Uint8Array, count: number): string {
		const part = this.#part(id);
		const read = part?.write(bytes, this.#chip) ? part.read(count, this.#chip) : undefined;
		if (!read) throw new DeviceError('writeRead failed');
		return Buffer.from(read).toString('hex');
	}

	#part(id: number): Part | undefined {
		const { data, clock, address } = this.#instances.get(id)!;
		if (data !== this.#bus.data || clock !== this.#bus.clock) return undefined;
		return this.#bus.parts.find((part) => part.address === address);
	}

	#words(esp8266: string, esp32: string): string {
		return this.#chip.name === 'ESP8266' ? esp8266 : esp32;
	}
}
