// telltale flash --release: writes a release to one board or more, with esptool and nothing else of any SDK.
//
// Rule: all is checked before the first board is written. Boards are written one after the other; what goes wrong at one does not stop
// the others, and each has one line that says how it ended.

import { homedir } from 'node:os';
import { join } from 'node:path';
import { interruption } from './console.js';
import { Failure } from './failure.js';
import { BAUD, CHIPS, type Board, type Part } from './flash-map.js';
import { findEsptool, writeFlash } from './esptool.js';
import { makeFolder } from './files.js';
import { choosePorts } from './ports.js';
import { Progress } from './progress.js';
import { readRelease } from './release-folder.js';
import { root } from './toolchain.js';

export interface Options {
	readonly board?: Board;
	readonly port?: readonly string[];
	readonly all?: boolean;
	readonly baud?: number;
	readonly verbose?: boolean;
}

export async function flashRelease(folder: string, options: Options): Promise<void> {
	const board = options.board ?? 'nodemcu';
	const { boards } = await readRelease(folder);
	const release = boards.find((each) => each.board === board);
	if (!release) throw new Failure(`The release in ${folder} is for ${boards.map((each) => each.board).join(' and ')} only: choose with --board.`);
	const env = { ...process.env, ESP_BASE: process.env['ESP_BASE'] ?? join(homedir(), 'esp') };
	const command = findEsptool({ env });
	const ports = choosePorts(options.port ?? [], options.all ?? false);
	const signal = interruption();
	const log = join(root, 'build', 'flash.log');
	makeFolder(join(root, 'build'));

	console.log(`${release.name} ${release.version} for ${board}, ${ports.length === 1 ? 'one board' : `${ports.length} boards`}.`);
	const failures: string[] = [];
	for (const port of ports) {
		const failure = await write(port, release.parts);
		if (failure) failures.push(failure);
		if (!failure) console.log(`${port}: written.`);
		else if (ports.length > 1) console.log(`${port}: ${failure}`);
		if (signal.aborted) break;
	}
	if (failures.length < ports.length && !signal.aborted) console.log('A node that has no settings yet waits to be set up: "npx telltale configure --port PORT" does it.');
	if (failures.length) throw new Failure(ports.length === 1 ? failures[0]! : `${failures.length} of ${ports.length} boards ${failures.length === 1 ? 'was' : 'were'} not written: the lines above say why.`);

	/** Why it could not be written; '' if it was. */
	async function write(port: string, parts: readonly Part[]): Promise<string> {
		const progress = new Progress();
		try {
			console.log(`Writing to ${port} …`);
			await writeFlash(command, {
				chip: CHIPS[board].chip, port, baud: options.baud ?? BAUD, signal, log, verbose: options.verbose ?? false,
				parts: parts.map(({ name, offset }) => [offset, join(folder, name)]),
				onProgress: (percent) => !options.verbose && progress.show(percent),
			}, env);
			return '';
		} catch (error) {
			if (error instanceof Failure) return error.message;
			throw error;
		} finally {
			progress.end();
		}
	}
}
