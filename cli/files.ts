// Files and folders that commands read and write.
//
// Rule: what was there stays whole until the new is whole, whatever the disk does; a link stays a link. What cannot be written is a sentence.
// No file is read without a bound: some have no end.

import { existsSync, lstatSync, mkdirSync, readlinkSync } from 'node:fs';
import { link, open, realpath, rename, unlink, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Failure } from './failure.js';

const PATH_MAX = 200;
const PATH_END = 60;
const READ_BYTES = 65_536;

/** As much of a path as a sentence bears: its beginning and its end. */
export function shownPath(path: string): string {
	return path.length > PATH_MAX ? `${path.slice(0, PATH_MAX - PATH_END)}…${path.slice(-PATH_END)}` : path;
}

/** What the system's codes for files mean to a person, to stand behind "cannot be read: ". */
const CODES: Readonly<Record<string, string>> = {
	EACCES: 'this user may not; change its owner or its mode',
	EBUSY: 'another program uses it',
	EDQUOT: 'its owner may use no more of the disk',
	EFBIG: 'no file may be larger',
	EIO: 'the disk fails',
	EISDIR: 'it is a folder',
	ELOOP: 'its links lead in a circle',
	EMFILE: 'too many files are open',
	ENAMETOOLONG: 'the name is too long',
	ENFILE: 'too many files are open on this machine',
	ENODEV: 'there is no such device',
	ENOENT: 'it is not there',
	ENOSPC: 'the disk is full',
	ENOTDIR: 'a folder in its path is none',
	ENXIO: 'there is no such device',
	EPERM: 'this user may not; change its owner or its mode',
	EROFS: 'the disk may only be read',
	ESTALE: 'the disk of another machine is away',
};

export function whyNot(code: string): string {
	return CODES[code] ?? `the system says ${code}`;
}

/** All of a file; undefined if it has more than `max` bytes, of which then few more are read. */
export async function readUpTo(max: number, path: string): Promise<Buffer | undefined> {
	const pieces: Buffer[] = [];
	const file = await open(path);
	try {
		for (let size = 0; size <= max; ) {
			const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, null);
			if (!bytesRead) return Buffer.concat(pieces);
			pieces.push(buffer.subarray(0, bytesRead));
			size += bytesRead;
		}
	} finally {
		await file.close();
	}
	return undefined;
}

/** Readable by its owner alone. `replace`: false: throws EEXIST if something is there. */
export async function writeSecret(file: string, text: string, replace: boolean): Promise<void> {
	const target = replace ? await targetOf(file) : file;
	// Beside it and then in its place: a full disk leaves nothing behind, and the old one whole.
	const beside = `${target}.${process.pid}`;
	try {
		await writeFile(beside, text, { mode: 0o600, flag: 'wx', flush: true });
		await (replace ? rename(beside, target) : putNew(beside, target));
	} catch (error) {
		await unlink(beside).catch(() => {});
		throw error;
	}
}

/** Fails where there is something, without a moment in between. */
async function putNew(beside: string, target: string): Promise<void> {
	try {
		await link(beside, target);
	} catch (error) {
		// Some file systems have no second names.
		if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
		await writeFile(target, '', { flag: 'wx', mode: 0o600 });
		return rename(beside, target);
	}
	await unlink(beside);
}

/** What a link leads to, also if it is not there yet. */
async function targetOf(file: string): Promise<string> {
	if (existsSync(file)) return realpath(file);
	return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() ? resolve(dirname(file), readlinkSync(file)) : file;
}

/** Why it cannot be written, as a sentence that names the option that says where. */
export function unwritable(path: string, error: unknown, option: string): unknown {
	const { code } = error as NodeJS.ErrnoException;
	const name = shownPath(path);
	if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return new Failure(`${name} cannot be written: this user may not write there; name another with ${option}.`);
	if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') return new Failure(`${name} cannot be written: the disk is full.`);
	return code === undefined ? error : new Failure(`${name} cannot be written, ${whyNot(code)}: name another with ${option}.`);
}

/** Why it cannot be read, as a sentence that ends with what to do. */
export function unreadable(path: string, error: unknown, remedy: string): unknown {
	const { code } = error as NodeJS.ErrnoException;
	return code === undefined ? error : new Failure(`${shownPath(path)} cannot be read, ${whyNot(code)}: ${remedy}.`);
}

/** Makes a folder and those above it, for their owner alone. Not Node's own: that one runs for ever where a folder takes no others, as in /proc. */
export function makeFolder(path: string): void {
	const whole = resolve(path);
	const state = lstatSync(whole, { throwIfNoEntry: false });
	if (state && existsSync(whole)) {
		if (!state.isDirectory() && !state.isSymbolicLink()) throw new Failure(`${path} is a file: name a folder with --output.`);
		return;
	}
	if (dirname(whole) !== whole) makeFolder(dirname(whole));
	try {
		mkdirSync(whole, { mode: 0o700 });
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === 'EEXIST' && existsSync(whole)) return;
		throw new Failure(`The folder ${shownPath(path)} cannot be made, ${whyNot(code ?? '')}: name another with --output.`);
	}
}
