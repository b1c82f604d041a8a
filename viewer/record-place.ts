// The file of a record and its name: whether the name still leads to it, and what became of it if not.
//
// Rule: only what is a file is opened, since pipes and devices would be waited for. A file that is open stays readable whatever
// becomes of its name: links to it tell a file that was moved from one that was deleted.

import { open, stat, type FileHandle } from 'node:fs/promises';

export class NoRecord extends Error {}

/** What became of a record since it was written last: emptied, cut shorter and written to by others are its content's. */
export type Fate = 'same' | 'moved' | 'deleted' | 'emptied' | 'cut' | 'grown';

const GONE = ['ENOENT', 'ENOTDIR'];

/** Throws NoRecord where something is there that is no file. */
export async function mustBeFile(path: string): Promise<void> {
	const state = await statOf(path);
	if (state && !state.isFile()) throw new NoRecord(state.isDirectory() ? 'it is a folder' : 'it is no file');
}

async function statOf(path: string) {
	return stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
		if (GONE.includes(error.code ?? '')) return undefined;
		throw error;
	});
}

export class Place {
	readonly path: string;
	readonly file: FileHandle;

	private constructor(path: string, file: FileHandle) {
		[this.path, this.file] = [path, file];
	}

	/** `isRead`: it must be there, and stays as it is. */
	static async open(path: string, isRead: boolean): Promise<Place> {
		await mustBeFile(path);
		return new Place(path, await open(path, isRead ? 'r' : 'a+'));
	}

	/** Of the name; the content may still be another. */
	async fate(): Promise<{ readonly fate: 'same' | 'moved' | 'deleted'; readonly size: number }> {
		const [own, named] = await Promise.all([this.file.stat({ bigint: true }), statOf(this.path)]);
		const isSame = named?.ino === own.ino && named.dev === own.dev;
		return { fate: isSame ? 'same' : own.nlink ? 'moved' : 'deleted', size: Number(own.size) };
	}

	async close(): Promise<void> {
		await this.file.close();
	}
}
