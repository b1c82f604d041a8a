// A record as lines of text in a file: appended to, cut back to whole lines where writing failed, and read from its end or from front to back.
//
// Rule: a file that is no such record is never touched. Lines that were written are never changed; a line that a power cut or a
// full disk cut short is taken out.

import { open, type FileHandle } from 'node:fs/promises';
import type { Lines } from './record-lines.js';
import type { Recorded, Store } from './record.js';
import type { ReadingEvent } from './viewer.js';

const NEWLINE = 0x0a;
const CHUNK_BYTES = 1 << 20;
/** What may come again is what came last: this is some hundred thousand readings. */
const TAIL_BYTES = 16 << 20;
/** No line of ours is so long. */
const LINE_MAX = 64 << 10;

export class NoRecord extends Error {}

export class FileStore implements Store {
	readonly #file: FileHandle;
	readonly #lines: Lines;
	/** All of it is whole lines. */
	#size = 0;

	private constructor(file: FileHandle, lines: Lines) {
		[this.#file, this.#lines] = [file, lines];
	}

	/** Throws NoRecord where the file is something else. `isRead`: only to be read. */
	static async open(path: string, lines: Lines, isRead = false): Promise<FileStore> {
		const store = new FileStore(await open(path, isRead ? 'r' : 'a+'), lines);
		try {
			await store.#begin(isRead);
		} catch (error) {
			await store.close();
			throw error;
		}
		return store;
	}

	async #begin(isRead: boolean): Promise<void> {
		const state = await this.#file.stat();
		if (!state.isFile()) throw new NoRecord('it is no file');
		const { size } = state;
		if (size === 0) return;
		const first = (await this.#bytes(0, Math.min(size, LINE_MAX))).toString();
		const end = first.indexOf('\n');
		// A first line that was cut short holds nothing yet; of another's file nothing is taken out.
		if (end < 0 || !this.#lines.begins(first.slice(0, end))) throw new NoRecord('it holds something else');
		this.#size = await this.#wholeLines(size);
		if (this.#size < size && !isRead) await this.#file.truncate(this.#size);
	}

	/** Where the last line ends. */
	async #wholeLines(size: number): Promise<number> {
		for (let to = size; to > 0; ) {
			const from = Math.max(0, to - LINE_MAX);
			const last = (await this.#bytes(from, to)).lastIndexOf(NEWLINE);
			if (last >= 0) return from + last + 1;
			to = from;
		}
		return 0;
	}

	async tail(each: (node: string, boot: string, seq: number, isGivenUp: boolean) => void): Promise<void> {
		const from = Math.max(0, this.#size - TAIL_BYTES);
		await this.#scan(from, (line) => {
			const reading = this.#lines.parse(line);
			if (reading) each(reading.node, reading.boot, reading.seq, reading.dropped?.to === reading.seq);
		}, from > 0);
	}

	async write(events: readonly ReadingEvent[]): Promise<void> {
		const head = this.#size ? '' : this.#lines.head(events);
		const bytes = Buffer.from(head + events.map((event) => this.#lines.text(event)).join(''));
		try {
			for (let done = 0; done < bytes.length; ) done += (await this.#file.write(bytes, done, bytes.length - done)).bytesWritten;
			await this.#file.datasync();
		} catch (error) {
			await this.#file.truncate(this.#size);
			throw error;
		}
		this.#size += bytes.length;
	}

	async read(each: (reading: Recorded) => void, node?: string, from = -Infinity, to = Infinity): Promise<void> {
		const prefix = node === undefined ? '' : this.#lines.prefix(node);
		await this.#scan(0, (line) => {
			if (!line.startsWith(prefix)) return;
			const reading = this.#lines.parse(line);
			if (reading && (node === undefined || reading.node === node) && (!reading.time || (reading.time >= from && reading.time <= to))) each(reading);
		});
	}

	/** Line by line, and between chunks others have their turn. */
	async #scan(from: number, take: (line: string) => void, isWithin = false): Promise<void> {
		const size = this.#size;
		let rest: Buffer = Buffer.alloc(0);
		for (let at = from; at < size; ) {
			const bytes = await this.#bytes(at, Math.min(size, at + CHUNK_BYTES));
			if (!bytes.length) return;
			at += bytes.length;
			const chunk = rest.length ? Buffer.concat([rest, bytes]) : bytes;
			const end = chunk.lastIndexOf(NEWLINE);
			rest = chunk.subarray(end + 1);
			if (end < 0) continue;
			const lines = chunk.toString('utf8', 0, end).split('\n');
			// Where it does not begin with the file, the first line is a part of one.
			for (const line of isWithin ? lines.slice(1) : lines) take(line);
			isWithin = false;
		}
	}

	async #bytes(from: number, to: number): Promise<Buffer> {
		const buffer = Buffer.allocUnsafe(to - from);
		const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, from);
		return buffer.subarray(0, bytesRead);
	}

	async close(): Promise<void> {
		await this.#file.close();
	}
}
