// What commands share of the process they run in: Ctrl-C, the terminal, a reader of our output that went away.
//
// Rule: Ctrl-C is a request, answered by ending cleanly; asked twice, it is granted at once.

/** Aborted by Ctrl-C, by SIGTERM, and when nobody reads our output any more. */
export function interruption(): AbortSignal {
	const controller = new AbortController();
	const stop = () => {
		if (controller.signal.aborted) process.exit(1);
		controller.abort();
	};
	process.on('SIGINT', stop);
	process.on('SIGTERM', stop);
	// `telltale watch | head -1` is no fault.
	process.stdout.on('error', (error: NodeJS.ErrnoException) => {
		if (error.code !== 'EPIPE') throw error;
		controller.abort();
	});
	return controller.signal;
}

/** Resolves when the signal is aborted or the time is over, whichever is first; true if it was the time. */
export function sleep(ms: number, signal: AbortSignal): Promise<boolean> {
	return new Promise((resolve) => {
		if (signal.aborted) return resolve(false);
		const stop = () => {
			clearTimeout(timer);
			resolve(false);
		};
		const timer = setTimeout(() => {
			signal.removeEventListener('abort', stop);
			resolve(true);
		}, ms);
		signal.addEventListener('abort', stop, { once: true });
	});
}

export function dimmed(text: string, stream: NodeJS.WriteStream): string {
	return stream.isTTY && !process.env['NO_COLOR'] ? `\u001b[2m${text}\u001b[22m` : text;
}
