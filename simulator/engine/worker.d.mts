export function workerPath(): string;
export function engineProblem(): string;
