// Where the XS engine's program is, and how it is made. Plain JavaScript on Node alone, since cli/setup.mjs asks before anything is installed.
//
// Rule: it is compiled when something first needs it, so that what needs no engine needs no C compiler (decision 30). Where that cannot be
// done, one sentence says what is missing.
import { spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, existsSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PLATFORMS = { linux: 'lin', darwin: 'mac' };
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PACKAGE = '@agoric/xsnap';
/** What its makefiles call. */
const TOOLS = { cc: 'C compiler (cc)', make: 'make' };

/** What engineProblem() says after Ctrl-C. */
export const STOPPED = 'Stopped while the XS engine was compiled: the next run compiles it.';

export function workerPath() {
	return join(ROOT, 'node_modules', PACKAGE, 'xsnap-native/xsnap/build/bin', PLATFORMS[process.platform] ?? process.platform, 'release/xsnap-worker');
}

/** What compiling the engine needs, and where it is: '' for what is not on the PATH. */
export function engineTools(env = process.env) {
	return Object.entries(TOOLS).map(([tool, words]) => ({ tool, words, path: onPath(tool, env) }));
}

/** Makes the engine if it is not there. Why there is none then, and what to do about it, in one sentence; '' if there is one. */
export function engineProblem() {
	if (existsSync(workerPath())) return '';
	if (!PLATFORMS[process.platform]) return `The XS engine runs on Linux and macOS, not on ${process.platform}: use another machine (on Windows: WSL).`;
	if (!existsSync(join(ROOT, 'node_modules', PACKAGE))) return `The XS engine's package ${PACKAGE} is not there: run "npm ci" in ${ROOT}.`;
	const missing = engineTools().filter(({ path }) => !path).map(({ words }) => words);
	if (missing.length) return `The XS engine has to be compiled and there is no ${missing.join(' and no ')} on the PATH: install a C compiler and make (Debian: apt install build-essential).`;
	return compiled();
}

function compiled() {
	console.error('Compiling the XS engine; once, about a minute …');
	const log = join(tmpdir(), `telltale-engine-${process.pid}.log`);
	const file = openSync(log, 'w');
	const { status, signal } = spawnSync('npm', ['rebuild', PACKAGE, '--ignore-scripts=false', '--foreground-scripts'], { cwd: ROOT, stdio: ['ignore', file, file] });
	closeSync(file);
	if (signal || status === 130 || status === 143) {
		// Half of it must not pass for the whole in the next run.
		rmSync(workerPath(), { force: true });
		return STOPPED;
	}
	return existsSync(workerPath()) ? '' : `The XS engine could not be compiled: what the compiler said is in ${log}.`;
}

function onPath(tool, env) {
	const paths = (env.PATH ?? '').split(delimiter).filter(Boolean).map((folder) => join(folder, tool));
	return paths.find((path) => {
		try {
			accessSync(path, constants.X_OK);
			return true;
		} catch {
			return false;
		}
	}) ?? '';
}
