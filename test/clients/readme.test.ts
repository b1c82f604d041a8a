// The examples of src/mqtt/README.md run as they stand, on XS, against a broker; only the port is the test's.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { root } from '../../simulator/engine/kept.js';
import { BROKERS, type TestBroker } from '../support/brokers.js';
import { endGuests, startGuest } from './guest.js';

const folder = mkdtempSync(join(tmpdir(), 'telltale-example-'));
let broker: TestBroker | undefined;
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
	await endGuests();
	await broker?.dispose();
	broker = undefined;
});

/** The block as a firmware of its own; `begin` is run once there is an address. */
function firmware(name: string, begin: string, port: number): string {
	const page = readFileSync(join(root, 'src/mqtt/README.md'), 'utf8');
	const block = new RegExp(`<!-- tested: ${name} -->\n\`\`\`ts\n([\\s\\S]*?)\`\`\``).exec(page)![1]
		.replaceAll("'src/mqtt/", `'${root}/src/mqtt/`)
		.replace("'embedded:network/mqtt/client'", `'${root}/clients/embedded/client.js'`)
		.replace('port: 1883', `port: ${port}`);
	const imports = block.match(/^import .*$/gm)!.join('\n');
	const rest = block.replace(/^import .*$/gm, '');
	const [top, run] = begin ? [rest, begin] : ['', rest];
	const entry = join(folder, `${name}-${port}.ts`);
	writeFileSync(entry, `${imports}\nimport WiFi from 'wifi';\nimport manifest from 'mc/config';\n${top}\nexport default function () {
		const { ssid, passphrase } = manifest.telltale as any;
		let ran = false;
		new WiFi({ ssid, password: passphrase }, (message) => {
			if (message !== WiFi.gotIP || ran) return;
			ran = true;
			${run}
		});
	}`);
	return entry;
}

it.each(BROKERS)('the client of the README runs with $name', async (kind) => {
	if (kind.missing) return;
	broker = await kind.make();
	await broker.start();
	const { until } = await startGuest('xs', broker.url, '', firmware('client', '', broker.port));
	await until('example/celsius: 21\n');
});

it.each(BROKERS)('the session of the README runs with $name, and comes back after the broker was away', async (kind) => {
	if (kind.missing) return;
	broker = await kind.make();
	await broker.start();
	const { said, until } = await startGuest('xs', broker.url, '', firmware('session', 'new Example();', broker.port));
	await until('message: 21\n');
	await until('the broker has message 2\n');
	expect(said).toEqual(expect.arrayContaining(['connected, session new\n', 'subscribed with QoS 1\n']));
	said.length = 0;
	await broker.stop();
	await broker.start();
	await until(/^connected, session/);
});

it('the READMEs link to files that are there', () => {
	for (const page of ['src/mqtt/README.md', 'clients/embedded/README.md']) {
		for (const [, link] of readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https:)([^)#]+)\)/g)) expect(existsSync(join(root, dirname(page), link)), link).toBe(true);
	}
});
