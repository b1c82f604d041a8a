import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keptScript, keptSnapshot, root } from '../../simulator/engine/kept.js';

const KEPT = join(root, 'build/simulator');
/** In place of a board's name: of this process alone. */
const BOARD = `test-${process.pid}`;
let folder: string;
let input: string;
let made: number;

beforeEach(() => {
	made = 0;
	mkdirSync(KEPT, { recursive: true });
	folder = mkdtempSync(join(tmpdir(), 'telltale-kept-'));
	input = join(folder, 'input.ts');
	write('one', 60);
});
afterEach(() => {
	rmSync(folder, { recursive: true });
	for (const name of files()) rmSync(join(KEPT, name));
});

const files = () => readdirSync(KEPT).filter((name) => name.startsWith(BOARD));

function write(content: string, ageSeconds: number): void {
	writeFileSync(input, content);
	const at = new Date(Date.now() - 1_000 * ageSeconds);
	utimesSync(input, at, at);
}

const script = () => keptScript(folder, BOARD, async () => ({ script: `${++made} of ${readFileSync(input, 'utf8')}`, inputs: [input] }));

describe('what an earlier process made', () => {
	it('is taken while its files say the same, whatever their dates', async () => {
		expect(await script()).toBe('1 of one');
		write('one', 30);
		expect(await script()).toBe('1 of one');
	});

	it('is made anew when one of its files says something else, or is gone', async () => {
		await script();
		write('two', 60);
		expect(await script()).toBe('2 of two');
		write('one', 60);
		expect(await script()).toBe('3 of one');
		const other = keptScript(folder, BOARD, async () => ({ script: 'other', inputs: [] }));
		expect(await other).toBe('3 of one');
		rmSync(input);
		expect(await keptScript(folder, BOARD, async () => ({ script: 'other', inputs: [] }))).toBe('other');
	});

	it('is made anew when a file changed while it was made', async () => {
		write('one', -60);
		await script();
		expect(await script()).toBe('2 of one');
	});

	it.each([['note', '.json', ''], ['note', '.json', '{'], ['script', '.js', '1 of on']])('is made anew when its %s %j is broken off', async (_what, end, content) => {
		await script();
		const [file] = files().filter((name) => name.endsWith(end));
		writeFileSync(join(KEPT, file!), content);
		expect(await script()).toBe('2 of one');
	});

	it('is another for another engine: a snapshot', async () => {
		const engine = join(folder, 'engine');
		const snapshot = async (of: string) => (await keptSnapshot(of, engine, async () => Buffer.from(`${BOARD} ${++made}`))).toString();
		const before = new Set(readdirSync(KEPT));
		try {
			const kept = await script();
			writeFileSync(engine, 'a');
			expect([await snapshot(kept), await snapshot(kept)]).toEqual([`${BOARD} 2`, `${BOARD} 2`]);
			writeFileSync(engine, 'bc');
			expect(await snapshot(kept)).toBe(`${BOARD} 3`);
			// Not a script of ours: nobody keeps it.
			expect([await snapshot('of a test'), await snapshot('of a test')]).toEqual([`${BOARD} 4`, `${BOARD} 5`]);
		} finally {
			for (const name of readdirSync(KEPT)) {
				if (name.endsWith('.snapshot') && !before.has(name) && readFileSync(join(KEPT, name)).length < 100) rmSync(join(KEPT, name));
			}
		}
	});
});
