// The folder of a release: a manifest for ESP Web Tools, the parts of each board in a folder of its own, and their check sums.
//
// Rule: what is read is believed only where its check sum is right and its parts leave alone what a node keeps. What is written replaces
// the release that was there and nothing else; the sums are written last, so that half a release is never taken for one.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, rename, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from './failure.js';
import { makeFolder, readUpTo, shownPath, unreadable, unwritable } from './files.js';
import { BOARDS, CHIPS, partsProblem, type Board, type Part } from './flash-map.js';
import { root } from './toolchain.js';

export const RELEASE_FOLDER = join(root, 'build', 'release');
export const SUMS = 'SHA256SUMS';
/** One each, since ESP Web Tools shows one name for all that a manifest holds. */
export const MANIFESTS: Readonly<Record<Board, string>> = { nodemcu: 'manifest.json', esp32: 'manifest-esp32.json' };

/** The largest chips have so much flash. */
const FILE_BYTES_MAX = 16 * 1_024 * 1_024;

/** The first boot of an empty board sets its flash up. */
const IMPROV_WAIT_S = 10;

/** What a node says it runs (Improv), so that an update is known as one; a preview is always a new installation. */
export function manifestName(board: Board): string {
	return board === 'esp32' ? 'Telltale (preview for ESP32)' : 'Telltale';
}

export function manifestOf(board: Board, parts: readonly Part[], version: string, commit: string | undefined): object {
	return {
		name: manifestName(board),
		version,
		...(commit !== undefined && { commit }),
		// Else a new installation erases the whole chip without asking, unsent readings and all.
		new_install_prompt_erase: true,
		new_install_improv_wait_time: IMPROV_WAIT_S,
		builds: [{ chipFamily: CHIPS[board].family, parts: parts.map(({ name, offset }) => ({ path: `${board}/${name}`, offset })) }],
	};
}

export interface BoardRelease {
	readonly board: Board;
	/** Its name in the folder. */
	readonly manifest: string;
	readonly name: string;
	readonly version: string;
	/** '' if it does not say. */
	readonly commit: string;
	readonly parts: readonly Part[];
}

export interface Release {
	readonly folder: string;
	readonly boards: readonly BoardRelease[];
	/** All of its files, by their names in the folder. */
	readonly files: ReadonlyMap<string, Buffer>;
}

export async function writeRelease(folder: string, files: ReadonlyMap<string, Buffer>): Promise<void> {
	const before = await namesIn(folder);
	makeFolder(folder);
	try {
		// It is for everybody to read, as what is published.
		await chmod(folder, 0o755);
		for (const [name, bytes] of files) {
			const target = join(folder, name);
			if (name.includes('/')) {
				makeFolder(dirname(target));
				await chmod(dirname(target), 0o755);
			}
			await writeFile(`${target}.new`, bytes, { mode: 0o644, flush: true });
			await rename(`${target}.new`, target);
		}
		for (const name of before) if (!files.has(name)) await unlink(join(folder, name)).catch(() => {});
	} catch (error) {
		throw unwritable(folder, error, '--output');
	}
}

/** What a release has had; nothing else is ever removed. */
const OURS = /^(?:(?:nodemcu|esp32)\/[^/]+|manifest(?:-esp32)?\.json|NOTICE\.txt)$/;

/** Of the release that is there; a folder with anything else is none of ours to write to. */
async function namesIn(folder: string): Promise<string[]> {
	if (!existsSync(folder)) return [];
	let others: string[];
	try {
		others = readdirSync(folder);
		if (others.includes(SUMS)) {
			const sums = await readUpTo(FILE_BYTES_MAX, join(folder, SUMS));
			const names = [...sumsOf(String(sums ?? ''), folder).keys()];
			if (names.every((name) => OURS.test(name))) return names;
		}
	} catch (error) {
		if (error instanceof Failure) throw error;
		throw (error as NodeJS.ErrnoException).code === 'ENOTDIR' ? new Failure(`${shownPath(folder)} is a file: name a folder with --output.`) : unwritable(folder, error, '--output');
	}
	if (others.length) throw new Failure(`${shownPath(folder)} holds something else than a release: name an empty folder with --output, or one that is not there yet.`);
	return [];
}

