// Installs what the lock file names, when it is not there yet. Plain JavaScript on Node alone:
// this file runs before anything is installed, so that `npm start` and `npm test` need no step before them.
// Rule: what npm itself has noted as installed is believed, so that no one who ran "npm ci" waits for it twice.
// The XS engine is not compiled here, but by what needs it: npm test, and the commands that simulate (simulator/engine/worker.mjs).
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { engineProblem } from '../simulator/engine/worker.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');

/** Why this Node will not do, in one sentence; '' if it will. */
export function nodeProblem(version = process.versions.node) {
	const [major, minor] = version.split('.').map(Number);
	return major < 20 || (major === 20 && minor < 19) ? `Node ${version} is too old: install Node 20.19 or later.` : '';
}

export function setup() {
	const problem = nodeProblem();
	if (problem) stop(problem);
	// A link leads to a folder that others share: whoever made it looks after what is in it.
	const shared = lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
	if (!shared && !installed()) install();
}

/** Whether npm's own note of what lies in node_modules agrees with the lock file; optional packages are for other machines. */
function installed() {
	const note = join(modules, '.package-lock.json');
	if (!existsSync(note)) return false;
	const wanted = packages(join(root, 'package-lock.json'));
	const found = packages(note);
	return Object.entries(wanted).every(([path, { version, optional, devOptional }]) => {
		if (path === '') return true;
		return found[path] ? found[path].version === version : optional === true || devOptional === true;
	});
}

function packages(path) {
	try {
		return JSON.parse(readFileSync(path, 'utf8')).packages;
	} catch {
		stop(`${path} cannot be read: restore it, then run "npm ci".`);
	}
}

function install() {
	console.error('Installing what the lock file names; once, some seconds …');
	try {
		execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: ['ignore', 2, 2] });
	} catch {
		stop('The installation failed (its own words are above): npm and a reachable npm registry are needed.');
	}
}

function stop(sentence) {
	console.error(sentence);
	process.exit(1);
}

// For what needs the engine: npm test, npm run kills …
if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
	setup();
	const problem = engineProblem();
	if (problem) stop(problem);
}
