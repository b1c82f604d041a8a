// A record of readings in a file: each reading once, whole or not at all, going on where it ended after a restart.
//
// Rule: what was written stays, whatever fails. What cannot be written waits in memory and is tried again; QUEUE_MAX wait. A reading is
// known by node, boot and number; which are in the file is read from its tail.

import type { Bucket } from './reducer.js';
import { Reducer } from './reducer.js';
import { Ranges, type Range } from './ranges.js';
import type { RecordLock } from './record-lock.js';
import type { Fate } from './record-place.js';
import type { ReadingEvent, ReadingRecord } from './viewer.js';

export interface Recorded {
	readonly node: string;
	readonly boot: string;
	readonly seq: number;
	/** Unix seconds; with 0 nobody knows. */
	readonly time: number;
	readonly dropped: Range | undefined;
	readonly values: Readonly<Record<string, number>>;
	readonly suspect: readonly string[];
}

/** One kind of file. */
export interface Store {
	/** The readings that were written last, as far as they can come again. */
	tail(each: (node: string, boot: string, seq: number, isGivenUp: boolean) => void): Promise<void>;
	/** What became of what was written, through others. */
	fate(): Promise<Fate>;
	/** After such a fate: goes on with what is there now, or begins another. */
	renew(): Promise<void>;
	/** All of them, or it throws and none is there. */
	write(events: readonly ReadingEvent[]): Promise<void>;
	/** In the order in which they were written. `node`: only of this; `from`, `to`: those outside need not come. */
	read(each: (reading: Recorded) => void, node?: string, from?: number, to?: number): Promise<void>;
	close(): Promise<void>;
}

const FLUSH_MS = 1_000;
const RETRY_MS = 5_000;
/** Readings of a hundred nodes for half an hour at one a second. */
export const QUEUE_MAX = 200_000;
const BATCH_MAX = 5_000;
const NODES_MAX = 2_000;
const BOOTS_MAX = 16;
const RANGES_MAX = 2_048;
/** What is written and then lost in one of these ways before we look is written again. */
const WITHOUT_IT: readonly Fate[] = ['deleted', 'emptied', 'cut'];
const FATES: Readonly<Record<Exclude<Fate, 'same'>, string>> = {
	moved: 'was moved away and keeps what it holds: recording goes on in a file of the old name',
	deleted: 'was deleted, and what it held with it: recording goes on in a new one',
	emptied: 'was emptied, and what it held is lost: recording goes on in it',
	cut: 'was cut shorter, and what was behind is lost: recording goes on after the rest',
	grown: 'was written to by another program: recording goes on after that',
};

export class Recorder implements ReadingRecord {
	/** Readings that will not be in the file. */
	lost = 0;
	written = 0;
	readonly #store: Store;
	readonly #file: string;
	readonly #explain: (error: unknown) => string;
	readonly #lock: RecordLock | undefined;
	#known = new Contents();
	#queue: ReadingEvent[] = [];
	#timer: NodeJS.Timeout | undefined;
	#writing: Promise<boolean> | undefined;
	#trouble = '';
	#tell: (sentence: string) => void = () => {};
	#note: (sentence: string) => void = () => {};

