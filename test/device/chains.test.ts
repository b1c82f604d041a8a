// Our decisions over chains of certificates beside OpenSSL's, in Node on the stand-ins of the SDK's arithmetic, and on XS.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isSignedBy } from '../../src/device/esp32/signature.js';
import { Trust } from '../../src/device/esp32/trust.js';
import { startVirtualSimulation } from '../../simulator/virtual.js';
import { chainKeys } from '../support/chain-keys.js';
import { opensslMissing } from '../support/certificates.js';
import { pem } from '../support/x509-writer.js';
import { makeCases, WHY, type Case } from './chains.js';

vi.mock('../../simulator/modules/host.js', async () => (await import('../support/crypto-host.js')).cryptoHost());
vi.mock('crypt', () => import('../../simulator/modules/crypt.js'));
vi.mock('ecdsa', () => import('../../simulator/modules/ecdsa.js'));
vi.mock('pkcs1', () => import('../../simulator/modules/pkcs1.js'));
vi.mock('pkcs1_5', () => import('../../simulator/modules/pkcs1_5.js'));
vi.mock('x509', () => import('../../simulator/modules/x509.js'));

const run = promisify(execFile);

describe.skipIf(opensslMissing)('Chains of certificates', () => {
	const folder = mkdtempSync(join(tmpdir(), 'telltale-chains-'));
	let cases: Case[];
	beforeAll(async () => void (cases = makeCases(await chainKeys())));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	it('are eighty or more, each of its own name', () => {
		expect(cases.length).toBeGreaterThan(80);
		expect(new Set(cases.map(({ what }) => what)).size).toBe(cases.length);
	});

	it('that OpenSSL decides otherwise are counted and explained in docs/tls.md', () => {
		const page = readFileSync(new URL('../../docs/tls.md', import.meta.url), 'utf8');
		expect(page).toContain(`makes ${cases.length} chains`);
		for (const why of Object.values(WHY)) {
			const those = cases.filter((each) => each.why === why);
			const [first] = those;
			expect(those.every(({ ours }) => (ours === '') === (first.ours === ''))).toBe(true);
			expect(page).toContain(`| ${first.ours ? 'refuse' : 'accept'} | ${why} | ${those.length} |`);
		}
	});

	it('are accepted or refused, each for its reason and with its alert', () => {
		for (const { what, chain, anchors, host, at, ours, alert } of cases) {
			const trust = new Trust(Buffer.concat(anchors), host, isSignedBy);
			const accepted = trust.accepts(chain, at);
			expect([what, trust.fault.slice(0, ours.length || undefined)]).toEqual([what, ours]);
			expect([what, accepted, accepted ? 0 : trust.alert]).toEqual([what, ours === '', alert]);
		}
	});

	it('have no key used that was not tied to caFile before, with no signature that it does not take', () => {
		let used = 0;
		for (const { what, chain, anchors, host, at } of cases) {
			const tied = new Set(anchors.map((der) => Buffer.from(der).toString('hex')));
			new Trust(Buffer.concat(anchors), host, (issuer, certificate) => {
				used++;
				expect([what, tied.has(Buffer.from(issuer.bytes).toString('hex'))]).toEqual([what, true]);
				expect([what, issuer.key.takes(certificate.signature)]).toEqual([what, true]);
				if (!isSignedBy(issuer, certificate)) return false;
				tied.add(Buffer.from(certificate.bytes).toString('hex'));
				return true;
			}).accepts(chain, at);
		}
		expect(used).toBeGreaterThan(100);
	});

	it('with bytes changed, cut out or put in are refused, each with one sentence, and never end the program', () => {
		const chains = ['a chain of two', 'signed on P-384', 'signed with RSA', 'a network of its own'].map((name) => cases.find(({ what }) => what === name)!);
		fc.assert(fc.property(fc.constantFrom(...chains), fc.nat(), fc.nat(), fc.constantFrom('change', 'cut', 'put in', 'copy'), fc.uint8Array({ minLength: 1, maxLength: 6 }), (each, which, place, how, bytes) => {
			const chain: Buffer[] = each.chain.map((der) => Buffer.from(der));
			const index = which % chain.length;
			chain[index] = damaged(chain[index], place, how, bytes);
			if (chain[index].equals(each.chain[index])) return;
			const trust = new Trust(Buffer.concat(each.anchors), each.host, isSignedBy);
			expect(trust.accepts(chain, each.at)).toBe(false);
			expect(trust.fault).toMatch(/^(it|its|a|the) [^\n]*$/);
			expect(trust.fault).not.toContain('watchdog');
			expect([42, 43, 45, 46, 48]).toContain(trust.alert);
		}), { seed: 5280, numRuns: 1_500 });
	});

	it('are decided on XS as in Node', async () => {
		const said: string[] = [];
		const lines: string[] = [];
		const resources = Object.fromEntries(cases.flatMap(({ chain, anchors }, i) => [[`${i}-anchors`, Buffer.concat(anchors)], [`${i}-chain`, Buffer.concat(chain.map(withLength))]]));
		const simulation = await startVirtualSimulation({
			engine: 'xs', board: 'esp32', entry: 'test/device/fixtures/judge.ts', seed: 1, resources,
			settings: { questions: cases.map(({ host, at }) => ({ host, at })) } as never,
			onTrace: (_node, text) => said.push(text), onLine: (_node, line) => lines.push(line),
		});
		try {
			await simulation.run(cases.length * 2 + 1_000);
		} finally {
			simulation.end();
		}
		expect([lines, simulation.nodes[0].counts.boots]).toEqual([[], 1]);
		expect(said).toEqual(cases.map(({ chain, anchors, host, at }) => {
			const trust = new Trust(Buffer.concat(anchors), host, isSignedBy);
			return trust.accepts(chain, at) ? '' : `${trust.alert} ${trust.fault}`;
		}));
	});

	it('are decided as OpenSSL decides, but for those with a reason', async () => {
		const theirs = await decisions(cases, folder);
		const differ = cases.map(({ what, ours, why }, i) => ({ what, ours: ours === '', openssl: theirs[i], explained: why !== '' }));
		expect(differ.filter(({ ours, openssl, explained }) => (ours !== openssl) !== explained)).toEqual([]);
	});
});

