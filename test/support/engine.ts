// Before any test: the XS engine is there, or one sentence says why not, in place of hundreds of failures.

import { engineProblem } from '../../simulator/engine/worker.mjs';

export default function setup(): void {
	const problem = engineProblem();
	if (!problem) return;
	console.error(problem);
	process.exit(1);
}
