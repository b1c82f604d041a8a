// How a command ends when it cannot do what it was asked.
//
// Rule: the message is one sentence that names what to do; cli/main.ts prints it and nothing else.

/** The world did not let it: exit status 1. */
export class Failure extends Error {
	readonly status: number = 1;
}

/** A person stopped it, by a signal: as a shell has it. */
export class Stopped extends Failure {
	override readonly status: number = 130;
}

/** It was called wrongly: exit status 2. */
export class Misuse extends Failure {
	override readonly status: number = 2;
}
