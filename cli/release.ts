// telltale release: images for everybody, with what a flasher needs to write them, in one folder that can be published as it is.
//
// Rule: nothing of this machine's settings goes in: no file of settings is used, and the bytes are searched for the secrets that lie
// about here. The same tree makes the same bytes. Nothing is written until all is built and checked.

import { Command, Option } from 'commander';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { interruption } from './console.js';
import { Failure } from './failure.js';
import { makeFolder, unreadable } from './files.js';
import { BOARDS, CHIPS, hex, partsOf, partsProblem, patched, type Board, type Part } from './flash-map.js';
import { lengthInWords, oneOf, path } from './options.js';
import { manifestName, manifestOf, MANIFESTS, RELEASE_FOLDER, SUMS, writeRelease } from './release-folder.js';
import { secretIn, secretsAbout } from './secrets.js';
import { findToolchain, root, type Toolchain } from './toolchain.js';

interface Options {
	readonly board?: Board;
	readonly output?: string;
	readonly verbose?: boolean;
}

interface Ready {
	readonly board: Board;
	readonly toolchain: Toolchain;
}

export function release(): Command {
	return new Command('release')
		.description('Build images without any settings, to be written and set up without a toolchain, in a folder that can be published.')
		.addOption(new Option('--board <name>', 'nodemcu or esp32 (default: both, where the tools for it are found)').argParser(oneOf('The board', BOARDS)))
		.addOption(new Option('--output <folder>', 'where to put the release (default: build/release)').argParser(path('--output', 'a folder')))
		.option('--verbose', "show the SDK's own output")
		.addHelpText('after', '\nNo settings go into it, neither telltale.json nor others. Then "telltale flash --web" serves it to the browsers of this machine,\n'
			+ '"telltale flash --release FOLDER" writes it with esptool, and docs/release.md says how to publish it.')
		.action(run);
}

async function run(options: Options): Promise<void> {
	const signal = interruption();
	const ready = boardsFor(options.board);
	const secrets = await secretsAbout([process.cwd(), root], process.env);
	const built = new Map<Board, Part[]>();
	for (const { board, toolchain } of ready) built.set(board, await build(board, toolchain, options, signal));
	const files = filesOf(built);
	for (const [name, bytes] of files) {
		const secret = secretIn(bytes, secrets);
		if (secret) throw new Failure(`${name} holds ${secret}, so nothing was released: if that is a word of the firmware's own, release from where it is not at hand; else report it.`);
	}
	const folder = options.output ?? RELEASE_FOLDER;
	await writeRelease(folder, files);
	for (const line of summary(built, files, folder)) console.log(line);
}

/** Those that can be built here. A board that was asked for must be. */
function boardsFor(wanted: Board | undefined): Ready[] {
	if (wanted) return [{ board: wanted, toolchain: findToolchain(wanted) }];
	const ready: Ready[] = [];
	for (const board of BOARDS) {
		try {
			ready.push({ board, toolchain: findToolchain(board) });
		} catch (error) {
			if (!(error instanceof Failure)) throw error;
			const [first, ...more] = error.message.split('\n');
			console.error(`No image for ${board}: ${more.length ? `${more.length + 1} things are missing, "npx telltale doctor build --board ${board}" tells which.` : first}`);
		}
	}
	if (!ready.length) throw new Failure('There is nothing to release: the tools for one board at the least are needed.');
	return ready;
}

async function build(board: Board, toolchain: Toolchain, { verbose = false }: Options, signal: AbortSignal): Promise<Part[]> {
	const { makeImage } = await import('./image.js');
	// From nothing each time: what an earlier build left behind is in no release. Where it fails the folder stays, with its log.
	makeFolder(join(root, 'build'));
	const folder = await mkdtemp(join(root, 'build', `release-${board}-`));
	console.log(`Building for ${board}, without settings …`);
	const from = performance.now();
	const image = await makeImage({ target: board, settings: undefined, resources: undefined, debug: false, verbose, folder, signal }, toolchain);
	console.log(`Built in ${lengthInWords(performance.now() - from)}.`);
	const parts: Part[] = [];
	for (const [offset, file] of partsOf(image, board, toolchain.env)) {
		const bytes = await readFile(file).catch((error) => {
			throw unreadable(file, error, 'the SDK of the chip is not whole; install it again');
		});
		parts.push({ name: basename(file), offset, bytes: offset === CHIPS[board].boot ? patched(bytes, board) : bytes });
	}
	const problem = partsProblem(parts, board);
	if (problem) throw new Failure(problem);
	await rm(folder, { recursive: true, force: true });
	return parts;
}

/** All that the folder will hold, by its name there. */
function filesOf(built: ReadonlyMap<Board, readonly Part[]>): Map<string, Buffer> {
	const files = new Map<string, Buffer>();
	for (const [board, parts] of built) for (const { name, bytes } of parts) files.set(`${board}/${name}`, bytes);
	const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
	for (const board of built.keys()) {
		const manifest = manifestOf(board, built.get(board)!, version, commit());
		files.set(MANIFESTS[board], Buffer.from(`${JSON.stringify(manifest, undefined, '\t')}\n`));
	}
	files.set('NOTICE.txt', readFileSync(join(root, 'cli/release-notice.txt')));
	files.set(SUMS, Buffer.from([...files].map(([name, bytes]) => `${sha256(bytes)}  ${name}\n`).join('')));
	return files;
}

function sha256(bytes: Buffer): string {
	return createHash('sha256').update(bytes).digest('hex');
}

/** Of the tree that was built; undefined where there is no git or no repository. */
function commit(): string | undefined {
	const git = (...words: string[]) => execFileSync('git', words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
	try {
		return `${git('rev-parse', 'HEAD')}${git('status', '--porcelain', '--untracked-files=no') && ' with changes'}`;
	} catch {
		return undefined;
	}
}

function summary(built: ReadonlyMap<Board, readonly Part[]>, files: ReadonlyMap<string, Buffer>, folder: string): string[] {
	const lines = [...built].flatMap(([board, parts]) => [
		`${manifestName(board)}, ${MANIFESTS[board]}:`,
		...parts.map(({ name, offset, bytes }) => `  ${hex(offset).padEnd(9)} ${bytes.length.toLocaleString('en-US').padStart(9)} bytes  ${board}/${name}`),
	]);
	const named = folder === RELEASE_FOLDER ? '' : ` --release ${folder}`;
	return [...lines, `${files.size} files in ${folder}; their SHA-256 sums are in ${SUMS}.`, `Write it from a browser with "npx telltale flash --web${named}".`];
}
