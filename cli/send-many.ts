// telltale send '*': one command for each node whose name fits, and a table of what came of it.
//
// Rule: each node has its row, whether it answers or not.

import { askEach } from '../viewer/ask-each.js';
import { oneColumn } from '../viewer/safe.js';
import type { Answer } from '../viewer/commands.js';
import type { Viewer } from '../viewer/viewer.js';
import { address, type BrokerOptions } from './broker-options.js';
import { tableText } from './columns.js';
import { interruption } from './console.js';
import { Failure } from './failure.js';

/** What is retained comes at once; nodes of brokers that retain nothing are heard within their interval. */
const LOOK_MS = 2_000;

export async function sendToMany(pattern: string, name: string, value: unknown, options: BrokerOptions & { readonly timeout: number }): Promise<void> {
	const { openViewer } = await import('../viewer/viewer.js');
	const { url, user, password } = address(options);
	const viewer = openViewer({ brokers: [{ url, user, password }], roots: [options.base] });
	try {
		await connected(viewer);
		const fits = new RegExp(`^${pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`);
		const nodes = [...viewer.nodes.keys()].filter((node) => fits.test(node));
		if (!nodes.length) throw new Failure(`No node below ${options.base} has a name like ${pattern}: look for them with "npx telltale nodes".`);
		const answers = await askEach(viewer, nodes, name, value, options.timeout);
		console.log(tableText(['NODE', 'ANSWER'], answers.map(({ node, answer }) => [oneColumn(node), words(answer)])));
		const failed = answers.filter(({ answer }) => !answer?.ok).length;
		if (failed) throw new Failure(`${failed} of ${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'} did not do "${name}".`);
	} finally {
		await viewer.close();
	}
}

/** Resolves when the nodes had time to be found; throws where the broker is not there. */
async function connected(viewer: Viewer): Promise<void> {
	await new Promise<void>((resolve, reject) => {
		interruption().addEventListener('abort', () => reject(new Failure('Stopped before the command was sent.')));
		viewer.on('link', ({ up, sentence }) => {
			if (up) setTimeout(resolve, LOOK_MS);
			else reject(new Failure(sentence.replace(/;? trying again.*$/, '').replace(/[.:;]?$/, '.')));
		});
	});
}

function words(answer: Answer | undefined): string {
	if (!answer) return 'is away, not asked';
	if (answer.ok) return 'ok';
	return answer.answered ? `refused: ${oneColumn(answer.error)}` : answer.error;
}
