// Two connections, and peers that are slow, many, or no browsers at all.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NEVER, TransportState, type Transport } from '../../src/common/ports.js';
import type { HttpRequest } from '../../src/provisioning/http-request.js';
import { View } from '../../src/provisioning/page.js';
import { WebServer, type Site } from '../../src/provisioning/web-server.js';
import { FakeTransport } from '../support/fakes.js';

const GET = 'GET / HTTP/1.1\r\nHost: 4.3.2.1\r\n\r\n';

class Stand {
	readonly waiting: FakeTransport[] = [];
	readonly asked: string[] = [];
	status = 200;
	now = 0;
	readonly site: Site;
	readonly server: WebServer;

	constructor() {
		const stand = this;
		this.site = {
			view: View.Form, node: 'porch', accessPointName: 'telltale-porch', problem: '', state: '', networks: [], ssid: '', host: '', port: '', user: '', newNode: 'porch',
			asksCode: false, home: '4.3.2.1',
			answer({ method, path, body }: HttpRequest) {
				stand.asked.push(`${['GET', 'HEAD', 'POST'][method]} ${path}${body ? ` ${Buffer.from(body).toString()}` : ''}`);
				return stand.status;
			},
		};
		this.server = new WebServer({ open: () => true, accept: () => this.waiting.shift() as Transport | undefined }, this.site);
	}

	/** Somebody connects and says that. */
	dial(text = ''): FakeTransport {
		const transport = new FakeTransport();
		transport.connected();
		transport.acknowledges = false;
		transport.arrive(...Buffer.from(text, 'latin1'));
		this.waiting.push(transport);
		this.turn();
		return transport;
	}

	turn(ms = 0): number {
		this.now += ms;
		return this.server.poll(this.now);
	}

	/** All of the answer, each piece acknowledged. */
	answered(transport: FakeTransport): string {
		for (let i = 0; i < 20; i++) {
			transport.acknowledge();
			this.turn(50);
		}
		return Buffer.from(transport.sent).toString();
	}
}

