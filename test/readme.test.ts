// The README is true: every command in its blocks is known here, and those that can run on any machine are run as a person would.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { freePort } from './support/brokers.js';
import { opensslMissing } from './support/certificates.js';
import { pace, patient, patientSeconds } from './support/patience.js';
import { startBroker } from '../simulator/broker.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const commands = [...readme.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)].flatMap(([, block]) => block.replace(/ \\\n */g, ' ').trim().split('\n').map((line) => line.trim()));
const openssl = commands.filter((command) => command.startsWith('openssl '));
const folder = mkdtempSync(join(tmpdir(), 'telltale-readme-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
	status: number;
	out: string;
	error: string;
}

function run(program: string, words: string[], cwd = root): Promise<Ran> {
	return new Promise((resolve) => {
		execFile(program, words, { cwd, timeout: patient(60_000) }, (fault, out, error) => resolve({ status: fault ? Number(fault.code ?? 1) : 0, out, error }));
	});
}

/** Words as a shell would split them: quotes kept together and taken off. */
function words(command: string): string[] {
	return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, plain]) => double ?? single ?? plain);
}

const telltale = (command: string, extra: string[] = [], cwd = root) => run('node', [join(root, 'cli/telltale.mjs'), ...words(command).slice(2), ...extra], cwd);

describe('the README', () => {
	it('has no command that this test does not know', () => {
		expect(commands).toEqual([
			'npm start',
			'npx telltale simulate --nodes 5 --for 30s',
			'npx telltale simulate --speed 20 --for 10m --no-ui',
			'npx telltale simulate --new',
			'npx telltale simulate --help',
			'npm test',
			'npx telltale configure --node porch --ssid attic --passphrase "secret passphrase" --host 192.168.1.10',
			"npx telltale send porch calibrate '{\"temperature\":21.3}' --broker mqtt://192.168.1.10",
			'npx telltale send porch noise --broker mqtt://192.168.1.10',
			'npx telltale send porch interval 60000 --broker mqtt://192.168.1.10',
			...openssl,
		]);
	});

	it('npm test runs this', () => {
		expect(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts.test).toContain('vitest run');
		expect(readFileSync(join(root, '.ci/run'), 'utf8')).toMatch(/^npm test$/m);
	});

	// They mostly wait for their seconds to pass.
	it.concurrent('npm start shows readings and ends with status 0', async () => {
		const { status, out } = await run('npm', ['start', '--silent', '--', '--for', `${patientSeconds(8)}s`, '--no-ui']);
		expect(out).toMatch(/Broker: +mqtt:\/\/127\.0\.0\.1:\d+/);
		expect(out).toMatch(/Look with: mosquitto_sub -h 127\.0\.0\.1 -p \d+ -t 'telltale\/#' -v/);
		expect(out).toMatch(/^node is online$/m);
		expect(out).toMatch(/^node  .* °C  .* %  #\d+/m);
		expect(out).toMatch(/\d+ readings from 1 node, none missing/);
		expect(status).toBe(0);
	});

	it.concurrent.each(commands.filter((command) => command.startsWith('npx telltale simulate')))('%s', async (command) => {
		const shorter = command.includes('--help') ? [] : ['--for', `${patientSeconds(command.includes('10m') ? 60 : 10)}s`];
		const { status, out } = await telltale(command, shorter);
		expect(status).toBe(0);
		expect(out).toMatch(command.includes('--help') ? /^Usage: telltale simulate/ : command.includes('--new') ? /^Set it up with: [^]*The node was not set up\.$/m : /none missing/);
	});

	it('configure writes settings that validate', async () => {
		const command = commands.find((each) => each.includes('configure'))!;
		const { status, error } = await telltale(command, [], folder);
		expect([status, error]).toEqual([0, expect.any(String)]);
		expect(JSON.parse(readFileSync(join(folder, 'telltale.json'), 'utf8'))).toMatchObject({ node: 'porch', ssid: 'attic', host: '192.168.1.10' });
	});

	it.skipIf(opensslMissing)('the lines of openssl make a CA that configure takes and a certificate that it has signed', async () => {
		expect(openssl).toHaveLength(2);
		for (const command of openssl) expect((await run('sh', ['-c', command], folder)).status, command).toBe(0);
		expect((await run('openssl', ['verify', '-CAfile', 'ca.pem', 'server.pem'], folder)).out).toContain('server.pem: OK');
		const options = ['--host', 'localhost', '--tls', 'true', '--caFile', 'ca.pem', '--file', 'tls.json'];
		expect((await telltale('npx telltale configure --node porch --ssid attic', options, folder)).status).toBe(0);
	});

	it.each(commands.filter((command) => command.includes(' send ')))('%s', async (command) => {
		const broker = await startBroker({ port: await freePort() });
		const { startSimulation } = await import('../simulator/simulation.js');
		const simulation = await startSimulation({ brokerUrl: broker.url, seed: 1, speed: pace(10), settings: { node: 'porch', intervalMs: 1_000 } });
		try {
			let answer;
			// On a busy machine the node has not measured yet, and says so.
			do {
				await simulation.pass(6_000);
				answer = await telltale(command.replace('mqtt://192.168.1.10', broker.url));
			} while (answer.error.includes('no temperature has been measured yet'));
			const { status, out, error } = answer;
			// The office is warmer than the example: either answer is the node's own.
			if (status === 0) expect(out).toMatch(/"ok":true|done|ok/i);
			else expect(error).toMatch(/offset/);
		} finally {
			await simulation.stop();
			await broker.close();
		}
	});

	it('links to files that are there', () => {
		for (const [, link] of readme.matchAll(/\]\(([^)#]+)\)/g)) expect(existsSync(join(root, link)), link).toBe(true);
	});
});
