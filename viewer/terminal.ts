// The live table of a terminal: drawn in place, one write a frame.
//
// Rule: a frame is drawn over the one before without clearing, and of it only the lines that are otherwise: nothing flickers, and what
// stood above stays. However much comes, drawing takes a small part of the time.

import { emitKeypressEvents, type Key } from 'node:readline';

/** Draws frames on a terminal, one over the other. */
export class Screen {
	readonly #out: NodeJS.WriteStream;
	#height = 0;
	#shown: readonly string[] = [];
	readonly #onResize = () => this.#forget();

	constructor(out: NodeJS.WriteStream) {
		this.#out = out;
		out.on('resize', this.#onResize);
		out.write(HIDE_CURSOR);
	}

	get size(): { columns: number; rows: number } {
		return { columns: this.#out.columns || 80, rows: this.#out.rows || 24 };
	}

	/** One write, which terminals that know how show at once. */
	draw(lines: readonly string[]): void {
		if (this.#height === lines.length && lines.every((line, index) => line === this.#shown[index])) return;
		const up = this.#height > 1 ? `\u001b[${this.#height - 1}A` : '';
		// What is cleared below begins where the last line ends, so that one is always written.
		const same = (line: string, index: number) => this.#height > 0 && index < lines.length - 1 && line === this.#shown[index];
		const body = lines.map((line, index) => (same(line, index) ? '' : line + CLEAR_LINE)).join('\r\n');
		this.#out.write(`${BEGIN_FRAME}\r${up}${body}${CLEAR_BELOW}${END_FRAME}`);
		this.#height = lines.length;
		this.#shown = lines;
	}

	/** Leaves the last frame standing. */
	close(): void {
		this.#out.off('resize', this.#onResize);
		this.#out.write(`${this.#height ? '\r\n' : ''}${SHOW_CURSOR}`);
	}

	/** A terminal that changed its width has wrapped the old lines: nobody knows where they are. */
	#forget(): void {
		this.#out.write(CLEAR_ALL);
		this.#height = 0;
		this.#shown = [];
	}
}

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const CLEAR_ALL = '\u001b[2J\u001b[H';
const BEGIN_FRAME = '\u001b[?2026h';
const END_FRAME = '\u001b[?2026l';

/** Soon enough for an eye. */
const FRAME_MS = 100;
/** A frame costs at most one part of so many. */
const SHARE = 50;
const TICK_MS = 1_000;

export interface Keys {
	/** True if it is to be ended. */
	readonly key: (name: string | undefined, text: string | undefined, isControl: boolean) => boolean;
	readonly onEnd: () => void;
}

/** Keeps a screen current: soon after something changed, and each second for the ages. */
export class Live {
	readonly #screen: Screen;
	readonly #lines: (size: { columns: number; rows: number }) => string[];
	readonly #ticker: NodeJS.Timeout;
	#soon: NodeJS.Timeout | undefined;
	#restMs = FRAME_MS;
	#stopKeys = (): void => {};

	constructor(out: NodeJS.WriteStream, lines: (size: { columns: number; rows: number }) => string[], keys?: Keys) {
		this.#screen = new Screen(out);
		this.#lines = lines;
		if (keys && process.stdin.isTTY) this.#listen(process.stdin, keys);
		this.#ticker = setInterval(() => this.changed(), TICK_MS);
		this.#draw();
	}

	changed(): void {
		this.#soon ??= setTimeout(() => this.#draw(), this.#restMs);
	}

	close(): void {
		clearInterval(this.#ticker);
		this.#draw();
		this.#stopKeys();
		this.#screen.close();
	}

	/** Ctrl-C comes as a key then, and no more as a signal. */
	#listen(input: NodeJS.ReadStream, { key, onEnd }: Keys): void {
		const onKey = (text: string | undefined, { name, ctrl }: Key): void => {
			if (key(name, text, ctrl ?? false)) return onEnd();
			clearTimeout(this.#soon);
			this.#draw();
		};
		emitKeypressEvents(input);
		input.setRawMode(true);
		input.on('keypress', onKey);
		input.resume();
		this.#stopKeys = () => {
			input.off('keypress', onKey);
			input.setRawMode(false);
			input.pause();
		};
	}

	#draw(): void {
		clearTimeout(this.#soon);
		this.#soon = undefined;
		const from = performance.now();
		this.#screen.draw(this.#lines(this.#screen.size));
		this.#restMs = Math.max(FRAME_MS, (performance.now() - from) * SHARE);
	}
}