function withLength(der: Uint8Array): Buffer {
	return Buffer.concat([Buffer.from([0, der.length >> 8, der.length & 255]), der]);
}

function damaged(der: Buffer, place: number, how: string, bytes: Uint8Array): Buffer {
	const at = place % der.length;
	if (how === 'cut') return Buffer.concat([der.subarray(0, at), der.subarray(at + bytes.length)]);
	if (how === 'put in') return Buffer.concat([der.subarray(0, at), bytes, der.subarray(at)]);
	const changed = Buffer.from(der);
	changed.set(how === 'copy' ? der.subarray(0, bytes.length) : bytes.subarray(0, der.length - at), how === 'copy' ? Math.min(at, der.length - bytes.length) : at);
	return changed;
}

/** OpenSSL's, which is asked once for all that differ in the broker's certificate alone. */
async function decisions(cases: readonly Case[], folder: string): Promise<boolean[]> {
	const questions = new Map<string, number[]>();
	cases.forEach(({ chain, anchors, host, at }, i) => {
		const question = JSON.stringify([anchors, chain.slice(1), host, at]);
		questions.set(question, [...(questions.get(question) ?? []), i]);
	});
	const found: boolean[] = [];
	const waiting = [...questions.values()];
	const worker = async (): Promise<void> => {
		for (let group = waiting.pop(); group; group = waiting.pop()) {
			const accepted = await opensslAccepts(group.map((i) => cases[i]), join(folder, String(group[0])));
			group.forEach((i, index) => (found[i] = accepted[index]));
		}
	};
	await Promise.all([worker(), worker(), worker()]);
	return found;
}

/** As a client of TLS that asks for 112 bits and takes any CA of the file for an anchor. */
async function opensslAccepts(cases: readonly Case[], path: string): Promise<boolean[]> {
	const [{ chain, anchors, host, at }] = cases;
	writeFileSync(`${path}-anchors.pem`, anchors.map(pem).join(''));
	writeFileSync(`${path}-rest.pem`, chain.slice(1).map(pem).join(''));
	const leaves = cases.map((_each, i) => `${path}-leaf${i}.pem`);
	leaves.forEach((leaf, i) => writeFileSync(leaf, pem(cases[i].chain[0])));
	const words = ['verify', '-no-CApath', '-no-CAstore', '-partial_chain', '-CAfile', `${path}-anchors.pem`, '-purpose', 'sslserver', '-auth_level', '2', '-attime', String(at)];
	words.push(/^[\d.]+$/.test(host) ? '-verify_ip' : '-verify_hostname', host);
	if (chain.length > 1) words.push('-untrusted', `${path}-rest.pem`);
	const { stdout } = await run('openssl', [...words, ...leaves]).catch((error: { stdout: string }) => error);
	return leaves.map((leaf) => stdout.includes(`${leaf}: OK\n`));
}
