import { describe, expect, it } from 'vitest';
import { inside, telltale } from './support.js';

const COMMANDS = ['simulate', 'configure', 'build', 'flash', 'watch', 'send', 'size'];

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
		[['send', 'cellar'], /^The argument NAME is missing: /],
		[['send', 'cellar', 'interval', '{5'], /^The value \{5 is not JSON: /],
		[['send', 'cel+lar', 'sample'], /^The node "cel\+lar" cannot stand in a topic: /],
	])('%j is bad usage, said in one sentence', async (words, sentence) => {
		const { status, out, err } = await inside(words as string[]);
		expect([status, out]).toEqual([2, '']);
		expect(err).toMatch(/^[^\n]+\n$/);
		expect(err.trimEnd()).toMatch(sentence);
	});

	it('ends the process with the status, and says why on standard error', async () => {
		expect(await telltale(['watch', '--onec'])).toEqual({ status: 2, out: '', err: 'There is no option "--onec": did you mean "--once"?\n' });
		expect(await telltale(['--version'])).toEqual({ status: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), err: '' });
	});

	it('shows a stack trace only after --debug', async () => {
		expect((await inside(['watch', '--nonsense', '--debug'])).err).toMatch(/\n {4}at /);
		expect((await inside(['watch', '--nonsense'])).err).not.toMatch(/\n {4}at /);
	});

	it('never shows the password of an address', async () => {
		const { status, err } = await telltale(['send', 'cellar', 'sample', '--broker', 'mqtt://me:s3cret@127.0.0.1:1']);
		expect(status).toBe(1);
		expect(err).toContain('127.0.0.1:1');
		expect(err).not.toContain('s3cret');
	});
});
