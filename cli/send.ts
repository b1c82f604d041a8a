// telltale send: one command for one node, and what came of it.
//
// Rule: the node says under <base>/result what it did, with the id that it was asked with (docs/topics.md);
// no answer in time is a failure, and so is a refusal. Commands are never retained: nodes would obey them again and again.

import { randomBytes } from 'node:crypto';
import { Command, Option } from 'commander';
import { Merge } from '../viewer/merge.js';
import { bounded, type Content } from '../viewer/payload.js';
import { jsonText, safe } from '../viewer/safe.js';
import type { Link, Source } from '../viewer/source.js';
import { address, mustHaveUser, withBroker, type BrokerOptions } from './broker-options.js';
import { interruption } from './console.js';
import { Failure, Misuse } from './failure.js';
import { duration, lengthInWords } from './options.js';
import { scanText } from './scan.js';
import { sendToMany } from './send-many.js';
import { mustBeCommand, mustBeNode, mustFitNode, shown } from './topics.js';

/** Stands for all nodes (docs/topics.md). */
const ALL = 'all';

interface SendOptions extends BrokerOptions {
	readonly timeout: number;
}

export function send(): Command {
	const command = new Command('send')
		.description('Send one command to a node and print its result.')
		.argument('<node>', "name of the node, all, or a pattern like '*' or 'porch-*' for each node whose name fits")
		.argument('<name>', 'the command: interval, sample, calibrate, noise, restart, stop, config, scan, identify, time; for all: interval, sample, identify, restart')
		.argument('[json]', 'its value, like 5000 or {"temperature":21.3}')
		.addOption(new Option('--timeout <duration>', 'how long to wait for the result').argParser(duration('--timeout')).default(10_000, '10s'));
	return withBroker(command)
		.addHelpText('after', '\nAn object or a text stands in single quotes, for the shell:\n  npx telltale send cellar calibrate \'{"temperature":21.3}\'\n  npx telltale send cellar noise \'"temperature"\'')
		.action(run);
}

async function run(node: string, name: string, json: string | undefined, options: SendOptions, command: Command): Promise<void> {
	mustHaveUser(options, command);
	mustBeNode(options.base, node);
	mustBeCommand(name);
	const id = randomBytes(6).toString('hex');
	const request = json === undefined ? JSON.stringify({ id }) : `{"id":"${id}","value":${checked(json)}}`;
	mustFitNode(topicOf(node, name, options), request);
	if (node === ALL) return askAll(name, request, id, options);
	if (node.includes('*')) return sendToMany(node, name, json === undefined ? undefined : JSON.parse(json), options);
	const result = (await ask(node, name, request, id, options))!;
	console.log(name === 'scan' && result['ok'] === true ? scanText(result) : jsonText(result));
	if (result['ok'] !== true) throw new Failure(`${node} refused "${name}": ${reason(result)}`);
}

/** Each answer as it comes, until the time is over: nobody knows how many there are. */
async function askAll(name: string, request: string, id: string, options: SendOptions): Promise<void> {
	let [answers, refusals] = [0, 0];
	await ask(ALL, name, request, id, options, (from, result) => {
		answers++;
		if (result['ok'] !== true) refusals++;
		console.log(jsonText({ node: from, ...result }));
	});
	const count = (number: number): string => `${number} ${number === 1 ? 'node' : 'nodes'}`;
	if (answers === 0) throw new Failure(`No node below ${options.base} answered for ${lengthInWords(options.timeout)}: check --base, and look for them with "npx telltale watch".`);
	if (refusals > 0) throw new Failure(`${count(refusals)} of ${answers} refused "${name}".`);
	console.error(`${count(answers)} answered within ${lengthInWords(options.timeout)}.`);
}

function topicOf(node: string, name: string, { base }: SendOptions): string {
	return `${base}/${node}/set/${name}`;
}

/** Goes to the node as it was written: a value made anew would have lost digits, or the stack. */
function checked(json: string): string {
	try {
		JSON.parse(json);
		return json.trim();
	} catch {
		throw new Misuse(`The value ${shown(json)} is not JSON: write a number, true, a text in double quotes or an object, in single quotes for the shell.`);
	}
}

function reason({ error }: Content): string {
	return typeof error === 'string' && error ? `${safe(error).replace(/\.$/, '')}.` : 'it gives no reason.';
}

/** The result that carries our id; or with `onAnswer` all that do until the time is over, and none in the end. */
async function ask(
	node: string, name: string, request: string, id: string, options: SendOptions, onAnswer?: (node: string, result: Content) => void,
): Promise<Content | undefined> {
	const { Source } = await import('../viewer/source.js');
	const { url, user, password } = address(options);
	const merge = new Merge();
	let source: Source | undefined;
	let timer: NodeJS.Timeout | undefined;
	let published = false;
	try {
		return await new Promise<Content | undefined>((resolve, reject) => {
			timer = setTimeout(() => (onAnswer && published ? resolve(undefined) : reject(unanswered(node, merge, options, published ? '' : source!.silence))), options.timeout);
			interruption().addEventListener('abort', () => reject(new Failure(published ? `Stopped before ${node} answered; it may have obeyed, or obey when it comes back: the broker may keep the command.` : 'Stopped before the command was sent.')));
			const onLink = ({ up, sentence, final }: Link) => {
				if (final || (!up && !published)) return reject(new Failure(sentence.replace(/;? trying again.*$/, '').replace(/[.:;]?$/, '.')));
				if (!up || published) return;
				published = true;
				source!.client.publish(topicOf(node, name, options), request, { qos: 1, retain: false });
			};
			source = new Source({
				url, user, password, node: onAnswer ? undefined : node, bases: [options.base], merge, onLink,
				onMessage: (message) => {
					if (message.kind !== 'result' || message.content['id'] !== id) return;
					if (onAnswer) onAnswer(message.node, message.content);
					else resolve(message.content);
				},
			});
		});
	} finally {
		clearTimeout(timer);
		await source?.close();
	}
}

/** `silence`: why it was not even sent, '' if it was. */
function unanswered(node: string, merge: Merge, { base, timeout }: SendOptions, silence: string): Failure {
	if (silence) return new Failure(silence);
	const waited = lengthInWords(timeout);
	const status = merge.node(bounded(node))?.status;
	if (status === undefined) return new Failure(`No node says anything under ${base}/${node}: check its name with "npx telltale watch"; the broker may keep the command for a node that is away.`);
	if (status === 'online') return new Failure(`${node} is online but did not answer for ${waited}: it may still obey, so look before you send it again, or wait longer with --timeout.`);
	return new Failure(`${node} is ${status} and did not answer for ${waited}: the broker may keep the command and hand it out when the node comes back, so do not send it again.`);
}
