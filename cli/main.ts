// The entry: runs the words of the command line in this process.

import { run } from './program.js';

process.exitCode = await run(process.argv.slice(2));
// Whatever still holds the process open has had its time; output through a pipe is flushed by then.
setTimeout(() => process.exit(), 2_000).unref();
