// A part on a board's devices, without the rest of the firmware: alone, or face to face with its driver and without an engine.
//
// Rule: the driver is given classes that throw where the chip's do; time passes only while it is waited for. With `quiet` neither part
// nor converter has noise, so that what is left is the part's own steps.

import type { AnalogOptions, I2COptions, PulseOptions } from '../../sensors/io.js';
import { PARTS, type Board, type Row } from '../../sensors/parts.js';
import type { Twin, TwinAir } from '../../sensors/twin.js';
import type { Sensor } from '../../src/common/ports.js';
import { AnalogDevice } from '../devices/analog.js';
import type { Chip, Operation } from '../devices/chip.js';
import { I2cDevice } from '../devices/i2c.js';
import { Parts, type MakeOne, type Wire } from '../devices/parts.js';
import { PulseDevice } from '../devices/pulses.js';
import type { ChipName } from '../engine/creation.js';
import { Random } from '../world/random.js';
import { twinMaker, wiresOf } from './wiring.js';

export interface BenchOptions {
	readonly seed?: string;
	readonly quiet?: boolean;
}

export type BenchBoard = Board & { readonly chip: string };

/** More than any part takes. */
const PATIENCE_MS = 10_000;
const FULL_SCALE_ATTENUATION = 12;

/** A part that is wired to a board, with nobody yet who drives it. */
export class WiredPart {
	air: TwinAir = { temperatureC: 25, humidityPct: 50, pressureHpa: 1_013.25 };
	/** Of the bench's own clock. */
	now = 0;
	readonly board: BenchBoard;
	readonly wire: Wire;
	readonly row: Row;
	readonly twin: Twin;
	protected readonly chip: Chip;
	protected readonly parts: Parts;

	/** The only entry of the setting `sensors`, or its first. */
	static async on(sensors: string, board: BenchBoard, options: BenchOptions = {}): Promise<WiredPart> {
		const wires = wiresOf(sensors, board);
		return new WiredPart(wires[0]!, await twinMaker(wires), board, options);
	}

	protected constructor(wire: Wire, make: MakeOne, board: BenchBoard, { seed = 'bench', quiet = false }: BenchOptions) {
		this.board = board;
		this.wire = wire;
		this.row = PARTS.find(({ name }) => name === wire.row)!;
		const random = (part: string): Random => (quiet ? new Silence(`${seed}/${part}`) : new Random(`${seed}/${part}`));
		this.parts = new Parts([wire], { now: () => this.now, air: () => this.air, random, fullScaleMv: board.analog.fullScaleMv }, make);
		this.twin = this.parts.twins[0]!;
		this.chip = { name: board.chip as ChipName, random: random('chip'), now: () => this.now, delay: (ms: number) => void (this.now += ms) } as Chip;
		this.parts.attach(this.chip);
	}

	/** What a guest on this board asks of its devices. */
	operations(): Readonly<Record<string, Operation>> {
		const { chip, board, parts } = this;
		return { ...new AnalogDevice(chip, board.analog.pin, parts).operations, ...new I2cDevice(chip, board.i2c, parts).operations, ...new PulseDevice(chip, parts).operations };
	}

	/** The air's own value of a quantity, in milli-units; NaN if air has none. */
	truth(quantity: string): number {
		const { temperatureC, humidityPct, pressureHpa } = this.air;
		const truths: Readonly<Record<string, number>> = { temperature: temperatureC, humidity: humidityPct, pressure: pressureHpa };
		return (truths[quantity] ?? NaN) * 1_000;
	}
}

export class Bench extends WiredPart {
	readonly sensor: Sensor;

	/** The row alone on its board. */
	static async of(name: string, board: BenchBoard, options: BenchOptions = {}): Promise<Bench> {
		const wires = wiresOf(name, board);
		return new Bench(wires[0]!, await twinMaker(wires), board, options);
	}

	private constructor(wire: Wire, make: MakeOne, board: BenchBoard, options: BenchOptions) {
		super(wire, make, board, options);
		const { address, pin } = wire;
		this.sensor = this.row.make({ board, ...classesOf(this.chip, board, this.parts) }, { address, pin, gain: 1, offsetMv: 0 });
	}

	/** One measurement as the sampler makes it, in milli-units. Throws what the driver throws. */
	measure(): number[] {
		const values = new Int32Array(this.row.quantities.length);
		this.sensor.compensate?.(Math.round(this.air.temperatureC * 1_000));
		const from = this.now;
		let ms = this.sensor.start();
		do {
			this.now += ms;
			if (this.now - from > PATIENCE_MS) throw new Error(`${this.row.name} has not measured within ${PATIENCE_MS} ms`);
			ms = this.sensor.collect(values, 0);
		} while (ms > 0);
		return [...values];
	}

	/** The same, or what the driver says. */
	said(): number[] | string {
		try {
			return this.measure();
		} catch (fault) {
			return (fault as Error).message;
		}
	}
}

/** Chance without noise. */
class Silence extends Random {
	override gaussian(): number {
		return 0;
	}
}

/** The chip's classes over its devices, in as many words as a driver uses of them. */
function classesOf(chip: Chip, board: Board, parts: Parts) {
	const analog = new AnalogDevice(chip, board.analog.pin, parts).operations;
	const i2c = new I2cDevice(chip, board.i2c, parts).operations;
	const pulses = new PulseDevice(chip, parts).operations;
	return {
		Analog: class {
			readonly resolution = board.analog.bits;
			readonly #pin: number;
			constructor({ pin }: AnalogOptions) {
				this.#pin = analog['analog.open'](pin, true, FULL_SCALE_ATTENUATION);
			}
			read(): number {
				return analog['analog.read'](this.#pin);
			}
			close(): void {
				analog['analog.close'](this.#pin);
			}
		},
		I2C: class {
			readonly #id: number;
			constructor({ data, clock, hz, address }: I2COptions) {
				this.#id = i2c['i2c.open'](data, clock, address, hz);
			}
			write(bytes: Uint8Array): number | undefined {
				return i2c['i2c.write'](this.#id, Buffer.from(bytes).toString('hex')) ? undefined : 1;
			}
			read(into: Uint8Array): number {
				into.set(Buffer.from(i2c['i2c.read'](this.#id, into.length), 'hex'));
				return into.length;
			}
			close(): void {
				i2c['i2c.close'](this.#id);
			}
		},
		Pulses: class {
			readonly #pin: number;
			constructor({ pin }: PulseOptions) {
				this.#pin = pin;
			}
			low(): void {
				pulses['pulses.low'](this.#pin);
			}
			capture(into: Uint8Array): number {
				const taken = Buffer.from(pulses['pulses.capture'](this.#pin, into.length >> 1), 'hex');
				into.set(taken);
				return taken.length >> 1;
			}
			close(): void {
				pulses['pulses.release'](this.#pin);
			}
		},
	};
}