/** Reads and checks all of it. */
export async function readRelease(folder: string): Promise<Release> {
	const files = new Map<string, Buffer>();
	const again = 'make the release again with "npx telltale release", or copy it again';
	const read = async (name: string): Promise<Buffer> => {
		const bytes = await readUpTo(FILE_BYTES_MAX, join(folder, name)).catch((error) => {
			const { code } = error as NodeJS.ErrnoException;
			if (name !== SUMS || (code !== 'ENOENT' && code !== 'ENOTDIR')) throw unreadable(join(folder, name), error, again);
			throw new Failure(`There is no release in ${shownPath(folder)}: make one with "npx telltale release", or name its folder with --release.`);
		});
		if (!bytes) throw new Failure(`${shownPath(join(folder, name))} is larger than any flash: ${again}.`);
		return bytes;
	};
	const sums = await read(SUMS);
	for (const [name, sum] of sumsOf(sums.toString(), folder)) {
		const bytes = await read(name);
		if (createHash('sha256').update(bytes).digest('hex') !== sum) throw new Failure(`${shownPath(join(folder, name))} is not what ${SUMS} says: ${again}.`);
		files.set(name, bytes);
	}
	const boards = BOARDS.flatMap((board) => (files.has(MANIFESTS[board]) ? [boardIn(board, files, folder)] : []));
	if (!boards.length) throw new Failure(`The release in ${shownPath(folder)} holds no manifest (${Object.values(MANIFESTS).join(', ')}): ${again}.`);
	files.set(SUMS, sums);
	return { folder, boards, files };
}

const LINE = /^([\da-f]{64}) {2}((?:[\w-][\w.-]*\/)?[\w-][\w.-]*)$/;

/** As sha256sum writes them: names without any way out of the folder. */
function sumsOf(text: string, folder: string): Map<string, string> {
	const lines = text.trimEnd().split('\n').map((line) => LINE.exec(line));
	if (lines.some((line) => !line)) throw new Failure(`${shownPath(join(folder, SUMS))} is no list of check sums: name another folder.`);
	return new Map(lines.map((line) => [line![2]!, line![1]!]));
}

function boardIn(board: Board, files: ReadonlyMap<string, Buffer>, folder: string): BoardRelease {
	const manifest = MANIFESTS[board];
	const { name, version, commit, build } = contentOf(files.get(manifest)!, CHIPS[board].family);
	const parts = build.flatMap(({ path, offset }): Part[] => {
		const bytes = files.get(String(path));
		return bytes && Number.isInteger(offset) && Number(offset) >= 0 ? [{ name: String(path), offset: Number(offset), bytes }] : [];
	});
	if (!build.length || parts.length !== build.length) throw new Failure(`${shownPath(join(folder, manifest))} names no parts for ${board} that are there: take the release anew from where it came from.`);
	const problem = partsProblem(parts, board);
	if (problem) throw new Failure(`The release in ${shownPath(folder)} cannot be used: ${problem}`);
	return { board, manifest, name, version, commit, parts };
}

interface Content {
	readonly name: string;
	readonly version: string;
	readonly commit: string;
	readonly build: readonly { readonly path?: unknown; readonly offset?: unknown }[];
}

/** Of a manifest; without parts where it is none. */
function contentOf(bytes: Buffer, family: string): Content {
	const object = (value: unknown) => Object(value) as Record<string, unknown>;
	const list = (value: unknown) => (Array.isArray(value) ? value.map(object) : []);
	let manifest: Record<string, unknown> = {};
	try {
		manifest = object(JSON.parse(bytes.toString()));
	} catch {
		// Refused by who asks for its parts.
	}
	const text = (key: string) => (typeof manifest[key] === 'string' ? manifest[key].slice(0, 80) : '');
	const build = list(manifest['builds']).find(({ chipFamily }) => chipFamily === family);
	return { name: text('name'), version: text('version'), commit: text('commit'), build: list(build?.['parts']) };
}
