// The record of readings: whole lines, each reading once, whatever fails, and what of a span is not in it.
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from '../../viewer/payload.js';
import { check } from '../../viewer/record-check.js';
import { CsvLines, JsonLines } from '../../viewer/record-lines.js';
import { NoSqlite, openRecord, openStore } from '../../viewer/record-open.js';
import { SqliteStore, type Database } from '../../viewer/record-sqlite.js';
import type { Fate } from '../../viewer/record-place.js';
import { QUEUE_MAX, Recorder, type Recorded, type Store } from '../../viewer/record.js';
import type { ReadingEvent } from '../../viewer/viewer.js';
import { all, event, TIME, type Sample } from '../support/recording.js';

const folder = mkdtempSync(join(tmpdir(), 'telltale-record-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const fresh = (ending: string) => join(folder, `${++files}${ending}`);
const sample: fc.Arbitrary<Sample> = fc.record({
	seq: fc.integer({ min: 1, max: 0xffff_ffff }), node: fc.constantFrom('cellar', 'Köln, 2', '=SUM(A1)', "'x", 'a"b', 'home/attic'), boot: fc.constantFrom('7', '-5', '4294967295'),
	time: fc.option(fc.integer({ min: 1, max: 0xffff_ffff }), { nil: undefined }),
	values: fc.dictionary(fc.constantFrom('temperature', 'humidity', 'outside_pressure', 'lux', 'battery_voltage'), fc.integer({ min: -4_194_303, max: 4_194_303 }).map((milli) => milli / 1_000), { noNullPrototype: true }),
	late: fc.boolean(), suspect: fc.constantFrom<string[]>([], ['temperature'], ['temperature', 'lux']), 
});

/** What strangers call a node or a boot. */
const NAMES = ['', '7', '-5', '07', '1e21', '-0', 'a\nb', 'a\r\nb', '\r', 'a"b', '"', '""', '","', 'a,b', ',', '=1+1', '+1', '-x', '@x', "'", "'\"a\"", `'"`, '\tx', '\u2028', '\u202e', '\ufeffx', '\u0000', '\ud800', 'a\udc00b', ' x ', '\\', '\\u000a', '{"node":1}', 'x'.repeat(62) + '\u{1f321}z', 'constructor'];
const name = fc.oneof(fc.constantFrom(...NAMES), fc.string({ unit: 'binary', maxLength: 8 }));
const hostile = fc.record({
	node: name, boot: fc.oneof(name, fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })), seq: fc.integer({ min: 1, max: 9 }), late: fc.boolean(),
	time: fc.option(fc.oneof(fc.constantFrom(0, 0.5, 0xffff_ffff), fc.integer({ min: 1, max: 0xffff_ffff })), { nil: undefined }),
	dropped: fc.constantFrom<unknown>(undefined, undefined, [1, 1], [1, 9]), suspect: fc.constantFrom<unknown>(undefined, ['a', 'utc'], ['constructor', 'B-1']),
	values: fc.dictionary(
		fc.constantFrom('a', 'temperature', 'utc', 'other', 'late', 'dropped_from', 'B-1', 'b_1', 'constructor', 'toString', 'hasOwnProperty', '__proto__', 'x'.repeat(32), 'a=b', 'a b', 'spread'),
		fc.oneof(fc.constantFrom<unknown>('minus zero', 1e-7, 9_999_999.123, 'text', null), fc.double({ min: -1e7, max: 1e7, noNaN: true }))),
});

/** As the viewer would tell it, if the payload judge lets it through. */
function judged({ node, late, values, ...others }: (typeof hostile extends fc.Arbitrary<infer Value> ? Value : never)): ReadingEvent[] {
	// Topics come in UTF-8.
	const message = parse(Buffer.from(`telltale/${node}/${late ? 'backlog' : 'readings'}`).toString(), Buffer.from(JSON.stringify({ ...values, uptime: 1, ...others }).replaceAll('"minus zero"', '-0.0')), ['telltale']);
	// No topic has a NUL.
	if (message.kind !== 'reading' || message.node.includes('\0')) return [];
	const { reading } = message;
	return [{ node: message.node, late: message.late, reading, dropped: reading.dropped?.to === reading.seq, time: reading.time, at: 0 }];
}

const keyOf = ({ node, boot, seq, dropped }: Omit<Recorded, 'values'>): string => JSON.stringify([node, boot, seq, dropped]);
const byName = (one: Recorded, other: Recorded): number => (keyOf(one) < keyOf(other) ? -1 : 1);

