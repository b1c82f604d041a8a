// Drivers against their twins on the engine of the chip, by the table: numbers, bits and doubles as XS makes them.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { Bus } from '../../sensors/io.js';
import { PARTS } from '../../sensors/parts.js';
import { startEngine } from '../../simulator/engine/start.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const rows = PARTS.filter(({ bus, folder }) => bus === Bus.I2C && folder);
const SLOT_BYTES = 16;

/** Half a step of each quantity in milli-units, and half of what is rounded. */
const RESOLUTION: Readonly<Record<string, readonly number[]>> = {
	sht3x: [2, 1.5], sht4x: [2, 1.5], shtc3: [2, 1.5],
	// Two bits are masked away.
	si7021: [10, 7.5], htu21d: [10, 7.5],
	aht10: [0.6, 0.6], aht20: [0.6, 0.6], am2320: [50.5, 50.5], bme280: [3.1, 8, 14],
};

/** Half a step of 0.1: no part on I2C is coarser. test/simulator/twins.test.ts finds the step of each. */
const COARSE = 50.5;

const folders = [...new Set(rows.map(({ folder }) => folder))];
const { outputFiles } = await build({
	stdin: {
		contents: [`import { serve } from './on-xs.guest.ts';`, ...folders.map((each) => `import { simulated as ${each} } from '../../sensors/${each}/simulated.ts';`), `serve({ ${folders.join(', ')} });`].join('\n'),
		resolveDir: here,
	},
	bundle: true, write: false, format: 'iife', target: 'es2022', logLevel: 'silent',
});
const engine = startEngine('xs', () => '');
await engine.load(outputFiles![0]!.text);
afterAll(() => engine.kill());

const ask = async (question: string): Promise<unknown> => JSON.parse(await engine.turn(question));

async function aliveBytes(): Promise<number> {
	await ask('nothing');
	const { slots, chunkBytes } = (await engine.memory())!;
	return slots * SLOT_BYTES + chunkBytes;
}

describe('on XS', () => {
	it.each(rows.map(({ name }) => name))('%s and its twin say the same over the whole range, to the part\'s resolution', async (name) => {
		const worst = (await ask(`sweep ${name}`)) as number[];
		const allowed = RESOLUTION[name] ?? worst.map(() => COARSE);
		expect([worst.length, worst.length]).toEqual([allowed.length, PARTS.find((row) => row.name === name)!.quantities.length]);
		worst.forEach((each, k) => expect(each, `quantity ${k}`).toBeLessThanOrEqual(allowed[k]!));
	});

	it('a part that is made takes at most 300 B', async () => {
		const COUNT = 16;
		for (const { name } of rows) {
			await ask(`keep ${name}`);
			const before = await aliveBytes();
			for (let i = 0; i < COUNT; i++) await ask(`keep ${name}`);
			const each = ((await aliveBytes()) - before) / COUNT;
			expect(each, name).toBeLessThan(300);
		}
	});
});