describe('The web server', () => {
	it('sends the page in chunks, one piece after the other was acknowledged, and closes when the peer does', () => {
		const stand = new Stand();
		const peer = stand.dial(GET);
		expect(peer.sent.length).toBeGreaterThan(256);
		expect(peer.sent.length).toBeLessThanOrEqual(1_024);
		const before = peer.sent.length;
		stand.turn(50);
		expect(peer.sent.length).toBe(before);
		const [head, ...rest] = stand.answered(peer).split('\r\n\r\n');
		expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
		for (const field of ['Cache-Control: no-store', 'Connection: close', "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; form-action 'self'", 'Transfer-Encoding: chunked']) expect(head).toContain(field);
		const chunks = rest.join('\r\n\r\n').split('\r\n');
		for (let i = 0; chunks[i] !== '0'; i += 2) expect(chunks[i + 1]).toHaveLength(parseInt(chunks[i], 16));
		expect(chunks.filter((_, i) => i % 2).join('')).toMatch(/^<!doctype html>.*<\/main>$/);
		expect(peer.asked).toEqual([]);
		peer.lose();
		expect(stand.turn()).toBe(NEVER);
		expect(peer.asked).toEqual(['close']);
	});

	it('sends it without chunks to a peer of HTTP/1.0, and only the head for HEAD', () => {
		const stand = new Stand();
		expect(stand.answered(stand.dial('GET / HTTP/1.0\r\n\r\n'))).toMatch(/nosniff\r\n\r\n<!doctype html>[^\r]*<\/main>$/);
		expect(stand.answered(stand.dial('HEAD / HTTP/1.1\r\n\r\n'))).toMatch(/chunked\r\n\r\n$/);
	});

	it.each([
		[302, /^HTTP\/1\.1 302 Found\r\nLocation: http:\/\/4\.3\.2\.1\/\r\nContent-Length: 0\r\n/],
		[303, /^HTTP\/1\.1 303 See Other\r\nLocation: \/\r\nContent-Length: 0\r\n/],
		[403, /^HTTP\/1\.1 403 Forbidden\r\n[\s\S]*This form was not sent by the page of this node\.$/],
		[404, /^HTTP\/1\.1 404 Not Found\r\n[\s\S]*There is one page here: \/$/],
	])('answers %i', (status, text) => {
		const stand = new Stand();
		stand.status = status;
		const answer = stand.answered(stand.dial(GET));
		expect(answer).toMatch(text);
		const length = Number(/Content-Length: (\d+)/.exec(answer)![1]);
		expect(answer.split('\r\n\r\n')[1]).toHaveLength(length);
	});

	it('refuses in one sentence what is no request, and asks nobody', () => {
		const stand = new Stand();
		for (const [text, line] of [['\x16\x03\x01\n', '400 Bad Request'], ['BREW / HTTP/1.1\r\n\r\n', '405 Method Not Allowed'], ['POST / HTTP/1.1\r\n\r\n', '411 Length Required'], ['POST / HTTP/1.1\r\nContent-Length: 1048576\r\n\r\n', '413 Content Too Large'],
			['POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n', '501 Not Implemented'], [`GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(1_000)}`, '431 Request Header Fields Too Large']] as const) {
			const peer = stand.dial(text);
			const answer = stand.answered(peer);
			expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${line}\r\n`));
			expect(answer.split('\r\n\r\n')[1]).toMatch(/^[A-Z][^.]*(?:1\.1)?\.$/);
			peer.lose();
			stand.turn();
		}
		expect(stand.asked).toEqual([]);
	});

	it('takes a form in whatever pieces it comes', () => {
		const form = 'POST / HTTP/1.1\r\nHost: 4.3.2.1\r\nContent-Length: 12\r\n\r\nssid=a&host=';
		for (let at = 0; at <= form.length; at++) {
			const stand = new Stand();
			const peer = stand.dial(form.slice(0, at));
			peer.arrive(...Buffer.from(form.slice(at)));
			stand.turn(10);
			expect(stand.asked).toEqual(['POST / ssid=a&host=']);
		}
	});

	it('cuts a peer that drips, one that does not take its answer, and one that never goes', () => {
		const stand = new Stand();
		const dripping = stand.dial('G');
		const deaf = stand.dial(GET);
		for (let i = 0; i < 8; i++) {
			dripping.arrive('E'.charCodeAt(0));
			stand.turn(1_000);
		}
		expect([...dripping.asked, ...deaf.asked]).toEqual([]);
		stand.turn(2_000);
		expect([dripping.asked, deaf.asked]).toEqual([['close'], ['close']]);
		const staying = stand.dial(GET);
		stand.answered(staying);
		expect(staying.asked).toEqual([]);
		stand.turn(1_100);
		expect(staying.asked).toEqual(['close']);
		expect(stand.turn()).toBe(NEVER);
	});

	it('has two connections at a time; a third takes the place of one that has all its answer, or has said nothing', () => {
		const stand = new Stand();
		const [one, two] = [stand.dial('GET'), stand.dial(GET)];
		const third = stand.dial(GET);
		expect([one.asked, two.asked, third.asked, third.sent]).toEqual([[], [], ['close'], []]);
		stand.answered(two);
		const fourth = stand.dial();
		expect([one.asked, two.asked]).toEqual([[], ['close']]);
		// What a browser opened in case it needs it.
		const fifth = stand.dial(GET);
		expect([one.asked, fourth.asked]).toEqual([[], ['close']]);
		expect(stand.answered(fifth)).toMatch(/^HTTP\/1\.1 200/);
	});

	it('outlives any bytes, from any number of peers, and lets each go in the end', () => {
		const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(GET, 'POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcde', 'GET / HTTP/1.0\r\n\r\n').map((text) => Uint8Array.from(Buffer.from(text))));
		fc.assert(fc.property(fc.array(fc.record({ peer: fc.nat(3), bytes, does: fc.constantFrom('say', 'acknowledge', 'lose', 'dial'), ms: fc.nat(3_000) }), { maxLength: 40 }), (steps) => {
			const stand = new Stand();
			const peers: FakeTransport[] = [];
			for (const step of steps) {
				const peer = peers[step.peer];
				if (!peer || step.does === 'dial') peers[step.peer] = stand.dial();
				else if (peer.state === TransportState.Open) {
					if (step.does === 'say') peer.arrive(...step.bytes);
					else if (step.does === 'lose') peer.lose();
					else peer.acknowledge();
				}
				stand.turn(step.ms);
			}
			for (let i = 0; i < 5; i++) stand.turn(11_000);
			expect(peers.filter(({ state }) => state === TransportState.Open)).toEqual([]);
			expect(stand.turn()).toBe(NEVER);
		}), { numRuns: 60 });
	});
});
