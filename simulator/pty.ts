// A pseudo-terminal, which programs take for the serial port of a board.
//
// Rule: Node has none of its own, so socat makes it; where that is missing, one sentence says so.

import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';

const MISSING = 'A pseudo-terminal needs the program socat, which is not on the PATH (Debian: apt install socat).';

export class PseudoTerminal {
	/** What programs open. */
	readonly path: string;
	readonly #process: ChildProcess;
	/** Held open, since the terminal ends when the last program has closed it. */
	readonly #held: number;

	private constructor(process: ChildProcess, path: string) {
		this.path = path;
		this.#process = process;
		this.#held = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
	}

	/** `onBytes`: what a program has written to it. */
	static async open(onBytes: (bytes: Uint8Array) => void): Promise<PseudoTerminal> {
		const child = spawn('socat', ['-d', '-d', 'PTY,raw,echo=0', 'STDIO'], { stdio: 'pipe', detached: true });
		child.stdout.on('data', onBytes);
		child.stdin.on('error', () => {});
		let said = '';
		const path = await new Promise<string>((resolve, reject) => {
			child.on('error', () => reject(new Error(MISSING)));
			child.on('exit', () => reject(new Error(`socat makes no pseudo-terminal: ${said.trim().split('\n').at(-1)}.`)));
			child.stderr.on('data', (chunk: Buffer) => {
				said += chunk.toString();
				const path = /PTY is (\S+)/.exec(said)?.[1];
				if (path) resolve(path);
			});
		});
		return new PseudoTerminal(child, path);
	}

	/** To the program that has it open. */
	write(bytes: Uint8Array): void {
		this.#process.stdin!.write(bytes);
	}

	close(): void {
		closeSync(this.#held);
		this.#process.kill('SIGTERM');
	}
}
