// What caFile may hold: the chip's own rules, said where the settings are made.
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { caFileProblem } from '../../cli/ca.js';
import { certificatesOf } from '../../cli/certificates.js';
import { basic, CLIENT, constraints, dns, extended, extension, ip, makeKey, name, names, octets, pem, rsaSpki, usage, write, type Wanted } from '../support/x509-writer.js';
import { inside } from './support.js';

const HOST = 'broker.example';
const ADDRESS = '192.0.2.7';
const DAY = 86_400_000;
const OTHER = ': name the certificate of the CA that signed the broker\'s.';
const now = new Date();
const key = makeKey('prime256v1');
const made = (extensions: readonly Uint8Array[], more: Partial<Wanted> = {}) => write({ subject: 'Root', key, extensions, ...more }).der;
const CA = [basic(true), usage(5, 6)];

describe('A certificate in caFile', () => {
	it.each([
		['a CA', made(CA)],
		['a CA whose own signature is SHA-1, which nobody asks for', made(CA, { digest: 'sha1' })],
		['a CA that may speak for the host', made([...CA, constraints([dns('example')])])],
		['a CA that may speak for its own network, which the host is not in by name', made([...CA, constraints([ip('192.0.2.0/255.255.255.0')])])],
		['the broker\'s own certificate', made([basic(false), names(dns(HOST))])],
		['the broker\'s own, of a CA\'s making', made([names(dns(HOST))], { issuer: name('Somebody') })],
		['a CA with RSA of 4,096 bits', made(CA, { spki: rsaSpki((1n << 4_095n) + 1n) })],
	])('may be %s', (_what, der) => {
		expect(caFileProblem(der, HOST, now)).toBe('');
	});

	it.each([
		['no CA, nor the broker\'s', made([basic(false), names(dns('other.example'))]), `is not allowed to sign others (CA:FALSE)${OTHER}`],
		['of version 1', made([], { version: 0 }), `is not allowed to sign others (CA:FALSE)${OTHER}`],
		['a CA without keyCertSign', made([basic(true), usage(6)]), `is not allowed to sign others (keyUsage)${OTHER}`],
		['a CA for clients', made([...CA, extended(CLIENT)]), `is not for servers (extendedKeyUsage)${OTHER}`],
		['the broker\'s own, for clients', made([basic(false), names(dns(HOST)), extended(CLIENT)]), `is not for servers (extendedKeyUsage)${OTHER}`],
		['a CA with a critical extension', made([...CA, extension('1.2.3.4', octets(), true)]), `has a critical extension that is not known${OTHER}`],
		['a CA that may not speak for the host', made([...CA, constraints([dns('elsewhere.test')])]), `is of a CA that may not speak for ${HOST} (nameConstraints)${OTHER}`],
		['a CA with RSA of 1,024 bits', made(CA, { spki: rsaSpki((1n << 1_023n) + 1n) }), `holds a key that is not RSA of 2,048 to 4,096 bits with an exponent of 65,537 or more, nor EC on P-256 or P-384${OTHER}`],
		['rubbish behind a certificate', Buffer.concat([made(CA), Buffer.alloc(3)]), `cannot be read by the chip (DER holds something else)${OTHER}`],
		['expired', made(CA, { from: new Date(Date.now() - 9 * DAY), to: new Date(Date.now() - DAY) }), /^has expired \(.* GMT\): name the CA's newer certificate\.$/],
		['not valid yet', made(CA, { from: new Date(Date.now() + DAY) }), /^is not valid before .* GMT: wait, or set this machine's clock\.$/],
	])('may not be %s', (_what, der, sentence) => {
		expect(caFileProblem(der, HOST, now)).toEqual(typeof sentence === 'string' ? sentence : expect.stringMatching(sentence));
	});

	it('is held against a host that is an address, too', () => {
		const limited = made([...CA, constraints([ip('192.0.2.0/255.255.255.0')])]);
		expect(caFileProblem(limited, ADDRESS, now)).toBe('');
		expect(caFileProblem(limited, '198.51.100.1', now)).toContain('may not speak for 198.51.100.1');
	});

	describe('is checked', () => {
		const folder = mkdtempSync(join(tmpdir(), 'telltale-ca-'));
		afterAll(() => rmSync(folder, { recursive: true, force: true }));
		const leaf = made([basic(false), names(dns('other.example'))]);
		const settings = { node: 'vault', ssid: 'attic', host: HOST, tls: true, caFile: 'ca.pem' };

		it('each of several, by its number', async () => {
			await writeFile(join(folder, 'two.pem'), pem(made(CA)) + pem(leaf));
			await expect(certificatesOf({ ...settings, caFile: 'two.pem' }, folder)).rejects.toThrow(`caFile two.pem, certificate 2, is not allowed to sign others (CA:FALSE)${OTHER}`);
		});

		it.each([
			[['configure', '--node', 'vault', '--ssid', 'attic', '--host', HOST, '--tls', 'true', '--caFile', 'ca.pem', '--file', 'made.json']],
			[['build', '--board', 'esp32', '--config', 'telltale.json']],
		])('by %j', async (words) => {
			await writeFile(join(folder, 'ca.pem'), pem(leaf));
			await writeFile(join(folder, 'telltale.json'), JSON.stringify(settings));
			const { status, err } = await inside(words, { cwd: folder });
			expect([status, err]).toEqual([1, expect.stringContaining(`caFile ca.pem is not allowed to sign others (CA:FALSE)${OTHER}`)]);
		});
	});
});
