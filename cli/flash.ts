// telltale flash: builds an image and puts it on a board.
//
// Rule: what can be wrong with settings, tools and port is said before anything is built. What the node keeps in flash,
// its readings and its preferences, is not touched.

import { Command, Option } from 'commander';
import { join } from 'node:path';
import { buildFor, settingsOf, withBuild, type BuildOptions } from './build.js';
import { interruption } from './console.js';
import { Failure } from './failure.js';
import { oneOf, path, whole } from './options.js';
import { SETTINGS_FILE } from './settings.js';
import { root } from './toolchain.js';

interface Options extends BuildOptions {
	readonly board: 'nodemcu' | 'esp32';
	readonly port?: string;
	readonly baud: number;
}

const BAR = 30;

export function flash(): Command {
	return withBuild(new Command('flash'))
		.description('Build the firmware with the settings of a node and put it on a board.')
		.addOption(new Option('--board <name>', 'nodemcu or esp32').argParser(oneOf('The board', ['nodemcu', 'esp32'])).default('nodemcu'))
		.addOption(new Option('--port <path>', 'serial port of the board (default: the only one there is)').argParser(path('--port', 'a serial port')))
		.addOption(new Option('--baud <n>', 'speed of writing').argParser(whole('--baud', 9_600, 4_000_000)).default(460_800))
		.action(run);
}

async function run(options: Options): Promise<void> {
	const settings = await settingsOf(options);
	if (!settings) throw new Failure(`${SETTINGS_FILE} is not there: make it with "npx telltale configure", or name another with --config.`);
	const [{ findToolchain }, esptool, { choosePort }] = await Promise.all([import('./toolchain.js'), import('./esptool.js'), import('./ports.js')]);
	const toolchain = findToolchain(options.board);
	const command = esptool.findEsptool(toolchain);
	const port = choosePort(options.port);
	const signal = interruption();
	const image = await buildFor(options.board, options, settings, signal);
	const chip = options.board === 'nodemcu' ? 'esp8266' : 'esp32';
	const progress = new Progress();
	console.log(`Writing to ${port} …`);
	try {
		await esptool.writeFlash(command, {
			chip, port, baud: options.baud, signal, verbose: options.verbose ?? false,
			parts: esptool.partsOf(image, chip, toolchain.env),
			log: join(options.output ?? join(root, 'build', options.board), 'flash.log'),
			onProgress: (percent) => !options.verbose && progress.show(percent),
		}, toolchain.env);
	} finally {
		progress.end();
	}
	console.log(`Done: the node starts now. See it with "npx telltale watch ${settings['node'] ?? 'node'} --broker ${settings['tls'] ? 'mqtts' : 'mqtt'}://${settings['host']}:${settings['port'] ?? (settings['tls'] ? 8883 : 1883)}".`);
}

/** One line that fills on a terminal; a line each quarter elsewhere. */
class Progress {
	#shown = -1;

	show(percent: number): void {
		if (percent === this.#shown) return;
		if (process.stdout.isTTY) {
			const full = Math.round((percent / 100) * BAR);
			process.stdout.write(`\r${'█'.repeat(full)}${'░'.repeat(BAR - full)} ${percent} %\u001b[K`);
		} else if (Math.floor(percent / 25) !== Math.floor(this.#shown / 25)) console.log(`${percent} %`);
		this.#shown = percent;
	}

	end(): void {
		if (this.#shown >= 0 && process.stdout.isTTY) process.stdout.write('\n');
	}
}
