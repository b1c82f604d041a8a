// telltale flash: puts an image on a board: one that it builds, one of a release, or one of a release by way of a browser.
//
// Rule: what can be wrong with settings, tools and ports is said before anything is built or written. What the node keeps in flash,
// its readings and its preferences, is not touched.

import { Command, Option } from 'commander';
import { join } from 'node:path';
import { buildFor, settingsOf, withBuild, type BuildOptions } from './build.js';
import { interruption } from './console.js';
import { Failure, Misuse } from './failure.js';
import { BAUD, BOARDS, CHIPS, partsOf, type Board } from './flash-map.js';
import { oneOf, path, whole } from './options.js';
import { Progress } from './progress.js';
import { SETTINGS_FILE } from './settings.js';
import { root } from './toolchain.js';

interface FlashCommand extends BuildOptions {
	readonly board?: Board;
	readonly port?: readonly string[];
	readonly all?: boolean;
	readonly baud?: number;
	readonly release?: string;
	/** true: where it usually is. */
	readonly web?: number | true;
}

const WEB_PORT = 8_266;

export function flash(): Command {
	const port = path('--port', 'a serial port');
	return withBuild(new Command('flash'))
		.description('Build the firmware with the settings of a node and put it on a board; or put a release on boards, which needs no SDK.')
		.addOption(new Option('--board <name>', 'nodemcu (default) or esp32').argParser(oneOf('The board', BOARDS)))
		.addOption(new Option('--port <path>', 'serial port of the board (default: the only one there is); with --release, of each board')
			.argParser((text: string, before: readonly string[] = []) => [...before, port(text)]))
		.addOption(new Option('--baud <n>', `speed of writing (default: ${BAUD})`).argParser(whole('--baud', 9_600, 4_000_000)))
		.addOption(new Option('--release <folder>', 'what "telltale release" made, in place of a build').argParser(path('--release', 'the folder of a release')))
		.option('--all', 'with --release: every board that is connected')
		.addOption(new Option('--web [port]', `serve a release to the browsers of this machine, at http://localhost:${WEB_PORT}`)
			.argParser(whole('--web', 0, 65_535)))
		.action(run);
}

/** What each way leaves out. */
const NOT_OF_RELEASE = ['config', 'output'] as const;
const NOT_OF_WEB = [...NOT_OF_RELEASE, 'board', 'port', 'baud', 'all', 'verbose'] as const;

async function run(options: FlashCommand): Promise<void> {
	if (options.web !== undefined) {
		refuse(options, NOT_OF_WEB, '--web takes the choice of a board to the browser');
		return (await import('./flash-web.js')).flashWeb(options.web === true ? WEB_PORT : options.web, options.release);
	}
	if (options.release !== undefined) {
		refuse(options, NOT_OF_RELEASE, 'A release has its images already');
		return (await import('./flash-release.js')).flashRelease(options.release, options);
	}
	if (options.all || (options.port?.length ?? 0) > 1) throw new Misuse('The settings in the image are those of one node, and two of one name take each other\'s place: flash one board at a time, or several with --release.');
	return flashOwn(options);
}

function refuse(options: FlashCommand, keys: readonly (keyof FlashCommand)[], why: string): void {
	const key = keys.find((each) => options[each] !== undefined);
	if (key) throw new Misuse(`${why}: leave --${key} out.`);
}

/** An image of one's own, with the settings of one node. */
async function flashOwn(options: FlashCommand): Promise<void> {
	const board = options.board ?? 'nodemcu';
	const settings = await settingsOf(options);
	if (!settings) throw new Failure(`${SETTINGS_FILE} is not there: make it with "npx telltale configure", or name another with --config.`);
	const [{ findToolchain }, esptool, { choosePort }] = await Promise.all([import('./toolchain.js'), import('./esptool.js'), import('./ports.js')]);
	const toolchain = findToolchain(board);
	const command = esptool.findEsptool(toolchain);
	const port = choosePort(options.port?.[0]);
	const signal = interruption();
	const image = await buildFor(board, options, settings, signal);
	const progress = new Progress();
	console.log(`Writing to ${port} …`);
	try {
		await esptool.writeFlash(command, {
			chip: CHIPS[board].chip, port, baud: options.baud ?? BAUD, signal, verbose: options.verbose ?? false,
			parts: partsOf(image, board, toolchain.env),
			log: join(options.output ?? join(root, 'build', board), 'flash.log'),
			onProgress: (percent) => !options.verbose && progress.show(percent),
		}, toolchain.env);
	} finally {
		progress.end();
	}
	console.log(`Done: the node starts now. See it with "npx telltale watch ${settings['node'] ?? 'node'} --broker ${settings['tls'] ? 'mqtts' : 'mqtt'}://${settings['host']}:${settings['port'] ?? (settings['tls'] ? 8883 : 1883)}".`);
}
