import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DHT22 } from '../../sensors/dht22/dht22.js';
import { simulated, type Encoding } from '../../sensors/dht22/simulated.js';
import type { PulseInput } from '../../sensors/io.js';
import type { PulseTwin, TwinWorld } from '../../sensors/twin.js';
import { Random } from '../../simulator/world/random.js';

const ZERO = [50, 27];
const ONE = [50, 70];
const GREETING = [80, 80];

/** The pairs of an answer with these five bytes. */
const pulses = (bytes: readonly number[], zero = ZERO, one = ONE): number[] =>
	[...GREETING, ...bytes.flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].flatMap((bit) => (byte & (1 << bit) ? one : zero)))];
const summed = (bytes: readonly number[]): number[] => [...bytes, bytes.reduce((sum, byte) => sum + byte, 0) & 0xff];

/** A wire that gives these pairs. */
function wired(model: number, pairs: readonly number[] = []) {
	const wire = { pairs, lows: 0, open: 0 };
	class Wire implements PulseInput {
		constructor() {
			wire.open++;
		}
		low(): void {
			wire.lows++;
		}
		capture(into: Uint8Array): number {
			into.set(wire.pairs.slice(0, into.length));
			return Math.min(wire.pairs.length, into.length) >> 1;
		}
		close(): void {
			wire.open--;
		}
	}
	return { sensor: new DHT22({ sensor: { io: Wire, pin: 14 } }, model === 11), wire };
}

function read(model: number, bytes: readonly number[], from = pulses(bytes)): number[] {
	const values = new Int32Array(2);
	expect(wired(model, from).sensor.collect(values, 0)).toBe(0);
	return [...values];
}

const refusal = (model: number, pairs: readonly number[]): string => {
	const values = new Int32Array([1, 2]);
	try {
		wired(model, pairs).sensor.collect(values, 0);
	} catch (fault) {
		expect([...values]).toEqual([1, 2]);
		return (fault as Error).message;
	}
	return '';
};

describe('a DHT22', () => {
	it('is 65.2 % and 35.1 °C in the bytes of its datasheet', () => {
		expect(read(22, [0x02, 0x8c, 0x01, 0x5f, 0xee])).toEqual([35_100, 65_200]);
	});

	it.each([
		['sign and magnitude', 0x8065, -10_100], ['sign and magnitude', 0x8190, -40_000], ['two\'s complement', 0xffff, -100],
		['two\'s complement', 0xff4c, -18_000], ['minus zero', 0x8000, 0], ['the highest', 0x0320, 80_000],
	])('reads %s: %i is %i', (_what, raw, milli) => {
		expect(read(22, summed([0x01, 0xf4, raw >> 8, raw & 0xff]))).toEqual([milli, 50_000]);
	});

	it('reads every temperature in either encoding', () => {
		for (let tenths = -400; tenths <= 800; tenths++) {
			const encodings = tenths < 0 ? [0x8000 | -tenths, tenths & 0xffff] : [tenths];
			for (const raw of encodings) expect(read(22, summed([0x01, 0xf4, raw >> 8, raw & 0xff]))[0]).toBe(tenths * 100);
		}
	});

	it('reads an answer whose greeting was missed', () => {
		expect(read(22, [], pulses([0x02, 0x8c, 0x01, 0x5f, 0xee]).slice(2))).toEqual([35_100, 65_200]);
	});

	it.each([0.7, 1, 1.3])('reads with a clock that is wrong by the factor %d', (factor) => {
		const scaled = ([low, high]: number[]): number[] => [Math.round(low! * factor), Math.round(high! * factor)];
		expect(read(22, [], pulses([0x02, 0x8c, 0x01, 0x5f, 0xee], scaled(ZERO), scaled(ONE)))).toEqual([35_100, 65_200]);
	});

	it('reads any value through any jitter that leaves 0 shorter and 1 longer than the low before it', () => {
		const jitter = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 82, maxLength: 82 });
		fc.assert(fc.property(fc.integer({ min: 3, max: 1_000 }), fc.integer({ min: -400, max: 800 }), jitter, (humidity, tenths, by) => {
			const raw = tenths < 0 ? 0x8000 | -tenths : tenths;
			const exact = pulses(summed([humidity >> 8, humidity & 0xff, raw >> 8, raw & 0xff]));
			expect(read(22, [], exact.map((us, index) => us + by[index]!))).toEqual([tenths * 100, humidity * 100]);
		}), { seed: 1 });
	});

	it('never takes a train with a missed edge or a glitch for another reading than the check sum allows', () => {
		const damage = fc.record({ at: fc.integer({ min: 1, max: 40 }), kind: fc.constantFrom('missed', 'glitch', 'short', 'swapped') });
		fc.assert(fc.property(fc.integer({ min: 3, max: 1_000 }), fc.integer({ min: 0, max: 800 }), damage, (humidity, tenths, { at, kind }) => {
			const pairs = pulses(summed([humidity >> 8, humidity & 0xff, tenths >> 8, tenths & 0xff]));
			if (kind === 'missed') pairs.splice(2 * at, 2);
			if (kind === 'glitch') pairs.splice(2 * at, 0, 5, 4);
			if (kind === 'short') pairs.length = 2 * at;
			if (kind === 'swapped') pairs[2 * at + 1] = pairs[2 * at + 1]! > 50 ? 27 : 70;
			const values = new Int32Array(2);
			try {
				wired(22, pairs.slice(0, 82)).sensor.collect(values, 0);
			} catch {
				return;
			}
			// A glitch pushes the last bit out, and may leave the sum right by chance; the C lets none shorter than its loop through.
			expect(kind).toBe('glitch');
			const [temperature, relative] = values;
			expect(temperature! >= -40_000 && temperature! <= 80_000 && relative! >= 0 && relative! <= 100_000).toBe(true);
		}), { seed: 2, numRuns: 2_000 });
	});

	it.each([
		['nobody answers', [], 'DHT22 does not answer: check its supply, its data wire and the pull-up of 4.7 to 10 kOhm.'],
		['it breaks off', pulses([1, 2, 3, 4, 10]).slice(0, 60), 'DHT22 breaks off its answer: shorten its wire or use a stronger pull-up.'],
		['its check sum is wrong', pulses([0x02, 0x8c, 0x01, 0x5f, 0xef]), 'DHT22 sends a wrong check sum: shorten its wire or use a stronger pull-up.'],
	])('says so when %s', (_what, pairs, sentence) => {
		expect(refusal(22, pairs)).toBe(sentence);
	});

	it.each([
		['all zeros', [0, 0, 0, 0]], ['0.1 °C with 1.0 %', [0, 10, 0, 1]], ['0 °C with 0.1 %', [0, 1, 0, 0]], ['0 °C with 0.2 %', [0, 2, 0, 0]],
		['a humidity that slipped by a bit', [0x81, 0x46, 0, 0xaf]],
	])('knows that %s is false', (_what, bytes) => {
		expect(refusal(22, pulses(summed(bytes)))).toMatch(/cannot be/);
	});

	it('holds the line low for 2 ms, a DHT11 for 20', () => {
		const dht22 = wired(22);
		expect([dht22.sensor.start(), dht22.wire.lows]).toEqual([2, 1]);
		expect(wired(11).sensor.start()).toBe(20);
		dht22.sensor.close();
		expect(dht22.wire.open).toBe(0);
	});
});

