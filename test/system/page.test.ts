// The set-up page in Chromium at phone size, on a simulated node in real time: what only a browser can tell.
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDoor, type Door } from '../../simulator/board/door.js';
import { AccessPoint } from '../../simulator/devices/access-point.js';
import { startSimulation, type Simulation } from '../../simulator/simulation.js';
import { browserMissing, openBrowser, watched } from '../support/browser.js';
import { pace, until } from '../support/patience.js';

const PHONE = { width: 390, height: 844 };
const HOSTILE = '"><img src=x onerror=alert(1)>';
const SPEED = 3;
/** A folder for pictures of the page. */
const PICTURES = process.env['TELLTALE_PICTURES'];

describe.skipIf(browserMissing)('The set-up page in Chromium', () => {
	let simulation: Simulation;
	let door: Door;
	let browser: Browser;
	const lines: string[] = [];

	beforeAll(async () => {
		simulation = await startSimulation({
			seed: 'page', brokerUrl: 'mqtt://127.0.0.1:1', speed: pace(SPEED), settingsOf: () => ({ ssid: '', passphrase: '', host: '', node: 'porch' }), onLine: (_node, line) => void lines.push(line),
		});
		for (const [ssid, passphrase, rssi] of [[HOSTILE, 'x2345678', -45], ['Café & <b>Bar</b>', '', -66], ['Nachbars WLAN 🏠', 'x2345678', -72], ['a name as long as there may be 32', 'x2345678', -81]] as const) {
			const accessPoint = new AccessPoint(ssid.slice(0, 32), passphrase);
			accessPoint.rssi = rssi;
			simulation.accessPoint.others.push(accessPoint);
		}
		door = await openDoor(simulation.nodes[0], 'accessPoint', 80);
		// These lead to the node, as its name server has it; what the browser itself asks for, to nobody.
		const rules = ['connectivitycheck.gstatic.com', '4.3.2.1'].map((name) => `MAP ${name} 127.0.0.1:${door.port}`);
		browser = await openBrowser([`--host-resolver-rules=${rules.join(', ')}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`]);
		await until(() => lines.some((line) => line.includes('set-up: join')), 10_000, () => lines.join('; '));
	});
	afterAll(async () => {
		await browser?.close();
		door?.close();
		simulation?.nodes[0].kill();
		await simulation?.stop();
	});

	async function phone(options: { readonly dark?: boolean; readonly script?: boolean } = {}): Promise<Page> {
		const context = await browser.newContext({ viewport: PHONE, deviceScaleFactor: 2, isMobile: true, hasTouch: true, javaScriptEnabled: options.script ?? false, colorScheme: options.dark ? 'dark' : 'light' });
		return context.newPage();
	}

	const picture = async (page: Page, name: string): Promise<void> => {
		if (PICTURES) await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
	};

	it('is where a phone is led that looks for the Internet, and shows names as they are', async () => {
		const page = await phone({ script: true });
		const { complaints } = watched(page);
		await page.goto('http://connectivitycheck.gstatic.com/generate_204');
		expect(page.url()).toBe('http://4.3.2.1/');
		expect(await page.locator('bdi').allTextContents()).toEqual([HOSTILE, 'simulated', 'Café & <b>Bar</b>', 'Nachbars WLAN 🏠', 'a name as long as there may be 3']);
		expect(await page.locator('img, script, b').count()).toBe(0);
		expect(complaints).toEqual([]);
		// Nothing is wider than the phone, and everything that is touched is as high as a finger.
		expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(PHONE.width);
		for (const control of await page.locator('li label, input:not([type=radio]), button').all()) expect((await control.boundingBox())!.height).toBeGreaterThanOrEqual(44);
		await picture(page, 'form-light');
		const dark = await phone({ dark: true });
		await dark.goto('http://4.3.2.1/');
		await picture(dark, 'form-dark');
		await page.context().close();
		await dark.context().close();
	});

	it('is used by keyboard and without a script: a refusal, a wrong passphrase, and the right one', async () => {
		const page = await phone();
		await page.goto('http://4.3.2.1/');
		const type = async (label: string, text: string): Promise<void> => {
			await page.getByLabel(label).focus();
			await page.keyboard.press('ControlOrMeta+A');
			await page.keyboard.type(text);
		};
		// The list is one stop of the tab key; arrows choose in it.
		await page.keyboard.press('Tab');
		await page.keyboard.press('ArrowDown');
		expect(await page.locator(':focus').getAttribute('value')).toBe('simulated');
		await page.keyboard.press('Tab');
		await page.keyboard.press('Tab');
		await page.keyboard.type('short');
		await type('Host name or IPv4 address', 'broker.home');
		await page.keyboard.press('Enter');
		const alert = page.getByRole('alert');
		await alert.waitFor();
		expect(await alert.textContent()).toMatch(/^passphrase is not usable; it must be/);
		expect(await page.getByLabel('simulated').isChecked()).toBe(true);
		expect(await page.getByLabel('Host name or IPv4 address').inputValue()).toBe('broker.home');
		expect(await page.getByLabel('Passphrase').inputValue()).toBe('');
		await picture(page, 'refused-light');

		// It does not answer until that was seen: else a slow browser comes when all is over.
		simulation.accessPoint.up = false;
		await type('Passphrase', 'not this one');
		await page.keyboard.press('Enter');
		await page.getByText('Trying to join').waitFor();
		await picture(page, 'trying-light');
		simulation.accessPoint.up = true;
		await page.getByText('"simulated" refused the passphrase.').waitFor();
		await picture(page, 'wrong-light');

		await type('Passphrase', 'simulated air');
		await page.getByRole('button', { name: 'Connect' }).click();
		// Not to wait until it comes again by itself.
		await until(() => lines.some((line) => line.includes('set-up: joined')), 20_000, () => lines.slice(-5).join('; '));
		// The phone has lost the network for a moment, as the node's radio went to the other one's channel.
		await until(() => page.goto('http://4.3.2.1/').then(() => true, () => false), 20_000, () => page.url(), 100);
		await page.getByText('Saved. The node restarts and tries the broker at broker.home').waitFor();
		await picture(page, 'saved-light');
		await until(() => lines.some((line) => line.includes('are on trial')), 20_000, () => lines.slice(-5).join('; '));
		await page.context().close();
	});
});
