// A node's store of readings over a flash that survives it, and the ledger of what must be true of it: of the store alone, without a
// broker, so that it asks for order and for each byte, which the auditor of whole nodes does not.
import { expect } from 'vitest';
import { Search } from '../../src/storage/sector-search.js';
import { InFlight } from '../../src/storage/in-flight.js';
import { Group, Value, type Reading } from '../../src/readings/reading.js';
import { Text } from '../../src/common/text.js';
import { ReadingQueue } from '../../src/storage/reading-queue.js';
import { FakeClock, FakeLog } from './fakes.js';
import type { Part } from '../../src/common/ports.js';
import type { FakeFlash } from './flash.js';
import { two } from './parts.js';

export interface Delivered {
	readonly boot: number;
	readonly seq: number;
	readonly group: number;
	readonly time: number;
	readonly uptime: number;
	readonly temperature: number;
	readonly humidity: number;
	readonly dropped: readonly [number, number] | undefined;
	/** Of the channels of its group, where the shelf is asked for them. */
	readonly names?: readonly string[];
}

/** Messages below are the test's own. */
const DELIVERED_FROM = 100;

/** Values that follow from boot and number, so that an altered one is seen. */
export const temperatureOf = (boot: number, seq: number) => ((boot * 7_919 + seq * 104_729) % 200_000) - 60_000;
export const humidityOf = (boot: number, seq: number) => (seq % 5 ? (boot * 31 + seq * 17) % 100_000 : Value.ABSENT);

export class Shelf {
	readonly clock = new FakeClock();
	readonly log = new FakeLog();
	readonly flash: FakeFlash;
	readonly ringBytes: number;
	waiting!: ReadingQueue;
	inFlight!: InFlight;
	/** Of which group of channels a reading is. */
	groupOf: (seq: number) => number = () => 0;
	/** Whether what is delivered has its names, which takes time. */
	naming = false;
	/** Those of the next boot. */
	parts: readonly Part[] = two();
	boot = 0;
	seq = 0;

	constructor(flash: FakeFlash, ringBytes = 15 * 8) {
		this.flash = flash;
		this.ringBytes = ringBytes;
	}

	/** A boot, some minutes into an outage. */
	start(): this {
		this.boot++;
		this.seq = 0;
		this.clock.time = 300_000;
		this.waiting = new ReadingQueue(this.boot, this.clock, this.log, this.inFlight = new InFlight(), this.parts, this.flash, this.ringBytes);
		return this;
	}

	/** One reading, not yet in flash. */
	take(): number {
		const { reading } = this.waiting;
		reading.seq = ++this.seq;
		reading.uptime = 300 + this.seq;
		reading.time = this.clock.unixSeconds();
		reading.group = this.groupOf(this.seq);
		reading.numbers[0] = temperatureOf(this.boot, this.seq);
		reading.numbers[1] = humidityOf(this.boot, this.seq);
		this.waiting.put();
		return this.seq;
	}

	/** Turns of the loop until there is nothing to do. */
	settle(): this {
		for (let turns = 0; this.waiting.poll(this.clock.time) <= this.clock.time; turns++) if (turns > 20_000) throw new Error('the loop never rests');
		return this;
	}

	fill(count: number): this {
		for (let i = 0; i < count; i++) {
			this.take();
			this.settle();
		}
		return this;
	}

	/** The next late one to send, as a position; NONE if there is none. */
	next(): number {
		for (let turns = 0; turns < 20_000; turns++) {
			this.waiting.poll(this.clock.time);
			const position = this.waiting.nextLate();
			if (position !== Search.BUSY) return position;
		}
		throw new Error('delivery never rests');
	}

	look(position: number): Delivered {
		const reading = this.waiting.read(position);
		return {
			boot: reading.boot, seq: reading.seq, group: reading.group, time: reading.time, uptime: reading.uptime, temperature: reading.numbers[0]!, humidity: reading.numbers[1]!,
			dropped: reading.droppedFrom ? [reading.droppedFrom, reading.droppedTo] : undefined,
			...(this.naming && { names: this.namesOf(reading) }),
		};
	}

	private namesOf({ group, list, numbers }: Reading): string[] {
		return [...numbers.subarray(0, Group.VALUES)].flatMap((value, i) => {
			if (value === Value.ABSENT) return [];
			const text = new Text(new Uint8Array(32));
			this.waiting.writeName(text, list, Group.VALUES * group + i);
			return [Buffer.from(text.bytes.subarray(0, text.length)).toString()];
		});
	}

	/** Sends and acknowledges up to `count`, some at a time and not in order; `onAcknowledged` before and after each. */
	deliver(count = Infinity, around: (one: Delivered, done: boolean) => void = () => {}, window = 3): Delivered[] {
		const all: Delivered[] = [];
		const flying: { message: number; one: Delivered }[] = [];
		const land = () => {
			const [{ message, one }] = flying.splice(flying.length > 1 ? 1 : 0, 1) as [{ message: number; one: Delivered }];
			around(one, false);
			this.acknowledged(message);
			this.waiting.poll(this.clock.time);
			around(one, true);
		};
		for (;;) {
			const position = all.length < count ? this.next() : Search.NONE;
			if (position === Search.NONE) break;
			const one = this.look(position);
			const message = DELIVERED_FROM + all.length;
			this.sent(message, position);
			flying.push({ message, one });
			all.push(one);
			if (flying.length >= window) land();
		}
		while (flying.length) land();
		return all;
	}

	/** What a broker does with message k, whose packet id is k + 1. */
	sent(message: number, position: number): void { this.waiting.sent(message + 1, position); }
	acknowledged(message: number): void { this.waiting.acknowledged(this.inFlight.take(message + 1)); }
	discard(message: number): void { this.waiting.discard(this.inFlight.take(message + 1)); }
	recall(message: number): void { this.waiting.recall(this.inFlight.take(message + 1)); }

	connect(): this {
		this.waiting.linkUp();
		return this;
	}

	disconnect(): this {
		this.waiting.linkDown(this.clock.time);
		this.clock.time += 300_000;
		return this;
	}
}

/** All numbers that the dropped ranges of these name, as "boot/seq". */
export function namedBy(delivered: readonly Delivered[]): string[] {
	const named: string[] = [];
	for (const { boot, dropped } of delivered) if (dropped) for (let seq = dropped[0]; seq <= dropped[1]; seq++) named.push(`${boot}/${seq}`);
	return named;
}

export const name = ({ boot, seq }: { boot: number; seq: number }) => `${boot}/${seq}`;

/** What is delivered is what was taken, to the digit, oldest first, and none twice. */
export function checkTrue(delivered: readonly Delivered[]): void {
	const altered = delivered.filter(({ boot, seq, temperature, humidity }) => temperature !== temperatureOf(boot, seq) || humidity !== humidityOf(boot, seq));
	expect(altered, 'these have other values than were taken').toEqual([]);
	const early = delivered.filter((other, i) => {
		const one = delivered[i - 1];
		return one && !(one.boot < other.boot || (one.boot === other.boot && one.seq < other.seq));
	});
	expect(early.map(name), 'these come behind one that is not before them').toEqual([]);
}
