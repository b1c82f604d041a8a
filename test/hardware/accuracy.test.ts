// The calculated numbers of hardware/accuracy.md and hardware/README.md, calculated again: a table that drifts fails here,
// and the failure shows the rows as they should be.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { board as esp32 } from '../../hardware/esp32.js';
import { board as nodemcu } from '../../hardware/nodemcu.js';
import { PINS } from '../../hardware/pins.js';
import { Adc } from '../../sensors/adc/adc.js';
import { HIH4030 } from '../../sensors/hih4030/hih4030.js';
import { SHT3x } from '../../sensors/sht3x/sht3x.js';
import { TMP36 } from '../../sensors/tmp36/tmp36.js';
import { accuracies, table } from '../../simulator/campaign/accuracy.js';
import { OFFICE_CLIMATE } from '../../simulator/simulation.js';
import { readWeather } from '../../simulator/world/weather.js';
import { PARTS } from '../../sensors/parts.js';
import { middleHalf } from '../../src/readings/conversions.js';
import { Bus, hex, Pin } from '../support/bus.js';

const page = (name: string) => readFileSync(new URL(`../../hardware/${name}.md`, import.meta.url), 'utf8');
const accuracy = page('accuracy');
const guide = page('README');

/** As toContain(), without the whole page in the failure. */
function says(text: string, wanted: string): void {
	expect(text.includes(wanted) ? wanted : 'something else', 'the page should say').toBe(wanted);
}

const OFFSET_MV = 500;
const MV_PER_C = 10;
const countMv = ({ analog }: { readonly analog: { readonly fullScaleMv: number; readonly bits: number } }) =>
	analog.fullScaleMv / (2 ** analog.bits - 1);
/** One count of the NodeMCU in °C. */
const STEP_C = countMv(nodemcu) / MV_PER_C;

/** Park and Miller's generator, so that the tables come out the same everywhere. */
function randomFrom(seed: number): () => number {
	let state = seed;
	return () => (state = (state * 48_271) % 0x7fff_ffff) / 0x7fff_ffff;
}

/** Normal, by Box and Muller. */
function normal(random: () => number): number {
	return Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
}

const mean = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;
const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
const median = (values: readonly number[]): number => {
	const order = sorted(values);
	return mean(order.slice((order.length - 1) >> 1, (order.length >> 1) + 1));
};
/** As the sampler combines them: in whole milli-units, a quarter left off at each end. */
const middle = (counts: readonly number[]): number => {
	const milliC = Int32Array.from(sorted(counts), (each) => Math.round(each * STEP_C * 1_000));
	return middleHalf(milliC, 0, milliC.length) / (STEP_C * 1_000);
};

/** Root mean square error in °C of a combination of `n` conversions with `noise` counts of noise, over 10,000 temperatures. */
function errorOf(combine: (values: readonly number[]) => number, n: number, noise: number, spike = 0): number {
	const random = randomFrom(20_150_202);
	const trials = 10_000;
	let squares = 0;
	for (let trial = 0; trial < trials; trial++) {
		const truth = random();
		const counts = Array.from({ length: n }, () => Math.round(truth + noise * normal(random)));
		counts[0]! += spike;
		squares += (combine(counts) - truth) ** 2;
	}
	return Math.sqrt(squares / trials) * STEP_C;
}

const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
const two = (value: number): string => value.toFixed(2);

/** How much of a resistor's tolerance becomes gain when both are off in opposite directions: 2 R1 / (R1 + R2). */
const DIVIDER_GAIN = (2 * 220) / 320;
/** Magnus' formula (WMO-No. 8, annex 4.B): pressure of saturated vapour over water, in hPa. */
const saturation = (celsius: number): number => 6.112 * Math.exp((17.62 * celsius) / (243.12 + celsius));

