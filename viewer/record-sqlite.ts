// A record as an SQLite database, where this Node has SQLite built in (node:sqlite, from Node 22.13 on).
//
// Rule: a batch is one transaction, so a reading is there with all its values or not at all; node, boot and number are its key, and the
// database itself keeps it from standing there twice.

import { NoRecord, Place, type Fate } from './record-place.js';
import type { Recorded, Store } from './record.js';
import type { ReadingEvent } from './viewer.js';

/** What is used of node:sqlite. */
interface Statement {
	run(...values: (string | number | null)[]): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint };
	iterate(...values: (string | number | null)[]): Iterable<Record<string, string | number | null>>;
}

export interface Database {
	exec(sql: string): void;
	prepare(sql: string): Statement;
	close(): void;
}

export class NoSqlite extends Error {}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS readings (
	id INTEGER PRIMARY KEY, node TEXT NOT NULL, boot TEXT NOT NULL, seq INTEGER NOT NULL, time INTEGER, uptime REAL, late INTEGER NOT NULL,
	dropped_from INTEGER, dropped_to INTEGER, given_up INTEGER NOT NULL, UNIQUE (node, boot, seq, given_up)
);
CREATE INDEX IF NOT EXISTS readings_by_time ON readings (node, time);
CREATE TABLE IF NOT EXISTS quantities (
	reading INTEGER NOT NULL, channel TEXT NOT NULL, value REAL NOT NULL, suspect INTEGER NOT NULL, PRIMARY KEY (reading, channel)
) WITHOUT ROWID;
`;
const INSERT = 'INSERT OR IGNORE INTO readings (node, boot, seq, time, uptime, late, dropped_from, dropped_to, given_up) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)';
const INSERT_VALUE = 'INSERT INTO quantities (reading, channel, value, suspect) VALUES (?, ?, ?, ?)';
const SELECT = 'SELECT id, node, boot, seq, time, dropped_from, dropped_to, channel, value, suspect FROM readings LEFT JOIN quantities ON reading = id';
const WITHIN = '(time BETWEEN ? AND ? OR time IS NULL) ORDER BY id';
const OWN = ['readings', 'quantities'];
const TABLES = "SELECT count(*) AS tables, count(CASE WHEN name IN ('readings', 'quantities') THEN 1 END) AS own FROM sqlite_master WHERE type = 'table'";
const TAIL = 'SELECT node, boot, seq, given_up FROM (SELECT id, node, boot, seq, given_up FROM readings ORDER BY id DESC LIMIT 100000) ORDER BY id';
const FAR = 1e15;

/** What SQLite's own codes are among the system's; the higher bits say more than we need. */
const CODES: Readonly<Record<number, string>> = { 5: 'EBUSY', 6: 'EBUSY', 8: 'EACCES', 10: 'EIO', 13: 'ENOSPC', 14: 'EACCES' };
const CORRUPT = 11;
const NO_DATABASE = 26;
/** Others may have it for a moment; the readings wait in memory meanwhile, so it may be short. */
const BUSY_MS = 200;

/** Every error as the system would have it, or NoRecord. */
function translated(error: unknown): unknown {
	const { errcode } = error as { errcode?: number };
	if (errcode === undefined) return error;
	const primary = errcode & 0xff;
	if (primary === NO_DATABASE) return new NoRecord('it holds something else');
	if (primary === CORRUPT) return new NoRecord('it is damaged');
	const code = CODES[primary];
	return code ? Object.assign(new Error((error as Error).message), { code }) : error;
}

type Open = (path: string, isRead: boolean) => Database;

export class SqliteStore implements Store {
	#database: Database;
	#place: Place;
	readonly #open: Open;

	private constructor(place: Place, database: Database, open: Open) {
		[this.#place, this.#database, this.#open] = [place, database, open];
	}

	/** Throws NoSqlite where Node has none. `isRead`: only to be read. */
	static async open(path: string, isRead = false, open?: Open): Promise<SqliteStore> {
		const opened = open ?? (await nodeSqlite());
		const place = await Place.open(path, isRead);
		try {
			return new SqliteStore(place, await begun(place, isRead, opened), opened);
		} catch (error) {
			await place.close();
			throw error;
		}
	}

	async fate(): Promise<Fate> {
		const { fate, size } = await this.#place.fate();
		return fate === 'same' && size === 0 ? 'emptied' : fate;
	}

	async renew(): Promise<void> {
		const place = await Place.open(this.#place.path, false);
		let database: Database;
		try {
			database = await begun(place, false, this.#open);
		} catch (error) {
			await place.close();
			throw error;
		}
		await this.close();
		[this.#place, this.#database] = [place, database];
	}

	tail(each: (node: string, boot: string, seq: number, isGivenUp: boolean) => void): Promise<void> {
		for (const { node, boot, seq, given_up: isGivenUp } of this.#database.prepare(TAIL).iterate()) each(String(node), String(boot), Number(seq), Boolean(isGivenUp));
		return Promise.resolve();
	}

	write(events: readonly ReadingEvent[]): Promise<void> {
		try {
			this.#database.exec('BEGIN IMMEDIATE');
			const insert = this.#database.prepare(INSERT);
			const insertValue = this.#database.prepare(INSERT_VALUE);
			for (const { node, late, dropped: isGivenUp, reading: { boot, seq, time, uptime, dropped, values, suspect } } of events) {
				const { changes, lastInsertRowid } = insert.run(node, boot, seq, time ?? null, uptime ?? null, late ? 1 : 0, dropped?.from ?? null, dropped?.to ?? null, isGivenUp ? 1 : 0);
				if (!Number(changes)) continue;
				for (const [channel, value] of Object.entries(values)) insertValue.run(Number(lastInsertRowid), channel, value, suspect?.includes(channel) ? 1 : 0);
			}
			this.#database.exec('COMMIT');
		} catch (error) {
			this.#rollBack();
			return Promise.reject(translated(error) as Error);
		}
		return Promise.resolve();
	}

	/** Where the disk is full, SQLite may have done so itself. */
	#rollBack(): void {
		try {
			this.#database.exec('ROLLBACK');
		} catch {
			// There is no transaction any more.
		}
	}

	read(each: (reading: Recorded) => void, node?: string, from = -FAR, to = FAR): Promise<void> {
		let [last, reading]: [unknown, Recorded | undefined] = [undefined, undefined];
		const span = [Math.max(from, -FAR), Math.min(to, FAR)];
		const rows = node === undefined ? this.#database.prepare(`${SELECT} WHERE ${WITHIN}`).iterate(...span) : this.#database.prepare(`${SELECT} WHERE node = ? AND ${WITHIN}`).iterate(node, ...span);
		for (const row of rows) {
			if (row['id'] !== last) {
				if (reading) each(reading);
				[last, reading] = [row['id'], readingOf(row)];
			}
			if (row['channel'] === null) continue;
			(reading!.values as Record<string, number>)[String(row['channel'])] = Number(row['value']);
			if (row['suspect']) (reading!.suspect as string[]).push(String(row['channel']));
		}
		if (reading) each(reading);
		return Promise.resolve();
	}

	/** The file last: who closes it while the database is open takes the locks away that the database has on it. */
	async close(): Promise<void> {
		this.#database.close();
		await this.#place.close();
	}
}

/** What Node has, without its warning that this is new. */
async function nodeSqlite(): Promise<Open> {
	// Not known to the types of the oldest Node that we run on.
	const name = 'node:sqlite';
	const { emitWarning } = process;
	process.emitWarning = () => {};
	const sqlite = await (import(name) as Promise<{ DatabaseSync: new (path: string, options: { readOnly: boolean }) => Database }>).catch(() => undefined);
	process.emitWarning = emitWarning;
	if (!sqlite) throw new NoSqlite('this Node has no SQLite');
	return (path, isRead) => new sqlite.DatabaseSync(path, { readOnly: isRead });
}

async function begun(place: Place, isRead: boolean, open: Open): Promise<Database> {
	let database: Database | undefined;
	try {
		database = open(place.path, isRead);
		begin(database, isRead);
	} catch (error) {
		database?.close();
		throw translated(error);
	}
	// It opened what the name led to.
	if ((await place.fate()).fate === 'same') return database;
	database.close();
	throw Object.assign(new Error('It was moved while it was opened'), { code: 'EBUSY' });
}

function begin(database: Database, isRead: boolean): void {
	database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
	const [{ tables, own } = { tables: 0, own: 0 }] = [...database.prepare(TABLES).iterate()];
	if (Number(own) < OWN.length && (isRead || Number(tables) > 0)) throw new NoRecord(isRead && !Number(tables) ? 'it holds nothing yet' : 'it holds something else');
	if (isRead) return;
	// After each batch all is in the one file: who moves it away moves all of it.
	database.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL;');
	database.exec(SCHEMA);
}

function readingOf({ node, boot, seq, time, dropped_from: from, dropped_to: to }: Record<string, string | number | null>): Recorded {
	const dropped = from && to ? { from: Number(from), to: Number(to) } : undefined;
	return { node: String(node), boot: String(boot), seq: Number(seq), time: Number(time ?? 0), dropped, values: {}, suspect: [] };
}
