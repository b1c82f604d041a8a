// The entry: runs the words of the command line in this process.

import { outputIsLost, unlessDeserted, watchOutput } from './console.js';
import { Failure } from './failure.js';
import { run } from './program.js';

watchOutput();
const status = await unlessDeserted(run(process.argv.slice(2)), () => new Failure('Nothing is left to wait for.')).catch((error: Error) => {
	console.error(`It ended before it was done (${error.message}) Run it again with --debug and report what it shows.`);
	return 1;
});
// What is written last may fail a moment later.
process.exitCode = outputIsLost() ? status || 1 : status;
process.on('exit', () => {
	if (outputIsLost()) process.exitCode ||= 1;
});
// Whatever still holds the process open has had its time; output through a pipe is flushed by then.
setTimeout(() => process.exit(), 2_000).unref();
