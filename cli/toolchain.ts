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

const SDK_MIN = '8.2.3';
const SETUP = 'npx xs-dev setup';
/** Where xs-dev writes what a shell must set. */
const XS_DEV_EXPORT = '.local/share/xs-dev-export.sh';
const MODDABLE_HELP = 'https://github.com/Moddable-OpenSource/moddable/blob/public/documentation/Moddable%20SDK%20-%20Getting%20Started.md';
const ESP8266_HELP = 'https://github.com/Moddable-OpenSource/moddable/blob/public/documentation/devices/esp8266.md';

/** One thing that a build needs. */
export interface Finding {
	readonly name: string;
	/** Where it is, or which; '' if it is not there or will not do. */
	readonly found: string;
	/** Why it will not do and how to get it, as a sentence; '' if it will. */
	readonly problem: string;
	/** What mends it: a command of this project's own knowledge, or what cli/remedies.ts has for the operating system. */
	readonly remedy: string;
}

/** Throws a Failure with a sentence, in a line of its own, for each thing that is missing. */
export function findToolchain(target: Target, env: NodeJS.ProcessEnv = process.env): Toolchain {
	const mcconfig = mcconfigOf(env);
	const missing = toolchainFindings(target, env).map(({ problem }) => problem).filter(Boolean);
	if (missing.length || !mcconfig) throw new Failure(missing.join('\n'));
	const found = environmentOf(target, env);
	// mcconfig calls its own tools and tsc by name; the project's tsc is the one that is tried.
	found['PATH'] = [dirname(mcconfig), join(root, 'node_modules/.bin'), env['PATH'] ?? ''].join(delimiter);
	return { mcconfig, env: found };
}

/** All that a build for that board needs, whether it is there or not. */
export function toolchainFindings(target: Target, env: NodeJS.ProcessEnv = process.env): Finding[] {
	const findings = sdkFindings(env);
	if (target === 'nodemcu') findings.push(...esp8266Findings(environmentOf(target, env)));
	if (target === 'esp32') findings.push(idfFinding(env));
	for (const tool of ['make', 'bash']) {
		findings.push(finding(tool, onPath(tool, env), `${tool} is not on the PATH: install it (Debian: apt install build-essential).`, 'compiler'));
	}
	return findings;
}

export function hasSdk(env: NodeJS.ProcessEnv = process.env): boolean {
	return mcconfigOf(env) !== undefined;
}

