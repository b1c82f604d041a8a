import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Scheduler } from '../../simulator/world/clock.js';
import { Random } from '../../simulator/world/random.js';
import { OFFICE_CLIMATE } from '../../simulator/simulation.js';
import { readWeather } from '../../simulator/world/weather.js';
import { patient, rest } from '../support/patience.js';

const folder = mkdtempSync(join(tmpdir(), 'telltale-world-'));
afterAll(() => rmSync(folder, { recursive: true }));

function csv(text: string): string {
	const file = join(folder, 'weather.csv');
	writeFileSync(file, text);
	return file;
}

describe('the weather', () => {
	const HEADER = 'time,temperature_c,humidity_pct\n';

	it('begins with the first record, changes evenly and begins again', () => {
		const weather = readWeather(csv(`${HEADER}2020-01-01T00:00:00Z,10,40\n2020-01-01T00:01:00Z,20,50\n2020-01-01T00:03:00Z,20,30\n`));
		expect(weather.at(0)).toEqual({ temperatureC: 10, humidityPct: 40, pressureHpa: 1_013.25 });
		expect(weather.at(30_000)).toEqual({ temperatureC: 15, humidityPct: 45, pressureHpa: 1_013.25 });
		expect(weather.at(120_000)).toEqual({ temperatureC: 20, humidityPct: 40, pressureHpa: 1_013.25 });
		expect(weather.at(180_000 + 30_000)).toEqual(weather.at(30_000));
	});

	it('reads the recording of the repository', () => {
		expect(readWeather(OFFICE_CLIMATE).at(0)).toEqual({ temperatureC: 23.7, humidityPct: 26.272, pressureHpa: 1_013.25 });
	});

	it('takes the pressure from a fourth column, where there is one', () => {
		const weather = readWeather(csv(`${HEADER.trim()},pressure_hpa\n2020-01-01T00:00:00Z,10,40,1000\n2020-01-01T00:01:00Z,20,50,980\n`));
		expect(weather.at(30_000)).toEqual({ temperatureC: 15, humidityPct: 45, pressureHpa: 990 });
	});

	it('reads files of other systems: a byte order mark, carriage returns, empty lines', () => {
		const file = csv(`\uFEFF${HEADER}2020-01-01T00:00:00Z,10,40\n\n2020-01-01T00:01:00Z, 20 ,50\n`.replaceAll('\n', '\r\n'));
		expect(readWeather(file).at(60_000 - 1).temperatureC).toBeCloseTo(20, 2);
	});

	it.each([
		['', /weather\.csv, line 1: the columns must be "time,temperature_c,humidity_pct" or "time,temperature_c,humidity_pct,pressure_hpa", not ""/],
		['a;b;c\n', /line 1: the columns must be/],
		[`${HEADER}2020-01-01T00:00:00Z,10\n`, /line 2: 3 columns are expected \(time,temperature_c,humidity_pct\), not 2\.$/],
		[`${HEADER}yesterday,10,40\n`, /line 2: the time must be like 2015-02-02T14:19:00Z, not "yesterday"/],
		[`${HEADER}2020-01-01T00:00:00Z,warm,40\n`, /line 2: the temperature must be a number of degrees Celsius from -60 to 100, not "warm"/],
		[`${HEADER}2020-01-01T00:00:00Z,,40\n`, /line 2: the temperature/],
		[`${HEADER}2020-01-01T00:00:00Z,10,101\n`, /line 2: the humidity must be a percentage from 0 to 100, not "101"/],
		[`${HEADER.trim()},pressure_hpa\n2020-01-01T00:00:00Z,10,40\n`, /line 2: 4 columns are expected \(time,temperature_c,humidity_pct,pressure_hpa\), not 3\.$/],
		[`${HEADER.trim()},pressure_hpa\n2020-01-01T00:00:00Z,10,40,29.9\n`, /line 2: the pressure must be a number of hectopascals from 300 to 1100, not "29.9"/],
		[`${HEADER}2020-01-01T00:01:00Z,10,40\n2020-01-01T00:00:00Z,10,40\n`, /line 3: the time must be later than that of the line before/],
		[`${HEADER}2020-01-01T00:01:00Z,10,40\n`, /at least two lines of readings/],
	])('refuses %j with one sentence', (text, sentence) => {
		expect(() => readWeather(csv(text))).toThrow(sentence);
	});

	it('says which file is not there', () => {
		expect(() => readWeather(join(folder, 'nowhere.csv'))).toThrow(/nowhere\.csv cannot be read/);
	});
});

