// What commands share of the process they run in: Ctrl-C, the terminal, output that nobody takes.
//
// Rule: Ctrl-C is a request, answered by ending cleanly; asked twice, it is granted at once. A reader that went away is no fault
// ("telltale watch | head -1"); output that cannot be written is one, said once.

import { writeSync } from 'node:fs';

let known: AbortController | undefined;
let isBroken = false;
/** What waits within what else waits: the innermost is told, and the others by it. */
let waiting: (() => void)[] | undefined;

/** A command that goes on by itself has so long to end cleanly once its output is gone. */
const FAREWELL_MS = 5_000;
const STDERR = 2;
const SHOW_CURSOR = '\u001b[?25h';

/** Aborted by Ctrl-C, by SIGTERM, and when our output cannot be written any more. The same at each call. */
export function interruption(): AbortSignal {
	return (known ??= listen()).signal;
}

function listen(): AbortController {
	const controller = new AbortController();
	const stop = () => {
		if (controller.signal.aborted) process.exit(1);
		controller.abort();
	};
	process.on('SIGINT', stop);
	process.on('SIGTERM', stop);
	return controller;
}

/** To be called once, before anything is written. */
export function watchOutput(): void {
	process.stdout.on('error', (error: NodeJS.ErrnoException) => {
		if (error.code !== 'EPIPE') broken(whyNotWritten(error));
		known?.abort();
	});
	process.stderr.on('error', (error: NodeJS.ErrnoException) => {
		// There is nobody left to tell.
		if (error.code !== 'EPIPE') broken('');
	});
}

/** Whether output was lost: the command has failed then, whatever else it did. */
export function outputIsLost(): boolean {
	return isBroken;
}

/** Each further write fails as well. */
function broken(sentence: string): void {
	if (isBroken) return;
	isBroken = true;
	known?.abort();
	setTimeout(() => process.exit(1), FAREWELL_MS).unref();
	if (!sentence) return;
	try {
		writeSync(STDERR, `${sentence}\n`);
	} catch {
		// Nor can this be written.
	}
}

export function whyNotWritten({ code }: NodeJS.ErrnoException): string {
	if (code === 'ENOSPC' || code === 'EDQUOT') return 'The output cannot be written: the disk is full.';
	if (code === 'EFBIG') return 'The output cannot be written: the file may not grow any more.';
	if (code === 'EIO') return 'The output cannot be written: the disk or the terminal fails (EIO).';
	return `The output cannot be written (${code ?? 'for a reason unknown'}).`;
}

/**
 * Rejects with `failure` where the process has nothing left to wait for and would end with the promise unsettled: the terminal
 * that it asks has ended its input, by Ctrl-D or by going away.
 */
export async function unlessDeserted<Value>(promise: Promise<Value>, failure: () => Error): Promise<Value> {
	if (!waiting) process.on('beforeExit', () => waiting?.at(-1)?.());
	waiting ??= [];
	let desert = (): void => {};
	const deserted = new Promise<never>((_, reject) => (desert = () => reject(failure())));
	waiting.push(desert);
	try {
		return await Promise.race([promise, deserted]);
	} catch (error) {
		// Whoever asked may have hidden it.
		if (process.stdout.isTTY) process.stdout.write(SHOW_CURSOR);
		throw error;
	} finally {
		waiting.splice(waiting.indexOf(desert), 1);
	}
}

export function dimmed(text: string, stream: NodeJS.WriteStream): string {
	return stream.isTTY && !process.env['NO_COLOR'] ? `\u001b[2m${text}\u001b[22m` : text;
}
