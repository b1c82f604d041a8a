// Chromium without a window, for what only a browser can tell.
//
// Rule: it is the system's own, and no request of it leaves this machine unnoticed: each is noted. Where there is none, tests say so and skip.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { patient } from './patience.js';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const path = (process.env['PATH'] ?? '').split(':').flatMap((folder) => NAMES.map((name) => join(folder, name))).find((file) => existsSync(file));

export const browserMissing = path === undefined;
if (browserMissing) console.log('Chromium is not installed: the tests of pages are skipped (Debian: apt install chromium).');

export async function openBrowser(more: readonly string[] = []): Promise<Browser> {
	const { chromium } = await import('playwright-core');
	// In a container it may not make a sandbox, and it sees nothing but our own pages. Nothing of its own goes out.
	const args = ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', '--no-proxy-server', ...more];
	return chromium.launch({ executablePath: path!, args, timeout: patient(30_000) });
}

/** What a page did that it should not have to: what it complained of, and what it asked for. */
export interface Watched {
	readonly requests: string[];
	readonly complaints: string[];
}

export function watched(page: Page): Watched {
	const noted: Watched = { requests: [], complaints: [] };
	page.setDefaultTimeout(patient(20_000));
	page.on('request', (request) => void noted.requests.push(request.url()));
	page.on('pageerror', (error) => void noted.complaints.push(error.message));
	// A violation of the policy of the page is said there too.
	page.on('console', (message) => message.type() === 'error' && void noted.complaints.push(message.text()));
	return noted;
}
