// telltale doctor: what is missing on this machine for what a person may want to do, and the command that mends it.
//
// Rule: it only looks: nothing is installed, compiled, opened or written. What "build", "flash" and the engine look for is asked of their own
// code. It fails only for what was asked for by name.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command, Option } from 'commander';
import { safe } from '../viewer/safe.js';
import { engineTools, workerPath } from '../simulator/engine/worker.mjs';
import { findEsptool } from './esptool.js';
import { Failure, Misuse } from './failure.js';
import { suggestion } from './nearest.js';
import { oneOf } from './options.js';
import { isInGroup, joinCommand, mayUse, portGroup, serialGroup, serialPorts, userName } from './ports.js';
import { remedyFor, thisSystem, type System } from './remedies.js';
import { nodeProblem } from './setup.mjs';
import { onPath, toolchainFindings, type Finding } from './toolchain.js';
import { shown } from './topics.js';

const AIMS = ['try', 'build', 'flash', 'tests'] as const;
type Aim = (typeof AIMS)[number];
type Board = 'nodemcu' | 'esp32';

export interface Section {
	readonly aim: Aim;
	readonly title: string;
	readonly findings: readonly Finding[];
}

/** Where the doctor looks. */
export interface Place {
	readonly env: NodeJS.ProcessEnv;
	readonly system: System;
	readonly devices?: string;
	readonly groupFile?: string;
	readonly engine?: string;
}

export function doctor(): Command {
	return new Command('doctor')
		.description('Look for what is missing on this machine, and tell the command that mends it.')
		.argument('[aims...]', `what you want to do: ${AIMS.join(', ')} (default: look at all)`, undefined)
		.addOption(new Option('--board <name>', 'nodemcu or esp32 (default: nodemcu; both where no aim is named)').argParser(oneOf('The board', ['nodemcu', 'esp32'])))
		.addHelpText('after', '\n"try" is the simulator, "build" an image with the Moddable SDK, "flash" that image on a board, "tests" the tests of this project.'
			+ '\nExit status 1 if something is missing for an aim that was named; 0 where none was.')
		.action((aims: string[], { board }: { board?: Board }) => run(aims, board));
}

function run(words: readonly string[], board: Board | undefined): void {
	const aims = words.map(aimFrom);
	const boards: Board[] = board ? [board] : aims.length ? ['nodemcu'] : ['nodemcu', 'esp32'];
	const system = thisSystem();
	const wanted = sections({ env: process.env, system }, boards).filter(({ aim }) => !aims.length || aims.includes(aim) || (aim === 'build' && aims.includes('flash')));
	console.log(safe(`On ${system.name}, as ${userName()}:`));
	for (const line of wanted.flatMap((section) => table(section, system))) console.log(safe(line));
	const missing = wanted.filter(({ findings }) => findings.some(isMissing)).map(({ title }) => title);
	if (!missing.length) console.log('\nNothing is missing.');
	else if (aims.length) throw new Failure(`Something is missing to ${missing.join(' and to ')}: the table names it, with the command that mends it.`);
}

function aimFrom(text: string): Aim {
	const aim = AIMS.find((each) => each === text);
	if (!aim) throw new Misuse(`"${shown(text)}" is nothing that the doctor knows: ${suggestion(shown(text), AIMS)}`);
	return aim;
}

export function sections(place: Place, boards: readonly Board[]): Section[] {
	return [
		{ aim: 'try', title: 'try without hardware', findings: tryFindings(place) },
		...boards.map((board): Section => ({ aim: 'build', title: `build for ${board}`, findings: buildFindings(board, place) })),
		{ aim: 'flash', title: 'flash a board', findings: flashFindings(place) },
		{ aim: 'tests', title: 'run the tests', findings: testFindings(place) },
	];
}

function tryFindings({ env, engine = workerPath() }: Place): Finding[] {
	const compiled = existsSync(engine);
	const tools = engineTools(env).map(({ tool, words, path }) => (path || !compiled
		? looked(words, path, `${tool} is not on the PATH, and the XS engine has to be compiled`, 'compiler')
		: looked(words, 'not needed: the XS engine is compiled', '', '')));
	const node = nodeProblem();
	return [looked('Node', node ? '' : process.versions.node, node, 'https://nodejs.org'), ...tools, looked('XS engine', compiled ? 'compiled' : 'is compiled when it is first needed', '', '')];
}

