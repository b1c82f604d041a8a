// The order of a TLS 1.2 handshake, record by record.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alertText, Handshake, RecordHeads } from '../../src/device/esp32/handshake.js';
import { ecdsaSignature, integer, makeKey, rsaSpki, seq, tlv, write } from '../support/x509-writer.js';

const word = (number: number) => [number >> 8, number & 255];
const record = (type: number, ...body: number[]) => Uint8Array.of(type, 3, 3, ...word(body.length), ...body);
const message = (type: number, ...body: number[]) => [type, 0, ...word(body.length), ...body];
const hello = (suite: number, version = 0x0303, session: number[] = []) =>
	message(2, version >> 8, version & 255, ...Array<number>(32).fill(1), session.length, ...session, suite >> 8, suite & 255, 0);
const key = makeKey('prime256v1');
const holding = (...certificates: Uint8Array[]) => {
	const list = certificates.flatMap((der) => [0, ...word(der.length), ...der]);
	return message(11, 0, ...word(list.length), ...list);
};
const withKey = (spki: Uint8Array) => holding(write({ key, spki }).der);
const RSA_BYTES = 256;
/** Of RSA, on P-256 and on P-384; who signed them is not asked here. */
const certificate = withKey(rsaSpki((1n << 2_047n) + 1n));
const onP256 = withKey(key.spki);
const onP384 = withKey(makeKey('secp384r1').spki);
const POINT = [4, ...Array<number>(64).fill(9)];
const signature = (hash: number, sign: number, bytes: Iterable<number>) => [hash, sign, ...word([...bytes].length), ...bytes];
const rsaSigned = (size = RSA_BYTES) => Array<number>(size).fill(5);
const ecdhe = (hash = 4, sign = 1, bytes: Iterable<number> = rsaSigned()) => message(12, 3, 0, 23, POINT.length, ...POINT, ...signature(hash, sign, bytes));
const dhe = (hash = 4, sign = 1, prime = [200, ...Array<number>(254).fill(7), 7]) =>
	message(12, ...word(prime.length), ...prime, 0, 1, 2, ...word(prime.length), ...prime, ...signature(hash, sign, rsaSigned()));
const requestOf = (...names: number[][]) => {
	const list = names.flatMap((name) => [...word(name.length), ...name]);
	return message(13, 1, 1, 0, 2, 4, 1, ...word(list.length), ...list);
};
const request = requestOf([48, 0], [48, 0]);
const done = message(14);
const change = record(20, 1);
const ECDHE = 0xc02f;
const ECDHE_ECDSA = 0xc02b;
const DHE = 0x009e;
const RSA = 0x002f;

function run(...records: Uint8Array[]): string {
	return judged(...records).answer;
}

/** What the last of these records is answered with. */
function judged(...records: Uint8Array[]): { answer: string; alert: number } {
	const handshake = new Handshake();
	let answer = '';
	records.forEach((each, index) => {
		answer = handshake.record(each);
		if (index < records.length - 1) expect(answer).toBe('');
	});
	return { answer, alert: handshake.alert };
}

const RULES = 'it breaks the rules of TLS';

