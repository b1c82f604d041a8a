// What a command does that needs the XS engine.
//
// Rule: the engine is there, or its making is tried, before anything else is told or started.

import { engineProblem, STOPPED } from '../simulator/engine/worker.mjs';
import { Failure, Stopped } from './failure.js';

export function mustHaveXs(): void {
	const problem = engineProblem();
	if (problem === STOPPED) throw new Stopped(problem);
	if (problem) throw new Failure(problem);
}
