// The page that writes a release: what its server gives out, to whom, and what Chromium makes of it.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { request, type IncomingHttpHeaders, type Server } from 'node:http';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHIPS, type Part } from '../../cli/flash-map.js';
import { filesOf } from '../../cli/flash-web.js';
import { manifestName, manifestOf, readRelease, SUMS, writeRelease } from '../../cli/release-folder.js';
import { addressOf, serveFiles } from '../../cli/web-server.js';
import { browserMissing, openBrowser, watched } from '../support/browser.js';
import { inside, Run } from './support.js';

const PARTS: Part[] = [
	{ name: 'boot_v1.7.bin', offset: 0, bytes: Buffer.from([0xe9, 3, 2, CHIPS.nodemcu.sizeAndSpeed]) },
	{ name: 'main.bin', offset: 0x1000, bytes: Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 31) & 0xff)) },
];
/** A release may come from anybody. */
const NAME = '0.1.0"><script>alert(1)</script>';

let folder: string;
let server: Server;
let base: string;
let port: number;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'telltale-'));
	const files = new Map<string, Buffer>(PARTS.map(({ name, bytes }) => [`nodemcu/${name}`, bytes]));
	files.set('manifest.json', Buffer.from(JSON.stringify(manifestOf('nodemcu', PARTS, NAME, 'f'.repeat(40)))));
	files.set(SUMS, Buffer.from([...files].map(([name, bytes]) => `${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`).join('')));
	await writeRelease(join(folder, 'release'), files);
	server = await serveFiles(filesOf(await readRelease(join(folder, 'release'))), 0);
	base = addressOf(server);
	port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
	server.closeAllConnections();
	server.close();
	await rm(folder, { recursive: true });
});

interface Answer {
	readonly status: number;
	readonly headers: IncomingHttpHeaders;
	readonly body: Buffer;
}

/** The path goes out as it is, whatever a browser would make of it. */
function get(path: string, { method = 'GET', host = `localhost:${port}` } = {}): Promise<Answer> {
	return new Promise((resolve, reject) => {
		request({ host: '127.0.0.1', port, path, method, headers: { Host: host } }, (response) => {
			const chunks: Buffer[] = [];
			response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }));
		}).on('error', reject).end();
	});
}

