// The record in a file, by the ending of its name.

import { CsvLines, JsonLines } from './record-lines.js';
import { FileStore, NoRecord } from './record-file.js';
import { NoSqlite, SqliteStore } from './record-sqlite.js';
import { Recorder, type Store } from './record.js';

export const ENDINGS: readonly string[] = ['.csv', '.ndjson', '.jsonl', '.db', '.sqlite'];

/** Throws an Error with a sentence's end where the file cannot be such a record; what the system says against it is thrown as it is. */
export async function openStore(path: string, isRead = false): Promise<Store> {
	const ending = ENDINGS.find((each) => path.toLowerCase().endsWith(each));
	if (!ending) throw new NoRecord(`its name must end in one of ${ENDINGS.join(', ')}`);
	if (ending === '.csv') return FileStore.open(path, new CsvLines(), isRead);
	if (ending === '.db' || ending === '.sqlite') return SqliteStore.open(path);
	return FileStore.open(path, new JsonLines(), isRead);
}

/** A record for openViewer(). `explain`: why something could not be written, as a clause. */
export async function openRecord(path: string, explain: (error: unknown) => string = (error) => String((error as NodeJS.ErrnoException).code ?? error)): Promise<Recorder> {
	return Recorder.open(await openStore(path), path, explain);
}

export { NoRecord, NoSqlite };
