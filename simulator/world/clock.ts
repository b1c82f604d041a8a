// The simulation's time, and what is due when.
//
// Rule: one thing at a time, in the order of time and then of asking; what is due may take a promise's time, during which the
// clock does nothing else. Three paces: virtual (jumps to whatever is next), a factor of real time, and "max", which
// jumps too but first lets the real sockets come to rest. In real time nothing waits for a promise: nodes are as independent as boards
// are, and on a busy machine a hundred engines that wait for the processor wait together.

export type Action = () => void | Promise<void>;

export interface Task {
	readonly at: number;
	cancelled: boolean;
}

export interface Clock {
	/** Milliseconds since the simulation began. */
	now(): number;
	at(ms: number, action: Action): Task;
	after(ms: number, action: Action): Task;
}

export type Pace = 'virtual' | 'max' | number;

/** In the heap until its time, even if it is cancelled; but then it holds on to nothing. */
class Due implements Task {
	readonly at: number;
	readonly order: number;
	action: Action;
	readonly #onCancelled: () => void;
	#cancelled = false;

	constructor(at: number, order: number, action: Action, onCancelled: () => void) {
		this.at = at;
		this.order = order;
		this.action = action;
		this.#onCancelled = onCancelled;
	}

	get cancelled(): boolean {
		return this.#cancelled;
	}
	set cancelled(cancelled: boolean) {
		if (!cancelled || this.#cancelled) return;
		this.#cancelled = true;
		this.action = NOTHING;
		this.#onCancelled();
	}
}

const NOTHING: Action = () => {};
/** So many cancelled things are not worth a cleaning. */
const CANCELLED_FEW = 256;

/** Without a rest now and then, signals and real sockets would wait for the end of a virtual run. */
const BREATH_MS = 50;

export class Scheduler implements Clock {
	readonly #pace: Pace;
	readonly #quiet: () => Promise<void>;
	#heap: Due[] = [];
	#cancelled = 0;
	/** Real time at the first run(): until then no time passes. */
	#startedAt: number | undefined;
	#now = 0;
	#order = 0;
	#running = false;
	#stopped = false;
	#rouse: (() => void) | undefined;
	#breathedAt = 0;
	#failed: { readonly fault: unknown } | undefined;

	/** `quiet` of pace "max" settles when the real sockets have come to rest. */
	constructor(pace: Pace, quiet: () => Promise<void> = async () => {}) {
		this.#pace = pace;
		this.#quiet = quiet;
	}

	now(): number {
		if (typeof this.#pace === 'number' && this.#startedAt !== undefined) this.#now = Math.max(this.#now, (performance.now() - this.#startedAt) * this.#pace);
		return this.#now;
	}

	at(ms: number, action: Action): Task {
		const due = new Due(Math.max(ms, this.#now), this.#order++, action, this.#onCancelled);
		push(this.#heap, due);
		this.#rouse?.();
		return due;
	}

	after(ms: number, action: Action): Task {
		return this.at(this.now() + ms, action);
	}

	/** Runs until that time, or for ever; comes back early after stop(). */
	async run(until = Infinity): Promise<void> {
		if (this.#running) throw new Error('The simulation is running already.');
		this.#running = true;
		this.#stopped = false;
		this.#startedAt ??= performance.now();
		try {
			while (!this.#stopped) {
				if (this.#failed) throw this.#failed.fault;
				while (this.#heap[0]?.cancelled) pop(this.#heap);
				const next = Math.min(this.#heap[0]?.at ?? Infinity, until);
				if (next === Infinity && this.#pace === 'virtual') return;
				if (next > this.now() && !(await this.#reach(next))) continue;
				if (this.#heap[0] && this.#heap[0].at <= this.#now) await this.#do(pop(this.#heap)!);
				else if (until <= this.#now) return;
			}
		} finally {
			this.#running = false;
		}
	}

	stop(): void {
		this.#stopped = true;
		this.#rouse?.();
	}

	/** Long alarms that are set anew again and again must not pile up. */
	readonly #onCancelled = (): void => {
		if (++this.#cancelled < CANCELLED_FEW || this.#cancelled * 2 < this.#heap.length) return;
		const kept = this.#heap.filter((due) => !due.cancelled);
		this.#heap = [];
		this.#cancelled = 0;
		for (const due of kept) push(this.#heap, due);
	};

	readonly #onFault = (fault: unknown): void => {
		this.#failed ??= { fault };
		this.#rouse?.();
	};

	async #do(due: Due): Promise<void> {
		if (due.cancelled) return;
		const pending = due.action();
		if (pending && typeof this.#pace === 'number') pending.catch(this.#onFault);
		else if (pending) await pending;
		if (performance.now() - this.#breathedAt < BREATH_MS) return;
		await new Promise((resolve) => setImmediate(resolve));
		this.#breathedAt = performance.now();
	}

	/** False: something else came up meanwhile. */
	async #reach(ms: number): Promise<boolean> {
		if (typeof this.#pace === 'number') return this.#sleep((ms - this.now()) / this.#pace);
		if (this.#pace === 'max') {
			const order = this.#order;
			if (ms === Infinity) return this.#sleep(Infinity);
			await this.#quiet();
			if (this.#stopped || order !== this.#order) return false;
		}
		this.#now = ms;
		return true;
	}

	async #sleep(realMs: number): Promise<boolean> {
		let timer: NodeJS.Timeout | undefined;
		const roused = await new Promise<boolean>((resolve) => {
			this.#rouse = () => resolve(true);
			// Longer intervals than a timer of Node's takes, and "for ever", are slept in pieces.
			timer = setTimeout(() => resolve(realMs > 0x3fff_ffff), Math.min(realMs, 0x3fff_ffff));
		});
		clearTimeout(timer);
		this.#rouse = undefined;
		return !roused;
	}
}

function before(a: Due, b: Due): boolean {
	return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Due[], due: Due): void {
	let at = heap.push(due) - 1;
	while (at > 0) {
		const parent = (at - 1) >> 1;
		if (!before(due, heap[parent])) break;
		heap[at] = heap[parent];
		at = parent;
	}
	heap[at] = due;
}

function pop(heap: Due[]): Due | undefined {
	const first = heap[0];
	const last = heap.pop();
	if (!last || heap.length === 0) return first;
	let at = 0;
	for (;;) {
		let child = at * 2 + 1;
		if (child >= heap.length) break;
		if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++;
		if (!before(heap[child], last)) break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = last;
	return first;
}