describe('the clock', () => {
	it('does what is due in the order of time, then of asking', async () => {
		const clock = new Scheduler('virtual');
		const done: string[] = [];
		const note = (word: string) => (): void => void done.push(`${word}@${clock.now()}`);
		clock.at(20, note('c'));
		clock.at(10, note('a'));
		clock.at(10, note('b'));
		clock.at(15, note('never')).cancelled = true;
		clock.at(10, () => void clock.after(5, note('later')));
		await clock.run(100);
		expect(done).toEqual(['a@10', 'b@10', 'later@15', 'c@20']);
		expect(clock.now()).toBe(100);
	});

	it('waits for what takes a promise\'s time before it goes on', async () => {
		const clock = new Scheduler('virtual');
		const done: number[] = [];
		clock.at(1, async () => {
			await rest(5);
			done.push(1);
		});
		clock.at(2, () => void done.push(2));
		await clock.run();
		expect(done).toEqual([1, 2]);
	});

	it('keeps thousands of things in order', async () => {
		const clock = new Scheduler('virtual');
		const random = new Random(5);
		const times: number[] = [];
		for (let i = 0; i < 3_000; i++) clock.at(random.below(500), () => void times.push(clock.now()));
		await clock.run();
		expect(times).toHaveLength(3_000);
		expect(times).toEqual([...times].sort((a, b) => a - b));
	});

	it('does not pile up what was cancelled, nor lose what was not', async () => {
		const clock = new Scheduler('virtual');
		let fired = 0;
		let far = clock.at(1e9, () => void fired++);
		for (let i = 0; i < 5_000; i++) {
			clock.at(i, () => void fired++);
			far.cancelled = true;
			far = clock.at(1e9 + i, () => void fired++);
		}
		await clock.run();
		expect(fired).toBe(5_001);
	});

	it('follows real time by its factor', async () => {
		const clock = new Scheduler(100);
		const from = performance.now();
		await clock.run(2_000);
		const tookMs = performance.now() - from;
		expect(tookMs).toBeGreaterThan(18);
		expect(tookMs).toBeLessThan(patient(200));
	});

	it('at "max" lets the world come to rest before each jump', async () => {
		let rests = 0;
		const clock: Scheduler = new Scheduler('max', async () => void rests++);
		clock.at(1_000, () => {});
		clock.at(1_000_000, () => {});
		await clock.run(2_000_000);
		expect(rests).toBe(3);
	});

	it('breaks the run off when something breaks', async () => {
		const clock = new Scheduler('virtual');
		clock.at(1, () => {
			throw new Error('broken');
		});
		await expect(clock.run(10)).rejects.toThrow('broken');
	});
});

describe('chance', () => {
	it('is the same for the same seed, spread evenly, and normal when asked', () => {
		const draw = (seed: string): number[] => Array.from({ length: 5 }, ((random) => () => random.next())(new Random(seed)));
		expect(draw('a')).toEqual(draw('a'));
		expect(draw('a')).not.toEqual(draw('b'));
		const random = new Random('spread');
		const values = Array.from({ length: 20_000 }, () => random.next());
		expect(values.reduce((sum, each) => sum + each) / values.length).toBeCloseTo(0.5, 1);
		const normal = Array.from({ length: 20_000 }, () => random.gaussian(2));
		expect(Math.sqrt(normal.reduce((sum, each) => sum + each * each) / normal.length)).toBeCloseTo(2, 1);
	});
});
