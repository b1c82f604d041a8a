// Parts in use, as connect() makes them, of sensors that a test moves.
import type { Part, PartRow, Sensor } from '../../src/common/ports.js';
import { channelsFrom, channelsOf } from '../../src/readings/channels.js';

/** A sensor that says when it may be collected and throws what the test wants. */
export class FakeSensor implements Sensor {
	started = 0;
	fault = '';
	/** What collect() returns before it gives values, one after the other. */
	again: number[] = [];
	readonly told: number[] = [];
	constructor(public values: () => number[], public waitMs = 0) {}
	start(): number {
		this.started++;
		if (this.fault) throw new Error(this.fault);
		return this.waitMs;
	}
	collect(values: Int32Array, at: number): number {
		if (this.fault) throw new Error(this.fault);
		if (this.again.length) return this.again.shift()!;
		this.values().forEach((value, index) => (values[at + index] = value));
		return 0;
	}
	compensate(temperature: number): void {
		this.told.push(temperature);
	}
	close(): void {}
}

const RANGES: Record<string, [number, number]> = { temperature: [-40_000, 125_000], humidity: [0, 100_000], pressure: [300_000, 1_100_000], voltage: [0, 5_000] };

export const row = (name: string, quantities: string[], rest: Partial<PartRow> = {}): PartRow => ({
	name, quantities, minima: quantities.map((each) => RANGES[each]![0]), maxima: quantities.map((each) => RANGES[each]![1]),
	analog: false, spread: 10_000, noisy: false, ...rest,
});

/** Counts channels through, as connect() does. */
export function connected(...parts: (Partial<Part> & { row: PartRow; gives?: number })[]): Part[] {
	let first = 0;
	return parts.map(({ gives, ...each }) => {
		const given = gives ?? 2 ** each.row.quantities.length - 1;
		const part = { name: each.row.name, sensor: new FakeSensor(() => each.row.quantities.map(() => 0)), channels: channelsFrom(first, given), ...each };
		first += channelsOf(part);
		return part;
	});
}

/** Those of a node that measures temperature and humidity. */
export const two = (): Part[] => connected({ row: row('tmp36', ['temperature'], { analog: true }) }, { row: row('sht3x', ['temperature', 'humidity']), gives: 0b10 });
