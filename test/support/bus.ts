// Stand-ins for the chips' I/O classes, for tests of drivers.
//
// Rule: a script says what must happen on the bus, byte for byte and in order; whatever is missing, extra, elsewhere or
// too early is kept as a fault and thrown by finish(), where no driver's catch can swallow it.
import type { AnalogClass, AnalogOptions, I2CClass, I2COptions, PulseInput } from '../../sensors/io.js';
import type { Sensor } from '../../src/common/ports.js';

type Step =
	| { readonly kind: 'write'; readonly address: number; readonly bytes: readonly number[]; readonly acknowledged: boolean }
	| { readonly kind: 'read'; readonly address: number; readonly bytes: readonly number[]; readonly afterMs: number };

/** hex`24 00` is [0x24, 0x00]. */
export function hex(strings: TemplateStringsArray): number[] {
	return (strings[0]!.match(/[0-9a-fA-F]{2}/g) ?? []).map((each) => Number.parseInt(each, 16));
}

/** One I2C bus with what is to happen on it. Its clock moves only by wait(). */
export class Bus {
	now = 0;
	readonly waits: number[] = [];
	readonly made: I2COptions[] = [];
	readonly I2C: I2CClass;
	readonly #steps: Step[] = [];
	readonly #open = new Set<string>();
	readonly #faults: string[] = [];
	#writtenAt = 0;

	constructor() {
		const bus = this;
		this.I2C = class {
			readonly #options: I2COptions;
			#closed = false;
			constructor(options: I2COptions) {
				this.#options = options;
				bus.#opened(options);
			}
			write(bytes: Uint8Array): void {
				if (this.#closed) bus.#fail('write after close()');
				bus.#write(this.#options.address, [...bytes]);
			}
			read(into: Uint8Array): number {
				if (this.#closed) bus.#fail('read after close()');
				bus.#read(this.#options.address, into);
				return into.length;
			}
			close(): void {
				this.#closed = true;
				bus.#open.delete(keyOf(this.#options));
			}
		};
	}

	/** The next thing on the bus is a write of exactly these bytes. */
	expect(address: number, bytes: readonly number[]): this {
		this.#steps.push({ kind: 'write', address, bytes, acknowledged: true });
		return this;
	}

	/** The next thing is a write of these bytes, and nobody acknowledges it. */
	refuse(address: number, bytes: readonly number[]): this {
		this.#steps.push({ kind: 'write', address, bytes, acknowledged: false });
		return this;
	}

	/** The next thing is a read of exactly as many bytes; it is not acknowledged sooner than `afterMs` after the last write. */
	respond(address: number, bytes: readonly number[], afterMs = 0): this {
		this.#steps.push({ kind: 'read', address, bytes, afterMs });
		return this;
	}

	wait(ms: number): void {
		this.waits.push(ms);
		this.now += ms;
	}

	/** Throws unless all that was to happen happened, and nothing else, and every instance is closed. */
	finish(): void {
		for (const step of this.#steps.splice(0)) this.#faults.push(`${step.kind} of ${shown(step.bytes)} never came`);
		for (const key of this.#open) this.#faults.push(`${key} was not closed`);
		if (this.#faults.length) throw new Error(`The bus saw: ${this.#faults.splice(0).join('; ')}.`);
	}

	#opened(options: I2COptions): void {
		for (const name of ['data', 'clock', 'hz', 'address'] as const) {
			if (typeof options[name] !== 'number') throw new RangeError(`${name} missing`);
		}
		if (this.#open.has(keyOf(options))) throw new RangeError('duplicate address');
		this.#open.add(keyOf(options));
		this.made.push(options);
	}

	#write(address: number, bytes: readonly number[]): void {
		const step = this.#steps.shift();
		if (step?.kind !== 'write' || step.address !== address || shown(step.bytes) !== shown(bytes)) {
			this.#fail(`write of ${shown(bytes)} to ${shown([address])} instead of ${told(step)}`);
		}
		if (!step.acknowledged) throw new Error('i2c write failed');
		this.#writtenAt = this.now;
	}

	#read(address: number, into: Uint8Array): void {
		const step = this.#steps.shift();
		if (step?.kind !== 'read' || step.address !== address || step.bytes.length !== into.length) {
			this.#fail(`read of ${into.length} bytes from ${shown([address])} instead of ${told(step)}`);
		}
		if (this.now - this.#writtenAt < step.afterMs) throw new Error('i2c read failed');
		into.set(step.bytes);
	}

	#fail(fault: string): never {
		this.#faults.push(fault);
		throw new Error(fault);
	}
}

/** An analog input that gives these counts, one a conversion. `undefined` is a conversion that fails, as on the ESP32. */
export class Pin {
	readonly made: AnalogOptions[] = [];
	readonly Analog: AnalogClass;
	counts: (number | undefined)[];
	/** Conversions made. */
	reads = 0;
	open = 0;

	constructor(bits: number, ...counts: (number | undefined)[]) {
		const pin = this;
		this.counts = counts;
		this.Analog = class {
			readonly resolution = bits;
			#closed = false;
			constructor(options: AnalogOptions) {
				if (typeof options.pin !== 'number') throw new RangeError('pin missing');
				pin.made.push(options);
				pin.open++;
			}
			read(): number | undefined {
				if (this.#closed) throw new Error('read after close()');
				if (!pin.counts.length) throw new Error('one conversion too many');
				pin.reads++;
				return pin.counts.shift();
			}
			close(): void {
				if (!this.#closed) pin.open--;
				this.#closed = true;
			}
		};
	}
}

/** A wire of its own, on which nobody answers. */
export class Wire implements PulseInput {
	low(): void {}
	capture(): number {
		return 0;
	}
	close(): void {}
}

/** One measurement as the sampler makes it: start, then wait as long as was said (recorded on the bus) and collect until it is there. */
export function measure(sensor: Sensor, count: number, bus?: Bus): number[] {
	const values = new Int32Array(count);
	let ms = sensor.start();
	do {
		bus?.wait(ms);
		ms = sensor.collect(values, 0);
	} while (ms > 0);
	return [...values];
}

function keyOf({ data, clock, address }: I2COptions): string {
	return `address 0x${address.toString(16)} on pins ${data} and ${clock}`;
}

function shown(bytes: readonly number[]): string {
	return bytes.map((each) => each.toString(16).padStart(2, '0')).join(' ');
}

function told(step: Step | undefined): string {
	return step ? `${step.kind} of ${shown(step.bytes)} at ${shown([step.address])}` : 'silence';
}