const HAS_SQLITE = process.getBuiltinModule?.('node:sqlite' as never) !== undefined;
/** Of which SQLite's are written where this Node has it: test/viewer/sqlite.test.ts. */
const SOUGHT = ['.csv', '.ndjson', ...(HAS_SQLITE ? ['.db'] : [])];

describe.each(SOUGHT)('A record in %s of strangers', (ending) => {
	it('gives back whatever the payload judge lets through, and after a restart knows each of it', async () => {
		await fc.assert(fc.asyncProperty(fc.array(hostile, { minLength: 1, maxLength: 12 }), async (said) => {
			const file = fresh(ending);
			const events = said.flatMap(judged);
			const once = new Map(events.map((each) => [JSON.stringify([each.node, each.reading.boot, each.reading.seq, each.dropped]), each] as const).reverse());
			for (let times = 0; times < 2; times++) {
				const record = await openRecord(file);
				for (const each of events) record.take(each);
				await record.close();
				expect(record.written).toBe(times ? 0 : once.size);
			}
			// In SQLite channels have no order.
			const sorted = (names: readonly string[] = []): string[] => [...names].sort();
			const wanted = [...once.values()].map(({ node, reading: { boot, seq, time, values, suspect, dropped } }) => ({ node, boot, seq, time: time ?? 0, values, suspect: sorted(suspect), dropped }));
			const found = (await all(file)).map((each) => ({ ...each, suspect: sorted(each.suspect) }));
			expect(found.sort(byName)).toEqual(wanted.sort(byName));
		}), { numRuns: ending === '.db' ? 20 : 60, seed: 14 });
	});
});

describe.each(['.csv', '.ndjson'])('A record in %s', (ending) => {
	it('gives back each reading as it was, in its order', async () => {
		await fc.assert(fc.asyncProperty(fc.uniqueArray(sample, { selector: ({ seq }) => seq, minLength: 1, maxLength: 20 }), async (samples) => {
			const file = fresh(ending);
			const record = await openRecord(file);
			const events = samples.map(event);
			for (const each of events) record.take(each);
			await record.close();
			expect(await all(file)).toEqual(events.map(({ node, reading: { seq, boot, time, values, suspect } }) => ({ node, seq, boot, time: time ?? 0, values, suspect: suspect ?? [], dropped: undefined })));
		}), { numRuns: 25, seed: 5 });
	});

	it('goes on after a restart with each reading once, and takes out a line that was cut short', async () => {
		const file = fresh(ending);
		let record = await openRecord(file);
		for (const seq of [1, 2, 3]) record.take(event({ seq }));
		record.take(event({ seq: 2 }));
		await record.close();
		const whole = readFileSync(file, 'utf8');
		appendFileSync(file, whole.slice(-30, -9));
		record = await openRecord(file);
		for (const seq of [2, 3, 4]) record.take(event({ seq }));
		for (const more of [{ boot: '8' }, { node: 'attic' }]) record.take(event({ seq: 2, ...more }));
		await record.close();
		expect((await all(file)).map(({ node, boot, seq }) => `${node} ${boot} ${seq}`)).toEqual(['cellar 7 1', 'cellar 7 2', 'cellar 7 3', 'cellar 7 4', 'cellar 8 2', 'attic 7 2']);
		expect(readFileSync(file, 'utf8').startsWith(whole)).toBe(true);
	});

	it('keeps that a reading was given up, once, and the reading all the same if it comes by another broker', async () => {
		const file = fresh(ending);
		const given = event({ seq: 5, dropped: { from: 5, to: 5 }, values: {} });
		for (let times = 0; times < 2; times++) {
			const record = await openRecord(file);
			for (const each of [given, given, event({ seq: 5 }), event({ seq: 5 })]) record.take(each);
			await record.close();
		}
		expect((await all(file)).map(({ seq, values }) => [seq, values])).toEqual([[5, {}], [5, { temperature: 20.5 }]]);
	});

	it('never touches a file that is something else', async () => {
		for (const text of ['a letter', 'a letter\nof two lines', '{"a":1}\n', 'x,y\n1,2\n', '\n', 'node,boot\n']) {
			const file = fresh(ending);
			writeFileSync(file, text);
			await expect(openRecord(file), JSON.stringify(text)).rejects.toThrow('it holds something else');
			expect(readFileSync(file, 'utf8')).toBe(text);
		}
		await expect(openRecord(fresh('.txt'))).rejects.toThrow('its name must end in one of .csv');
	});

	it('reduces days of one node among others to what a screen shows', async () => {
		const file = fresh(ending);
		const lines = ending === '.csv' ? new CsvLines() : new JsonLines();
		const events = Array.from({ length: 4_320 }, (_, k) => event({ seq: k + 1, node: k % 3 ? 'attic' : 'cellar', time: TIME + 60 * k, values: { temperature: k % 3 ? 99 : 20 + Math.sin(k / 229) * 5 } }));
		writeFileSync(file, lines.head(events) + events.map((each) => lines.text(each)).join(''));
		const record = await openRecord(file);
		const buckets = (await record.history('cellar', 'temperature', TIME, TIME + 4_320 * 60, 800))!;
		record.take(event({ seq: 1, time: TIME + 1_000_000, node: 'cellar', boot: '8' }));
		expect(await record.history('cellar', 'temperature', TIME + 1_000_000, TIME + 1_000_060, 800)).toHaveLength(1);
		await record.close();
		expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(1_440);
		expect(buckets.length).toBeGreaterThan(700);
		expect(buckets.length).toBeLessThanOrEqual(801);
		expect([Math.min(...buckets.map(({ least }) => least)), Math.max(...buckets.map(({ most }) => most))]).toEqual([expect.closeTo(15, 1), expect.closeTo(25, 1)]);
	});
});

