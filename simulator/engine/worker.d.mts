export const STOPPED: string;
export function workerPath(): string;
export function engineProblem(): string;
/** What compiling the engine needs, and where it is: '' for what is not on the PATH. */
export function engineTools(env?: NodeJS.ProcessEnv): { readonly tool: string; readonly words: string; readonly path: string }[];
