// An I2C bus on two pins with parts on it that answer in their own bytes.

import { DeviceError, type Chip, type Device } from './chip.js';
import type { Parts } from './parts.js';

/** The two pins. */
export interface Bus {
	readonly data: number;
	readonly clock: number;
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
	readonly #parts: Parts;
	readonly #instances = new Map<number, Instance>();
	#last = 0;

	constructor(chip: Chip, bus: Bus, parts: Parts) {
		this.#chip = chip;
		this.#bus = bus;
		this.#parts = parts;
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
		const address = this.#addressOf(id);
		const acknowledged = address !== undefined && this.#parts.write(address, bytes);
		if (!acknowledged && bytes.length) throw new DeviceError(this.#words('i2c write failed', 'write failed'));
		return acknowledged;
	}

	#read(id: number, count: number): string {
		const address = this.#addressOf(id);
		const bytes = address === undefined ? undefined : this.#parts.read(address, count);
		if (!bytes) throw new DeviceError(this.#words('i2c read failed', 'read failed'));
		return Buffer.from(bytes).toString('hex');
	}

	#writeRead(id: number, bytes: Uint8Array, count: number): string {
		const address = this.#addressOf(id);
		const read = address !== undefined && this.#parts.write(address, bytes) ? this.#parts.read(address, count) : undefined;
		if (!read) throw new DeviceError('writeRead failed');
		return Buffer.from(read).toString('hex');
	}

	/** undefined: the wires of the parts are on other pins. */
	#addressOf(id: number): number | undefined {
		const { data, clock, address } = this.#instances.get(id)!;
		return data === this.#bus.data && clock === this.#bus.clock ? address : undefined;
	}

	#words(esp8266: string, esp32: string): string {
		return this.#chip.name === 'ESP8266' ? esp8266 : esp32;
	}
}
