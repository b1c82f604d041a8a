// Installs what the lock file names, when it is not there yet. Plain JavaScript on Node alone:
// this file runs before anything is installed, so that `npm start` and `npm test` need no step before them.
// Rule: what npm itself has noted as installed is believed, so that no one who ran "npm ci" waits for it twice.
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const worker = join(modules, '@agoric/xsnap/xsnap-native/xsnap/build/bin');

export function setup() {
	const [major, minor] = process.versions.node.split('.').map(Number);
	if (major < 20 || (major === 20 && minor < 19)) {
		stop(`Node ${process.versions.node} is too old: install Node 20.19 or later.`);
	}
	// A link leads to a folder that others share: whoever made it looks after what is in it.
	const shared = lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
	if ((shared || installed()) && existsSync(worker)) return;
	if (shared) stop('node_modules is a link and the XS engine is not in it: run "npm ci" in the folder that it leads to.');
	install();
	if (!existsSync(worker)) {
		stop('The XS engine was not compiled: install a C compiler and make (Debian: apt install build-essential), then run "npm ci".');
	}
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
	console.error('Installing what the lock file names and compiling the XS engine; once, about a minute …');
	try {
		execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: ['ignore', 2, 2] });
	} catch {
		stop('The installation failed (its own words are above): a C compiler, make and a reachable npm registry are needed.');
	}
}

function stop(sentence) {
	console.error(sentence);
	process.exit(1);
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) setup();
