// For tests that mostly wait: so many of them at a time, so that none waits for the processor too. Their waiting for a turn counts as
// time of the test: a file's tests together stay far under its limit.

/** Runs what it is given, at most `count` at a time. */
export function few(count: number): <Result>(run: () => Promise<Result>) => Promise<Result> {
	const queue: (() => void)[] = [];
	let free = count;
	return async (run) => {
		if (free > 0) free--;
		else await new Promise<void>((resolve) => queue.push(resolve));
		try {
			return await run();
		} finally {
			const next = queue.shift();
			if (next) next();
			else free++;
		}
	};
}
