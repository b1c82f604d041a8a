import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inside, telltale } from './support.js';

const COMMANDS = ['simulate', 'configure', 'build', 'flash', 'watch', 'send', 'broker', 'logs', 'doctor', 'size', 'release'];
/** Longer than any text of MQTT. */
const LONG = 'a'.repeat(70_000);

describe('Calling telltale', () => {
	it('with --help names every command and ends with 0', async () => {
		const { status, out, err } = await inside(['--help']);
		expect([status, err]).toEqual([0, '']);
		for (const command of COMMANDS) expect(out).toMatch(new RegExp(`^  ${command} .*\\[options\\].* {2}\\S`, 'm'));
	});

	it.each(COMMANDS)('%s --help tells its options and ends with 0', async (command) => {
		const { status, out, err } = await inside([command, '--help']);
		expect([status, err]).toEqual([0, '']);
		expect(out).toMatch(new RegExp(`^Usage: telltale ${command} `));
		expect(out).toContain('--debug');
	});

	it('gives no advice that names an option or a command which there is not', async () => {
		const helps: Record<string, string> = {};
		for (const command of ['simulate', 'watch', 'send']) helps[command] = (await inside([command, '--help'])).out;
		const optionsIn = (text: string) => [...text.matchAll(/--[a-z][\w-]*/g)].map(([option]) => option);
		// These three talk to a broker, and all sentences about it are in one file.
		const advised = optionsIn(readFileSync('viewer/source.ts', 'utf8'));
		expect(advised).not.toEqual([]);
		for (const [command, help] of Object.entries(helps)) {
			const known = new Set(optionsIn(help));
			for (const option of advised) expect(known, command).toContain(option);
		}
		const taken = ['interval', 'sample', 'calibrate', 'noise', 'restart', 'stop', 'config', 'identify', 'time'];
		for (const [, name] of helps['send']!.matchAll(/telltale send \S+ ([a-z]+)/g)) expect(taken).toContain(name);
	});

	it.each([
		[[], /^Name a command: simulate, /],
		[['wach'], /^There is no command "wach": did you mean "watch"\?$/],
		[['xyzzy'], /^There is no command "xyzzy": known are simulate, .*size\.$/],
		[['watch', '--onec', '3'], /^There is no option "--onec": did you mean "--once"\?$/],
		[['watch', '--once'], /^The option --once <n> lacks its value: "telltale watch --help" says how it is used\.$/],
		[['watch', '--once', '0'], /^--once is "0"; it must be a whole number from 1 to /],
		[['watch', 'a', 'b'], /^There are more arguments than "telltale watch" takes: /],
		[['watch', '--broker', 'http://127.0.0.1'], /^--broker begins with "http:\/\/"; it must begin with mqtt:/],
		[['watch', '--base', 'tell/#/tale'], /^--base is "tell\/#\/tale"; it must be a topic without wildcards/],
		[['watch', '--base', 'a/#'], /^--base is "a\/#"; it must be a topic without wildcards/],
		[['send', 'cellar', 'sample', '--base', 'a/#'], /^--base is "a\/#"; it must be a topic without wildcards/],
		[['watch', '--base', '#'], /^--base is "#"; it must be a topic without wildcards/],
		[['watch', '--base', '$share/group/telltale'], /^--base is "\$share\/group\/telltale"; no node's topics begin with "\$": /],
		[['watch', ''], /^The node "" cannot stand in a topic: /],
		[['watch', 'cellar/#'], /^The node "cellar\/#" cannot stand in a topic: /],
		[['size', '--ram', '--write'], /^--ram takes no --write beside it: /],
		[['size', '--ram', '--board', 'nodemcu'], /^--ram takes no --board beside it: /],
		[['size', '--rom'], /^There is no option "--rom": did you mean "--ram"\?$/],
		[['send', 'cellar/#', 'sample'], /^The node "cellar\/#" cannot stand in a topic: /],
		[['send', 'cellar', 'sample/x'], /^The command "sample\/x" cannot stand in a topic: /],
		[['send', 'cellar'], /^The argument NAME is missing: /],
		[['send', 'cellar', 'interval', '{5'], /^The value \{5 is not JSON: /],
		[['watch', '--timeout', '2s'], /^--timeout is of --once only: name --once too, or leave it out\.$/],
		[['watch', '--password', 'x'], /^--password is given without a user: name one with --user, or leave it out\.$/],
		[['send', 'cellar', 'sample', '--password', 'x'], /^--password is given without a user: /],
		[['configure', '--show', '--port', '5'], /^--show takes no --port beside it: it prints the file as it is\.$/],
		[['configure', '--show', '--force'], /^--show takes no --force beside it: /],
		[['build', '--board', 'simulator', '--verbose'], /^The script for the simulator takes no --verbose: /],
		[['configure', '--file', ''], /^--file is empty: name a file, or leave it out\.$/],
		[['configure', '--file='], /^--file is empty: /],
		[['simulate', '--config', ''], /^--config is empty: name a file, or leave it out\.$/],
		[['simulate', '--world', ''], /^--world is empty: name a file, or leave it out\.$/],
		[['build', '--config', ''], /^--config is empty: /],
		[['build', '--output', ''], /^--output is empty: name a folder, or leave it out\.$/],
		[['flash', '--port', ''], /^--port is empty: name a serial port, or leave it out\.$/],
		[['logs', '--port', ''], /^--port is empty: /],
		[['size', '--budget', ''], /^--budget is empty: /],
		[['configure', '--ssid', '\ufffd'], /^--ssid is not UTF-8: write it in that encoding\.$/],
		[['configure', '--node=a\ufffd'], /^--node is not UTF-8: /],
		[['send', 'cellar\ufffd', 'sample'], /^An argument is not UTF-8: /],
		[['watch', '--user', 'a\ufffd'], /^--user is not UTF-8: /],
		[['simulate', '--broker', 'mqtt://10.0.0.1'], /^The broker 10\.0\.0\.1 is not on this machine: /],
		[['broker', '--listen', '192.0.2.77'], /^192\.0\.2\.77 is no address of this machine: choose /],
		[['simulate', '--for', '0s'], /^--for is "0s"; it must be a length of time above 0, like 500ms, /],
		[['send', 'cel+lar', 'sample'], /^The node "cel\+lar" cannot stand in a topic: /],
	])('%j is bad usage, said in one sentence', async (words, sentence) => {
		const { status, out, err } = await inside(words as string[]);
		expect([status, out]).toEqual([2, '']);
		expect(err).toMatch(/^[^\n]+\n$/);
		expect(err.trimEnd()).toMatch(sentence);
	});

	it.each([
		['a base', ['watch', '--base', LONG], /^--base is 4467 bytes too long: MQTT takes 65535\.\n$/],
		['a base of two-byte characters', ['watch', '--base', 'ä'.repeat(35_000)], /^--base is 4467 bytes too long: /],
		['a node to watch', ['watch', LONG], /^The topic of the node is 4476 bytes too long: MQTT takes 65535\.\n$/],
		['a node to send to', ['send', LONG, 'sample'], /^The topic of the node is 4476 bytes too long: MQTT takes 65535\.\n$/],
		['a user name', ['watch', '--user', LONG], /^--user is 4465 bytes too long: /],
		['a password', ['watch', '--password', LONG], /^--password is 4465 bytes too long: /],
		['a user name in the address', ['watch', '--broker', `mqtt://${LONG}@127.0.0.1`], /^The user name in --broker is 4465 bytes too long: /],
		['a value that is not JSON', ['send', 'porch', 'sample', '['.repeat(30_000)], /^The value \[{59}… is not JSON: /],
		['a value nested 30,000 deep', ['send', 'porch', 'sample', '['.repeat(30_000) + ']'.repeat(30_000)], /^The command is 59675 bytes too large for a node, topic and value together: /],
	])('%s that is longer than anything is bad usage, said in one sentence that is short', async (_what, words, sentence) => {
		const { status, out, err } = await inside(words as string[]);
		expect([status, out]).toEqual([2, '']);
		expect(err).toMatch(/^[^\n]{1,250}\n$/);
		expect(err).toMatch(sentence as RegExp);
	});

	it('ends the process with the status, and says why on standard error', async () => {
		expect(await telltale(['watch', '--onec'])).toEqual({ status: 2, out: '', err: 'There is no option "--onec": did you mean "--once"?\n' });
		expect(await telltale(['--version'])).toEqual({ status: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), err: '' });
	});

	it('says of a drawing that has no folder to go to how to mend it', async () => {
		expect(await inside(['wiring', '--output', '/nowhere/wiring.svg'])).toEqual({ status: 1, out: '', err: '/nowhere/wiring.svg cannot be written: make its folder first.\n' });
	});

	it('shows a stack trace only after --debug', async () => {
		expect((await inside(['watch', '--nonsense', '--debug'])).err).toMatch(/\n {4}at /);
		expect((await inside(['watch', '--nonsense'])).err).not.toMatch(/\n {4}at /);
	});

	it('never shows the password of an address', async () => {
		const { status, err } = await inside(['send', 'cellar', 'sample', '--broker', 'mqtt://me:s3cret@127.0.0.1:1']);
		expect(status).toBe(1);
		expect(err).toContain('127.0.0.1:1');
		expect(err).not.toContain('s3cret');
	});
});
