// The folder with the files of many nodes.
//
// Rule: it is there whole or not at all, for its owner alone. One that was there before is replaced only if it is ours, and what people and
// nodes have from it already is read first.

import { existsSync, realpathSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Setting } from '../src/settings/settings.js';
import { interruption } from './console.js';
import { Failure, Stopped } from './failure.js';
import { shownPath, unreadable, unwritable } from './files.js';
import { readPart } from './settings.js';
import { shown } from './topics.js';

/** What a folder of ours holds. */
export interface Earlier {
	/** The folder; '' if there is none. */
	readonly folder: string;
	readonly nodes: ReadonlyMap<string, Readonly<Record<string, Setting>>>;
	/** Passwords by user. */
	readonly people: ReadonlyMap<string, string>;
}

const README = 'README.txt';
/** The first words of that: by them a folder is known as ours. */
const MARK = 'Made by telltale configure --from: ';
const OURS = ['acl', 'passwords', 'people.txt', README, '.gitignore'];
const NODE = /^([a-z\d][a-z\d-]*)\.json$/;
/** Written beside each other. */
const AT_ONCE = 32;

/** Throws if there is something that may not be replaced. */
export async function earlier(out: string, force: boolean): Promise<Earlier> {
	const nodes = new Map<string, Readonly<Record<string, Setting>>>();
	const people = new Map<string, string>();
	if (!existsSync(out)) return { folder: '', nodes, people };
	const folder = realpathSync(out);
	if (!statSync(folder).isDirectory()) throw new Failure(`${shownPath(out)} is a file: name a folder with --out.`);
	const names = await readdir(folder).catch((error) => Promise.reject(unreadable(out, error, 'name a folder that is not there yet with --out')));
	if (!names.length) return { folder, nodes, people };
	const name = shownPath(out);
	if (!force) throw new Failure(`${name} is there already: change it with --force, which keeps the passwords in it, or name another with --out.`);
	const foreign = names.find((each) => !OURS.includes(each) && !NODE.test(each));
	const readme = await readFile(join(folder, README), 'utf8').catch(() => '');
	if (foreign !== undefined || !readme.startsWith(MARK)) {
		throw new Failure(`${name} holds ${foreign === undefined ? 'other files' : JSON.stringify(shown(foreign))}, not only what this command has written: name another folder with --out.`);
	}
	for (const each of names) {
		const node = NODE.exec(each)?.[1];
		if (node !== undefined) nodes.set(node, await readPart(join(folder, each)));
	}
	const lines = await readFile(join(folder, 'people.txt'), 'utf8').catch(() => '');
	for (const [, user, password] of lines.matchAll(/^\S+ (\S+) (\S+)$/gm)) people.set(user!, password!);
	return { folder, nodes, people };
}

/** `about`: what it is, and what there is to do with it. */
export async function writeFleet(out: string, files: ReadonlyMap<string, string>, [what, ...lines]: readonly string[], before: Earlier): Promise<void> {
	const target = before.folder || resolve(out);
	const beside = join(dirname(target), `${basename(target)}.${process.pid}`);
	const all = [...files, [README, readme(what!, lines)], ['.gitignore', '*\n']] as const;
	const signal = interruption();
	try {
		await mkdir(beside, { mode: 0o700 });
		for (let at = 0; at < all.length; at += AT_ONCE) {
			if (signal.aborted) throw new Stopped('Stopped before anything was written.');
			await Promise.all(all.slice(at, at + AT_ONCE).map(([name, text]) => writeFile(join(beside, name), text, { mode: 0o600, flag: 'wx', flush: true })));
		}
		await putInPlace(beside, target, before.folder !== '');
	} catch (error) {
		await rm(beside, { recursive: true, force: true });
		const { code } = error as NodeJS.ErrnoException;
		if (code === 'ENOENT' || code === 'ENOTDIR') throw new Failure(`${shownPath(out)} cannot be made: make the folder that it is in first.`);
		throw unwritable(out, error, '--out');
	}
}

async function putInPlace(beside: string, target: string, isThere: boolean): Promise<void> {
	if (!isThere) return rename(beside, target);
	// An empty one needs no room beside it.
	if (await rmdir(target).then(() => true, () => false)) return rename(beside, target);
	const old = `${beside}.before`;
	await rename(target, old);
	await rename(beside, target).catch(async (error) => {
		await rename(old, target);
		throw error;
	});
	await rm(old, { recursive: true });
}

function readme(what: string, lines: readonly string[]): string {
	const access = `acl, passwords   for mosquitto: who may do what, and the passwords, as hashes
people.txt       operators and viewers with their passwords: hand them out

What mosquitto needs, in this folder:

${lines.map((line) => `    ${line}\n`).join('')}`;
	return `${MARK}${what}.

NODE.json        the settings of a node, with its secrets: npx telltale flash --board nodemcu --config NODE.json
${lines.length ? access : ''}
Keep this folder: with --force the command changes it, and nodes keep the passwords that they have from it.
`;
}
