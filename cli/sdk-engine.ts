// The firmware in the Moddable SDK's own engine, as a program of this machine: made by the SDK's tools as an image's byte code is.
//
// Rule: what it needs is looked for before anything is started. Nothing of the SDK is in this project: its engine is compiled from where it is, into
// build/ram/. What stands in for the SDK's native code is what the simulator has.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { SDK } from '../simulator/engine/bundle.js';
import { BLOCKS } from '../simulator/engine/creation.js';
import { engineTools } from '../simulator/engine/worker.mjs';
import { Failure, Stopped } from './failure.js';
import { ONLY_5 } from './image.js';
import { findToolchain, mcconfigOf, root, toolchainFindings } from './toolchain.js';

/** Of the SDK, beside mcconfig: its compiler and its linker. */
const TOOLS = ['xsc', 'xsl'];
const HOST_CALL = 'simulator/sdk/host-call';
const BEGIN = 'simulator/sdk/begin';
/** Modules that are no file of ours, by name. The first is the door to the host: worker.c answers it, and modules/host.ts looks for it. */
const WRITTEN: Readonly<Record<string, string>> = {
	[HOST_CALL]: 'globalThis.hostCall = function (request) @ "xs_hostCall";',
	[BEGIN]: `import '${HOST_CALL}';
		import { board } from 'simulator/modules/host';
		import { start } from 'simulator/modules/system';
		import main from 'src/main';
		start.main = main;
		board.running = true;`,
};

/** Why there can be none on this machine, as a sentence; '' if nothing is missing. */
export function sdkEngineProblem(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
	if (platform !== 'linux') return "The SDK's own engine is compiled on Linux only.";
	const problem = toolchainFindings('sim', env).map((each) => each.problem).find(Boolean);
	if (problem) return problem;
	const tools = dirname(mcconfigOf(env)!);
	const lacking = TOOLS.find((tool) => !existsSync(join(tools, tool)));
	if (lacking) return `${lacking} is not in ${tools}: build the tools of the Moddable SDK again.`;
	const tool = engineTools(env).find(({ path }) => !path);
	if (tool) return `There is no ${tool.words} on the PATH: install it (Debian: apt install build-essential).`;
	return existsSync(tsc()) ? '' : `TypeScript's compiler is not at ${tsc()}: run "npm ci" in ${root}.`;
}

/** The program for the protocol 4 or 5; what only the other needs is left out, as of an image. */
export function makeSdkEngine(protocol: number, env: NodeJS.ProcessEnv = process.env, place = join(root, 'build/ram')): string {
	const making = new Making(place, `protocol-${protocol}`, findToolchain('sim', env).env);
	making.compile(protocol);
	making.link();
	return making.build();
}

function tsc(): string {
	return join(root, 'node_modules/.bin/tsc');
}

class Making {
	/** Of all that is made. */
	readonly #place: string;
	/** Of this program. */
	readonly #folder: string;
	readonly #env: NodeJS.ProcessEnv;
	readonly #modules = new Set<string>();

