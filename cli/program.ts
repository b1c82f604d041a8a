// The command line: which commands there are, and how a run ends.
//
// Rule: exit status 0 done, 1 failed, 2 bad usage; what goes wrong is one sentence on standard error,
// with a stack trace only after --debug. Commands live in a file each; each is loaded only when it runs,
// and what is heavy in it only when that is needed.

import { Command, CommanderError } from 'commander';
import { readFileSync } from 'node:fs';
import { safeLines } from '../viewer/safe.js';
import { outputIsLost } from './console.js';
import { Failure, Misuse } from './failure.js';
import { shownPath, whyNot } from './files.js';
import { suggestion } from './nearest.js';
import { NOT_UTF8 } from './topics.js';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

/** In the order in which the help lists them. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
	simulate: async () => (await import('./simulate.js')).simulate(),
	configure: async () => (await import('./configure.js')).configure(),
	build: async () => (await import('./build.js')).build(),
	flash: async () => (await import('./flash.js')).flash(),
	release: async () => (await import('./release.js')).release(),
	watch: async () => (await import('./watch.js')).watch(),
	nodes: async () => (await import('./nodes.js')).nodes(),
	send: async () => (await import('./send.js')).send(),
	broker: async () => (await import('./broker.js')).broker(),
	logs: async () => (await import('./logs.js')).logs(),
	doctor: async () => (await import('./doctor.js')).doctor(),
	wiring: async () => (await import('./wiring.js')).wiring(),
	size: async () => (await import('./size.js')).size(),
};

/** With the command that the first word names alone: to load the others takes longer than all else until it begins. */
async function telltale(word = ''): Promise<Command> {
	const program = new Command('telltale')
		.description('Sensor nodes that account for every reading: set them up, try them, watch them.')
		.version(version, '-V, --version', 'print the version')
		.helpOption('-h, --help', 'say what there is to know')
		.helpCommand(false)
		.addHelpText('after', '\n"telltale COMMAND --help" tells more of one. Exit status: 0 done, 1 failed, 2 bad usage.');
	const names = Object.hasOwn(COMMANDS, word) ? [word] : Object.keys(COMMANDS);
	for (const command of await Promise.all(names.map((name) => COMMANDS[name]!()))) {
		if (!command.options.some((option) => option.long === '--debug')) {
			command.option('--debug', 'show stack traces');
		}
		program.addCommand(command.helpOption('-h, --help', 'say what there is to know').showSuggestionAfterError(false));
	}
	for (const command of [program, ...program.commands]) command.exitOverride().configureOutput({ outputError: () => {}, writeErr: () => {} });
	return program.showSuggestionAfterError(false);
}

/** Runs one command; the exit status. */
export async function run(words: readonly string[]): Promise<number> {
	const program = await telltale(words[0]);
	try {
		if (!words.length) throw new Misuse(`Name a command: ${program.commands.map((each) => each.name()).join(', ')}; "telltale --help" says more.`);
		mustBeUtf8(words);
		await program.parseAsync(words, { from: 'user' });
		return 0;
	} catch (error) {
		if (error instanceof CommanderError && error.exitCode === 0) return 0;
		const failure = error instanceof CommanderError ? misuse(error, program, words) : error;
		// What follows from that is no news.
		if (outputIsLost()) return 1;
		console.error(safeLines(sentence(failure)));
		if (words.includes('--debug') && failure instanceof Error) console.error(safeLines(String(failure.stack)));
		return failure instanceof Failure ? failure.status : 1;
	}
}

/** Node puts U+FFFD for each byte of an argument that is none: nobody means it. */
function mustBeUtf8(words: readonly string[]): void {
	const at = words.findIndex((word) => word.includes(NOT_UTF8));
	if (at < 0) return;
	const option = /^--[\w-]+/.exec(words[at]!)?.[0] ?? /^--[\w-]+$/.exec(words[at - 1] ?? '')?.[0];
	throw new Misuse(`${option ?? 'An argument'} is not UTF-8: write it in that encoding.`);
}

function sentence(error: unknown): string {
	if (error instanceof Failure) return error.message;
	const { code, path, syscall } = error as NodeJS.ErrnoException;
	if (code && path && syscall) return `${shownPath(path)} cannot be used: ${whyNot(code)}.`;
	const text = error instanceof Error ? error.message : String(error);
	return `Something unforeseen went wrong (${text.replace(/\s+/g, ' ')}): run it again with --debug and report what it shows.`;
}

/** Commander's complaint in our words. */
function misuse(error: CommanderError, program: Command, words: readonly string[]): Misuse {
	const command = program.commands.find((each) => words.includes(each.name())) ?? program;
	const subject = /'([^']*)'/.exec(error.message)?.[1] ?? '';
	const help = `"${command === program ? 'telltale' : `telltale ${command.name()}`} --help" says how it is used.`;
	const options = command.createHelp().visibleOptions(command).flatMap((option) => option.long ?? []);
	switch (error.code) {
		case 'commander.unknownCommand':
			return new Misuse(`There is no command "${subject}": ${suggestion(subject, program.commands.map((each) => each.name()))}`);
		case 'commander.unknownOption':
			return new Misuse(`There is no option "${subject}": ${suggestion(subject, options)}`);
		case 'commander.optionMissingArgument':
			return new Misuse(`The option ${subject} lacks its value: ${help}`);
		case 'commander.missingArgument':
			return new Misuse(`The argument ${subject.toUpperCase()} is missing: ${help}`);
		case 'commander.excessArguments':
			return new Misuse(`There are more arguments than "telltale ${command.name()}" takes: ${help}`);
	}
	return new Misuse(`${error.message.replace(/^error: /, '').replace(/\s+/g, ' ').replace(/\.?$/, '')}: ${help}`);
}