function buildFindings(board: Board, { env, system }: Place): Finding[] {
	const findings = toolchainFindings(board, env);
	const python = findings.find(({ name }) => name === 'python')?.found;
	if (!python) return findings;
	// The packages of a system are for its own Python.
	const remedy = system.family === 'macos' || dirname(python) === '/usr/bin' ? 'pyserial' : `${python} -m pip install pyserial`;
	return [...findings, looked('pyserial', imports(python, 'serial') ? `in ${python}` : '', `${python} has no module serial`, remedy)];
}

function imports(python: string, module: string): boolean {
	return spawnSync(python, ['-c', `import ${module}`], { stdio: 'ignore', timeout: 10_000 }).status === 0;
}

function flashFindings({ env, system, devices, groupFile }: Place): Finding[] {
	return [esptoolFinding(env), ...portFindings(system, devices, groupFile)];
}

function esptoolFinding(env: NodeJS.ProcessEnv): Finding {
	try {
		return looked('esptool', findEsptool({ env }).join(' '), '', '');
	} catch (error) {
		return looked('esptool', '', (error as Error).message, 'esptool');
	}
}

function portFindings({ wsl }: System, devices?: string, groupFile?: string): Finding[] {
	const ports = serialPorts(devices).map((port) => {
		const refusal = `${port} may not be used by ${userName()} (log in again after the command)`;
		return looked('serial port', mayUse(port) ? port : '', refusal, mayUse(port) ? '' : joinCommand(portGroup(port, groupFile)));
	});
	if (ports.length) return ports;
	const lack = wsl ? 'no board is handed to WSL; in PowerShell as administrator, with the BUSID of "usbipd list":' : 'no board is connected with a USB cable that carries data, not only power';
	return [looked('serial port', '', lack, wsl ? 'usbipd bind --busid BUSID; usbipd attach --wsl --busid BUSID' : ''), ...groupFindings(groupFile)];
}

/** Whether this user could use a port, before there is one. */
function groupFindings(groupFile?: string): Finding[] {
	const group = serialGroup(groupFile);
	if (group === undefined || process.getuid?.() === 0) return [];
	const refusal = `${userName()} is not in the group ${group} (log in again after the command)`;
	return [looked('permission', isInGroup(group, groupFile) ? `in the group ${group}` : '', refusal, joinCommand(group))];
}

function testFindings({ env }: Place): Finding[] {
	const wanted: [string, string][] = [['mosquitto_sub', 'mosquitto'], ['openssl', 'openssl'], ['socat', 'socat'], ['chromium', 'chromium']];
	// A server is often not on the PATH of a user.
	const mosquitto = onPath('mosquitto', { PATH: [env['PATH'] ?? '', '/usr/sbin', '/usr/local/sbin'].join(':') }) ?? '';
	return [
		...engineTools(env).map(({ tool, words, path }) => looked(words, path, `${tool} is not on the PATH`, 'compiler')),
		looked('mosquitto', mosquitto, 'mosquitto is not on the PATH', 'mosquitto'),
		...wanted.map(([tool, remedy]) => looked(tool, onPath(tool, env) ?? '', `${tool} is not on the PATH`, remedy)),
	];
}

function looked(name: string, found: string, problem: string, remedy: string): Finding {
	return { name, found, problem: found ? '' : problem, remedy };
}

function isMissing({ found }: Finding): boolean {
	return !found;
}

/** A line for each thing; below one that is missing, what mends it. */
export function table({ title, findings }: Section, system: System): string[] {
	const width = Math.max(...findings.map(({ name }) => name.length));
	return ['', `To ${title}:`, ...findings.flatMap(({ name, found, problem, remedy }) => {
		const command = found ? '' : remedyFor(remedy, system);
		// After the colon comes how to get it, which the command says for this system.
		const lack = command ? problem.replace(/: .*$/, '') : problem;
		const line = `  ${found ? 'ok     ' : 'MISSING'}  ${name.padEnd(width)}  ${found || lack.replace(/\.$/, '')}`;
		return command ? [line, `           ${''.padEnd(width)}  ${command}`] : [line];
	})];
}
