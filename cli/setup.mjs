// Installs what the lock file names, when it is not there yet. Plain JavaScript on Node alone:
// this file runs before anything is installed, so that `npm start` and `npm test` need no step before them.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lock = join(root, 'package-lock.json');
const stamp = join(root, 'node_modules', '.telltale-installed');
const worker = join(root, 'node_modules/@agoric/xsnap/xsnap-native/xsnap/build/bin');

export function setup() {
	const [major, minor] = process.versions.node.split('.').map(Number);
	if (major < 20 || (major === 20 && minor < 19)) {
		stop(`Node ${process.versions.node} is too old: install Node 20.19 or later.`);
	}
	const wanted = readFileSync(lock, 'utf8');
	if (existsSync(worker) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
	console.error('Installing what the lock file names and compiling the XS engine; once, about a minute …');
	try {
		execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: ['ignore', 2, 2] });
	} catch {
		stop('The installation failed (its own words are above): a C compiler, make and a reachable npm registry are needed.');
	}
	if (!existsSync(worker)) {
		stop('The XS engine was not compiled: install a C compiler and make (Debian: apt install build-essential), then run "npm ci".');
	}
	writeFileSync(stamp, wanted);
}

function stop(sentence) {
	console.error(sentence);
	process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setup();