describe('hardware/accuracy.md', () => {
	it('has the error of the divider by temperature', () => {
		for (const percent of [1, 2, 5]) {
			const gain = (percent / 100) * DIVIDER_GAIN;
			const errors = [-20, 0, 25, 50].map((celsius) => `±${two((gain * (OFFSET_MV + MV_PER_C * celsius)) / MV_PER_C)}`);
			says(accuracy, row(`${percent} %`, `±${(gain * 100).toFixed(2)} %`, ...errors, `±${two(gain * 10)}`));
		}
	});

	it('has the error of n conversions by noise', () => {
		for (const noise of [0, 0.25, 0.5, 1, 2]) {
			const cells = [1, 5, 15, 64].map((n) => two(errorOf(middle, n, noise)));
			says(accuracy, row(noise, ...cells));
		}
	});

	it('has the error of the ways to combine 15 conversions', () => {
		for (const [name, combine] of [['median', median], ['mean', mean], ['mean of the middle half', middle]] as const) {
			const errors = [errorOf(combine, 15, 0.5), errorOf(combine, 15, 1), errorOf(combine, 15, 0.5, 20)];
			says(accuracy, row(name, ...errors.map(two)));
		}
	});

	it('has the size of a count', () => {
		says(accuracy, row('NodeMCU', '3.125 mV', `${two(STEP_C)} °C`));
		expect(countMv(nodemcu)).toBe(3.125);
		says(accuracy, row('ESP32', `${countMv(esp32).toFixed(3)} mV`, `${two(countMv(esp32) / MV_PER_C)} °C`));
	});

	it('has the warmth of the TMP36 and its load by the divider', () => {
		says(accuracy, `3.3 V × 50 µA × 162 °C/W = ${(3.3 * 50e-6 * 162).toFixed(3)} °C`);
		says(accuracy, `750 mV / 320 kΩ = ${(750 / 320).toFixed(1)} µA`);
	});

	it('has what a degree does to the humidity', () => {
		const lost = 50 * (1 - saturation(20) / saturation(21));
		says(accuracy, `50 % × (1 − e(20 °C) / e(21 °C)) = ${lost.toFixed(1)} %RH`);
	});

	it('has what the SDK cuts off on the ESP32', () => {
		const { bits, fullScaleMv, lowestMv } = esp32.analog;
		const highest = 2 ** bits - 1;
		const cut: number[] = [];
		for (let mv = lowestMv; mv <= 1_750; mv++) cut.push(mv - (Math.floor((mv * highest) / fullScaleMv) * fullScaleMv) / highest);
		says(accuracy, `${(mean(cut)).toFixed(1)} mV on average, ${Math.max(...cut).toFixed(1)} mV at most`);
	});

	it('has what each part makes of the recorded office, as "npm run accuracy" prints it', async () => {
		const rows = [...accuracy.matchAll(/^\| `([^`]+)` \| (.+) \| (\w+) \| [+−]?[\d.]+ \S+ \| [\d.]+ \| ([\d.]+) \|$/gm)];
		const written = new Map(rows.map(([, ...cells]) => [cells.slice(0, 3).join(' '), Number(cells[3])]));
		// The first half hour of what is written there: each reading of it is one of those.
		const found = await accuracies(readWeather(OFFICE_CLIMATE), 30);
		expect(new Set(found.map(({ part }) => part))).toEqual(new Set(PARTS.filter(({ quantities, folder }) => folder && !quantities.includes('voltage')).map(({ name }) => name)));
		expect([...written.keys()]).toEqual(found.map(({ part, board, quantity }) => `${part} ${board} ${quantity}`));
		for (const { part, board, quantity, worst } of found) expect(worst, `${part} on ${board}`).toBeLessThanOrEqual(written.get(`${part} ${board} ${quantity}`)! + 0.005);
		expect(table(found).split('\n')[0]).toBe(accuracy.split('\n').find((line) => line.startsWith('| part | on ')));
	});

	it('has the error of the HIH-4030 by its resistors', () => {
		const percentOfGain = 1;
		const lost = ((percentOfGain / 100) * (0.0062 * 50 + 0.16)) / 0.0062;
		says(accuracy, `${lost.toFixed(1)} %RH at 50 %RH`);
	});
});

describe('hardware/README.md', () => {
	it('has the readings of a divider that is missing or double', () => {
		const seen = (celsius: number, factor: number) => ((OFFSET_MV + MV_PER_C * celsius) * factor - OFFSET_MV) / MV_PER_C;
		says(guide, `${seen(0, 3.2).toFixed(0)} °C when it is 0 °C`);
		says(guide, `${seen(25, 1 / 3.2).toFixed(1).replace('-', '−')} °C when it is 25 °C`);
		expect((OFFSET_MV + MV_PER_C * 25) * 3.2).toBe(2_400);
		says(guide, '`TMP36 gives 2400 mV, more than it can');
	});

	it('quotes the drivers as they speak', () => {
		const spoken: string[] = [];
		const listen = (act: () => void) => {
			try {
				act();
			} catch (error) {
				spoken.push((error as Error).message.replace(/gives \d+ mV/, 'gives … mV'));
			}
		};
		const values = new Int32Array(2);
		const divider = { supplyMv: 5_000, upperOhm: 1, lowerOhm: 1, ratioAtZero: 0.16, ratioPerRh: 0.0062 };
		for (const count of [0, 4_095, undefined]) {
			const analog = () => ({ sensor: { io: new Pin(12, count).Analog, pin: 34 }, fullScaleMv: 4_095 });
			listen(() => new TMP36(analog()).collect(values, 0));
			listen(() => new HIH4030({ ...analog(), ...divider }).collect(values, 0));
			listen(() => new Adc({ ...analog(), gain: 1, offsetMv: 0 }).collect(values, 0));
		}
		const sht3x = (bus: Bus) => new SHT3x({ sensor: { io: bus.I2C, data: 4, clock: 5 } });
		listen(() => sht3x(new Bus()).start());
		listen(() => sht3x(new Bus()).collect(values, 0));
		listen(() => sht3x(new Bus().respond(0x44, hex`00 00 00 00 00 00`)).collect(values, 0));
		expect(spoken).toHaveLength(11);
		const quotes = [...guide.matchAll(/`((?:TMP36|SHT3x|HIH-4030) [^`]+)`/g)].map((each) => each[1]!.replace(/gives \d+ mV/, 'gives … mV'));
		expect(quotes.length).toBeGreaterThan(5);
		for (const quote of quotes) expect(spoken.some((each) => each.startsWith(quote)), quote).toBe(true);
	});

	it('names the pins of both boards', () => {
		for (const { name, analog, i2c } of [nodemcu, esp32]) {
			const pins = [...PINS[name].left, ...PINS[name].right];
			for (const gpio of [analog.pin, i2c.data, i2c.clock]) says(guide, `**${pins.find((each) => each.gpio === gpio)!.label}**`);
		}
		says(guide, `**${esp32.analog.further[0]}**`);
	});
});