describe('The server of flash --web', () => {
	it('gives out the manifest and the parts with their bytes and types, under a policy that lets nothing else be loaded', async () => {
		const manifest = await get('/release/manifest.json');
		expect([manifest.status, manifest.headers['content-type']]).toEqual([200, 'application/json']);
		for (const { path, offset } of JSON.parse(String(manifest.body)).builds[0].parts) {
			const part = await get(new URL(path, `${base}release/manifest.json`).pathname);
			expect([part.status, part.headers['content-type']]).toEqual([200, 'application/octet-stream']);
			expect(part.body.equals(PARTS.find((each) => each.offset === offset)!.bytes), path).toBe(true);
		}
		const page = await get('/?from=bookmark');
		expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
		expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'; .*connect-src 'self'; .*frame-ancestors 'none'$/);
		expect(page.headers['content-security-policy']).not.toMatch(/unsafe-eval|script-src[^;]*unsafe|https?:/);
		expect(page.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
		expect((await get('/tools/install-button.js')).headers['content-type']).toBe('text/javascript; charset=utf-8');
	});

	it('listens on this machine alone, and answers no other host', async () => {
		expect((server.address() as AddressInfo).address).toBe('127.0.0.1');
		for (const host of ['evil.example', `evil.example:${port}`, `localhost:${port + 1}`, 'localhost', `localhost.evil.example:${port}`]) expect((await get('/', { host })).status, host).toBe(403);
		expect((await get('/', { host: `127.0.0.1:${port}` })).status).toBe(200);
	});

	it.each(['POST', 'HEAD', 'OPTIONS', 'DELETE', 'PUT'])('takes no %s', async (method) => {
		const { status, headers } = await get('/', { method });
		expect([status, headers.allow]).toEqual([405, 'GET']);
	});

	it.each(['/release/../../package.json', '/release/%2e%2e/%2e%2e/package.json', '/tools/..%2f..%2fpackage.json', '//etc/passwd', '/release/', '/release', '/tools', '/RELEASE/manifest.json', '/__proto__', '/release/manifest.json/', '/%00'])(
		'has no way to the disk: %s', async (path) => expect((await get(path)).status).toBe(404));

	it('outlives what is no HTTP', async () => {
		await new Promise<void>((resolve) => {
			const socket = connect(port, '127.0.0.1', () => socket.write('\u0000\u0001nonsense\r\n\r\n'));
			socket.on('data', () => {}).on('error', () => {}).on('close', () => resolve());
		});
		expect((await get('/')).status).toBe(200);
	});
});

describe('telltale flash --web', () => {
	it('prints the address, says which browsers can, and ends with 0 at Ctrl-C', async () => {
		const run = new Run(['flash', '--web', '0', '--release', join(folder, 'release')]);
		await run.until(({ out }) => out.includes('Ctrl-C'));
		expect(run.out).toMatch(/Chrome or Edge, or in a newer Firefox:\n\n {2}http:\/\/localhost:\d+\/\n/);
		const page = await fetch(/http:\S+/.exec(run.out)![0]);
		expect(await page.text()).toContain('NodeMCU');
		run.process.kill('SIGINT');
		expect((await run.ended).status).toBe(0);
	});

	it('says in one sentence what keeps it from it', async () => {
		const release = ['--release', join(folder, 'release')];
		const taken = createServer();
		await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
		const number = (taken.address() as AddressInfo).port;
		expect(await inside(['flash', '--web', String(number), ...release])).toMatchObject({ status: 1, err: `Port ${number} of this machine is in use: name another, like --web ${number + 1}.\n` });
		taken.close();
		await mkdir(join(folder, 'empty'));
		expect(await inside(['flash', '--web', '--release', join(folder, 'empty')])).toMatchObject({ status: 1, err: expect.stringMatching(/^There is no release in \S+: make one with "npx telltale release", or name its folder with --release\.\n$/) });
		expect(await inside(['flash', '--web', '70000', ...release])).toMatchObject({ status: 2, err: '--web is "70000"; it must be a whole number from 0 to 65535.\n' });
		await writeFile(join(folder, 'ttyUSB0'), '');
		expect(await inside(['flash', '--web', ...release, '--port', join(folder, 'ttyUSB0')])).toMatchObject({ status: 2, err: '--web takes the choice of a board to the browser: leave --port out.\n' });
	});
});

/** In the page: a port with a node behind it that answers Improv's questions for its state (2) and for what it is (3). */
function improvPort(info: string[]): void {
	let output: ReadableStreamDefaultController<Uint8Array>;
	const packet = (type: number, data: number[]) => {
		const bytes = [...'IMPROV'].map((letter) => letter.charCodeAt(0)).concat(1, type, data.length, data);
		return Uint8Array.from([10, ...bytes, bytes.reduce((sum, byte) => sum + byte, 0) & 0xff, 10]);
	};
	const strings = info.flatMap((text) => [text.length, ...[...text].map((letter) => letter.charCodeAt(0))]);
	const port = {
		readable: undefined as unknown, writable: undefined as unknown,
		async open() {
			port.readable = new ReadableStream<Uint8Array>({ start: (controller) => void (output = controller) });
			port.writable = new WritableStream<Uint8Array>({
				write(bytes) {
					if (bytes[9] === 2) output.enqueue(packet(1, [2]));
					if (bytes[9] === 3) output.enqueue(packet(4, [3, strings.length, ...strings]));
				},
			});
		},
		async close() {}, async setSignals() {}, getInfo: () => ({}), addEventListener() {}, removeEventListener() {},
	};
	Object.defineProperty((globalThis as unknown as { navigator: { serial: object } }).navigator.serial, 'requestPort', { value: async () => port });
}

describe.skipIf(browserMissing)('The page in Chromium', () => {
	let browser: Browser;
	beforeAll(async () => {
		browser = await openBrowser();
	});
	afterAll(() => browser.close());

	it('loads its button, and goes on to the dialog, which offers the erase apart; nothing comes from elsewhere or breaks the policy', async () => {
		const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
		const noted = watched(page);
		// A port on which nobody answers, in place of the browser's own dialog.
		await page.addInitScript(`Object.defineProperty(navigator.serial, 'requestPort', { value: async () => ({
			async open() { this.readable = new ReadableStream(); this.writable = new WritableStream(); },
			async close() {}, async setSignals() {}, getInfo: () => ({}), addEventListener() {}, removeEventListener() {},
		}) })`);
		await page.goto(base);
		expect(await page.locator('header').innerText()).toContain(NAME);
		await page.getByText('An erase throws away all readings that have not been sent yet').waitFor();
		// By keyboard.
		await page.getByRole('button', { name: 'Connect a NodeMCU' }).focus();
		await page.keyboard.press('Enter');
		await page.getByText('Install Telltale').click();
		const erase = page.getByRole('checkbox');
		await erase.waitFor();
		expect(await erase.isChecked()).toBe(false);
		await page.getByRole('button', { name: 'Next' }).click();
		await page.getByText(/Do you want to install\s+Telltale/).waitFor();
		expect(await page.getByText('All data on the device will be erased').count()).toBe(0);
		expect(noted.requests.filter((url) => !url.startsWith(base))).toEqual([]);
		expect(noted.requests).toContain(`${base}release/manifest.json`);
		expect(noted.complaints.filter((text) => !text.startsWith('Improv initialization failed.'))).toEqual([]);
		expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
		await page.close();
	});

	it('offers an update, and no erase, to a node that says by Improv what it runs', async () => {
		const page = await browser.newPage();
		const noted = watched(page);
		await page.addInitScript(improvPort, [manifestName('nodemcu'), '0.0.9', 'ESP8266', 'cellar']);
		await page.goto(base);
		await page.getByRole('button', { name: 'Connect a NodeMCU' }).click();
		await page.getByText('Connected to cellar').waitFor();
		await page.getByText('Connect to Wi-Fi').last().waitFor();
		await page.getByText('Update Telltale').click();
		await page.getByText(/Do you want to update to\s+Telltale/).waitFor();
		expect(await page.getByRole('checkbox').count()).toBe(0);
		expect(await page.getByText('All data on the device will be erased').count()).toBe(0);
		expect(noted.complaints).toEqual([]);
		// And that is what it says.
		expect(readFileSync('src/provisioning/conversation.ts', 'utf8')).toContain(`'${manifestName('nodemcu')}'), VERSION)`);
		await page.close();
	});

	it('says what to do in a browser without serial ports, and without JavaScript', async () => {
		const page = await browser.newPage();
		const noted = watched(page);
		await page.addInitScript('delete Navigator.prototype.serial');
		await page.goto(base);
		await page.getByText('This browser cannot talk to serial ports.').waitFor();
		expect(await page.getByRole('button').count()).toBe(0);
		expect(noted.complaints).toEqual([]);
		expect(await page.getByText('The button needs JavaScript.').isVisible()).toBe(false);
		const bare = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
		await bare.goto(base);
		await bare.getByText('The button needs JavaScript.').waitFor();
		expect(await bare.getByRole('button').count()).toBe(0);
	});
});
