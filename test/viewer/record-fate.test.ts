// What others do to the file of a record while it is written: move, delete, replace, empty and cut it, take its folder away, fill its disk.
import { execFileSync } from 'node:child_process';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openRecord } from '../../viewer/record-open.js';
import type { Recorder } from '../../viewer/record.js';
import { event, seqsIn } from '../support/recording.js';

const HAS_SQLITE = process.getBuiltinModule?.('node:sqlite' as never) !== undefined;
const folder = mkdtempSync(join(tmpdir(), 'telltale-fate-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const fresh = (ending: string): string => join(folder, `${++files}${ending}`);

/** A record that notes what it says, and writes at once. */
async function recording(file: string): Promise<{ record: Recorder; write(...seqs: number[]): Promise<boolean>; said: string[] }> {
	const record = await openRecord(file);
	const said: string[] = [];
	record.onNews((sentence) => said.push(sentence.replace(`${file} `, '')));
	record.onTrouble((sentence) => said.push(sentence.replace(`${file} `, '')));
	return {
		record, said, write: (...seqs) => {
			for (const seq of seqs) record.take(event({ seq }));
			return record.flush();
		},
	};
}

const MOVED = 'was moved away and keeps what it holds: recording goes on in a file of the old name.';
const DELETED = 'was deleted, and what it held with it: recording goes on in a new one.';

describe.each(['.csv', '.ndjson', ...(HAS_SQLITE ? ['.db'] : [])])('A record in %s that is being written', (ending) => {
	it('and is moved away counts as recorded: a whole new one is begun, with nothing twice', async () => {
		const file = fresh(ending);
		const { record, write, said } = await recording(file);
		await write(1, 2);
		renameSync(file, `${file}.1${ending}`);
		await write(2, 3);
		renameSync(file, `${file}.2${ending}`);
		await write(4);
		await record.close();
		expect([await seqsIn(`${file}.1${ending}`), await seqsIn(`${file}.2${ending}`), await seqsIn(file)]).toEqual([[1, 2], [3], [4]]);
		expect([said, record.written]).toEqual([[MOVED, MOVED], 4]);
	});

	it('and is deleted is begun anew with what is still owed, which is said', async () => {
		const file = fresh(ending);
		const { record, write, said } = await recording(file);
		await write(1, 2);
		record.take(event({ seq: 3 }));
		unlinkSync(file);
		await write(4);
		await record.close();
		expect([await seqsIn(file), said]).toEqual([[3, 4], [DELETED]]);
	});

	it('and is replaced by another record goes on in that, without repeating what is in it', async () => {
		const [file, copy] = [fresh(ending), fresh(ending)];
		const { record, write } = await recording(file);
		await write(1, 2, 3);
		copyFileSync(file, copy);
		record.take(event({ seq: 4 }));
		renameSync(copy, file);
		await write(3, 5);
		await record.close();
		expect(await seqsIn(file)).toEqual([1, 2, 3, 4, 5]);
	});

	it('and is replaced by something else leaves that as it is, and waits until it is gone', async () => {
		const file = fresh(ending);
		const { record, write, said } = await recording(file);
		await write(1);
		unlinkSync(file);
		writeFileSync(file, 'a letter\n');
		expect(await write(2)).toBe(false);
		expect(readFileSync(file, 'utf8')).toBe('a letter\n');
		unlinkSync(file);
		mkdirSync(file);
		expect(await write(3)).toBe(false);
		rmSync(file, { recursive: true });
		expect(await write(4)).toBe(true);
		await record.close();
		expect([await seqsIn(file), record.lost]).toEqual([[2, 3, 4], 0]);
		expect(said).toEqual(['cannot be written, it holds something else: what comes waits in memory, and is tried again.', 'cannot be written, it is a folder: what comes waits in memory, and is tried again.', DELETED, '']);
	});

	it('waits in memory while its folder is gone, says so, and goes on when there is one', async () => {
		const home = fresh('');
		mkdirSync(home);
		const file = join(home, `readings${ending}`);
		const { record, write, said } = await recording(file);
		await write(1);
		rmSync(home, { recursive: true });
		expect([await write(2), await write(3)]).toEqual([false, false]);
		mkdirSync(home);
		await record.close();
		expect([await seqsIn(file), record.lost, record.written]).toEqual([[2, 3], 0, 3]);
		expect(said).toEqual(['cannot be written, ENOENT: what comes waits in memory, and is tried again.', DELETED, '']);
	});

	it('and is emptied begins from its first byte', async () => {
		const file = fresh(ending);
		const { record, write, said } = await recording(file);
		await write(1, 2);
		truncateSync(file, 0);
		await write(3);
		await record.close();
		expect([await seqsIn(file), said]).toEqual([[3], ['was emptied, and what it held is lost: recording goes on in it.']]);
		expect(readFileSync(file).includes(0) && ending !== '.db').toBe(false);
	});

	it('follows a link to where it leads now', async () => {
		const [one, other, link] = [fresh(ending), fresh(ending), fresh(ending)];
		symlinkSync(one, link);
		const { record, write } = await recording(link);
		await write(1);
		unlinkSync(link);
		symlinkSync(other, link);
		await write(2);
		await record.close();
		expect([await seqsIn(one), await seqsIn(other)]).toEqual([[1], [2]]);
		expect([existsSync(`${one}.lock`), existsSync(`${other}.lock`)]).toEqual([false, false]);
	});
});

describe.each(['.csv', '.ndjson'])('A record in %s that others cut or write to', (ending) => {
	it('is read anew: nothing more is cut off, nothing padded, and half a line is no reading', async () => {
		const whole = fresh(ending);
		const sample = await recording(whole);
		await sample.write(1, 2, 3);
		await sample.record.close();
		const bytes = readFileSync(whole);
		const second = bytes.lastIndexOf(10, bytes.length - 2) + 1;
		for (let end = second - 12; end < bytes.length; end++) {
			const file = fresh(ending);
			const { record, write, said } = await recording(file);
			await write(1, 2, 3);
			record.take(event({ seq: 4 }));
			truncateSync(file, end);
			await write(5);
			await record.close();
			expect(readFileSync(file).subarray(0, end).equals(bytes.subarray(0, end)), String(end)).toBe(true);
			expect(readFileSync(file).includes(0)).toBe(false);
			const seqs = await seqsIn(file);
			// Only the line feed is missing: JSON can tell that it is whole.
			const isWhole = end === bytes.length - 1 && ending === '.ndjson';
			expect(seqs, String(end)).toEqual(end >= second ? (isWhole ? [1, 2, 3, 4, 5] : [1, 2, 4, 5]) : end === second - 1 && ending === '.ndjson' ? [1, 2, 4, 5] : [1, 4, 5]);
			expect(said).toEqual(['was cut shorter, and what was behind is lost: recording goes on after the rest.']);
		}
	});

	it('goes on behind what another program wrote, also where it left half a line', async () => {
		const file = fresh(ending);
		const { record, write, said } = await recording(file);
		await write(1, 2);
		appendFileSync(file, 'cellar,"half a');
		await write(3);
		await record.close();
		expect([await seqsIn(file), said]).toEqual([[1, 2, 3], ['was written to by another program: recording goes on after that.']]);
		expect(readFileSync(file, 'utf8').split('\n').filter((line) => line.includes('half a'))).toHaveLength(1);
	});
});

describe('A channel that never stood in a column', () => {
	it('is not read half where the cut goes through it', async () => {
		const file = fresh('.csv');
		const { record } = await recording(file);
		for (const seq of [1, 2]) {
			record.take(event({ seq, values: seq > 1 ? { lux: 1234 } : {} }));
			await record.flush();
		}
		truncateSync(file, readFileSync(file).length - 3);
		record.take(event({ seq: 3 }));
		await record.close();
		expect(await seqsIn(file)).toEqual([1, 3]);
	});
});

describe.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)('A disk that is really full', () => {
	it.each(['.csv', '.ndjson', ...(HAS_SQLITE ? ['.db'] : [])])('keeps what was written in %s, and takes the rest in its order when there is room', async (ending) => {
		const disk = fresh('');
		mkdirSync(disk);
		execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]);
		try {
			const file = join(disk, `readings${ending}`);
			const { record, write, said } = await recording(file);
			await write(1, 2, 3);
			expect(() => writeFileSync(join(disk, 'ballast'), Buffer.alloc(1 << 20))).toThrow('ENOSPC');
			let seq = 3;
			const more = (): number[] => Array.from({ length: 100 }, () => ++seq);
			for (let times = 0; times < 3; times++) await write(...more());
			expect(said).toEqual(['cannot be written, ENOSPC: what comes waits in memory, and is tried again.']);
			const kept = await seqsIn(file);
			expect(kept).toEqual(Array.from({ length: kept.length }, (_, k) => k + 1));
			expect(kept.length).toBeLessThan(seq);
			unlinkSync(join(disk, 'ballast'));
			expect(await write(...more())).toBe(true);
			await record.close();
			expect([await seqsIn(file), record.lost, said.length]).toEqual([Array.from({ length: seq }, (_, k) => k + 1), 0, 2]);
		} finally {
			execFileSync('umount', [disk]);
		}
	});
});
