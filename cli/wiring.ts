// telltale wiring: draws which wire goes where, for any board that there are constants of and any list of sensors.
//
// Rule: the drawing comes from the tables that the firmware is made of (wiring-nets.ts). SVG on standard output, or in a file.

import { Command } from 'commander';
import { writeFileSync } from 'node:fs';
import { FIELDS } from '../src/settings/settings.js';
import { Failure } from './failure.js';
import { shownPath, unwritable } from './files.js';
import { oneOf, path } from './options.js';
import { shown } from './topics.js';
import { drawing } from './wiring-drawing.js';
import { BOARD_NAMES, netsOf, type BoardName } from './wiring-nets.js';

interface Options {
	readonly board: BoardName;
	readonly sensors: string;
	readonly output?: string;
}

export function wiring(): Command {
	const usual = String(FIELDS.find(({ key }) => key === 'sensors')!.initial);
	return new Command('wiring')
		.description('Draw how sensors are wired to a board, as SVG.')
		.option('--board <name>', `${BOARD_NAMES.slice(0, -1).join(', ')} or ${BOARD_NAMES.at(-1)}`, oneOf('--board', BOARD_NAMES), 'nodemcu')
		.option('--sensors <list>', 'as the setting sensors: names divided by commas, or the list as JSON', usual)
		.option('--output <file>', 'where it goes, instead of standard output', path('--output'))
		.action(async ({ board, sensors, output }: Options) => {
			const svg = drawing(await netsOf(board, sensors));
			if (output === undefined) return void process.stdout.write(svg);
			write(output, svg);
			console.log(`Drawn into ${shown(output)}.`);
		});
}

function write(file: string, svg: string): void {
	try {
		writeFileSync(file, svg);
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === 'ENOENT' || code === 'ENOTDIR') throw new Failure(`${shownPath(file)} cannot be written: make its folder first.`);
		throw unwritable(file, error, '--output');
	}
}
