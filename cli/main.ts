// The entry: runs the words of the command line in this process.

import { run } from './program.js';

// `telltale configure --show | head -1` is no fault: there is nobody to tell any more. What goes on by itself ends by console.ts.
for (const stream of [process.stdout, process.stderr]) {
	stream.on('error', (error: NodeJS.ErrnoException) => {
		if (error.code !== 'EPIPE') throw error;
	});
}
process.exitCode = await run(process.argv.slice(2));
// Whatever still holds the process open has had its time; output through a pipe is flushed by then.
setTimeout(() => process.exit(), 2_000).unref();
