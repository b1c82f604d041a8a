// Every part of the table against its twin: over its whole range, and in every trouble. A new row is found by itself.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { board as esp32 } from '../../hardware/esp32.js';
import { board as nodemcu } from '../../hardware/nodemcu.js';
import { PARTS, type Row } from '../../sensors/parts.js';
import { Bench } from '../../simulator/board/bench.js';
import { sensorsProblem } from '../../src/parts/parts.js';

const rows = PARTS.filter(({ folder }) => folder).map((row) => [row.name, row] as const);
/** The first board that takes it. */
const boardFor = ({ name }: Row) => [nodemcu, esp32].find((board) => !sensorsProblem(name, board))!;
/** What the air can have, where a row does not say. */
const AIR: Readonly<Record<string, readonly [low: number, high: number]>> = { temperature: [-40, 85], humidity: [0, 100], pressure: [300, 1_100] };
const KEYS: Readonly<Record<string, 'temperatureC' | 'humidityPct' | 'pressureHpa'>> = { temperature: 'temperatureC', humidity: 'humidityPct', pressure: 'pressureHpa' };
/** No part of the table is coarser. */
const COARSEST = 1_000;

/** From the lowest that the part and the air can have to the highest. */
function rangeOf(row: Row, quantity: string): readonly [low: number, high: number] {
	const [low, high] = AIR[quantity]!;
	const k = row.quantities.indexOf(quantity);
	return k < 0 ? [low, high] : [Math.max(low, row.minima[k]! / 1_000), Math.min(high, row.maxima[k]! / 1_000)];
}

/** Fine steps of one quantity of the air, with the others at this share of their range. */
async function sweep(row: Row, quantity: string, others: number, steps: number): Promise<{ truths: number[]; values: number[] }> {
	const bench = await Bench.of(row.name, boardFor(row), { quiet: true });
	const k = row.quantities.indexOf(quantity);
	const truths: number[] = [];
	const values: number[] = [];
	for (let step = 0; step <= steps; step++) {
		const air = { ...bench.air };
		for (const each of Object.keys(AIR)) {
			const [low, high] = rangeOf(row, each);
			air[KEYS[each]!] = low + (high - low) * (each === quantity ? step / steps : others);
		}
		bench.air = air;
		bench.now += 5_000;
		truths.push(bench.truth(quantity));
		values.push(bench.measure()[k]!);
	}
	return { truths, values };
}

/** The step in which values come: the commonest distance between neighbours of them. */
function stepOf(values: readonly number[]): number {
	const distinct = [...new Set(values)].sort((a, b) => a - b);
	const distances = distinct.slice(1).map((each, i) => each - distinct[i]!).sort((a, b) => a - b);
	return distances[distances.length >> 1]!;
}

describe('the table of parts', () => {
	it.each(rows)('has a driver, a twin and a test of %s', (_name, { folder }) => {
		for (const file of [`sensors/${folder}/${folder}.ts`, `sensors/${folder}/simulated.ts`, `test/sensors/${folder}.test.ts`]) {
			expect(existsSync(fileURLToPath(new URL(`../../${file}`, import.meta.url))), file).toBe(true);
		}
	});
});

const measured = rows.flatMap(([name, row]) => row.quantities.filter((each) => AIR[each]).map((quantity) => [name, quantity, row] as const));

describe('the simulator and the command line', () => {
	it('name no part: all that they know of one is its row and its folder', () => {
		const root = fileURLToPath(new URL('../..', import.meta.url));
		const name = new RegExp(`['"\`](?:${PARTS.map((row) => row.name).join('|')})['"\`,]`);
		const naming = ['simulator', 'cli'].flatMap((folder) => readdirSync(`${root}/${folder}`, { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`))
			// What stands in for hardware where the SDK's own tools run has one measurement, in the bytes of its part.
			.filter((file) => /\.m?ts$/.test(file) && !file.startsWith('simulator/desktop/'))
			.filter((file) => name.test(readFileSync(`${root}/${file}`, 'utf8')));
		expect(naming).toEqual([]);
	});
});

describe.each(measured)('%s and its twin', (_name, quantity, row) => {
	it(`agree to a step of the part over its whole range of ${quantity}`, async () => {
		for (const others of [0, 0.5, 1]) {
			const { truths, values } = await sweep(row, quantity, others, 1_000);
			const step = stepOf(values);
			expect(step).toBeLessThanOrEqual(COARSEST);
			const wrong = truths.flatMap((truth, i) => (Math.abs(values[i]! - truth) <= step + 1 ? [] : [`${values[i]} for ${truth}`]));
			expect(wrong).toEqual([]);
		}
	});
});

describe.each(rows)('%s in trouble', (_name, row) => {
	const start = async () => {
		const bench = await Bench.of(row.name, boardFor(row));
		bench.now += 10_000;
		const well = (): number[] | string => {
			bench.now += 5_000;
			try {
				return bench.measure();
			} catch (fault) {
				expect((fault as Error).message).toMatch(/^[A-Z].*[^ ]: .+\.$/);
				return (fault as Error).message;
			}
		};
		const isRight = (values: number[] | string) =>
			typeof values !== 'string' && row.quantities.every((quantity, k) => !AIR[quantity] || Math.abs(values[k]! - bench.truth(quantity)) < 3_000);
		return { bench, well, isRight };
	};

	it.each(['gone', 'garbled', 'nonsense', 'stuck'] as const)('%s: says so in a sentence or gives a value, and is right again when that is over', async (trouble) => {
		const { bench, well, isRight } = await start();
		const before = well();
		expect(isRight(before)).toBe(true);
		bench.twin.trouble = trouble;
		const during = [1, 2, 3].map(well);
		if (trouble === 'gone' && !row.quantities.includes('voltage')) for (const each of during) expect(each).toBeTypeOf('string');
		// Whatever has no check sum sends what is right.
		if (trouble === 'garbled') for (const each of during) expect(typeof each === 'string' || isRight(each)).toBe(true);
		bench.twin.trouble = 'none';
		// What it had measured in its trouble may still come once.
		well();
		expect(isRight(well()), `${before}`).toBe(true);
	});
});
