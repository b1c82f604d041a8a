// What a build for a real board needs on this machine, and where it is.
//
// Rule: everything is looked for before anything is started, and each thing that is missing is one sentence with how to get it.
// The SDK's own messages come minutes later and name variables of its makefiles.

import { existsSync, readFileSync } from 'node:fs';
import { homedir, type } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from './failure.js';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Boards of the SDK; `simulator` is our own and needs none of this. */
export type Target = 'nodemcu' | 'esp32' | 'sim';

/** As mcconfig's -p takes it, and the folder that it writes to. */
export const PLATFORMS: Readonly<Record<Target, { readonly platform: string; readonly folder: string }>> = {
	nodemcu: { platform: 'esp/nodemcu', folder: 'esp/nodemcu' },
	esp32: { platform: 'esp32/nodemcu', folder: 'esp32/nodemcu' },
	sim: { platform: 'sim/nodemcu', folder: `${hostFolder()}/nodemcu` },
};

export interface Toolchain {
	readonly mcconfig: string;
	/** The environment that mcconfig and esptool run in. */
	readonly env: NodeJS.ProcessEnv;
}

const MODDABLE_HELP = 'https://github.com/Moddable-OpenSource/moddable/blob/public/documentation/Moddable%20SDK%20-%20Getting%20Started.md';
const ESP8266_HELP = 'https://github.com/Moddable-OpenSource/moddable/blob/public/documentation/devices/esp8266.md';

/** Throws a Failure with a sentence, in a line of its own, for each thing that is missing. */
export function findToolchain(target: Target, env: NodeJS.ProcessEnv = process.env): Toolchain {
	const missing: string[] = [];
	const mcconfig = findMcconfig(env, missing);
	const found: NodeJS.ProcessEnv = { ...env };
	if (target === 'nodemcu') findEsp8266(found, missing);
	if (target === 'esp32') findEsp32(found, missing);
	for (const tool of ['make', 'bash']) {
		if (!onPath(tool, env)) missing.push(`${tool} is not on the PATH: install it (Debian: apt install build-essential).`);
	}
	if (missing.length || !mcconfig) throw new Failure(missing.join('\n'));
	// mcconfig calls its own tools and tsc by name; the project's tsc is the one that is tried.
	found['PATH'] = [dirname(mcconfig), join(root, 'node_modules/.bin'), env['PATH'] ?? ''].join(delimiter);
	return { mcconfig, env: found };
}

export function hasSdk(env: NodeJS.ProcessEnv = process.env): boolean {
	return findMcconfig(env, []) !== undefined;
}

/** The first program of this name on the PATH. */
export function onPath(name: string, env: NodeJS.ProcessEnv): string | undefined {
	return (env['PATH'] ?? '').split(delimiter).filter(Boolean).map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function findMcconfig(env: NodeJS.ProcessEnv, missing: string[]): string | undefined {
	const sdk = env['MODDABLE'];
	if (!sdk) {
		missing.push(`The Moddable SDK is needed and MODDABLE is not set: install the SDK ("npx xs-dev setup", or ${MODDABLE_HELP}) and set MODDABLE to its folder.`);
		return undefined;
	}
	if (!existsSync(join(sdk, 'build/devices'))) {
		missing.push(`MODDABLE is ${sdk}, which holds no Moddable SDK: set it to the folder that "npx xs-dev setup" or your own clone made.`);
		return undefined;
	}
	const built = join(sdk, 'build/bin', hostFolder(), 'release/mcconfig');
	const mcconfig = existsSync(built) ? built : onPath('mcconfig', env);
	if (!mcconfig) missing.push(`The tools of the Moddable SDK are not built: run make in ${join(sdk, 'build/makefiles', hostFolder())}.`);
	return mcconfig;
}

/** The SDK's name of this machine's system. */
function hostFolder(): string {
	return type() === 'Darwin' ? 'mac' : type() === 'Windows_NT' ? 'win' : 'lin';
}

function findEsp8266(env: NodeJS.ProcessEnv, missing: string[]): void {
	const base = (env['ESP_BASE'] ??= join(homedir(), 'esp'));
	const setup = `run "npx xs-dev setup --device esp8266", or follow ${ESP8266_HELP}`;
	if (!existsSync(base)) return void missing.push(`The ESP8266 tools are not at ${base} (ESP_BASE): ${setup}.`);
	const wanted: [string, string][] = [
		[env['TOOLS_ROOT'] ?? join(base, 'toolchain', type()), 'The compiler for the ESP8266'],
		[env['ESPRESSIF_SDK_ROOT'] ?? join(base, 'ESP8266_RTOS_SDK'), "Espressif's ESP8266 RTOS SDK (release/v3.2)"],
		[env['ARDUINO_ROOT'] ?? join(base, 'esp8266-2.3.0'), 'The Arduino core 2.3.0 for the ESP8266'],
	];
	for (const [folder, name] of wanted) if (!existsSync(folder)) missing.push(`${name} is not at ${folder}: ${setup}.`);
	const python = ['python', 'python3'].find((name) => onPath(name, env));
	if (!python) missing.push('Python is not on the PATH: install Python 3 with its module pyserial (Debian: apt install python3-serial python-is-python3).');
	else if (python !== 'python') missing.push('"python" is not on the PATH, only "python3": install python-is-python3 or make a link of that name.');
}

function findEsp32(env: NodeJS.ProcessEnv, missing: string[]): void {
	const wanted = expectedIdf(env['MODDABLE'] ?? '');
	const clone = `git clone -b ${wanted} --recursive https://github.com/espressif/esp-idf.git, run its install.sh esp32, and set IDF_PATH to it`;
	const idf = env['IDF_PATH'];
	if (!idf) return void missing.push(`ESP-IDF ${wanted} is needed and IDF_PATH is not set: ${clone} (xs-dev 0.30 installs an older one, which the SDK refuses).`);
	if (!existsSync(join(idf, 'export.sh'))) return void missing.push(`IDF_PATH is ${idf}, which holds no ESP-IDF: ${clone}.`);
	const version = idfVersion(idf);
	if (version && version !== wanted) missing.push(`ESP-IDF at ${idf} is ${version}, and the SDK takes ${wanted} only: ${clone}.`);
}

function expectedIdf(sdk: string): string {
	try {
		return /"EXPECTED_ESP_IDF"\s*:\s*"([^"]+)"/.exec(readFileSync(join(sdk, 'build/devices/esp32/manifest.json'), 'utf8'))?.[1] ?? 'v6.0';
	} catch {
		return 'v6.0';
	}
}

/** "v6.0"; '' if it does not say. */
function idfVersion(idf: string): string {
	try {
		const text = readFileSync(join(idf, 'tools/cmake/version.cmake'), 'utf8');
		const part = (name: string) => new RegExp(`set\\(IDF_VERSION_${name} (\\d+)\\)`).exec(text)?.[1];
		const [major, minor, patch] = [part('MAJOR'), part('MINOR'), part('PATCH')];
		return major && minor ? `v${major}.${minor}${patch && patch !== '0' ? `.${patch}` : ''}` : '';
	} catch {
		return '';
	}
}
