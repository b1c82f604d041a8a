/** Why this Node will not do, in one sentence; '' if it will. */
export function nodeProblem(version?: string): string;
/** Installs what the lock file names, when it is not there yet. */
export function setup(): void;
