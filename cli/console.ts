// What commands share of the process they run in: Ctrl-C, the terminal, a reader of our output that went away.
//
// Rule: Ctrl-C is a request, answered by ending cleanly; asked twice, it is granted at once.

let known: AbortSignal | undefined;

/** Aborted by Ctrl-C, by SIGTERM, and when nobody reads our output any more. The same at each call. */
export function interruption(): AbortSignal {
	return (known ??= listen());
}

function listen(): AbortSignal {
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

export function dimmed(text: string, stream: NodeJS.WriteStream): string {
	return stream.isTTY && !process.env['NO_COLOR'] ? `\u001b[2m${text}\u001b[22m` : text;
}
