// What a command does that needs the XS engine.
//
// Rule: the engine is there, or its making is tried, before anything else is told or started.

import { engineProblem } from '../simulator/engine/worker.mjs';
import { Failure } from './failure.js';

export function mustHaveXs(): void {
	const problem = engineProblem();
	if (problem) throw new Failure(problem);
}
