// Every part of the table against its twin: over its whole range, and in every trouble. A new row is found by itself.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { board as esp32 } from '../../hardware/esp32.js';
import { board as nodemcu } from '../../hardware/nodemcu.js';
import { PARTS, type Row } from '../../sensors/parts.js';
import { TROUBLES } from '../../sensors/twin.js';
import { Bench } from '../../simulator/board/bench.js';
import { sensorsProblem } from '../../src/parts/parts.js';
import { sweep } from '../support/sweep.js';

const rows = PARTS.filter(({ folder }) => folder).map((row) => [row.name, row] as const);
/** The first board that takes it. */
const boardFor = ({ name }: Row) => [nodemcu, esp32].find((board) => !sensorsProblem(name, board))!;
/** What air has. */
const AIR = new Set(['temperature', 'humidity', 'pressure']);

/** So many steps, with the others of the air at these shares of their range. */
const STEPS = 300;
const SHARES = [0, 0.5, 1];

describe('the table of parts', () => {
	it.each(rows)('has a driver, a twin and a test of %s', (_name, { folder }) => {
		for (const file of [`sensors/${folder}/${folder}.ts`, `sensors/${folder}/simulated.ts`, `test/sensors/${folder}.test.ts`]) {
			expect(existsSync(fileURLToPath(new URL(`../../${file}`, import.meta.url))), file).toBe(true);
		}
	});
});

const measured = rows.flatMap(([name, row]) => row.quantities.map((quantity) => [name, quantity, row] as const));

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
	it(`agree to the part's resolution over its whole range of ${quantity}`, async () => {
		const bench = await Bench.of(row.name, boardFor(row), { quiet: true });
		const sweeping = sweep(bench, quantity, STEPS, SHARES);
		let next = sweeping.next();
		for (; !next.done; next = sweeping.next(bench.said())) {
			bench.air = next.value;
			bench.now += 5_000;
		}
		expect(next.value).toEqual([]);
	});
});

describe.each(rows)('%s in trouble', (_name, row) => {
	const start = async () => {
		const bench = await Bench.of(row.name, boardFor(row));
		bench.now += 10_000;
		const well = (): number[] | string => {
			bench.now += 5_000;
			const said = bench.said();
			if (typeof said === 'string') expect(said).toMatch(/^[A-Z].*[^ ]: .+\.$/);
			return said;
		};
		const isRight = (values: number[] | string) =>
			typeof values !== 'string' && row.quantities.every((quantity, k) => !AIR.has(quantity) || Math.abs(values[k]! - bench.truth(quantity)) < 3_000);
		return { bench, well, isRight };
	};

	it.each(TROUBLES.filter((each) => each !== 'none'))('%s: says so in a sentence or gives a value, and is right again when that is over', async (trouble) => {
		const { bench, well, isRight } = await start();
		const before = well();
		expect(isRight(before)).toBe(true);
		bench.twin.trouble = trouble;
		const during = [1, 2, 3].map(well);
		if ((trouble === 'gone' || trouble === 'hung') && !row.quantities.includes('voltage')) for (const each of during) expect(each).toBeTypeOf('string');
		// Whatever has no check sum sends what is right.
		if (trouble === 'garbled') for (const each of during) expect(typeof each === 'string' || isRight(each)).toBe(true);
		bench.twin.trouble = 'none';
		// What it had measured in its trouble may still come once.
		well();
		expect(isRight(well()), `${before}`).toBe(true);
	});
});