describe('A record in CSV', () => {
	it('is a table for a spreadsheet, and what has no column stands in the last', async () => {
		const file = fresh('.csv');
		const record = await openRecord(file);
		record.take(event({ seq: 1, time: 1_795_301_835, values: { temperature: 21.512, humidity: 45.2 }, suspect: ['humidity'] }));
		await record.flush();
		record.take(event({ seq: 4, time: 1_795_301_836, values: { lux: 3, temperature: -1 }, dropped: { from: 2, to: 3 }, late: true, node: '=1+1' }));
		await record.close();
		expect(readFileSync(file, 'utf8')).toBe([
			'node,utc,time,boot,seq,late,uptime,dropped_from,dropped_to,suspect,temperature,humidity,other',
			'cellar,2026-11-21T22:57:15Z,1795301835,7,1,0,,,,humidity,21.512,45.2,',
			"'=1+1,2026-11-21T22:57:16Z,1795301836,7,4,1,,2,3,,-1,,lux=3", '',
		].join('\n'));
	});

	it('keeps channels that are called like its own columns, or like what every object of JavaScript has', async () => {
		const file = fresh('.csv');
		const values = { utc: 1, other: 2, dropped_from: 3, constructor: 4 };
		const record = await openRecord(file);
		record.take(event({ seq: 1, values }));
		record.take(event({ seq: 2 }));
		await record.close();
		expect((await all(file)).map((each) => each.values)).toEqual([values, { temperature: 20.2 }]);
		expect(readFileSync(file, 'utf8').split('\n')[2]).toMatch(/,20\.2,,,$/);
		const again = await openRecord(file);
		expect(await again.history('cellar', 'toString', TIME, TIME + 10, 10)).toEqual([]);
		await again.close();
	});
});

/** Which fails where it is told to. */
class Disk implements Store {
	readonly kept: number[] = [];
	isFull = false;
	/** What becomes of it next, and how often it was begun anew. */
	readonly fates: Fate[] = [];
	renewals = 0;
	tail = () => Promise.resolve();
	write = (events: readonly ReadingEvent[]) => {
		if (this.isFull) return Promise.reject(Object.assign(new Error(), { code: 'ENOSPC' }));
		this.kept.push(...events.map(({ reading }) => reading.seq));
		return Promise.resolve();
	};
	read = () => Promise.resolve();
	fate = () => Promise.resolve(this.fates.shift() ?? 'same');
	renew = () => Promise.resolve(void this.renewals++);
	close = () => Promise.resolve();
}

