// The driver (docs/driver.md) inside this process: commands as objects, events as they come.
import { Driver } from '../../simulator/driver/driver.js';
import type { EngineKind } from '../../simulator/engine/engine.js';
import { Patience } from './patience.js';

export type Told = { event: string; id?: number | string } & Record<string, unknown>;

const PATIENCE_MS = 20_000;

export class Drive {
	readonly told: Told[] = [];
	readonly #driver = new Driver((event) => this.#hear(event as Told));
	readonly #waiting = new Set<() => void>();
	#lines: Promise<unknown> = Promise.resolve();
	#last = 0;

	static async start(engine: EngineKind): Promise<Drive> {
		const drive = new Drive();
		await drive.#driver.start(engine);
		return drive;
	}

	/** Says the command; resolves with the first event of these names, or "error", that carries its id. */
	ask(events: string, command: object): Promise<Told> {
		const id = ++this.#last;
		const line = JSON.stringify({ id, ...command });
		this.#lines = this.#lines.then(() => this.#driver.line(line));
		const wanted = [...events.split(' '), 'error'];
		return this.find((each) => each.id === id && wanted.includes(each.event), line);
	}

	/** The first event that is so, from the `from`th on, now or when it comes. */
	async find(matches: (each: Told) => boolean, what = '', from = 0): Promise<Told> {
		const patience = new Patience(PATIENCE_MS);
		for (;;) {
			const found = this.told.slice(from).find(matches);
			if (found) return found;
			const { leftMs } = patience;
			if (leftMs === 0) throw new Error(`Waited in vain for ${what || matches}:\n${this.told.map((each) => JSON.stringify(each).slice(0, 300)).join('\n')}`);
			await this.#news(leftMs);
		}
	}

	end(): void {
		this.#driver.end();
	}

	#hear(event: Told): void {
		this.told.push(event);
		this.#wake();
	}

	/** Resolves with the next event, or in that time. */
	async #news(withinMs: number): Promise<void> {
		let timer: NodeJS.Timeout | undefined;
		await new Promise<void>((resolve) => {
			this.#waiting.add(resolve);
			timer = setTimeout(resolve, withinMs + 1);
		});
		clearTimeout(timer);
	}

	#wake(): void {
		for (const wake of this.#waiting) wake();
		this.#waiting.clear();
	}
}
