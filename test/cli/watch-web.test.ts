// telltale watch --web as a person runs it: the address that is printed, what goes with what, and the end.
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inside, Run, testBroker, type TestBroker } from './support.js';

describe('telltale watch --web', () => {
	let broker: TestBroker;
	beforeAll(async () => {
		broker = await testBroker();
	});
	afterAll(() => broker.close());

	it('prints an address with its token, serves it, and ends with 0 at Ctrl-C', async () => {
		const run = new Run(['watch', '--web', '--broker', broker.url.replace('//', '//me:secret@')], { env: { TELLTALE_WEB_TOKEN: 'a-token-of-one-s-own' } });
		await run.until(({ out }) => out.includes('Stop with Ctrl-C.'));
		const address = /^ {2}(http:\/\/127\.0\.0\.1:\d+\/)#token=a-token-of-one-s-own$/m.exec(run.out)![1]!;
		expect(await (await fetch(address)).text()).toMatch(/^<!doctype html>/);
		expect(await (await fetch(`${address}page.js`)).text()).not.toContain('secret');
		run.process.kill('SIGINT');
		const { status, out, err } = await run.ended;
		expect([status, err]).toEqual([0, '']);
		expect(out).not.toContain('secret');
	});

	it.each([
		[['--port', '8000'], /^--port is of --web only: name --web too, or leave it out\.\n$/],
		[['--bind', '0.0.0.0'], /^--bind is of --web only/],
		[['--web', '--json'], /^--json is of the JSON lines, and --web shows a page/],
		[['--web', '--once', '1'], /^--once is of the JSON lines/],
		[['--web', '--bind', 'example.org'], /^--bind is "example\.org"; it must be an IP address of this machine/],
		[['--web', '--port', '70000'], /^--port is "70000"; it must be a whole number from 1 to 65535\.\n$/],
	])('takes no %j', async (words, sentence) => {
		const { status, out, err } = await inside(['watch', ...words, '--broker', broker.url]);
		expect([status, out]).toEqual([2, '']);
		expect(err).toMatch(sentence);
	});

	it('says what is wrong with an address, a port or a token', async () => {
		const taken = createServer();
		await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
		const { port } = taken.address() as AddressInfo;
		try {
			expect(await inside(['watch', '--web', '--broker', broker.url, '--port', String(port)])).toMatchObject({ status: 1, err: `Port ${port} of this machine is in use: name another with --port.\n` });
			expect((await inside(['watch', '--web', '--broker', broker.url, '--bind', '192.0.2.1'])).err).toMatch(/^--bind 192\.0\.2\.1 is no address of this machine: name one of .*127\.0\.0\.1.*, or 0\.0\.0\.0 for all\.\n$/);
			expect(await inside(['watch', '--web', '--broker', broker.url], { env: { TELLTALE_WEB_TOKEN: 'short' } })).toMatchObject({ status: 2, err: 'TELLTALE_WEB_TOKEN must be 16 letters, digits, "-" and "_" or more.\n' });
		} finally {
			taken.close();
		}
	});
});