/** The first program of this name on the PATH. */
export function onPath(name: string, env: NodeJS.ProcessEnv): string | undefined {
	return (env['PATH'] ?? '').split(delimiter).filter(Boolean).map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function finding(name: string, found: string | undefined, problem: string, remedy: string): Finding {
	return found === undefined ? { name, found: '', problem, remedy } : { name, found, problem: '', remedy };
}

/** With the folders that the SDK's makefiles take when nobody names others. */
function environmentOf(target: Target, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
	return target === 'nodemcu' ? { ...env, ESP_BASE: env['ESP_BASE'] ?? join(homedir(), 'esp') } : { ...env };
}

export function mcconfigOf(env: NodeJS.ProcessEnv): string | undefined {
	const sdk = env['MODDABLE'];
	if (!sdk || !isSdk(sdk)) return undefined;
	const built = join(sdk, 'build/bin', hostFolder(), 'release/mcconfig');
	return existsSync(built) ? built : onPath('mcconfig', env);
}

function isSdk(folder: string): boolean {
	return existsSync(join(folder, 'build/devices'));
}

function sdkFindings(env: NodeJS.ProcessEnv): Finding[] {
	const sdk = env['MODDABLE'];
	const name = 'Moddable SDK';
	if (!sdk && existsSync(join(env['HOME'] ?? homedir(), XS_DEV_EXPORT))) {
		return [finding(name, undefined, `MODDABLE is not set in this shell, though xs-dev has been here: run ". ~/${XS_DEV_EXPORT}", and have your shell do so each time.`, `. ~/${XS_DEV_EXPORT}`)];
	}
	if (!sdk) {
		return [finding(name, undefined, `The Moddable SDK is needed and MODDABLE is not set: install the SDK ("npx xs-dev setup", or ${MODDABLE_HELP}) and set MODDABLE to its folder.`, SETUP)];
	}
	if (!isSdk(sdk)) return [finding(name, undefined, `MODDABLE is ${sdk}, which holds no Moddable SDK: set it to the folder that "npx xs-dev setup" or your own clone made.`, SETUP)];
	const version = sdkVersion(sdk);
	const tooOld = version !== '' && isBefore(version, SDK_MIN);
	const makefiles = join(sdk, 'build/makefiles', hostFolder());
	return [
		finding(name, tooOld ? undefined : [version, sdk].filter(Boolean).join(' in '), `The Moddable SDK in ${sdk} is ${version}, and ${SDK_MIN} or later is needed: run "npx xs-dev update".`, 'npx xs-dev update'),
		finding('its tools', mcconfigOf(env), `The tools of the Moddable SDK are not built: run make in ${makefiles}.`, `make -C ${makefiles}`),
	];
}

/** "8.2.3"; '' if it does not say. */
function sdkVersion(sdk: string): string {
	try {
		return /^\d+\.\d+\.\d+/.exec(readFileSync(join(sdk, 'tools/VERSION'), 'utf8').trim())?.[0] ?? '';
	} catch {
		return '';
	}
}

function isBefore(one: string, other: string): boolean {
	const [a, b] = [one.split('.').map(Number), other.split('.').map(Number)];
	const at = a.findIndex((part, index) => part !== b[index]);
	return at >= 0 && a[at]! < b[at]!;
}

/** The SDK's name of this machine's system. */
function hostFolder(): string {
	return type() === 'Darwin' ? 'mac' : type() === 'Windows_NT' ? 'win' : 'lin';
}

function esp8266Findings(env: NodeJS.ProcessEnv): Finding[] {
	const base = env['ESP_BASE']!;
	const setup = `run "npx xs-dev setup --device esp8266", or follow ${ESP8266_HELP}`;
	const remedy = `${SETUP} --device esp8266`;
	if (!existsSync(base)) return [finding('ESP8266 tools', undefined, `The ESP8266 tools are not at ${base} (ESP_BASE): ${setup}.`, remedy), pythonFinding(env)];
	const wanted: [string, string][] = [
		[env['TOOLS_ROOT'] ?? join(base, 'toolchain', type()), 'The compiler for the ESP8266'],
		[env['ESPRESSIF_SDK_ROOT'] ?? join(base, 'ESP8266_RTOS_SDK'), "Espressif's ESP8266 RTOS SDK (release/v3.2)"],
		[env['ARDUINO_ROOT'] ?? join(base, 'esp8266-2.3.0'), 'The Arduino core 2.3.0 for the ESP8266'],
	];
	const folders = wanted.map(([folder, name]) => finding(name.replace('The ', ''), existsSync(folder) ? folder : undefined, `${name} is not at ${folder}: ${setup}.`, remedy));
	return [...folders, pythonFinding(env)];
}

/** The SDK's makefiles call it by that name. */
function pythonFinding(env: NodeJS.ProcessEnv): Finding {
	const lack = onPath('python3', env)
		? '"python" is not on the PATH, only "python3": install python-is-python3 or make a link of that name.'
		: 'Python is not on the PATH: install Python 3 with its module pyserial (Debian: apt install python3-serial python-is-python3).';
	return finding('python', onPath('python', env), lack, 'python');
}

function idfFinding(env: NodeJS.ProcessEnv): Finding {
	const wanted = expectedIdf(env['MODDABLE'] ?? '');
	const remedy = `git clone -b ${wanted} --recursive https://github.com/espressif/esp-idf.git && ./esp-idf/install.sh esp32 && export IDF_PATH="$PWD/esp-idf"`;
	const clone = `git clone -b ${wanted} --recursive https://github.com/espressif/esp-idf.git, run its install.sh esp32, and set IDF_PATH to it`;
	const lacks = (problem: string) => finding('ESP-IDF', undefined, problem, remedy);
	const idf = env['IDF_PATH'];
	if (!idf) return lacks(`ESP-IDF ${wanted} is needed and IDF_PATH is not set: ${clone} (xs-dev 0.30 installs an older one, which the SDK refuses).`);
	if (!existsSync(join(idf, 'export.sh'))) return lacks(`IDF_PATH is ${idf}, which holds no ESP-IDF: ${clone}.`);
	const version = idfVersion(idf);
	if (version && version !== wanted) return lacks(`ESP-IDF at ${idf} is ${version}, and the SDK takes ${wanted} only: ${clone}.`);
	return finding('ESP-IDF', [version, idf].filter(Boolean).join(' in '), '', remedy);
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