describe('A disk that is full', () => {
	it('is said once, and what came meanwhile is written in its order when there is room', async () => {
		const disk = new Disk();
		const record = await Recorder.open(disk, 'x.csv', () => 'the disk is full');
		const told: string[] = [];
		record.onTrouble((sentence) => told.push(sentence));
		record.take(event({ seq: 1 }));
		await record.flush();
		disk.isFull = true;
		for (const seq of [2, 3]) {
			record.take(event({ seq }));
			expect(await record.flush()).toBe(false);
		}
		disk.isFull = false;
		record.take(event({ seq: 4 }));
		await record.close();
		expect([disk.kept, record.lost]).toEqual([[1, 2, 3, 4], 0]);
		expect(told).toEqual(['x.csv cannot be written, the disk is full: what comes waits in memory, and is tried again.', '']);
	});

	it('and a file that goes while it is written get the same readings again, but those that are kept elsewhere', async () => {
		for (const [fate, kept] of [['deleted', [1, 1]], ['emptied', [1, 1]], ['cut', [1, 1]], ['moved', [1]], ['grown', [1]]] as const) {
			const disk = new Disk();
			disk.fates.push('same', fate, fate);
			const record = await Recorder.open(disk, 'x.csv', String);
			record.take(event({ seq: 1 }));
			await record.close();
			expect([fate, disk.kept, disk.renewals, record.written]).toEqual([fate, kept, kept.length - 1, 1]);
		}
	});

	it('costs what came last where memory ends, and that is counted', async () => {
		const disk = new Disk();
		disk.isFull = true;
		const record = await Recorder.open(disk, 'x.csv', () => 'full');
		for (let seq = 1; seq <= QUEUE_MAX + 5; seq++) record.take(event({ seq }));
		await record.close();
		expect(record.lost).toBe(QUEUE_MAX + 5);
		expect(record.summary).toBe(` 0 recorded in x.csv. ${QUEUE_MAX + 5} could not be written to x.csv.`);
	});

	it('leaves whole lines in the file, and no part of one', async () => {
		// A limit on the size of a file is the full disk that every system has.
		const file = fresh('.csv');
		const program = `
			import { openRecord } from ${JSON.stringify(join(import.meta.dirname, '../../viewer/record-open.ts'))};
			const record = await openRecord(${JSON.stringify(file)});
			for (let seq = 1; seq <= 100; seq++) {
				record.take({ node: 'cellar', late: false, dropped: false, at: 0, time: ${TIME}, reading: { seq, boot: '7', time: ${TIME}, values: { temperature: 21.5, humidity: 50 } } });
				await record.flush();
			}
			await record.close();
			console.log(record.written, record.lost);`;
		const script = fresh('.mts');
		writeFileSync(script, program);
		const out = execFileSync('sh', ['-c', 'trap "" XFSZ; ulimit -f 4; exec "$0" --import tsx "$1"', process.execPath, script], { encoding: 'utf8', cwd: join(import.meta.dirname, '../..') });
		const [written, lost] = out.trim().split(' ').map(Number) as [number, number];
		expect([written + lost, written > 10 && lost > 10]).toEqual([100, true]);
		expect(readFileSync(file, 'utf8')).toMatch(/\n$/);
		expect((await all(file)).map(({ seq }) => seq)).toEqual(Array.from({ length: written }, (_, k) => k + 1));
	});
});

describe('What of a span is not in a record', () => {
	const checked = async (samples: Sample[], from: number, to: number) => {
		const file = fresh('.ndjson');
		const record = await openRecord(file);
		for (const each of samples) record.take(event(each));
		await record.close();
		const store = await openStore(file, true);
		return check(store, TIME + from, TIME + to).finally(() => store.close());
	};
	const seqs = (...numbers: number[]): Sample[] => numbers.map((seq) => ({ seq, time: TIME + seq * 10 }));

	it('is each number between two that are there, where it may have been taken in the span', async () => {
		const samples = seqs(1, 2, 3, 7, 8, 9, 10, 15, 16);
		expect(await checked(samples, 0, 160)).toMatchObject([{ node: 'cellar', readings: 9, missing: 7, holes: [{ from: 4, to: 6 }, { from: 11, to: 14 }], begins: 0, ends: 0 }]);
		expect(await checked(samples, 75, 160)).toMatchObject([{ readings: 5, missing: 4, holes: [{ from: 11, to: 14, boot: '7', after: TIME + 100, before: TIME + 150 }] }]);
		expect(await checked(samples, 72, 98)).toMatchObject([{ missing: 0 }]);
	});

	it('is not what the node gave up and said so, nor what came late', async () => {
		const samples = [...seqs(1, 2, 3), { seq: 7, time: TIME + 70, dropped: { from: 4, to: 5 } }, { seq: 6, time: TIME + 60, late: true }, { seq: 8, time: TIME + 80, dropped: { from: 8, to: 8 }, values: {} }, ...seqs(9)];
		expect(await checked(samples, 0, 90)).toMatchObject([{ readings: 6, missing: 0, dropped: 3 }]);
	});

	it('is what a boot took before the first that is there, and nothing of another boot', async () => {
		const samples = [...seqs(1, 2, 3), { seq: 3, boot: '8', time: TIME + 60 }, { seq: 4, boot: '8', time: TIME + 70 }];
		expect(await checked(samples, 0, 70)).toMatchObject([{ missing: 2, holes: [{ boot: '8', from: 1, to: 2 }] }]);
	});

	it('is said where the record begins later or ends earlier', async () => {
		expect(await checked(seqs(1, 2, 3), -1_000, 1_000)).toMatchObject([{ missing: 0, begins: TIME + 10, ends: TIME + 30 }]);
		expect(await checked(seqs(1, 2, 3), 500, 1_000)).toMatchObject([{ readings: 0, begins: TIME + 1_000, ends: TIME + 500 }]);
	});
});

