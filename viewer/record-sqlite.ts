// A record as an SQLite database, where this Node has SQLite built in (node:sqlite, from Node 22.13 on).
//
// Rule: a batch is one transaction, so a reading is there with all its values or not at all; node, boot and number are its key, and the
// database itself keeps it from standing there twice.

import { NoRecord } from './record-file.js';
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
const TABLES = "SELECT count(*) AS tables, count(CASE WHEN name IN ('readings', 'quantities') THEN 1 END) AS own FROM sqlite_master WHERE type = 'table'";
const TAIL = 'SELECT node, boot, seq, given_up FROM (SELECT id, node, boot, seq, given_up FROM readings ORDER BY id DESC LIMIT 100000) ORDER BY id';
const FAR = 1e15;

export class SqliteStore implements Store {
	readonly #database: Database;

	constructor(database: Database) {
		this.#database = database;
		const [{ tables, own } = { tables: 0, own: 0 }] = [...database.prepare(TABLES).iterate()];
		if (Number(tables) > 0 && Number(own) < 2) throw new NoRecord('it holds something else');
		database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
		database.exec(SCHEMA);
	}

	/** Throws NoSqlite where Node has none. */
	static async open(path: string): Promise<SqliteStore> {
		// Not known to the types of the oldest Node that we run on.
		const name = 'node:sqlite';
		const sqlite = await (import(name) as Promise<{ DatabaseSync: new (path: string) => Database }>).catch(() => undefined);
		if (!sqlite) throw new NoSqlite('this Node has no SQLite');
		const database = new sqlite.DatabaseSync(path);
		try {
			return new SqliteStore(database);
		} catch (error) {
			database.close();
			throw /not a database/.test(String(error)) ? new NoRecord('it holds something else') : error;
		}
	}

	tail(each: (node: string, boot: string, seq: number, isGivenUp: boolean) => void): Promise<void> {
		for (const { node, boot, seq, given_up: isGivenUp } of this.#database.prepare(TAIL).iterate()) each(String(node), String(boot), Number(seq), Boolean(isGivenUp));
		return Promise.resolve();
	}

	write(events: readonly ReadingEvent[]): Promise<void> {
		const insert = this.#database.prepare(INSERT);
		const insertValue = this.#database.prepare(INSERT_VALUE);
		this.#database.exec('BEGIN');
		try {
			for (const { node, late, dropped: isGivenUp, reading: { boot, seq, time, uptime, dropped, values, suspect } } of events) {
				const { changes, lastInsertRowid } = insert.run(node, boot, seq, time ?? null, uptime ?? null, late ? 1 : 0, dropped?.from ?? null, dropped?.to ?? null, isGivenUp ? 1 : 0);
				if (!Number(changes)) continue;
				for (const [channel, value] of Object.entries(values)) insertValue.run(Number(lastInsertRowid), channel, value, suspect?.includes(channel) ? 1 : 0);
			}
			this.#database.exec('COMMIT');
		} catch (error) {
			this.#rollBack();
			return Promise.reject(error as Error);
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

	close(): Promise<void> {
		this.#database.close();
		return Promise.resolve();
	}
}

function readingOf({ node, boot, seq, time, dropped_from: from, dropped_to: to }: Record<string, string | number | null>): Recorded {
	const dropped = from && to ? { from: Number(from), to: Number(to) } : undefined;
	return { node: String(node), boot: String(boot), seq: Number(seq), time: Number(time ?? 0), dropped, values: {}, suspect: [] };
}
