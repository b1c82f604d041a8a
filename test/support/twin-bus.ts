// An I2C bus with simulated parts on it, and a clock that a test moves: drivers against their twins, without a chip.
//
// Rule: as the SDK has it, an Error where nobody acknowledges, but 1 from a write of no bytes. Noise is off unless a test asks
// for it, so that what a driver says can be held to the part's resolution.
import type { I2CClass, I2COptions, Pause } from '../../sensors/io.js';
import type { I2CTwin, MakeTwin, Trouble, TwinAir, TwinWorld } from '../../sensors/twin.js';
import type { Sensor } from '../../src/common/ports.js';
import { Random } from '../../simulator/world/random.js';

const PINS = { data: 4, clock: 5, hz: 100_000 };

export class TwinBus {
	/** What no part gives. */
	static readonly UNTOUCHED = 7_777_777;
	now = 1_000;
	air: TwinAir = { temperatureC: 21, humidityPct: 45, pressureHpa: 1_013.25 };
	/** What a loop that is busy elsewhere adds to each wait. */
	lateMs = 0;
	/** All of them together, of the last measurement. */
	waitedMs = 0;
	readonly twins: I2CTwin[] = [];
	readonly I2C: I2CClass;
	readonly pause: Pause = (ms) => void (this.now += ms);

	constructor() {
		const bus = this;
		this.I2C = class {
			readonly #address: number;
			constructor({ address }: I2COptions) {
				this.#address = address;
			}
			write(bytes: Uint8Array): number | undefined {
				const isThere = bus.twins.filter(({ address }) => address === this.#address).map((each) => each.write(bytes)).includes(true);
				if (!isThere && bytes.length) throw new Error('i2c write failed');
				return isThere ? undefined : 1;
			}
			read(into: Uint8Array): number {
				const answer = bus.twins.filter(({ address }) => address === this.#address).map((each) => each.read(into.length)).find(Boolean);
				if (!answer) throw new Error('i2c read failed');
				into.set(answer);
				return into.length;
			}
			close(): void {}
		};
	}

	/** Puts a part on the bus, which has its supply for a while. */
	wire<Kind extends I2CTwin>(make: MakeTwin, row: string, address: number): Kind {
		const random = new Random(row);
		const world: TwinWorld = {
			air: () => this.air,
			now: () => this.now,
			delay: (ms) => void (this.now += ms),
			random: { below: (n) => random.below(n), between: (low, high) => random.between(low, high), gaussian: () => 0, chance: (p) => random.chance(p) },
		};
		const twin = make(row, world, address) as Kind;
		this.twins.push(twin);
		this.now += 5_000;
		return twin;
	}

	options(address?: number) {
		return { sensor: { io: this.I2C, ...PINS, ...(address === undefined ? {} : { address }) } };
	}

	/** For identify(). */
	at(address: number) {
		return new this.I2C({ ...PINS, address });
	}

	/** As the sampler measures: start, then wait as long as is said and collect, until it is there. */
	measure(sensor: Sensor, count = 2): number[] {
		const values = new Int32Array(count).fill(TwinBus.UNTOUCHED);
		const began = this.now;
		this.now += sensor.start() + this.lateMs;
		for (let asked = 0; ; asked++) {
			if (asked > 80) throw new Error('it asks to be asked again and again');
			const ms = sensor.collect(values, 0);
			if (ms === 0) break;
			if (values.some((each) => each !== TwinBus.UNTOUCHED)) throw new Error('it has written something before it was done');
			this.now += ms + this.lateMs;
		}
		this.waitedMs = this.now - began;
		return [...values];
	}

	/** What it says when it cannot be measured; '' if it can. */
	complaint(sensor: Sensor, count = 2): string {
		try {
			this.measure(sensor, count);
			return '';
		} catch (error) {
			return (error as Error).message;
		}
	}

	/** What it says in that trouble, and, after it, whether it measures again by itself. */
	through(trouble: Trouble, sensor: Sensor, twin: I2CTwin, count = 2): string {
		this.measure(sensor, count);
		twin.trouble = trouble;
		this.now += 10_000;
		const said = this.complaint(sensor, count);
		twin.trouble = 'none';
		this.now += 10_000;
		this.measure(sensor, count);
		return said;
	}
}

/** From `low` to `high`, both of them and so many between. */
export function steps(low: number, high: number, count: number): number[] {
	return Array.from({ length: count + 2 }, (_each, at) => low + ((high - low) * at) / (count + 1));
}
