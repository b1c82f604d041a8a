// One recorder a file: who is kept out, by what sentence, and whose lock is taken over.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, lstatSync, lutimesSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Held, openRecord, openStore } from '../../viewer/record-open.js';
import { ownerHere, RecordLock, startByPs, startOf, textOf, type Owner } from '../../viewer/record-lock.js';
import { event, seqsIn } from '../support/recording.js';

const folder = mkdtempSync(join(tmpdir(), 'telltale-lock-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const fresh = (): string => join(folder, `${++files}.csv`);
const own = await ownerHere();
const other = { ...own, token: 'ffffffff' };

/** A lock that somebody left so long ago. */
function left(file: string, owner: Owner, ageMs = 0): void {
	symlinkSync(textOf(owner), `${file}.lock`);
	const then = new Date(Date.now() - ageMs);
	lutimesSync(`${file}.lock`, then, then);
}

/** A process that is no more. */
async function deadPid(): Promise<number> {
	const child = spawn(process.execPath, ['-e', '0']);
	await new Promise((resolve) => child.on('exit', resolve));
	return child.pid!;
}

describe('Who begins to record', () => {
	it('is told which process does so already, by whatever name of the file, and may go on reading', async () => {
		const file = fresh();
		const record = await openRecord(file);
		record.take(event({ seq: 1 }));
		await record.flush();
		symlinkSync(file, join(folder, 'alias.csv'));
		for (const name of [file, join(folder, 'alias.csv'), `${folder}/./${files}.csv`]) await expect(openRecord(name), name).rejects.toThrow(new Held(`process ${process.pid} records into it`));
		expect(await seqsIn(file)).toEqual([1]);
		await record.close();
		expect(existsSync(`${file}.lock`)).toBe(false);
		await (await openRecord(file)).close();
	});

	it('takes over from a process that was killed, from one of before a restart of the machine, and from one whose number another has now', async () => {
		const dead = await deadPid();
		for (const owner of [{ ...other, pid: dead }, { ...other, boot: 'before' }, { ...other, start: '1' }]) {
			const file = fresh();
			left(file, owner);
			const lock = await RecordLock.acquire(file);
			expect(readlinkSync(`${file}.lock`)).toMatch(new RegExp(`^${process.pid}\\.${own.start}\\.`));
			await lock.release();
			expect(existsSync(`${file}.lock`)).toBe(false);
		}
	});

	it('goes by signs of life where the other process cannot be seen', async () => {
		for (const owner of [{ ...other, machine: 'other1' }, { ...other, space: 'other1', pid: 1 }]) {
			const file = fresh();
			left(file, owner, 30_000);
			await expect(RecordLock.acquire(file)).rejects.toThrow(`process ${owner.pid} records into it, which is of another user, machine or container`);
			unlinkSync(`${file}.lock`);
			left(file, owner, 90_000);
			await (await RecordLock.acquire(file)).release();
		}
	});

	it('is one alone of many that find a dead one\'s lock at once', async () => {
		const file = fresh();
		left(file, { ...other, start: '1' });
		const locks = await Promise.allSettled(Array.from({ length: 20 }, () => RecordLock.acquire(file)));
		const won = locks.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
		expect(won).toHaveLength(1);
		for (const each of locks) if (each.status === 'rejected') expect(each.reason).toBeInstanceOf(Held);
		await won[0]!.release();
		expect(execFileSync('ls', ['-A', folder], { encoding: 'utf8' })).not.toContain('.lock');
	});

	it('never takes away what is no lock of ours', async () => {
		const file = fresh();
		writeFileSync(`${file}.lock`, 'of another program');
		await expect(RecordLock.acquire(file)).rejects.toThrow(`${file}.lock is in the way, which is no lock of ours`);
		expect(lstatSync(`${file}.lock`).isFile()).toBe(true);
		unlinkSync(`${file}.lock`);
		mkdirSync(`${file}.lock`);
		await expect(RecordLock.acquire(file)).rejects.toThrow(Held);
	});
});

describe('Who has lost the lock', () => {
	it('writes nothing until the other is gone, and has lost no reading', async () => {
		const file = fresh();
		const record = await openRecord(file);
		const said: string[] = [];
		record.onTrouble((sentence) => said.push(sentence));
		record.take(event({ seq: 1 }));
		await record.flush();
		unlinkSync(`${file}.lock`);
		const second = await openRecord(file);
		record.take(event({ seq: 2 }));
		expect(await record.flush()).toBe(false);
		second.take(event({ seq: 2 }));
		second.take(event({ seq: 3 }));
		await second.close();
		record.take(event({ seq: 4 }));
		await record.close();
		expect([await seqsIn(file), record.lost]).toEqual([[1, 2, 3, 4], 0]);
		expect(said).toEqual([`${file} cannot be written, process ${process.pid} records into it: what comes waits in memory, and is tried again.`, '']);
	});

	it('makes it again where it is merely gone', async () => {
		const file = fresh();
		const record = await openRecord(file);
		unlinkSync(`${file}.lock`);
		record.take(event({ seq: 1 }));
		await record.flush();
		await expect(openRecord(file)).rejects.toThrow(Held);
		const store = await openStore(file, true);
		await store.close();
		await record.close();
	});
});

describe('When a process began', () => {
	it('is known of those that run, and of those alone', async () => {
		const dead = await deadPid();
		for (const start of [startOf, startByPs]) {
			expect(await start(process.pid)).toMatch(/^\d+$/);
			expect(await start(process.pid)).toBe(await start(process.pid));
			expect(await start(dead)).toBeUndefined();
		}
		expect(Math.abs(Number(await startByPs(process.pid)) - (Date.now() / 1_000 - process.uptime()))).toBeLessThan(5);
	});
});
