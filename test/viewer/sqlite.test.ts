// A record in SQLite, on a Node that has it: the tests of the record once more, where this Node is older (CI names one, .ci/run).
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const NODE = process.env['TELLTALE_SQLITE_NODE'];
const HAS_SQLITE = process.getBuiltinModule?.('node:sqlite' as never) !== undefined;
const FILES = ['record.test', 'record-fate.test', 'watching.test'].map((name) => `test/viewer/${name}.ts`);
/** Those that write a .db, and what a node took over two outages. */
const NAMES = 'in \\.db|SQLite|in each kind of file';

it.skipIf(HAS_SQLITE || !NODE)('A record in SQLite holds what the others do, on a Node of its own (TELLTALE_SQLITE_NODE, from 22.13 on)', async () => {
	// It is no part of this run.
	const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')));
	const out = await new Promise<string>((resolve) => {
		execFile(NODE!, ['node_modules/vitest/vitest.mjs', 'run', ...FILES, '-t', NAMES], { cwd: ROOT, env }, (error, text, err) => resolve(`${text}${err}${error?.message ?? ''}`));
	});
	expect(out).toMatch(/\n1[2-9] passed, 0 failed, \d+ skipped\n/);
});