	private constructor(store: Store, file: string, explain: (error: unknown) => string, lock?: RecordLock) {
		[this.#store, this.#file, this.#explain, this.#lock] = [store, file, explain, lock];
	}

	/** `explain`: why something could not be written, as a clause. `lock`: let go when it is closed. */
	static async open(store: Store, file: string, explain: (error: unknown) => string, lock?: RecordLock): Promise<Recorder> {
		const recorder = new Recorder(store, file, explain, lock);
		await store.tail((...reading) => recorder.#known.add(...reading));
		return recorder;
	}

	/** Told once when writing begins to fail, and '' when it goes on. */
	onTrouble(tell: (sentence: string) => void): void {
		this.#tell = tell;
	}

	/** Told once when others moved the file away, deleted or changed it. */
	onNews(note: (sentence: string) => void): void {
		this.#note = note;
	}

	take(event: ReadingEvent): void {
		if (this.#known.has(...nameOf(event))) return;
		if (this.#queue.length >= QUEUE_MAX) return void this.lost++;
		this.#known.add(...nameOf(event));
		this.#queue.push(event);
		this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MS);
	}

	/** Whether all of it is in the file now. */
	async flush(): Promise<boolean> {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		while (this.#writing) await this.#writing;
		this.#writing = this.#writeAll();
		const isDone = await this.#writing;
		this.#writing = undefined;
		if (this.#queue.length) this.#timer ??= setTimeout(() => void this.flush(), isDone ? FLUSH_MS : RETRY_MS);
		return isDone;
	}

	async #writeAll(): Promise<boolean> {
		try {
			while (this.#queue.length) {
				await this.#look();
				const batch = this.#queue.slice(0, BATCH_MAX);
				if (!batch.length) break;
				await this.#store.write(batch);
				// It may have gone while it was written.
				if (WITHOUT_IT.includes(await this.#store.fate())) continue;
				this.#queue = this.#queue.slice(batch.length);
				this.written += batch.length;
			}
		} catch (error) {
			this.#complain(`${this.#file} cannot be written, ${this.#explain(error)}: what comes waits in memory, and is tried again.`);
			return false;
		}
		this.#complain('');
		return true;
	}

	/** Whether the file is still ours and as we left it; if not, goes on with what there is. */
	async #look(): Promise<void> {
		await this.#lock?.keep();
		const fate = await this.#store.fate();
		if (fate === 'same') return;
		await this.#store.renew();
		const found = new Contents();
		await this.#store.tail((...reading) => {
			found.add(...reading);
			// What was moved away counts as recorded too.
			if (fate === 'moved') this.#known.add(...reading);
		});
		const waiting = this.#queue.length;
		this.#queue = this.#queue.filter((event) => !found.has(...nameOf(event)));
		this.written += waiting - this.#queue.length;
		if (fate !== 'moved') {
			this.#known = found;
			for (const event of this.#queue) found.add(...nameOf(event));
		}
		this.#note(`${this.#file} ${FATES[fate]}.`);
	}

	#complain(sentence: string): void {
		if (sentence === this.#trouble) return;
		this.#trouble = sentence;
		this.#tell(sentence);
	}

	async history(node: string, channel: string, from: number, to: number, pixels: number): Promise<Bucket[] | undefined> {
		await this.flush();
		const reducer = new Reducer(from, to, pixels);
		await this.#store.read(({ time, values, suspect }) => {
			const value = Object.hasOwn(values, channel) ? values[channel] : undefined;
			if (time && value !== undefined) reducer.add(time, value, suspect.includes(channel));
		}, node, from, to);
		return reducer.buckets();
	}

	/** A sentence behind another. */
	get summary(): string {
		const kept = ` ${this.written} recorded in ${this.#file}.`;
		return this.lost ? `${kept} ${this.lost} could not be written to ${this.#file}.` : kept;
	}

	async close(): Promise<void> {
		if (!(await this.flush())) this.lost += this.#queue.length;
		this.#queue = [];
		clearTimeout(this.#timer);
		await this.#store.close();
		await this.#lock?.release();
	}
}

type Name = readonly [node: string, boot: string, seq: number, isGivenUp: boolean];

function nameOf({ node, reading: { boot, seq }, dropped }: ReadingEvent): Name {
	return [node, boot, seq, dropped];
}

/** What is in the file or waits for it. */
class Contents {
	readonly #readings = new Known();
	/** Numbers that a node said it gave up. The reading itself may have come by another broker, and counts then. */
	readonly #givenUp = new Known();

	has(...[node, boot, seq, isGivenUp]: Name): boolean {
		return (isGivenUp ? this.#givenUp : this.#readings).has(node, boot, seq);
	}

	add(...[node, boot, seq, isGivenUp]: Name): void {
		(isGivenUp ? this.#givenUp : this.#readings).add(node, boot, seq);
	}
}

/** Numbers by node and boot. What it forgets may come twice, and is never lost for it. */
class Known {
	readonly #nodes = new Map<string, Map<string, Ranges>>();

	has(node: string, boot: string, seq: number): boolean {
		return this.#nodes.get(node)?.get(boot)?.has(seq) ?? false;
	}

	add(node: string, boot: string, seq: number): void {
		const seqs = latest(latest(this.#nodes, node, NODES_MAX, () => new Map<string, Ranges>()), boot, BOOTS_MAX, () => new Ranges());
		seqs.add(seq);
		while (seqs.count > RANGES_MAX) seqs.forgetLowest();
	}
}

/** The entry, moved behind the others; what was not asked for longest goes. */
function latest<Value>(map: Map<string, Value>, key: string, max: number, make: () => Value): Value {
	const value = map.get(key) ?? make();
	map.delete(key);
	map.set(key, value);
	if (map.size > max) map.delete(map.keys().next().value!);
	return value;
}
