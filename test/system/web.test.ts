// The web page in Chromium: at npm start with real nodes, with a hundred replayed, with a month of one, and with hostile ones.
import axe from 'axe-core';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PageServer } from '../../viewer/server/page-server.js';
import { openRecord } from '../../viewer/record-open.js';
import { openViewer, type ReadingRecord, type Viewer } from '../../viewer/viewer.js';
import { Run, testBroker, type TestBroker } from '../cli/support.js';
import { browserMissing, openBrowser, watched, type Watched } from '../support/browser.js';
import { pace, patient, rest, until } from '../support/patience.js';
import { Fleet } from './replay.js';

const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };
const DESK: BrowserContextOptions = { viewport: { width: 1_280, height: 1_000 } };
const HOSTILE = '<img src=x onerror=alert(1)>';
/** A folder for pictures of the page. */
const PICTURES = process.env['TELLTALE_PICTURES'];

describe.skipIf(browserMissing)('The web page in Chromium', () => {
	let browser: Browser;
	const folder = mkdtempSync(join(tmpdir(), 'telltale-web-'));
	const pages: Page[] = [];

	beforeAll(async () => {
		browser = await openBrowser();
	});
	afterAll(async () => {
		await browser?.close();
		rmSync(folder, { recursive: true });
	});
	afterEach(async () => {
		for (const page of pages.splice(0)) await page.context().close();
	});

	async function opened(address: string, options: BrowserContextOptions = DESK): Promise<{ readonly page: Page; readonly noted: Watched }> {
		const page = await (await browser.newContext(options)).newPage();
		pages.push(page);
		const noted = watched(page);
		await page.goto(address);
		await page.locator('.card').first().waitFor();
		return { page, noted };
	}

	const picture = async (page: Page, name: string): Promise<void> => {
		if (PICTURES) await page.screenshot({ path: join(PICTURES, `${name}.png`) });
	};

	/** What axe-core finds against WCAG and good practice. */
	async function violations(page: Page): Promise<string[]> {
		await page.evaluate(axe.source);
		const { violations: found } = await page.evaluate('axe.run()') as axe.AxeResults;
		return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
	}

	/** A page that was led here asks only here, and complains of nothing. */
	function expectQuiet({ requests, complaints }: Watched, address: string): void {
		expect(requests.filter((url) => new URL(url).origin !== new URL(address).origin)).toEqual([]);
		expect(complaints).toEqual([]);
	}

	it('at npm start: a reading arrives, a power cut is offline by the will, a broker is killed and back and the gap is filled', async () => {
		writeFileSync(join(folder, 'nodes.json'), JSON.stringify({ node: 'porch', intervalMs: 1_000, keepAliveMs: 5_000 }));
		const run = new Run(['simulate', '--no-ui', '--nodes', '2', '--speed', String(pace(3)), '--config', 'nodes.json'], { cwd: folder });
		try {
			await run.until(({ out }) => /^porch-2 is online$/m.test(out));
			const address = /^Page: +(\S+)$/m.exec(run.out)![1]!;
			expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{32}$/);
			const { page, noted } = await opened(address);
			// The token is gone from the address, and no script can read the cookie.
			expect([new URL(page.url()).hash, await page.evaluate('document.cookie')]).toEqual(['#/', '']);
			// The card is there before its first reading.
			const seq = async () => Number(/#(\d+)/.exec(await page.locator('.card', { hasText: 'porch-1' }).innerText())?.[1] ?? 0);
			const before = await seq();
			await until(async () => (await seq()) > before, 20_000, () => 'no reading arrives');

			// All of them at once, by the keyboard.
			await page.getByText('Ask all nodes').focus();
			await page.keyboard.press('Enter');
			await page.getByLabel('Command').selectOption('identify');
			await page.getByRole('button', { name: 'Send to all 2 nodes' }).focus();
			for (let i = 0; i < 2; i++) await page.keyboard.press('Enter');
			await page.getByText('Blink: 2 of 2 nodes did it.').waitFor();
			expect(await page.getByRole('row').allInnerTexts()).toEqual(['Node\tAnswer', 'porch-1\tdone', 'porch-2\tdone']);
			expect(await violations(page)).toEqual([]);
			await picture(page, 'all-answered');

			const other = await opened(address);
			await other.page.getByRole('link', { name: 'porch-2' }).click();
			await other.page.getByRole('switch', { name: 'Power' }).click();
			await other.page.getByText('The power was cut').waitFor();
			expect(await other.page.locator('.pill').innerText()).toBe('online');

			// While the broker waits for the keep-alive.
			await page.locator('.card').getByRole('link', { name: 'porch-1' }).click();
			await page.getByRole('button', { name: 'Measure now' }).click();
			await page.getByRole('log').getByText('sample: done').waitFor();
			await page.getByLabel('sht3x').selectOption('gone');
			await page.locator('.timeline').getByText('The sht3x was pulled out').waitFor();
			await other.page.locator('.pill', { hasText: 'offline' }).waitFor();
			await other.page.locator('.timeline').getByText('Offline: the broker published its will').waitFor();
			expect(await other.page.locator('.headline').innerText()).toBe('Nothing is missing so far; the node is away');

			await page.getByLabel('sht3x').selectOption('none');
			await page.getByRole('switch', { name: 'Broker' }).click();
			await page.locator('.headline', { hasText: 'The broker is away; nothing is lost by that' }).waitFor();
			// Away for so long that readings wait: the third attempt is some seconds of the node after the first.
			await page.locator('.timeline').getByText(/next attempt in/).nth(2).waitFor();
			await picture(page, 'broker-away');
			await page.getByRole('switch', { name: 'Broker' }).click();
			await page.locator('.timeline').getByText(/late readings? filled the gap: #\d+/).waitFor();
			await page.locator('.headline', { hasText: /^Nothing is missing/ }).waitFor();
			await page.getByText(/came late and found (its|their) place/).waitFor();
			await page.getByRole('img', { name: /^temperature over 5 min: .*\d outages?; filled by readings that came late/ }).waitFor();
			await picture(page, 'gap-filled');
			expect(await violations(page)).toEqual([]);

			expectQuiet(noted, address);
		} finally {
			run.process.kill('SIGTERM');
			await run.ended;
		}
	});

	describe('of nodes that are replayed', () => {
		let broker: TestBroker;
		let viewer: Viewer | undefined;
		let server: PageServer | undefined;
		beforeAll(async () => {
			broker = await testBroker();
		});
		afterEach(async () => {
			await server?.close();
			await viewer?.close();
			[server, viewer] = [undefined, undefined];
		});
		afterAll(() => broker.close());

		async function served(root: string, record?: ReadingRecord): Promise<string> {
			viewer = openViewer({ brokers: [broker.url], roots: [root], ...(record && { record }) });
			server = await PageServer.open({ viewer, port: 0, hasRecord: record !== undefined });
			await until(() => viewer!.links[0]!.up, 10_000, () => 'not connected');
			return server.addressAt();
		}

		it('shows a hundred at a reading a second, trouble first, and no task of it takes 100 ms', async () => {
			const address = await served('many');
			const fleet = new Fleet(await broker.client(), 'many', 100);
			await fleet.begin();
			const { page, noted } = await opened(address);
			await page.locator('.card').nth(99).waitFor();
			expect((await page.locator('.card a').allInnerTexts()).slice(0, 3)).toEqual(['node-7', 'node-1', 'node-2']);
			const isLight = await fleet.measured(page, browser, 3);
			expect(isLight.longestMs).toBeLessThan(100);
			expect(isLight.tasks).toBeGreaterThan(20);
			await page.getByText(`${(100 * fleet.seq).toLocaleString('en')} numbers without a hole`).waitFor();
			await picture(page, 'hundred');

			// By the keyboard alone: the order, the search, the first node of what was found, and back.
			await page.getByRole('searchbox', { name: 'Find' }).focus();
			await page.keyboard.type('e-42');
			await page.locator('.card').nth(1).waitFor({ state: 'detached' });
			// Of one card, since it takes a while for each of a hundred that are alike.
			expect(await violations(page)).toEqual([]);
			for (let i = 0; i < 3; i++) await page.keyboard.press('Tab');
			expect(await page.locator(':focus').innerText()).toBe('node-42');
			await page.keyboard.press('Enter');
			await page.getByRole('heading', { name: 'node-42', level: 1 }).waitFor();
			await page.getByRole('img', { name: /^temperature over 5 min: from/ }).waitFor();
			await page.getByRole('link', { name: 'All nodes' }).focus();
			await page.keyboard.press('Enter');
			await page.locator('.card').first().waitFor();
			// Also what is told in the next frame, as that the place of a chart is gone.
			await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
			expectQuiet(noted, address);

			const dark = await opened(address, { ...PHONE, colorScheme: 'dark' });
			expect(await dark.page.evaluate('document.documentElement.scrollWidth')).toBe(390);
			await picture(dark.page, 'phone-dark');
			await dark.page.getByLabel('only trouble').check();
			await dark.page.locator('.card').nth(1).waitFor({ state: 'detached' });
			expect(await violations(dark.page)).toEqual([]);
			await dark.page.getByRole('link', { name: 'node-7', exact: true }).click();
			await dark.page.getByRole('img', { name: /^temperature over 5 min: from/ }).waitFor();
			expect(await dark.page.evaluate('document.documentElement.scrollWidth')).toBe(390);
			for (const control of await dark.page.locator('.spans button').all()) expect((await control.boundingBox())!.height).toBeGreaterThanOrEqual(44);
			expect(await violations(dark.page)).toEqual([]);
			await picture(dark.page, 'phone-node-dark');
		});

		it('opens a month of one node at one a minute in under a second', async () => {
			const now = Math.floor(Date.now() / 1_000);
			const count = 43_200;
			const file = join(folder, 'month.ndjson');
			writeFileSync(file, [...Array(count).keys()].map((index) => `${JSON.stringify({ node: 'porch', late: false, seq: index + 1, boot: 7, time: now - (count - index) * 60, temperature: Math.round(20_000 + 5_000 * Math.sin(index / 229)) / 1_000 })}\n`).join(''));
			const record = await openRecord(file);
			const address = await served('month', record);
			try {
				const client = await broker.client();
				await client.publishAsync('month/porch/status', 'online', { qos: 1 });
				await client.publishAsync('month/porch/readings', JSON.stringify({ seq: count + 1, boot: 7, time: now, temperature: 21 }), { qos: 1 });
				const { page } = await opened(address);
				await page.getByRole('link', { name: 'porch' }).click();
				await page.getByRole('img', { name: /^temperature over 5 min: / }).waitFor();
				const from = performance.now();
				await page.getByRole('button', { name: '30 d' }).click();
				await page.getByRole('img', { name: /^temperature over 30 d: from 15\.0 to 25\.0 °C/ }).waitFor();
				expect(performance.now() - from).toBeLessThan(patient(1_000));
				await picture(page, 'month');
			} finally {
				await record.close();
			}
			expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(count + 2);
		});

		it('shows script in names and payloads as text, and what does not follow the contract as refused', async () => {
			const address = await served('evil');
			const client = await broker.client();
			const say = (leaf: string, content: unknown) => client.publishAsync(`evil/${HOSTILE}/${leaf}`, typeof content === 'string' ? content : JSON.stringify(content), { qos: 1 });
			const now = Math.floor(Date.now() / 1_000);
			await say('status', 'online');
			await say('channels', { temperature: [HOSTILE, HOSTILE] });
			await say('info', { version: HOSTILE, board: HOSTILE, interval: 'x' });
			await say('health', { failing: HOSTILE, why: '<script>alert(2)</script>', rssi: 1e300 });
			await say('outage', { start: -1, seconds: 1e300, cause: HOSTILE });
			await say('readings', { seq: 1, boot: HOSTILE, time: now, temperature: 21 });
			await say('readings', '{"seq":2,"boot":7,"time":1e999}');
			await say('readings', { seq: 2, boot: 7, time: now, [HOSTILE]: 1 });
			await say('info', 'x'.repeat(1_000_000));
			const { page, noted } = await opened(address);
			await page.getByText(/^[34] messages were refused/).click();
			await page.getByText('info is longer than 4096 bytes').first().waitFor();
			await page.getByRole('link', { name: HOSTILE }).click();
			await page.getByRole('heading', { name: HOSTILE, level: 1 }).waitFor();
			await page.locator('.timeline').getByText('<script>alert(2)</script>').first().waitFor();
			expect(await page.locator('img, #page script').count()).toBe(0);
			await rest(100);
			expectQuiet(noted, address);
			await page.goto(`${address.replace(/#.*/, '')}#/node/%E0%A4%A`);
			await page.getByRole('heading', { name: 'Telltale', level: 1 }).waitFor();
		});
	});
});
