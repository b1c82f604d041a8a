// A record as lines of text in a file: appended to, cut back to whole lines where writing failed, and read from its end or from front to back.
//
// Rule: a file that is no such record is never touched. Lines that were written are never changed; a line that a power cut or a
// full disk cut short is taken out. What others did to the file while it is open is read anew and appended to, nothing else.

import type { Lines } from './record-lines.js';
import { NoRecord, Place, type Fate } from './record-place.js';
import type { Recorded, Store } from './record.js';
import type { ReadingEvent } from './viewer.js';

const NEWLINE = 0x0a;
const CHUNK_BYTES = 1 << 20;
/** What may come again is what came last: this is some hundred thousand readings. */
const TAIL_BYTES = 16 << 20;
/** No line of ours is so long. */
const LINE_MAX = 64 << 10;

export class FileStore implements Store {
	#place: Place;
	readonly #make: () => Lines;
	/** Each file has its columns. */
	#lines: Lines;
	/** As we know it. */
	#size = 0;
	/** What others left behind the last whole line, and is still to be ended. */
	#half = '';
	/** Of those that read, none loses the file. */
	readonly #scans = new Set<Promise<void>>();

	private constructor(place: Place, make: () => Lines) {
		[this.#place, this.#make, this.#lines] = [place, make, make()];
	}

	/** Throws NoRecord where the file is something else. `isRead`: only to be read. */
	static async open(path: string, make: () => Lines, isRead = false): Promise<FileStore> {
		const store = new FileStore(await Place.open(path, isRead), make);
		try {
			await store.#begin(!isRead);
		} catch (error) {
			await store.close();
			throw error;
		}
		return store;
	}

	/** `isOurs`: what stands behind the last whole line is what a power cut left of one. */
	async #begin(isOurs: boolean): Promise<void> {
		[this.#lines, this.#size, this.#half] = [this.#make(), 0, ''];
		const { size } = await this.#place.file.stat();
		if (size === 0) return;
		const first = (await this.#bytes(0, Math.min(size, LINE_MAX))).toString();
		const end = first.indexOf('\n');
		// A first line that was cut short holds nothing yet; of another's file nothing is taken out.
		if (end < 0 || !this.#lines.begins(first.slice(0, end))) throw new NoRecord('it holds something else');
		const whole = await this.#wholeLines(size);
		if (whole < size && isOurs) await this.#place.file.truncate(whole);
		this.#half = isOurs ? '' : (await this.#bytes(whole, size)).toString();
		this.#size = isOurs ? whole : size;
	}

	async fate(): Promise<Fate> {
		const { fate, size } = await this.#place.fate();
		if (fate !== 'same' || size === this.#size) return fate;
		return size > this.#size ? 'grown' : size ? 'cut' : 'emptied';
	}

	async renew(): Promise<void> {
		// What others did to the file that we have open is left as it is.
		if ((await this.#place.fate()).fate === 'same') return this.#begin(false);
		const [old, lines, size, half] = [this.#place, this.#lines, this.#size, this.#half];
		const place = await Place.open(old.path, false);
		this.#place = place;
		try {
			await this.#begin(true);
		} catch (error) {
			[this.#place, this.#lines, this.#size, this.#half] = [old, lines, size, half];
			await place.close();
			throw error;
		}
		void Promise.allSettled(this.#scans).then(() => old.close());
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
		const [from, lines] = [Math.max(0, this.#size - TAIL_BYTES), this.#lines];
		await this.#scan(from, (line) => {
			const reading = lines.parse(line);
			if (reading) each(reading.node, reading.boot, reading.seq, reading.dropped?.to === reading.seq);
		}, from > 0);
	}

	async write(events: readonly ReadingEvent[]): Promise<void> {
		const { file } = this.#place;
		const head = this.#size ? '' : this.#lines.head(events);
		const end = this.#half && this.#lines.ending(this.#half);
		const bytes = Buffer.from(head + end + events.map((event) => this.#lines.text(event)).join(''));
		try {
			for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
			await file.datasync();
		} catch (error) {
			// Never made longer: somebody may have cut it meanwhile.
			if ((await file.stat()).size > this.#size) await file.truncate(this.#size);
			throw error;
		}
		this.#size += bytes.length;
		this.#half = '';
	}

	async read(each: (reading: Recorded) => void, node?: string, from = -Infinity, to = Infinity): Promise<void> {
		const lines = this.#lines;
		const prefix = node === undefined ? '' : lines.prefix(node);
		await this.#scan(0, (line) => {
			if (!line.startsWith(prefix)) return;
			const reading = lines.parse(line);
			if (reading && (node === undefined || reading.node === node) && (!reading.time || (reading.time >= from && reading.time <= to))) each(reading);
		});
	}

	#scan(from: number, take: (line: string) => void, isWithin = false): Promise<void> {
		const scan = this.#scanAll(this.#place, from, take, isWithin);
		this.#scans.add(scan);
		return scan.finally(() => this.#scans.delete(scan));
	}

	/** Line by line, and between chunks others have their turn. */
	async #scanAll(place: Place, from: number, take: (line: string) => void, isWithin: boolean): Promise<void> {
		const size = this.#size;
		let rest: Buffer = Buffer.alloc(0);
		for (let at = from; at < size; ) {
			const bytes = await this.#bytes(at, Math.min(size, at + CHUNK_BYTES), place);
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

	async #bytes(from: number, to: number, place = this.#place): Promise<Buffer> {
		const buffer = Buffer.allocUnsafe(to - from);
		const { bytesRead } = await place.file.read(buffer, 0, buffer.length, from);
		return buffer.subarray(0, bytesRead);
	}

	async close(): Promise<void> {
		await Promise.allSettled(this.#scans);
		await this.#place.close();
	}
}
