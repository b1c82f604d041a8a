// The page in pieces, with names that somebody chose who means harm.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Text } from '../../src/common/text.js';
import { Page, View, type Shown } from '../../src/provisioning/page.js';

const CALM: Shown = {
	view: View.Form, node: 'porch', accessPointName: 'telltale-porch', problem: '', state: '', ssid: '', host: '', port: '', user: '', newNode: 'porch', asksCode: false,
	networks: [{ ssid: 'attic', rssi: -50, open: false }, { ssid: 'guests', rssi: -70, open: true }],
};

/** All of it, written in pieces of that size. */
function html(shown: Partial<Shown>, pieceBytes = 500): string {
	const page = new Page({ ...CALM, ...shown });
	let all = '';
	for (let pieces = 0; ; pieces++) {
		expect(pieces).toBeLessThan(100);
		const text = new Text(new Uint8Array(pieceBytes));
		const last = page.fill(text);
		expect(text.length).toBeGreaterThan(0);
		all += Buffer.from(text.bytes.subarray(0, text.length)).toString();
		if (last) return all;
	}
}

describe('The page', () => {
	it('has every network with its strength and lock, and every field with a label', () => {
		const page = html({ ssid: 'attic', host: '192.168.1.10', port: '1884', user: 'nodes' });
		expect(page).toContain('<input type=radio name=ssid value="attic" checked><bdi>attic</bdi><small>strong, locked</small>');
		expect(page).toContain('<input type=radio name=ssid value="guests"><bdi>guests</bdi><small>fair, open</small>');
		for (const field of ['other', 'passphrase', 'host', 'port', 'user', 'password', 'node']) expect(page).toMatch(new RegExp(`<label>[^<]+<input name=${field} [^>]*></label>`));
		for (const value of ['192.168.1.10', '1884', 'nodes', 'porch']) expect(page).toContain(`value="${value}">`);
		expect(page).not.toContain('name=code');
		expect(html({ asksCode: true })).toContain('name=code');
	});

	it('says what went wrong and what is true, and a name that is not in the list where it can be typed', () => {
		expect(html({ problem: '"attic" refused the passphrase.' })).toContain('role=alert>&#34;attic&#34; refused the passphrase.</p>');
		expect(html({ state: 'Joined.' })).toContain('role=status>Joined.</p>');
		expect(html({ ssid: 'hidden' })).toContain('name=other maxlength=32 autocapitalize=none autocorrect=off spellcheck=false value="hidden"');
		expect(html({ networks: [] })).toContain('No network with a name was found.');
	});

	it('comes again by itself while it waits, and only then', () => {
		for (const [view, again, says] of [[View.Form, false, '<form'], [View.Looking, true, 'Looking'], [View.Joining, true, '<bdi>attic'], [View.Restarting, false, 'Saved.']] as const) {
			const page = html({ view, ssid: 'attic', host: 'broker' });
			expect(page.includes('http-equiv=refresh'), String(view)).toBe(again);
			expect(page).toContain(says);
		}
	});

	/** Of 32 bytes, of which each takes as much as one can. */
	const HOSTILE = ['"'.repeat(32), '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' onfocus=alert(1) x='", '&lt;b&gt;', '</style></title>', '\u202egnp.exe', '${x}', '🙂'.repeat(8), '\u0001'];

	it.each(HOSTILE)('lets a network called %j be text and nothing else', (ssid) => {
		const page = html({ networks: [{ ssid, rssi: -40, open: false }], ssid, host: ssid, user: ssid, problem: `"${ssid}" refused the passphrase.`, node: 'porch' });
		const tags = [...page.matchAll(/<\/?([a-zA-Z0-9]+)/g)].map(([, name]) => name);
		expect(new Set(tags)).toEqual(new Set(['html', 'meta', 'title', 'style', 'main', 'h1', 'h2', 'p', 'form', 'ul', 'li', 'label', 'input', 'bdi', 'small', 'button']));
		for (const [tag] of page.matchAll(/<[^>]*>/g)) expect(tag.slice(1).replace(/"[^"]*"/g, '')).not.toMatch(/\son\w+|['<]/i);
		const decoded = page.replace(/&#34;/g, '"').replace(/&#39;/g, "'").replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
		expect(decoded).toContain(`<bdi>${ssid.replace('\u0001', '?')}</bdi>`);
	});

	it('is the same in pieces of any size that holds its largest step, at its longest too', () => {
		const longest = { ssid: '"'.repeat(32), rssi: -90, open: false };
		const shown = { node: 'n'.repeat(23), problem: '&'.repeat(80), state: '"'.repeat(64), host: 'h'.repeat(63), user: '"'.repeat(64), networks: Array.from({ length: 12 }, () => longest), asksCode: true };
		const whole = html(shown, 20_000);
		fc.assert(fc.property(fc.integer({ min: 500, max: 2_000 }), (size) => {
			expect(html(shown, size)).toBe(whole);
		}), { numRuns: 30 });
	});

	it('comes to its end, whatever no piece can hold', () => {
		const fields = (page: string) => [...page.matchAll(/<(?:input name=|form|button)\w*/g)].map(([tag]) => tag);
		for (const key of ['problem', 'state', 'ssid', 'host', 'port', 'user', 'newNode'] as const) for (const text of ['"'.repeat(500), '\u00e9'.repeat(2_000)]) {
			const page = html({ [key]: text });
			expect(page, key).toMatch(/<\/form><\/main>$/);
			expect(fields(page), key).toEqual(fields(html({})));
		}
	});
});
