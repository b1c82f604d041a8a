// The record in a file, by the ending of its name.

import { CsvLines, JsonLines } from './record-lines.js';
import { FileStore } from './record-file.js';
import { Held, RecordLock } from './record-lock.js';
import { mustBeFile, NoRecord } from './record-place.js';
import { NoSqlite, SqliteStore } from './record-sqlite.js';
import { Recorder, type Store } from './record.js';

export const ENDINGS: readonly string[] = ['.csv', '.ndjson', '.jsonl', '.db', '.sqlite'];

/** Throws an Error with a sentence's end where the file cannot be such a record; what the system says against it is thrown as it is. */
export async function openStore(path: string, isRead = false): Promise<Store> {
	const ending = mustHaveEnding(path);
	if (ending === '.csv') return FileStore.open(path, () => new CsvLines(), isRead);
	if (ending === '.db' || ending === '.sqlite') return SqliteStore.open(path, isRead);
	return FileStore.open(path, () => new JsonLines(), isRead);
}

function mustHaveEnding(path: string): string {
	const ending = ENDINGS.find((each) => path.toLowerCase().endsWith(each));
	if (!ending) throw new NoRecord(`its name must end in one of ${ENDINGS.join(', ')}`);
	return ending;
}

/** A record for openViewer(), which nobody else writes meanwhile: throws Held where somebody does. `explain`: why something could not be written, as a clause. */
export async function openRecord(path: string, explain: (error: unknown) => string = explained): Promise<Recorder> {
	mustHaveEnding(path);
	await mustBeFile(path);
	const lock = await RecordLock.acquire(path);
	let store: Store | undefined;
	try {
		store = await openStore(path);
		return await Recorder.open(store, path, explain, lock);
	} catch (error) {
		await store?.close();
		await lock.release();
		throw error;
	}
}

function explained(error: unknown): string {
	return isOurs(error) ? error.message : String((error as NodeJS.ErrnoException).code ?? error);
}

/** Its message is a clause for a person. */
export function isOurs(error: unknown): error is Error {
	return error instanceof NoRecord || error instanceof Held;
}

export { Held, NoRecord, NoSqlite };