describe('A record in SQLite', () => {
	/** None that is skipped: elsewhere test/viewer/sqlite.test.ts runs them. */
	const ofSqlite: (name: string, play: () => Promise<void>) => void = HAS_SQLITE ? it : () => {};

	(HAS_SQLITE ? () => {} : it)('is refused where Node has none', async () => {
		await expect(openRecord(fresh('.db'))).rejects.toThrow(NoSqlite);
	});

	ofSqlite('is refused where it is something else or damaged, and left as it is', async () => {
		const file = fresh('.db');
		writeFileSync(file, 'a letter, longer than the first page of what SQLite reads'.repeat(100));
		const before = readFileSync(file);
		await expect(openRecord(file)).rejects.toThrow('it holds something else');
		await expect(openStore(file, true)).rejects.toThrow('it holds something else');
		expect(readFileSync(file).equals(before)).toBe(true);

		const own = fresh('.db');
		const record = await openRecord(own);
		for (let seq = 1; seq <= 500; seq++) record.take(event({ seq }));
		await record.flush();
		const said: string[] = [];
		record.onTrouble((sentence) => said.push(sentence));
		truncateSync(own, 8_192);
		record.take(event({ seq: 501 }));
		expect(await record.flush()).toBe(false);
		expect(said[0]).toContain('it is damaged: what comes waits in memory');
		renameSync(own, fresh('.db'));
		await record.close();
		expect([(await all(own)).map(({ seq }) => seq), record.lost]).toEqual([[501], 0]);
	});

	ofSqlite('waits while another program has the database, and lets others read and write it', async () => {
		const file = fresh('.db');
		const record = await openRecord(file);
		const said: string[] = [];
		record.onTrouble((sentence) => said.push(sentence));
		record.take(event({ seq: 1 }));
		await record.flush();
		const name = 'node:sqlite';
		const { DatabaseSync } = await import(name);
		const other = new DatabaseSync(file);
		other.exec('BEGIN IMMEDIATE');
		record.take(event({ seq: 2 }));
		expect(await record.flush()).toBe(false);
		expect((await all(file)).map(({ seq }) => seq)).toEqual([1]);
		other.exec("INSERT INTO readings (node, boot, seq, late, given_up) VALUES ('cellar', '7', 2, 0, 0); COMMIT");
		other.close();
		record.take(event({ seq: 3 }));
		await record.close();
		expect((await all(file)).map(({ seq }) => seq)).toEqual([1, 2, 3]);
		expect(said).toEqual([`${file} cannot be written, EBUSY: what comes waits in memory, and is tried again.`, '']);
		expect(readdirSync(folder).filter((each) => each.includes('-wal') || each.includes('-journal') || each.includes('.lock'))).toEqual([]);
	});

	ofSqlite('gives back each reading once', async () => {
		const file = fresh('.db');
		for (let times = 0; times < 2; times++) {
			const record = await openRecord(file);
			for (const seq of [1, 2]) record.take(event({ seq, suspect: ['temperature'], values: { temperature: 1, humidity: 2 } }));
			await record.close();
		}
		expect(await all(file)).toMatchObject([{ seq: 1, values: { temperature: 1, humidity: 2 }, suspect: ['temperature'] }, { seq: 2 }]);
	});

	it('writes a batch whole or not at all', async () => {
		const said: string[] = [];
		let tables: Record<string, number>[] = [];
		const database: Database = {
			exec: (sql) => void said.push(sql.trim().split(/\s/)[0]!),
			prepare: () => ({ run: (...values) => { if (values.includes(3)) throw Object.assign(new Error('full'), { code: 'ERR_SQLITE_ERROR' }); return { changes: 1, lastInsertRowid: 1 }; }, iterate: () => tables }),
			close: () => {},
		};
		const file = fresh('.db');
		const store = await SqliteStore.open(file, false, () => database);
		said.length = 0;
		await store.write([event({ seq: 1 }), event({ seq: 2 })]);
		await expect(store.write([event({ seq: 1 }), event({ seq: 3 })])).rejects.toThrow('full');
		expect(said).toEqual(['BEGIN', 'COMMIT', 'BEGIN', 'ROLLBACK']);
		// Another program's database is left as it is.
		tables = [{ tables: 3, own: 1 }];
		said.length = 0;
		await expect(SqliteStore.open(file, false, () => database)).rejects.toThrow('it holds something else');
		expect(said).toEqual(['PRAGMA']);
		await store.close();
	});
});
