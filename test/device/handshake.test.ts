// The order of a TLS 1.2 handshake, record by record.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alertText, Handshake } from '../../src/device/esp32/handshake.js';

const record = (type: number, ...body: number[]) => Uint8Array.of(type, 3, 3, body.length >> 8, body.length & 255, ...body);
const message = (type: number, ...body: number[]) => [type, 0, body.length >> 8, body.length & 255, ...body];
const hello = (suite: number, version = 0x0303, session: number[] = []) =>
	message(2, version >> 8, version & 255, ...Array<number>(32).fill(1), session.length, ...session, suite >> 8, suite & 255, 0);
const certificate = message(11, 0, 0, 0);
const ecdhe = (hash = 4, sign = 1, size = 3) => message(12, 3, 0, 23, 4, 9, 9, 9, 9, hash, sign, 0, size, ...Array<number>(size).fill(5));
const dhe = (hash = 4, sign = 1) => message(12, 0, 1, 7, 0, 1, 7, 0, 2, 7, 7, hash, sign, 0, 1, 5);
const request = message(13, 1, 1, 0, 0);
const done = message(14);
const change = record(20, 1);
const ECDHE = 0xc02f;
const DHE = 0x009e;
const RSA = 0x002f;

/** What the last of these records is answered with. */
function run(...records: Uint8Array[]): string {
	const handshake = new Handshake();
	let answer = '';
	records.forEach((each, index) => {
		answer = handshake.record(each);
		if (index < records.length - 1) expect(answer).toBe('');
	});
	return answer;
}

const RULES = 'it breaks the rules of TLS';

describe('A handshake', () => {
	it.each([
		['ECDHE', [record(22, ...hello(ECDHE)), record(22, ...certificate), record(22, ...ecdhe()), record(22, ...done), change]],
		['ECDHE in one record', [record(22, ...hello(ECDHE, 0x0303, [1, 2]), ...certificate, ...ecdhe(4, 3), ...done), change]],
		['with a wish for a certificate', [record(22, ...hello(ECDHE), ...certificate, ...ecdhe(), ...request, ...done), change]],
		['DHE', [record(22, ...hello(DHE), ...certificate, ...dhe(), ...done), change]],
		['RSA', [record(22, ...hello(RSA), ...certificate, ...done), change]],
	])('by %s goes through to the encrypted part', (_name, records) => {
		const handshake = new Handshake();
		for (const each of records) expect(handshake.record(each)).toBe('');
		expect(handshake.encrypted).toBe(true);
		expect(handshake.record(record(22, 1, 2, 3))).toBe('');
		expect(handshake.record(record(23, 1, 2, 3))).toBe('');
	});

	it.each([
		['a key that nobody signed', [record(22, ...hello(ECDHE), ...certificate, ...ecdhe(0, 0))]],
		['a key signed with MD5', [record(22, ...hello(ECDHE), ...certificate, ...ecdhe(1, 1))]],
		['a signature of nobody knows what', [record(22, ...hello(ECDHE), ...certificate, ...ecdhe(4, 0))]],
		['a DHE key that nobody signed', [record(22, ...hello(DHE), ...certificate, ...dhe(4, 0))]],
	])('ends at %s', (_what, records) => {
		expect(run(...records)).toBe('it does not sign its key as it has to');
	});

	it.each([
		['no certificate', [record(22, ...hello(ECDHE), ...ecdhe())]],
		['no key', [record(22, ...hello(ECDHE), ...certificate, ...done)]],
		['a second certificate', [record(22, ...hello(ECDHE), ...certificate, ...certificate)]],
		['Finished in the clear', [record(22, ...hello(ECDHE), ...certificate, ...ecdhe(), ...done), record(22, ...message(20, ...Array<number>(12).fill(0)))]],
		['data in the clear', [record(22, ...hello(ECDHE)), record(23, 1)]],
		['a change of cipher too early', [record(22, ...hello(ECDHE), ...certificate), change]],
		['a cipher that was not offered', [record(22, ...hello(0x1301))]],
		['no cipher', [record(22, ...hello(0))]],
		['a ClientHello', [record(22, ...message(1, 1))]],
		['a second hello', [record(22, ...hello(ECDHE)), record(22, ...hello(ECDHE))]],
		['data right after the change of cipher', [record(22, ...hello(RSA), ...certificate, ...done), change, record(23, 1)]],
	])('ends at %s', (_what, records) => {
		expect(run(...records)).toBe(RULES);
	});

	it('ends at another version, in the hello or by alert', () => {
		expect(run(record(22, ...hello(ECDHE, 0x0302)))).toBe('it does not offer TLS 1.2');
		expect(run(record(22, ...hello(ECDHE, 0x0304)))).toBe('it does not offer TLS 1.2');
		expect(run(record(21, 2, 70))).toBe('it does not offer TLS 1.2');
	});

	it('puts every alert into words', () => {
		for (let code = 0; code < 256; code++) expect(alertText(code)).toMatch(/^(it|our) .*[a-z0-9)]$/);
		expect(alertText(99)).toBe('it ends TLS with alert 99');
	});

	it('knows an HTTP server by its first record', () => {
		expect(run(new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n\r\n'))).toBe('it does not speak TLS: is this its port for TLS?');
	});

	it('never throws and never believes in encryption without a whole handshake', () => {
		const parts = [hello(ECDHE), hello(RSA), certificate, ecdhe(), ecdhe(0, 0), request, done].map((each) => record(22, ...each));
		const any = fc.oneof(fc.constantFrom(...parts, change, record(23, 1), record(21, 1, 0)), fc.uint8Array({ minLength: 6, maxLength: 60 }));
		fc.assert(fc.property(fc.array(any, { maxLength: 8 }), (records) => {
			const handshake = new Handshake();
			const taken: Uint8Array[] = [];
			for (const each of records) {
				if (handshake.record(each)) break;
				taken.push(each);
			}
			if (!handshake.encrypted) return;
			expect(taken).toContain(parts[2]);
			expect(taken.includes(parts[1]) || taken.includes(parts[3])).toBe(true);
		}), { seed: 5246, numRuns: 3_000 });
	});
});