	constructor(place: string, name: string, env: NodeJS.ProcessEnv) {
		this.#place = place;
		this.#folder = join(place, name);
		this.#env = env;
		rmSync(this.#folder, { recursive: true, force: true });
		mkdirSync(this.#folder, { recursive: true });
	}

	/** Byte code of each module under the name that it has in an image. */
	compile(protocol: number): void {
		const scripts = this.#transpiled();
		for (const path of readdirSync(scripts, { recursive: true, encoding: 'utf8' })) {
			const name = path.endsWith('.js') ? nameInImage(path.slice(0, -'.js'.length), protocol) : '';
			if (name) this.#module(name, join(scripts, path));
		}
		for (const [name, text] of Object.entries({ ...WRITTEN, ...standIns() })) {
			const path = join(this.#folder, 'written', `${name}.js`);
			mkdirSync(dirname(path), { recursive: true });
			writeFileSync(path, text);
			this.#module(name, path);
		}
	}

	/** The preloaded machine as a file of C, mc.xs.c. */
	link(): void {
		const modules = [...this.#modules].map((name) => join(this.#bytecode(), `${name}.xsb`));
		const named = [BEGIN, ...preloads().filter((name) => this.#modules.has(name))].flatMap((name) => ['-p', `${name}.xsb`]);
		this.#run('xsl', ['-b', this.#bytecode(), '-o', this.#folder, ...named, '-s', '*', '-c', creation(), ...modules]);
	}

	/** The program: with words of 32 bits as on a chip, where this machine's compiler makes such. */
	build(): string {
		const { status } = spawnSync('make', this.#makeWords('-m32', 'probe'), { env: this.#env, stdio: 'ignore' });
		const word = status === 0 ? '-m32' : '-m64';
		mkdirSync(this.#objects(word), { recursive: true });
		this.#run('make', [...this.#makeWords(word), `-j${availableParallelism()}`]);
		return join(this.#folder, 'engine');
	}

	/** Of the firmware and the stand-ins. All of them at once, as tsc has it, and with the SDK's own settings. */
	#transpiled(): string {
		const outDir = join(this.#folder, 'scripts');
		const modules = [...Object.values(SDK), 'system'].map((name) => `simulator/modules/${name}`);
		const files = ['src/main', 'src/mqtt/without5/protocol5', 'src/mqtt/without5/reasons5', 'src/without-certificates/certificates', ...modules].map((name) => join(root, `${name}.ts`));
		const paths = { 'telltale/board': [join(root, 'hardware/nodemcu.ts')], 'telltale/*': [join(root, 'src/device/esp8266/*')] };
		const compilerOptions = { ...manifest().typescript.tsconfig.compilerOptions, target: 'es2025', lib: ['es2025'], module: 'preserve', types: [], rootDir: root, outDir, paths };
		const config = join(this.#folder, 'tsconfig.json');
		writeFileSync(config, JSON.stringify({ compilerOptions, files }));
		this.#run(tsc(), ['-p', config]);
		return outDir;
	}

	#module(name: string, script: string): void {
		const folder = join(this.#bytecode(), dirname(name));
		mkdirSync(folder, { recursive: true });
		this.#run('xsc', [script, '-c', '-e', '-o', folder, '-r', basename(name)]);
		this.#modules.add(name);
	}

	#bytecode(): string {
		return join(this.#folder, 'modules');
	}

	/** Of XS itself, which is compiled once for each SDK. */
	#objects(word: string): string {
		const sdk = createHash('sha256').update(this.#env['MODDABLE']!).digest('hex').slice(0, 8);
		return join(this.#place, `xs-${sdk}${word}`);
	}

	#makeWords(word: string, ...goals: string[]): string[] {
		const variables = { MODDABLE: this.#env['MODDABLE'], WORD: word, LINKED: this.#folder, OBJECTS: this.#objects(word) };
		return ['-f', join(root, 'simulator/sdk/Makefile'), ...goals, ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)];
	}

	#run(program: string, words: readonly string[]): void {
		const { status, signal, error, stdout, stderr } = spawnSync(program, words, { cwd: this.#folder, env: this.#env, encoding: 'utf8' });
		if (signal) throw new Stopped("Stopped while the SDK's engine was made.");
		if (status === 0) return;
		const log = join(this.#folder, 'build.log');
		writeFileSync(log, `${[program, ...words].join(' ')}\n${stdout}${stderr}${error ?? ''}\n`);
		throw new Failure(`The firmware cannot be put into the SDK's engine: ${basename(program)} failed; what it said is in ${log}.`);
	}
}

/** As the manifest has it; '' for what is left out. */
export function nameInImage(path: string, protocol: number): string {
	if (path === 'hardware/nodemcu') return 'telltale/board';
	if (path.startsWith('src/device/esp8266/')) return `telltale/${basename(path)}`;
	if (path.startsWith('src/certificates/')) return '';
	if (path.startsWith('src/without-certificates/')) return `src/certificates/${basename(path)}`;
	if (path.startsWith('src/mqtt/without5/')) return protocol === 4 ? `src/mqtt/v5/${basename(path)}` : '';
	return protocol === 4 && ONLY_5.includes(path) ? '' : path;
}

interface Part {
	readonly preload: readonly string[];
}

function manifest(): Part & { readonly typescript: { readonly tsconfig: { readonly compilerOptions: object } }; readonly platforms: { readonly esp: Part } } {
	return JSON.parse(readFileSync(join(root, 'manifest.json'), 'utf8'));
}

/** What an ESP8266's image names for the linker (docs/decisions/0044). */
function preloads(): readonly string[] {
	const { preload, platforms } = manifest();
	return [...preload, ...platforms.esp.preload];
}

/** What the firmware knows as the SDK's modules. */
function standIns(): Record<string, string> {
	return Object.fromEntries(Object.entries(SDK).map(([name, file]) => [name, `export { default } from 'simulator/modules/${file}';`]));
}

/** Of the machine, as the SDK gives it to an ESP8266 but for what the stand-ins take: chunks, slots, stack, names, symbols, parser. */
function creation(): string {
	const { chunkBytes, chunkStep, slots, slotsStep, stackSlots } = BLOCKS.ESP8266.creation;
	return [chunkBytes, chunkStep, slots, slotsStep, stackSlots, 32, 32, 53, 3, 1_024, 17, 0, BEGIN, 0].join(',');
}
