// The firmware as one script for the simulator's engines: its own modules unchanged, the SDK's replaced by simulator/modules.
//
// Rule: the order and the freezing are preloading's on the chip. Each module of the firmware hands over its top-level
// bindings when it is done, and the entry's default function runs only when the host says "boot".

import { build, transform, type OnLoadArgs, type OnResolveArgs, type Plugin } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { keptScript, root, type Made } from './kept.js';

const ALLOWED = "firmware takes only its own files and the SDK's modules.";
const BY_ITSELF = 'by itself, so that it can be frozen as on the chip.';

export type BoardName = 'nodemcu' | 'esp32';

const modules = join(root, 'simulator/modules');
const STUB = 'simulator/modules/boot.ts';
/** Beside the modules. */
const MAKERS = ['simulator/engine/bundle.ts', 'tsconfig.json', 'node_modules/esbuild/package.json'];

/** Where each module of the SDK is in simulator/modules, by the name that the firmware knows it by. */
export const SDK: Readonly<Record<string, string>> = {
	timer: 'timer', time: 'time', wifi: 'wifi', net: 'net', sntp: 'sntp', preference: 'preference', flash: 'flash', 'mc/config': 'config',
	'embedded:io/socket/tcp': 'tcp', 'embedded:io/socket/listener': 'listener', 'embedded:io/socket/udp': 'udp',
	'embedded:io/analog': 'analog', 'embedded:io/digital': 'digital', 'embedded:io/i2c': 'i2c', 'embedded:io/serial': 'serial',
};

/** Only in the image of an ESP32. */
const TLS: Readonly<Record<string, string>> = {
	Resource: 'resource', crypt: 'crypt', ecdsa: 'ecdsa', pkcs1: 'pkcs1', pkcs1_5: 'pkcs1_5', x509: 'x509', 'ssl/cert': 'ssl-cert', 'ssl/session': 'ssl-session',
};

/** What the manifest maps "telltale/…" to beside the board. */
const CHIP_FOLDER: Readonly<Record<BoardName, string>> = { nodemcu: 'esp8266', esp32: 'esp32' };

const made = new Map<string, Promise<string>>();

/** The script as it was when this process first asked for it, or as another process made it of the same files. */
export function bundleOnce(entry: string, board: BoardName): Promise<string> {
	const key = `${board} ${entry}`;
	const path = resolve(root, entry);
	const script = made.get(key) ?? (path.startsWith(root) ? keptScript(path, board, () => make(path, board)) : bundle(path, board));
	made.set(key, script);
	script.catch(() => made.delete(key));
	return script;
}

export async function bundle(entry: string, board: BoardName): Promise<string> {
	return (await make(resolve(root, entry), board)).script;
}

async function make(entry: string, board: BoardName): Promise<Made> {
	const built = await build({
		stdin: { contents: stub(entry, modulesOf(board)), resolveDir: modules, sourcefile: join(root, STUB), loader: 'ts' },
		absWorkingDir: root,
		bundle: true,
		write: false,
		metafile: true,
		format: 'iife',
		target: 'es2022',
		charset: 'ascii',
		// Modules are strict; a script made of them is only if it says so.
		banner: { js: '"use strict";' },
		logLevel: 'silent',
		plugins: [sdkPlugin(board), preloadPlugin()],
	}).catch((failure: Error) => {
		throw new Error(`The firmware cannot be bundled: ${failure.message}`);
	});
	const inputs = Object.keys(built.metafile.inputs).filter((path) => path !== STUB);
	return { script: built.outputFiles[0].text, inputs: [...inputs, ...MAKERS] };
}

function modulesOf(board: BoardName): Readonly<Record<string, string>> {
	return board === 'esp32' ? { ...SDK, ...TLS } : SDK;
}

function stub(entry: string, sdk: Readonly<Record<string, string>>): string {
	return [
		`import { finish } from './preload.ts';`,
		// The SDK's own modules come first, with the firmware's own C, as on the chip: they must find the built-ins as they are.
		...Object.values(sdk).map((name) => `import './${name}.ts';`),
		`import './pulses.ts';`,
		`import './reset.ts';`,
		`import main from ${JSON.stringify(entry)};`,
		'finish(main);',
	].join('\n');
}

function sdkPlugin(board: BoardName): Plugin {
	const sdk = modulesOf(board);
	return {
		name: 'sdk',
		setup({ onResolve }) {
			// As the manifest has it.
			if (board === 'nodemcu') onResolve({ filter: /\/certificates\/certificates\.js$/ }, () => ({ path: join(root, 'src/without-certificates/certificates.ts') }));
			onResolve({ filter: /\/device\/drivers\.js$/ }, () => ({ path: join(modules, 'drivers.ts') }));
			onResolve({ filter: /^[^./]/ }, ({ path, importer, kind }: OnResolveArgs) => {
				if (kind === 'entry-point' || path.startsWith('/')) return undefined;
				if (path === 'telltale/board') return { path: join(root, 'hardware', `${board}.ts`) };
				if (path.startsWith('telltale/')) return { path: join(root, 'src/device', CHIP_FOLDER[board], `${path.slice(9)}.ts`) };
				if (Object.hasOwn(sdk, path)) return { path: join(modules, `${sdk[path]}.ts`) };
				const text = `${relative(root, importer)} imports "${path}", which the chip does not have: ${ALLOWED}`;
				return { errors: [{ text }] };
			});
		},
	};
}

/** Appends to each module of the firmware what freezes its top-level bindings. */
function preloadPlugin(): Plugin {
	return {
		name: 'preload',
		setup({ onLoad }) {
			onLoad({ filter: /\.ts$/ }, async ({ path }: OnLoadArgs) => {
				if (path.startsWith(modules)) return undefined;
				const source = await readFile(path, 'utf8');
				const file = relative(root, path);
				const { names, complaint } = topLevel((await transform(source, { loader: 'ts', target: 'es2022' })).code);
				if (complaint) return { errors: [{ text: `${file}: ${complaint}` }] };
				const call = `preload$(${JSON.stringify(file)}, { ${names.join(', ')} });`;
				const contents = `${source}\nimport { preload as preload$ } from ${JSON.stringify(join(modules, 'preload.ts'))};\n${call}\n`;
				return { contents, loader: 'ts' };
			});
		},
	};
}

/** The names declared at the top of a script that esbuild printed, which begins each statement of the top level in column 0. */
export function topLevel(script: string): { names: string[]; complaint: string } {
	const names: string[] = [];
	for (const line of script.split('\n')) {
		const declared = /^(?:export )?(?:default )?(?:async )?(const|let|var|class|function\*?) (.*)$/.exec(line);
		if (!declared) continue;
		const [, kind, rest] = declared;
		const name = /^[\w$]+/.exec(rest)?.[0];
		const shown = `"${line.slice(0, 60)}"`;
		if (!name) return { names, complaint: `${shown} takes a value apart at the top level: declare each name ${BY_ITSELF}` };
		if (kind === 'class' || kind.startsWith('function')) {
			names.push(name);
			continue;
		}
		if (/^[\w$]+, [\w$]+( =|[,;])/.test(rest) || /^[\w$]+ = [^(\[{"'`]*, [\w$]+ = /.test(rest)) {
			return { names, complaint: `${shown} declares several names at once at the top level: declare each ${BY_ITSELF}` };
		}
		// A const enum is inlined where it is used; its object must not be kept alive.
		if (!/^[\w$]+ = \/\* @__PURE__ \*\/ \(\(/.test(rest)) names.push(name);
	}
	return { names, complaint: '' };
}
