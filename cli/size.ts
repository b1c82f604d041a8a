// telltale size: the bytecode of each module of an image, against the table in docs/budget.md; with --ram, who keeps the RAM.
//
// Rule: sizes are those of the files that the SDK's compiler wrote for this image. RAM is of what modules make at run time: they
// themselves live in flash.

import { Command, Option } from 'commander';
import { existsSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { buildFor, settingsOf, withBuild, type BuildOptions } from './build.js';
import { interruption } from './console.js';
import { Failure, Misuse } from './failure.js';
import { oneOf, path } from './options.js';
import { PLATFORMS, root, type Target } from './toolchain.js';
import { mustHaveXs } from './xs.js';

interface SizeOptions extends BuildOptions {
	readonly board: 'nodemcu' | 'esp32';
	readonly budget: string;
	readonly write?: boolean;
	readonly ram?: boolean;
}

/** What is ours in an image; the rest is the SDK's. */
const OURS = /^(src|sensors|telltale)\//;
const BEGIN = '<!-- telltale size -->';
const END = '<!-- end -->';

export function size(): Command {
	return withBuild(new Command('size'))
		.description('Build an image and print the bytecode of each module beside that of docs/budget.md.')
		.addOption(new Option('--board <name>', 'nodemcu or esp32').argParser(oneOf('The board', ['nodemcu', 'esp32'])).default('nodemcu'))
		.addOption(new Option('--budget <file>', 'the table to compare with').argParser(path('--budget')).default(join(root, 'docs/budget.md'), 'docs/budget.md'))
		.option('--write', 'put the new sizes into that table')
		.option('--ram', "print who keeps the RAM of a simulated nodemcu's XS machine instead; needs no SDK, and where one is, its own engine's figure is told too")
		.action(run);
}

/** What may stand beside --ram. */
const BESIDE_RAM = new Set(['ram', 'debug']);

async function run(options: SizeOptions, command: Command): Promise<void> {
	if (options.ram) {
		const other = command.options.find((each) => command.getOptionValueSource(each.attributeName()) === 'cli' && !BESIDE_RAM.has(each.attributeName()));
		if (other) throw new Misuse(`--ram takes no ${other.long} beside it: it is of one simulated nodemcu with settings of its own.`);
		mustHaveXs();
		return (await import('./ram.js')).printRam();
	}
	await buildFor(options.board, options, await settingsOf(options), interruption());
	const sizes = await moduleSizes(options.output ?? join(root, 'build', options.board), options.board, options.debug ? 'debug' : 'release');
	const budget = existsSync(options.budget) ? await readFile(options.budget, 'utf8') : '';
	for (const line of table(sizes, sizesIn(budget))) console.log(line);
	if (!options.write) return;
	await writeFile(options.budget, withTable(budget, sizes));
	console.log(`The sizes are in ${options.budget} now.`);
}

/** Bytes of bytecode by module, the largest first. */
async function moduleSizes(folder: string, target: Target, variant: string): Promise<Map<string, number>> {
	const modules = join(folder, 'out/tmp', PLATFORMS[target].folder, variant, 'telltale/modules');
	if (!existsSync(modules)) throw new Failure(`${modules} is not there: delete ${folder} and build again.`);
	const found: [string, number][] = [];
	for (const path of await readdir(modules, { recursive: true })) {
		const name = path.split(sep).join('/').replace(/\.xsb$/, '');
		if (path.endsWith('.xsb') && OURS.test(name)) found.push([name, (await stat(join(modules, path))).size]);
	}
	if (!found.length) throw new Failure(`No module of ours is in ${relative(process.cwd(), modules)}: delete ${folder} and build again.`);
	return new Map(found.sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1)));
}

/** The table's rows: | `src/telemetry/broker` | 6,234 | */
export function sizesIn(budget: string): Map<string, number> {
	const sizes = new Map<string, number>();
	for (const [, name, bytes] of section(budget).matchAll(/^\| `([^`]+)` \| ([\d,]+) \|$/gm)) sizes.set(name!, Number(bytes!.replaceAll(',', '')));
	return sizes;
}

function section(budget: string): string {
	const from = budget.indexOf(BEGIN);
	const to = budget.indexOf(END, from);
	return from < 0 || to < 0 ? '' : budget.slice(from, to);
}

/** The page with the new table in place of the old, or at its end. */
export function withTable(budget: string, sizes: ReadonlyMap<string, number>): string {
	const rows = [...sizes].map(([name, bytes]) => `| \`${name}\` | ${bytes.toLocaleString('en-US')} |`);
	const text = [BEGIN, '| module | bytes of bytecode |', '|---|---|', ...rows, `| all | ${sum(sizes).toLocaleString('en-US')} |`, ''].join('\n');
	const old = section(budget);
	if (old) return budget.replace(old, () => text);
	return `${budget.trimEnd()}\n\n## Bytecode by module\n\n\`npx telltale size --write\`:\n\n${text}${END}\n`.trimStart();
}

/** Name, bytes, and what changed where something did. */
export function table(now: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>): string[] {
	const gone = [...before.keys()].filter((name) => !now.has(name));
	const names = [...now.keys(), ...gone];
	const width = Math.max(...names.map((name) => name.length), 'all'.length);
	const line = (name: string, bytes: number, old: number | undefined, known: boolean) => {
		const change = !known ? '' : old === undefined ? '  new' : bytes === old ? '' : `  ${bytes > old ? '+' : ''}${(bytes - old).toLocaleString('en-US')}`;
		return `${name.padEnd(width)}  ${bytes.toLocaleString('en-US').padStart(7)}${change}`;
	};
	return [
		...names.map((name) => line(name, now.get(name) ?? 0, before.get(name), before.size > 0)),
		line('all', sum(now), sum(before), before.size > 0),
	];
}

function sum(sizes: ReadonlyMap<string, number>): number {
	return [...sizes.values()].reduce((total, bytes) => total + bytes, 0);
}
