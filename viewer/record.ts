// A record of readings in a file: each reading once, whole or not at all, going on where it ended after a restart.
//
// Rule: what was written stays, whatever fails. What cannot be written waits in memory and is tried again; QUEUE_MAX wait. A reading is
// known by node, boot and number; which are in the file is read from its tail.

import type { Bucket } from './reducer.js';
import { Reducer } from './reducer.js';
import { Ranges, type Range } from './ranges.js';
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

export class Recorder implements ReadingRecord {
	/** Readings that will not be in the file. */
	lost = 0;
	written = 0;
	readonly #store: Store;
	readonly #file: string;
	readonly #explain: (error: unknown) => string;
	readonly #known = new Known();
	/** Numbers that a node said it gave up. The reading itself may have come by another broker, and counts then. */
	readonly #givenUp = new Known();
	#queue: ReadingEvent[] = [];
	#timer: NodeJS.Timeout | undefined;
	#writing: Promise<boolean> | undefined;
	#trouble = '';
	#tell: (sentence: string) => void = () => {};

	private constructor(store: Store, file: string, explain: (error: unknown) => string) {
		[this.#store, this.#file, this.#explain] = [store, file, explain];
	}

	/** `explain`: why something could not be written, as a clause. */
	static async open(store: Store, file: string, explain: (error: unknown) => string): Promise<Recorder> {
		const recorder = new Recorder(store, file, explain);
		await store.tail((node, boot, seq, isGivenUp) => recorder.#of(isGivenUp).add(node, boot, seq));
		return recorder;
	}

	/** Told once when writing begins to fail, and '' when it goes on. */
	onTrouble(tell: (sentence: string) => void): void {
		this.#tell = tell;
	}

	#of(isGivenUp: boolean): Known {
		return isGivenUp ? this.#givenUp : this.#known;
	}

	take(event: ReadingEvent): void {
		const { node, reading, dropped } = event;
		const known = this.#of(dropped);
		if (known.has(node, reading.boot, reading.seq)) return;
		if (this.#queue.length >= QUEUE_MAX) return void this.lost++;
		known.add(node, reading.boot, reading.seq);
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
		while (this.#queue.length) {
			const batch = this.#queue.slice(0, BATCH_MAX);
			try {
				await this.#store.write(batch);
			} catch (error) {
				this.#complain(`${this.#file} cannot be written, ${this.#explain(error)}: what comes waits in memory, and is tried again.`);
				return false;
			}
			this.#queue = this.#queue.slice(batch.length);
			this.written += batch.length;
		}
		this.#complain('');
		return true;
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
	}
}

/** Which readings are in the file. What it forgets may come twice, and is never lost for it. */
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
