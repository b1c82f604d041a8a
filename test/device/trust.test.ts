// Trust in certificates without a network: what is read of them, and that no damage to them is ever taken for trust.
import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Certificate } from '../../src/device/esp32/certificate.js';
import { Der } from '../../src/device/esp32/der.js';
import { Trust } from '../../src/device/esp32/trust.js';
import { CertificateMaker, der, opensslMissing, type Made } from '../support/certificates.js';

const signed = (issuer: Certificate, certificate: Certificate): boolean => new X509Certificate(certificate.bytes).verify(new X509Certificate(issuer.bytes).publicKey);
const now = Math.floor(Date.now() / 1_000);
const DAY = 86_400;

describe.skipIf(opensslMissing)('Trust', () => {
	const maker = new CertificateMaker();
	let ca: Made, other: Made, middle: Made, leaf: Made;
	beforeAll(() => {
		ca = maker.make('ca', { ca: true });
		other = maker.make('other', { ca: true, key: 'P-384' });
		middle = maker.make('middle', { by: ca, ca: true });
		leaf = maker.make('leaf', { by: middle, names: 'DNS:Broker.Example,DNS:*.farm.example,IP:192.0.2.7,email:a@b.example' });
	});
	afterAll(() => maker.dispose());

	const trust = (host: string, ...anchors: Made[]) => new Trust(der(...anchors.map(({ cert }) => cert)), host, signed);
	const chain = (...list: Made[]) => list.map(({ cert }) => der(cert));

	it('reads what openssl wrote', () => {
		const made = new Certificate(der(leaf.cert));
		const same = new X509Certificate(der(leaf.cert));
		expect(made.from).toBe(Date.parse(same.validFrom) / 1_000);
		expect(made.to).toBe(Date.parse(same.validTo) / 1_000);
		expect([made.ca, new Certificate(der(middle.cert)).ca, made.digestBits]).toEqual([false, true, 256]);
		expect(made.issuer).toEqual(new Certificate(der(middle.cert)).subject);
	});

	it('reads dates beyond 2049 and before 2000', () => {
		const long = new Certificate(der(maker.make('long', { fromDays: -365 * 40, toDays: 365 * 60 }).cert));
		expect(new Date(long.from * 1_000).getUTCFullYear()).toBeLessThan(2000);
		expect(new Date(long.to * 1_000).getUTCFullYear()).toBeGreaterThan(2050);
	});

	it.each([
		['broker.example', true], ['BROKER.EXAMPLE', true], ['a.farm.example', true], ['192.0.2.7', true],
		['farm.example', false], ['a.b.farm.example', false], ['192.0.2.8', false], ['leaf', false], ['b.example', false], ['', false], ['.farm.example', false],
	])('of the name %j: %s', (name, is) => {
		expect(new Certificate(der(leaf.cert)).isFor(name)).toBe(is);
	});

	it('does not take a wildcard for a whole country', () => {
		expect(new Certificate(der(maker.make('wide', { names: 'DNS:*.example' }).cert)).isFor('broker.example')).toBe(false);
	});

	it('accepts a chain up to one of several CAs', () => {
		const node = trust('broker.example', other, ca);
		expect(node.accepts(chain(leaf, middle), now), node.fault).toBe(true);
		expect(node.accepts(chain(leaf, middle, ca), now), node.fault).toBe(true);
	});

	it('accepts a CA in the middle, and a certificate itself, as what is trusted', () => {
		expect(trust('broker.example', middle).accepts(chain(leaf), now)).toBe(true);
		const pinned = maker.make('pinned', { names: 'DNS:broker.example' });
		expect(trust('broker.example', pinned).accepts(chain(pinned), now)).toBe(true);
	});

	it.each([
		['nothing', () => chain(), now, 'it shows no certificate'],
		['a hole in the chain', () => chain(leaf), now, 'its certificate is not signed by a CA in caFile'],
		['a chain in the wrong order', () => chain(leaf, ca, middle), now, 'its certificate is not signed by a CA in caFile'],
		['rubbish', () => [new Uint8Array(40)], now, 'its certificate cannot be read (DER holds something else)'],
		['a time long after', () => chain(leaf, middle), now + 400 * DAY, 'its certificate has expired'],
		['a time long before', () => chain(leaf, middle), now - 400 * DAY, 'its certificate is not valid yet'],
	])('refuses %s', (_what, made, at, fault) => {
		const node = trust('broker.example', ca);
		expect(node.accepts(made(), at)).toBe(false);
		expect(node.fault).toBe(fault);
	});

	it('refuses a CA of its own that has expired, and one of the chain', () => {
		const old = maker.make('old', { ca: true, fromDays: -60, toDays: -30 });
		const by = trust('broker.example', old);
		expect(by.accepts(chain(maker.make('young', { by: old, names: 'DNS:broker.example' })), now)).toBe(false);
		expect(by.fault).toBe('the CA in caFile has expired');
		const stale = maker.make('stale', { by: ca, ca: true, fromDays: -60, toDays: -30 });
		const node = trust('broker.example', ca);
		expect(node.accepts(chain(maker.make('fresh', { by: stale, names: 'DNS:broker.example' }), stale), now)).toBe(false);
		expect(node.fault).toBe('a certificate of its CA has expired');
	});

	it('refuses SHA-1', () => {
		const node = trust('broker.example', ca);
		expect(node.accepts(chain(maker.make('weak', { by: ca, names: 'DNS:broker.example', digest: 'sha1' })), now)).toBe(false);
		expect(node.fault).toBe('its certificate is signed with an algorithm that is broken or not known');
	});

	it('never accepts a certificate with a byte changed, and never throws', () => {
		const bytes = der(leaf.cert);
		fc.assert(fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
			const damaged = Uint8Array.from(bytes);
			damaged[at] ^= flip;
			const node = new Trust(der(ca.cert), 'broker.example', (issuer, certificate) => {
				try {
					return signed(issuer, certificate);
				} catch {
					return false;
				}
			});
			expect(node.accepts([damaged, der(middle.cert)], now)).toBe(false);
		}), { seed: 20261122, numRuns: 500 });
	});

	it('ends on whatever bytes come in', () => {
		fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
			const der = new Der(bytes);
			try {
				for (let count = 0; der.next(); count++) expect(count).toBeLessThanOrEqual(bytes.length);
			} catch (error) {
				expect((error as Error).message).toMatch(/^DER /);
			}
		}), { seed: 7 });
	});
});
