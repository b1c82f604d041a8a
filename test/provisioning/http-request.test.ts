// Requests as browsers, phones and enemies send them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HttpRequest, Method, Status } from '../../src/provisioning/http-request.js';

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));

/** In pieces of those sizes, the last for the rest. */
function taken(text: string, sizes: readonly number[] = []): HttpRequest {
	const request = new HttpRequest();
	let bytes = bytesOf(text);
	for (const size of [...sizes, bytes.length]) {
		request.take(bytes, Math.min(size, bytes.length));
		bytes = bytes.subarray(size);
	}
	return request;
}

const said = ({ done, status, method, path, host, origin, chunks, body }: HttpRequest) => ({ done, status, method, path, host, origin, chunks, body: body && Buffer.from(body).toString('latin1') });

const FORM = 'POST / HTTP/1.1\r\nHost: 4.3.2.1\r\nUser-Agent: Mozilla/5.0 (Linux; Android 15; Pixel 9 Pro) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36\r\n'
	+ 'Origin: http://4.3.2.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 11\r\n\r\nssid=a&b=+%';

describe('A request', () => {
	it('says what it asks for', () => {
		expect(said(taken('GET /generate_204 HTTP/1.1\r\nHOST: Connectivitycheck.Gstatic.com\r\nAccept: */*\r\n\r\n'))).toEqual({
			done: true, status: 0, method: Method.Get, path: '/generate_204', host: 'connectivitycheck.gstatic.com', origin: '', chunks: true, body: undefined,
		});
		expect(said(taken(FORM))).toEqual({ done: true, status: 0, method: Method.Post, path: '/', host: '4.3.2.1', origin: 'http://4.3.2.1', chunks: true, body: 'ssid=a&b=+%' });
		expect(said(taken('HEAD / HTTP/1.0\n\n'))).toMatchObject({ done: true, status: 0, method: Method.Head, path: '/', host: '', chunks: false });
	});

	it('is the same in whatever pieces it comes: cut at every byte, and by chance', () => {
		const whole = said(taken(FORM));
		for (let at = 0; at <= FORM.length; at++) expect(said(taken(FORM, [at]))).toEqual(whole);
		fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 60 })), (sizes) => {
			expect(said(taken(FORM, sizes))).toEqual(whole);
		}));
	});

	it.each([
		['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\n', Status.BadRequest],
		['no version', 'GET /\r\n\r\n', Status.BadRequest],
		['HTTP/2', 'PRI * HTTP/2.0\r\n\r\n', Status.BadRequest],
		['no method', ' / HTTP/1.1\r\n\r\n', Status.BadRequest],
		['another method', 'DELETE / HTTP/1.1\r\n\r\n', Status.MethodNotAllowed],
		['a method that begins like one', 'GETS / HTTP/1.1\r\n\r\n', Status.MethodNotAllowed],
		['two hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', Status.BadRequest],
		['a folded line', 'GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n', Status.BadRequest],
		['a space before the colon', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n', Status.BadRequest],
		['a tab before the colon', 'POST / HTTP/1.1\r\nTransfer-Encoding\t: chunked\r\nContent-Length: 1\r\n\r\nx', Status.BadRequest],
		['a field without a name', 'GET / HTTP/1.1\r\n: a\r\n\r\n', Status.BadRequest],
		['no length', 'POST / HTTP/1.1\r\nHost: a\r\n\r\n', Status.LengthRequired],
		['two lengths', 'POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx', Status.BadRequest],
		['a length that is none', 'POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n', Status.BadRequest],
		['a length beyond all numbers', `POST / HTTP/1.1\r\nContent-Length: ${'9'.repeat(80)}\r\n\r\n`, Status.TooLarge],
		['a megabyte', 'POST / HTTP/1.1\r\nContent-Length: 1048576\r\n\r\n', Status.TooLarge],
		['chunks', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', Status.NotImplemented],
		['a head without end', `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(1_000)}`, Status.HeadTooLarge],
		['one line without end', 'GET /' + 'a'.repeat(10_000), Status.HeadTooLarge],
	] as const)('that has %s is refused', (_what, text, status) => {
		expect(taken(text)).toMatchObject({ done: true, status });
	});

	it('keeps the beginning of a long line, which then is nobody\'s', () => {
		const long = taken(`GET /${'a'.repeat(3_000)} HTTP/1.1\r\nHost: 4.3.2.1${'0'.repeat(200)}\r\nOrigin: http://4.3.2.1${'0'.repeat(200)}\r\n\r\n`);
		expect(long).toMatchObject({ done: true, status: 0, host: '?', origin: '?' });
		expect(long.path.length).toBeLessThan(112);
	});

	it('has an origin that is nobody\'s when it names two', () => {
		for (const [first, second] of [['http://evil.test', 'http://4.3.2.1'], ['http://4.3.2.1', 'http://evil.test'], ['http://4.3.2.1', 'http://4.3.2.1']]) {
			expect(taken(`GET / HTTP/1.1\r\nOrigin: ${first}\r\nOrigin: ${second}\r\n\r\n`).origin).toBe('?');
		}
	});

	it('ends at its length: what lies behind it is nobody\'s, and a megabyte more costs nothing', () => {
		const request = taken(FORM);
		request.take(new Uint8Array(1 << 20), 1 << 20);
		expect(said(request)).toEqual(said(taken(FORM)));
	});

	it('never throws, whatever the bytes, and holds no more than its bounds', () => {
		fc.assert(fc.property(fc.array(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(...FORM.split(/(?<=\n)/).map(bytesOf)))), (pieces) => {
			const request = new HttpRequest();
			for (const piece of pieces) request.take(piece, piece.length);
			expect(request.body?.length ?? 0).toBeLessThanOrEqual(1_536);
			expect(request.host.length + request.origin.length + request.path.length).toBeLessThan(340);
		}));
	});
});