describe('a DHT11', () => {
	it.each([
		['whole numbers', [53, 0, 24, 0], [24_000, 53_000]], ['tenths', [53, 4, 24, 7], [24_700, 53_400]], ['hundredths', [53, 40, 24, 75], [24_750, 53_400]],
		['a sign in the last byte', [53, 0, 5, 0x83], [-5_300, 53_000]], ['a sign in the whole number', [53, 0, 0x85, 3], [-5_300, 53_000]],
	])('reads %s', (_what, bytes, values) => {
		expect(read(11, summed(bytes))).toEqual(values);
	});

	it('reads one that sums its whole numbers alone, without the decimals', () => {
		expect(read(11, [53, 4, 24, 7, 77])).toEqual([24_000, 53_000]);
	});

	it.each([['a humidity above 100 %', [101, 0, 24, 0]], ['all zeros', [0, 0, 0, 0]]])('knows that %s is false', (_what, bytes) => {
		expect(refusal(11, pulses(summed(bytes)))).toMatch(/cannot be/);
	});
});

describe('the driver and its twin', () => {
	/** A twin, the wire to it with a microsecond of error, and a clock that is moved by hand. */
	function pair(row: 'dht11' | 'dht22') {
		const air = { temperatureC: 20, humidityPct: 50, pressureHpa: 1_013 };
		const random = new Random(`twin/${row}`);
		let now = 0;
		const world: TwinWorld = { air: () => air, now: () => now, delay: () => {}, random };
		const twin = simulated(row, world, 0) as PulseTwin & { encoding: Encoding };
		class Wire implements PulseInput {
			#lowAt = 0;
			low(): void {
				this.#lowAt = now;
			}
			capture(into: Uint8Array): number {
				const levels = twin.answer((now - this.#lowAt) * 1_000);
				const taken = levels.slice(1, 83).map((us) => Math.round(us + random.between(-1, 1)));
				into.set(taken);
				return taken.length >> 1;
			}
			close(): void {}
		}
		const sensor = new DHT22({ sensor: { io: Wire, pin: 14 } }, row === 'dht11');
		const measured = (restMs = 2_000): number[] => {
			now += restMs;
			now += sensor.start();
			const values = new Int32Array(2);
			sensor.collect(values, 0);
			return [...values];
		};
		return { air, twin, measured };
	}

	it.each([['dht22', 'sign', -40, 80, 0.3, 0.5], ['dht22', 'complement', -40, 80, 0.3, 0.5], ['dht11', 'sign', 0, 50, 1.5, 3]] as const)(
		'agree for a %s (%s) from %i to %i °C', (row, encoding, low, high, withinC, withinPct) => {
			const { air, twin, measured } = pair(row);
			twin.encoding = encoding;
			for (let step = 0; step <= 200; step++) {
				air.temperatureC = low + ((high - low) * step) / 200;
				air.humidityPct = 21 + (68 * step) / 200;
				const [temperature, humidity] = measured();
				expect(Math.abs(temperature! / 1_000 - air.temperatureC)).toBeLessThan(withinC);
				expect(Math.abs(humidity! / 1_000 - air.humidityPct)).toBeLessThan(withinPct);
			}
		});

	it('names each trouble, and comes back by itself', () => {
		const { twin, measured } = pair('dht22');
		twin.trouble = 'gone';
		expect(measured).toThrow('does not answer');
		twin.trouble = 'garbled';
		expect(measured).toThrow('check sum');
		twin.trouble = 'stuck';
		expect(measured()).toEqual(measured());
		twin.trouble = 'none';
		expect(measured()[0]).toBeGreaterThan(19_000);
	});

	it('need the rest that the datasheet asks for', () => {
		const { measured } = pair('dht22');
		measured();
		expect(() => measured(500)).toThrow('does not answer');
		expect(measured()).toHaveLength(2);
	});
});
