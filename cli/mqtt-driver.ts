// The MQTT driver as a program: one JSON line a command on standard input, one JSON line an event on standard output.
//
// Rule: standard output carries events only. Status 0 after quit or the end of the input, 1 if the engine is lost, 2 if it was called wrongly.

import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { COMMANDS } from '../simulator/driver/commands.js';
import { Driver } from '../simulator/driver/driver.js';
import { engineProblem } from '../simulator/engine/worker.mjs';
import { jsonText, safe } from '../viewer/safe.js';
import { whyNotWritten } from './console.js';

// A reader who has gone is nobody to tell; output that is lost is a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
	if (error.code === 'EPIPE') process.exit(0);
	console.error(whyNotWritten(error));
	process.exit(1);
});
process.stderr.on('error', () => {});
process.exitCode = await run(process.argv.slice(2));
// Whatever still holds the process open has had its time; output through a pipe is flushed by then.
setTimeout(() => process.exit(), 2_000).unref();

async function run(words: string[]): Promise<number> {
	const asked = parse(words);
	if (typeof asked === 'string') {
		console.error(safe(asked));
		return 2;
	}
	if (asked.help) {
		console.log(help());
		return 0;
	}
	const problem = asked.engine === 'xs' ? engineProblem() : '';
	if (problem) {
		console.error(safe(problem));
		return 1;
	}
	const driver = new Driver((event) => void process.stdout.write(`${jsonText(event)}\n`));
	try {
		await driver.start(asked.engine);
	} catch (fault) {
		console.error(safe((fault as Error).message));
		return 1;
	}
	for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) if (!(await driver.line(line))) break;
	driver.end();
	process.stdin.destroy();
	return driver.gone ? 1 : 0;
}

function parse(words: string[]): { help: boolean; engine: 'xs' | 'node' } | string {
	try {
		const { values } = parseArgs({ args: words, options: { help: { type: 'boolean', short: 'h' }, engine: { type: 'string' } } });
		const engine = values.engine ?? 'xs';
		if (engine !== 'xs' && engine !== 'node') return `There is no engine "${engine}": choose xs (the engine of the chip) or node.`;
		return { help: values.help ?? false, engine };
	} catch (fault) {
		return `${(fault as Error).message.split('. ')[0].replace(/\.$/, '')}: see node cli/mqtt-driver.mjs --help.`;
	}
}

function help(): string {
	const commands = Object.entries(COMMANDS).map(([name, { words, options, needed }]) => {
		const names = Object.keys(options).map((each) => (needed.includes(each) ? each : `[${each}]`));
		return `  ${name}: ${words}${wrap(names)}`;
	});
	return [
		'Usage: node cli/mqtt-driver.mjs [--engine xs|node]',
		'',
		'Drives the MQTT client of src/mqtt/ from a test suite: reads one JSON object a line, like {"id":1,"command":"connect","port":1883,"clean":true},',
		'and writes one JSON object an event, like {"event":"connected","id":1,"sessionPresent":false}. It talks to this machine only, and never',
		'connects again by itself.',
		'',
		'  --engine  xs, the engine of the chip (default), or node',
		'  --help    this text',
		'',
		'Commands, each with an "id" if its events are to carry one:',
		...commands,
		'',
		'All of it: docs/driver.md',
	].join('\n');
}

function wrap(names: readonly string[]): string {
	let text = '';
	let column = 0;
	for (const name of names) {
		if (column === 0 || column + name.length > 110) [text, column] = [`${text}\n     `, 5];
		text += ` ${name}`;
		column += name.length + 1;
	}
	return text;
}
