// How far something is: one line that fills on a terminal, a line each quarter elsewhere.
//
// Rule: the line ends before anything else is printed.

const BAR = 30;

export class Progress {
	#shown = -1;

	show(percent: number): void {
		if (percent === this.#shown) return;
		if (process.stdout.isTTY) {
			const full = Math.round((percent / 100) * BAR);
			process.stdout.write(`\r${'█'.repeat(full)}${'░'.repeat(BAR - full)} ${percent} %\u001b[K`);
		} else if (Math.floor(percent / 25) !== Math.floor(this.#shown / 25)) console.log(`${percent} %`);
		this.#shown = percent;
	}

	end(): void {
		if (this.#shown >= 0 && process.stdout.isTTY) process.stdout.write('\n');
	}
}
