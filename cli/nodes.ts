// telltale nodes: which nodes there are, and what each runs.
//
// Rule: what is known is what nodes and broker say within a short while: retained topics at once, health within a minute.

import { Command, Option } from 'commander';
import { age } from '../viewer/format.js';
import { jsonText, oneColumn, safe } from '../viewer/safe.js';
import { sorted, stateOf, type NodeState } from '../viewer/state.js';
import { mustHaveUser, places, withBrokers, type BrokersOptions } from './broker-options.js';
import { tableText } from './columns.js';
import { interruption } from './console.js';
import { Failure } from './failure.js';
import { duration, lengthInWords } from './options.js';

interface NodesOptions extends BrokersOptions {
	readonly for: number;
	readonly json?: boolean;
}

const HEADINGS = ['NODE', 'STATUS', 'VERSION', 'BOARD', 'ADDRESS', 'RSSI', 'UPTIME', 'FAULT'];
const NONE = '-';

export function nodes(): Command {
	const command = new Command('nodes')
		.description('List the nodes: status, version, address, RSSI, uptime and faults.')
		.addOption(new Option('--for <duration>', 'how long to listen; health, with RSSI, uptime and faults, comes once a minute').argParser(duration('--for')).default(3_000, '3s'))
		.option('--json', 'one JSON line for each node');
	return withBrokers(command).action(run);
}

async function run(options: NodesOptions, command: Command): Promise<void> {
	mustHaveUser(options, command);
	const { openViewer } = await import('../viewer/viewer.js');
	const viewer = openViewer(places(options));
	let refusal: string | undefined;
	try {
		await new Promise<void>((resolve) => {
			const timer = setTimeout(resolve, options.for);
			const end = (): void => {
				clearTimeout(timer);
				resolve();
			};
			interruption().addEventListener('abort', end);
			viewer.on('link', ({ up, final, sentence }) => {
				if (up) return;
				refusal = sentence.replace(/;? trying again.*$/, '').replace(/[.:;]?$/, '.');
				if (final) end();
			});
		});
		if (!viewer.links.some(({ up }) => up)) throw new Failure(refusal ?? viewer.silence);
	} finally {
		await viewer.close();
	}
	const states = sorted([...viewer.nodes.values()].map((node) => stateOf(node, Date.now())), 'name');
	if (!states.length) throw new Failure(`No node said anything for ${lengthInWords(options.for)}: check --base, and look longer with --for.`);
	if (options.json) for (const state of states) console.log(jsonText(content(state)));
	else console.log(tableText(HEADINGS, states.map(row)));
	if (!options.json && states.some(({ status, uptime }) => status === 'online' && uptime === undefined)) console.error('RSSI, uptime and faults come with health, once a minute: --for 65s waits for it.');
}

function row({ name, status, version, board, address, rssi, uptime, fault, isSafeMode }: NodeState): string[] {
	const cells = [name, status, version, board, address, rssi === undefined ? '' : `${rssi} dBm`, uptime === undefined ? '' : age(uptime * 1_000), isSafeMode ? 'safe mode' : fault];
	return cells.map((cell) => oneColumn(cell ?? '') || NONE);
}

function content({ name, status, version, board, address, rssi, uptime, fault, isSafeMode }: NodeState): object {
	return { node: name, status: status ?? null, version, board, address, rssi, uptime: uptime && Math.round(uptime), fault: safe(fault), safeMode: isSafeMode };
}
