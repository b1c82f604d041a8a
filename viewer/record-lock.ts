// One recorder a file: a lock beside it that dies with its owner (decision 60).
//
// Rule: the lock is a link whose text names its owner, so it is there with all it says or not at all. Whose owner is dead is taken over,
// by one alone. The owner looks at each write whether it is still its own, and writes nothing where it is not.

import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { lutimes, lstat, readFile, readlink, realpath, symlink, unlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

/** Somebody else has it. The message is a clause that names who. */
export class Held extends Error {}

/** Those whom this process cannot see, in a container or on another machine, show that they live. */
const BEAT_MS = 10_000;
const SILENT_MS = 60_000;
/** Between making a file and writing into it, where there are no links. */
const BEGIN_MS = 5_000;
const ROUNDS = 20;
/** Of file systems that have no links. */
const NO_LINKS = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL'];
/** Of folders that take nothing from us: it lies among the temporary files then. */
const NO_ROOM = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT'];
/** Process, when it began, machine, boot, namespace of processes, and what makes it the only one. */
const OWNER = /^(\d+)\.(\w+)\.(\w+)\.(\w+)\.(\w+)\.(\w+)$/;

export interface Owner {
	readonly pid: number;
	/** When the process began, as the system counts it: a number that is given to another begins later. */
	readonly start: string;
	readonly machine: string;
	readonly boot: string;
	readonly space: string;
	readonly token: string;
}

export class RecordLock {
	readonly #file: string;
	readonly #own: Owner;
	#path: string;
	readonly #beat: NodeJS.Timeout;

	private constructor(file: string, own: Owner, path: string) {
		[this.#file, this.#own, this.#path] = [file, own, path];
		this.#beat = setInterval(() => void lutimes(this.#path, new Date(), new Date()).catch(() => {}), BEAT_MS);
		this.#beat.unref();
	}

	/** Throws Held where another records. */
	static async acquire(file: string): Promise<RecordLock> {
		const own = await ownerHere();
		return new RecordLock(file, own, await acquireFor(file, own));
	}

	/** Throws Held where it was lost to another; where it is merely gone, it is made again. */
	async keep(): Promise<void> {
		const path = await pathOf(this.#file);
		const isElsewhere = ![path, spareOf(path)].includes(this.#path);
		if (!isElsewhere && (await read(this.#path)) === textOf(this.#own)) return;
		if (isElsewhere) await this.#letGo();
		this.#path = await acquireFor(this.#file, this.#own);
	}

	async release(): Promise<void> {
		clearInterval(this.#beat);
		await this.#letGo();
	}

	async #letGo(): Promise<void> {
		if ((await read(this.#path).catch(() => undefined)) === textOf(this.#own)) await unlink(this.#path).catch(() => {});
	}
}

/** Beside what the name leads to, so that all names of it have the same lock. */
async function pathOf(file: string): Promise<string> {
	const whole = resolve(file);
	const leads = await readlink(whole).then((text) => resolve(dirname(whole), text), () => whole);
	const target = await realpath(whole).catch(async () => join(await realpath(dirname(leads)).catch(() => dirname(leads)), basename(leads)));
	return `${target}.lock`;
}

function spareOf(path: string): string {
	return join(tmpdir(), `telltale-${digest(path, 16)}.lock`);
}

/** Where it lies then. */
async function acquireFor(file: string, own: Owner): Promise<string> {
	const path = await pathOf(file);
	const spare = spareOf(path);
	// Another may have found no room beside the file.
	await judge(spare, own);
	try {
		await acquire(path, own);
		return path;
	} catch (error) {
		if (!NO_ROOM.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
		await acquire(spare, own);
		return spare;
	}
}

async function acquire(path: string, own: Owner): Promise<void> {
	for (let round = 0; round < ROUNDS; round++) {
		if (await make(path, textOf(own))) return;
		const dead = await judge(path, own);
		if (dead !== undefined) await takeAway(path, dead, own);
	}
	throw new Held('others begin to record into it at this moment');
}

/** False where there is one. */
async function make(path: string, text: string): Promise<boolean> {
	try {
		await symlink(text, path);
		return true;
	} catch (error) {
		const { code = '' } = error as NodeJS.ErrnoException;
		if (code === 'EEXIST') return false;
		if (!NO_LINKS.includes(code)) throw error;
	}
	return writeFile(path, text, { flag: 'wx' }).then(() => true, (error: NodeJS.ErrnoException) => {
		if (error.code === 'EEXIST') return false;
		throw error;
	});
}

/** The text of a lock whose owner is dead; undefined where there is none. Throws Held where it lives, or nobody can know. */
async function judge(path: string, own: Owner): Promise<string | undefined> {
	const text = await read(path);
	if (text === undefined || text === textOf(own)) return undefined;
	const age = Date.now() - Number((await lstat(path).catch(() => undefined))?.mtimeMs ?? 0);
	const owner = ownerOf(text);
	if (!owner) {
		if (text === '' && age > BEGIN_MS) return text;
		throw new Held(text === '' ? 'another process begins to record into it' : `${path} is in the way, which is no lock of ours`);
	}
	if (isVisible(owner, own)) {
		const start = owner.boot === own.boot ? await startOf(owner.pid) : undefined;
		if (start === owner.start) throw new Held(`process ${owner.pid} records into it`);
		if (start !== undefined || owner.boot !== own.boot || !isHidden(owner.pid)) return text;
	}
	if (age > SILENT_MS) return text;
	throw new Held(`process ${owner.pid} records into it, which is of another user, machine or container`);
}

/** Of another boot of this machine too: nobody is left of it. */
function isVisible(owner: Owner, own: Owner): boolean {
	return owner.machine === own.machine && (owner.boot !== own.boot || owner.space === own.space);
}

/** Some systems keep the processes of others from us. */
function isHidden(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return false;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === 'EPERM';
	}
}

/** Only who has the lock of this very lock may take it away, so nobody takes away one that is newer. */
async function takeAway(path: string, text: string, own: Owner): Promise<void> {
	const guard = `${path}.${ownerOf(text)?.token ?? 'empty'}`;
	await acquire(guard, own);
	try {
		if ((await read(path)) === text) await unlink(path);
	} finally {
		await unlink(guard).catch(() => {});
	}
}

/** Undefined where there is none. */
async function read(path: string): Promise<string | undefined> {
	try {
		return await readlink(path);
	} catch (error) {
		const { code = '' } = error as NodeJS.ErrnoException;
		if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
		if (code !== 'EINVAL' && code !== 'UNKNOWN') throw error;
	}
	return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? undefined : '?'));
}

export function textOf({ pid, start, machine, boot, space, token }: Owner): string {
	return [pid, start, machine, boot, space, token].join('.');
}

function ownerOf(text: string): Owner | undefined {
	const [, pid, start, machine, boot, space, token] = OWNER.exec(text) ?? [];
	return token === undefined ? undefined : { pid: Number(pid), start: start!, machine: machine!, boot: boot!, space: space!, token };
}

/** Short, so that the link's text has room beside its name even on a full disk. */
export async function ownerHere(): Promise<Owner> {
	const said = (file: string) => readFile(file, 'utf8').catch(() => '');
	const [id, boot, space, start] = await Promise.all([said('/etc/machine-id'), said('/proc/sys/kernel/random/boot_id'), readlink('/proc/self/ns/pid').catch(() => ''), startOf(process.pid)]);
	return { pid: process.pid, start: start ?? '0', machine: digest(hostname() + id), boot: digest(boot), space: digest(space), token: randomBytes(4).toString('hex') };
}

function digest(text: string, length = 6): string {
	return createHash('sha256').update(text).digest('hex').slice(0, length);
}

/** When this process began; undefined where there is none, or none that still runs. */
export async function startOf(pid: number): Promise<string | undefined> {
	if (process.platform !== 'linux') return startByPs(pid);
	const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
	// Its name, in parentheses, may hold anything.
	const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	return !stat || state === 'Z' || state === 'X' ? undefined : fields[18];
}

/** On macOS and elsewhere: the date in seconds. */
export async function startByPs(pid: number): Promise<string | undefined> {
	const out = await new Promise<string>((done) => execFile('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { env: { ...process.env, LC_ALL: 'C' } }, (_error, text) => done(text)));
	const [, state, date] = /^\s*(\S+)\s+(.*\S)\s*$/.exec(out) ?? [];
	return state === undefined || state.startsWith('Z') ? undefined : String(Date.parse(date!) / 1_000);
}