describe('A handshake', () => {
	it.each([
		['ECDHE', [record(22, ...hello(ECDHE)), record(22, ...certificate), record(22, ...ecdhe()), record(22, ...done), change]],
		['ECDHE in one record', [record(22, ...hello(ECDHE_ECDSA, 0x0303, [1, 2]), ...onP256, ...ecdhe(4, 3, ecdsaSignature(1, 1)), ...done), change]],
		['ECDHE with a key on P-384', [record(22, ...hello(ECDHE_ECDSA), ...onP384), record(22, ...ecdhe(4, 3, ecdsaSignature(1n << 380n, 1n << 300n)), ...done), change]],
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
		['a key that nobody signed', [record(22, ...hello(ECDHE), ...certificate, ...ecdhe(0, 0, []))]],
		['a key signed with MD5', [record(22, ...hello(ECDHE), ...certificate, ...ecdhe(1, 1))]],
		['a signature of nobody knows what', [record(22, ...hello(ECDHE), ...certificate, ...ecdhe(4, 0))]],
		['a DHE key that nobody signed', [record(22, ...hello(DHE), ...certificate, ...dhe(4, 0))]],
		['a signature of ECDSA by a key of RSA', [record(22, ...hello(ECDHE), ...certificate, ...ecdhe(4, 3, ecdsaSignature(5, 5)))]],
		['a signature of RSA by a key of ECDSA', [record(22, ...hello(ECDHE_ECDSA), ...onP256, ...ecdhe(4, 1))]],
		['a signature longer than the key', [record(22, ...hello(ECDHE), ...certificate, ...ecdhe(4, 1, rsaSigned(RSA_BYTES + 1)))]],
		['a signature beyond the key', [record(22, ...hello(ECDHE), ...certificate, ...ecdhe(4, 1, Array<number>(RSA_BYTES).fill(255)))]],
	])('ends at %s', (_what, records) => {
		const { answer, alert } = judged(...records);
		expect([answer, alert]).toEqual(['it does not sign its key as it has to', 47]);
	});

	const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
	it.each([
		['s = 0', ecdsaSignature(5, 0)],
		['r = 0', ecdsaSignature(0, 5)],
		['s = n', ecdsaSignature(5, ORDER)],
		['r beyond n', ecdsaSignature(ORDER + 5n, 5)],
		['s < 0', seq(integer(5), tlv(2, Buffer.from([0x80])))],
		['one number', seq(integer(5))],
		['three numbers', seq(integer(5), integer(5), integer(5))],
		['an empty number', seq(tlv(2), integer(5))],
		['a number with zeros in front', seq(tlv(2, Buffer.from([0, 5])), integer(5))],
		['rubbish', Buffer.from('rubbish')],
		['nothing', Buffer.alloc(0)],
	])('ends at %s in the signature, which anybody can write behind the broker\'s own certificate', (_what, bytes) => {
		const { answer, alert } = judged(record(22, ...hello(ECDHE_ECDSA), ...onP256, ...ecdhe(4, 3, bytes)));
		expect([answer, alert]).toEqual(['it does not sign its key as it has to', 47]);
	});

	it('takes r and s up to the order of the curve', () => {
		expect(judged(record(22, ...hello(ECDHE_ECDSA), ...onP256, ...ecdhe(4, 3, ecdsaSignature(ORDER - 1n, ORDER - 1n)))).answer).toBe('');
	});

	it.each([
		['a key of ECDSA for a cipher of RSA', [record(22, ...hello(ECDHE), ...onP256)]],
		['a key of RSA for a cipher of ECDSA', [record(22, ...hello(ECDHE_ECDSA), ...certificate)]],
		['another curve', [record(22, ...hello(ECDHE), ...certificate, ...message(12, 3, 0, 24, POINT.length, ...POINT, ...signature(4, 1, rsaSigned())))]],
		['a curve of its own making', [record(22, ...hello(ECDHE), ...certificate, ...message(12, 1, 0, 23, POINT.length, ...POINT, ...signature(4, 1, rsaSigned())))]],
		['a point that is compressed', [record(22, ...hello(ECDHE), ...certificate, ...message(12, 3, 0, 23, 33, ...Array<number>(33).fill(2), ...signature(4, 1, rsaSigned())))]],
		['a prime of 1,024 bits', [record(22, ...hello(DHE), ...certificate, ...dhe(4, 1, Array<number>(128).fill(201)))]],
		['a prime of 8,192 bits', [record(22, ...hello(DHE), ...certificate, ...dhe(4, 1, Array<number>(1_024).fill(201)))]],
		['a prime that is even', [record(22, ...hello(DHE), ...certificate, ...dhe(4, 1, Array<number>(256).fill(200)))]],
		['bytes behind the signature', [record(22, ...hello(ECDHE), ...certificate, ...message(12, ...ecdhe().slice(4), 0))]],
	])('ends at %s, as an illegal parameter', (_what, records) => {
		const { answer, alert } = judged(...records);
		expect([answer, alert]).toEqual([RULES, 47]);
	});

	it('ends at more certificates than a chain can have, and at empty ones, before objects are made of them', () => {
		const der = write({ key, spki: rsaSpki((1n << 2_047n) + 1n) }).der;
		expect(run(record(22, ...hello(ECDHE), ...holding(...Array<Buffer>(10).fill(der))))).toBe('');
		expect(judged(record(22, ...hello(ECDHE), ...holding(...Array<Buffer>(11).fill(der))))).toEqual({ answer: 'it shows too many certificates', alert: 42 });
		expect(run(record(22, ...hello(ECDHE), ...holding(der, Buffer.alloc(0))))).toBe(RULES);
	});

	it('ends at a request with more names than a broker has CAs, and at empty ones, before objects are made of them', () => {
		const before = [...hello(ECDHE), ...certificate, ...ecdhe()];
		expect(run(record(22, ...before, ...requestOf(...Array<number[]>(200).fill([48, 0]))))).toBe('');
		for (const names of [Array<number[]>(201).fill([48, 0]), Array<number[]>(3).fill([])]) expect(run(record(22, ...before, ...requestOf(...names)))).toBe(RULES);
		for (const body of [[], [1], [9, 1, 1], [1, 1, 0, 0], [1, 1, 0, 9, 0, 0], [1, 1, 0, 0, 0, 9, 0, 0]]) expect(run(record(22, ...before, ...message(13, ...body)))).toBe(RULES);
	});

	it('leaves a key of a kind that it does not know to who decides on trust', () => {
		expect(run(record(22, ...hello(ECDHE), ...withKey(makeKey('ed25519').spki)))).toBe('');
	});

	it('ends at a certificate that cannot be read, and at one that is longer than its message', () => {
		const { answer, alert } = judged(record(22, ...hello(ECDHE), ...holding(new Uint8Array(40))));
		expect([answer, alert]).toEqual(['its certificate cannot be read (DER holds something else)', 42]);
		expect(run(record(22, ...hello(ECDHE), ...message(11, 0, 0, 9, 0, 0, 7, 1, 2, 3, 4, 5, 6)))).toBe(RULES);
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
		const parts = [hello(ECDHE), hello(RSA), certificate, ecdhe(), ecdhe(0, 0, []), request, done].map((each) => record(22, ...each));
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

describe('The heads of records', () => {
	/** As the session reads: a head, however many bytes of it are there, and then what it announces. */
	function read(stream: Uint8Array, pieces: readonly number[]): string {
		const heads = new RecordHeads();
		let piece = 0;
		for (let at = 0; at < stream.length; ) {
			const ends = [at + 5, at + 5 + stream[at + 3] * 256 + stream[at + 4]];
			for (const end of ends) {
				while (at < end && at < stream.length) {
					const size = Math.min(pieces[piece++ % pieces.length], end - at);
					const fault = heads.read(stream.subarray(at, at + size));
					if (fault) return fault;
					at += size;
				}
			}
		}
		return '';
	}

	it('are followed however the bytes come', () => {
		const stream = Buffer.concat([record(22, 1, 2, 3), record(22), record(23, ...Array<number>(300).fill(80)), record(21, 2, 40), record(20, 1)]);
		fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 9 }), (pieces) => {
			expect(read(stream, pieces)).toBe('');
			expect(read(Buffer.concat([stream, Buffer.from('HTTP/1.1')]), pieces)).toBe('it does not speak TLS: is this its port for TLS?');
			expect(read(Buffer.concat([stream, Buffer.from([22, 3, 3, 0x48, 1])]), pieces)).toBe(RULES);
			expect(read(Buffer.concat([stream, Buffer.from([22, 3, 3, 0x48, 0])]), pieces)).toBe('');
		}), { seed: 3, numRuns: 200 });
	});
});
