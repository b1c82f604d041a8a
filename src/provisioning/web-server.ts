// SPDX-License-Identifier: MIT
// HTTP of the set-up page: two connections at a time, one request on each.
//
// Rule: a peer that is slow is cut, one that sends what is no request gets one sentence and is closed. What goes out in
// a turn is less than one segment, and nothing follows before it is acknowledged; a connection is closed by us only
// when all has arrived, since an ESP8266 breaks it off (tcp.ts).

import { NEVER, TransportState, type Listener, type Millis, type Pollable, type Transport } from '../common/ports.js';
import { Text } from '../common/text.js';
import { HttpRequest, Method, Status } from './http-request.js';
import { Page, type Shown } from './page.js';

const enum Bound {
	ConnectionsMax = 2,
	/** A request of a phone is there in a moment. */
	RequestMs = 10_000,
	/** For each piece. */
	PieceMs = 10_000,
	/** The peer closes first, as it was told to. */
	GoodbyeMs = 1_000,
	OpenAgainMs = 1_000,
	ReadBytes = 128,
	PieceBytes = 512,
	PiecesPerTurn = 2,
	/** "1FF", and the end of its line. */
	ChunkHead = 5,
}

const enum Code {
	Ok = 200,
	Found = 302,
	SeeOther = 303,
}

const enum Http {
	Version = 'HTTP/1.1 ',
	Common = '\r\nCache-Control: no-store\r\nConnection: close\r\n',
	PageHead = '200 OK\r\nContent-Type: text/html; charset=utf-8',
	Policy = 'Content-Security-Policy: default-src \'none\'; style-src \'unsafe-inline\'; form-action \'self\'; frame-ancestors \'none\'\r\n'
		+ 'X-Content-Type-Options: nosniff\r\n',
	Chunked = 'Transfer-Encoding: chunked\r\n\r\n',
	LineEnd = '\r\n',
	LastChunk = '0\r\n\r\n',
	ToHome = '302 Found\r\nLocation: http://',
	ToPage = '303 See Other\r\nLocation: /\r\nContent-Length: 0',
	Empty = '/\r\nContent-Length: 0',
	SentenceHead = '\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ',
	Hexadecimal = '0123456789ABCDEF',
}

/** Who decides what a request is answered with. */
export interface Site extends Shown {
	/** The status of the answer. 302: to the page at `home`; 303: the page is to be asked for. */
	answer(request: HttpRequest, now: Millis): number;
	/** Dotted. */
	readonly home: string;
}

const phraseOf = (status: number): string => {
	switch (status) {
		case Status.Forbidden: return '403 Forbidden';
		case Status.NotFound: return '404 Not Found';
		case Status.MethodNotAllowed: return '405 Method Not Allowed';
		case Status.LengthRequired: return '411 Length Required';
		case Status.TooLarge: return '413 Content Too Large';
		case Status.HeadTooLarge: return '431 Request Header Fields Too Large';
		case Status.NotImplemented: return '501 Not Implemented';
	}
	return '400 Bad Request';
};

const sentenceOf = (status: number): string => {
	switch (status) {
		case Status.Forbidden: return 'This form was not sent by the page of this node.';
		case Status.NotFound: return 'There is one page here: /';
		case Status.MethodNotAllowed: return 'Only GET, HEAD and POST are answered here.';
		case Status.LengthRequired: return 'A form must say how long it is.';
		case Status.TooLarge: return 'The form is longer than all its fields can be.';
		case Status.HeadTooLarge: return 'The head of the request is too long.';
		case Status.NotImplemented: return 'Transfer codings are not taken here.';
	}
	return 'This is no request of HTTP/1.1.';
};

class Connection {
	/** The peer has until then. */
	dueAt: Millis;
	readonly transport: Transport;
	private readonly site: Site;
	private request: HttpRequest | undefined = new HttpRequest();
	private readonly out: Text = new Text(new Uint8Array(Bound.PieceBytes));
	private page: Page | undefined;
	private isChunked = false;
	private isHeadSent = false;
	/** All is written, and is on its way. */
	isWritten = false;
	/** It has arrived. */
	isOver = false;
	/** It has said nothing yet: browsers open connections that they may need. */
	isIdle = true;

	constructor(transport: Transport, site: Site, now: Millis) {
		this.transport = transport;
		this.site = site;
		this.dueAt = now + Bound.RequestMs;
	}

	/** False: it has ended. */
	turn(now: Millis, bytes: Uint8Array): boolean {
		const { transport } = this;
		if (now >= this.dueAt) return false;
		const { request } = this;
		for (let count = transport.read(bytes); count > 0; count = transport.read(bytes)) {
			this.isIdle = false;
			request?.take(bytes, count);
		}
		if (request?.done) this.begin(request, now);
		if (transport.state === TransportState.Lost) return false;
		if (transport.state === TransportState.Open && transport.room > 0 && !this.request) this.write(now);
		return true;
	}

	private begin(request: HttpRequest, now: Millis): void {
		const status = request.status || this.site.answer(request, now);
		this.request = undefined;
		this.dueAt = now + Bound.PieceMs;
		const { out } = this;
		out.put(Http.Version);
		if (status === Code.Ok) {
			this.isChunked = request.chunks;
			out.put(Http.PageHead).put(Http.Common).put(Http.Policy).put(this.isChunked ? Http.Chunked : Http.LineEnd);
			if (request.method !== Method.Head) this.page = new Page(this.site);
		} else if (status === Code.Found) out.put(Http.ToHome).put(this.site.home).put(Http.Empty).put(Http.Common).put(Http.LineEnd);
		else if (status === Code.SeeOther) out.put(Http.ToPage).put(Http.Common).put(Http.LineEnd);
		else {
			const sentence = sentenceOf(status);
			out.put(phraseOf(status)).put(Http.SentenceHead).whole(sentence.length).put(Http.Common).put(Http.LineEnd);
			if (request.method !== Method.Head) out.put(sentence);
		}
	}

	/** There is room: all that was written has arrived. */
	private write(now: Millis): void {
		const { transport } = this;
		if (this.isWritten) {
			if (!this.isOver) this.dueAt = now + Bound.GoodbyeMs;
			this.isOver = true;
			return;
		}
		for (let i = 0; i < Bound.PiecesPerTurn && !this.isWritten; i++) {
			this.fill();
			const { bytes, length } = this.out;
			if (length > 0 && !transport.write(bytes.subarray(0, length))) break;
			this.out.clear();
			this.isHeadSent = true;
			this.isWritten = !this.page;
		}
		transport.endTurn();
		this.dueAt = now + Bound.PieceMs;
	}

	/** The next piece of the page, as a chunk where the peer takes them. */
	private fill(): void {
		const { out, page } = this;
		if (!page || !this.isHeadSent) return;
		if (!this.isChunked) {
			if (page.fill(out)) this.page = undefined;
			return;
		}
		const inside = new Text(out.bytes.subarray(Bound.ChunkHead, Bound.PieceBytes - Http.LineEnd.length - Http.LastChunk.length));
		const isLast = page.fill(inside);
		const size = inside.length;
		out.put(Http.Hexadecimal.charAt(size >> 8)).put(Http.Hexadecimal.charAt(size >> 4 & 15)).put(Http.Hexadecimal.charAt(size & 15)).put(Http.LineEnd);
		out.length += size;
		out.put(Http.LineEnd);
		if (!isLast) return;
		out.put(Http.LastChunk);
		this.page = undefined;
	}
}

export class WebServer implements Pollable {
	private readonly listener: Listener;
	private readonly site: Site;
	private readonly connections: Connection[] = [];
	private readonly arrived = new Uint8Array(Bound.ReadBytes);
	private isOpen = false;

	constructor(listener: Listener, site: Site) {
		this.listener = listener;
		this.site = site;
	}

	poll(now: Millis): Millis {
		const { connections } = this;
		if (!this.isOpen) this.isOpen = this.listener.open();
		if (!this.isOpen) return now + Bound.OpenAgainMs;
		this.accept(now);
		let wakeAt = NEVER;
		for (let i = connections.length - 1; i >= 0; i--) {
			const connection = connections[i];
			if (!connection.turn(now, this.arrived)) this.end(i);
			else if (connection.dueAt < wakeAt) wakeAt = connection.dueAt;
		}
		return wakeAt;
	}

	/** One too many takes the place of a connection that has all its answer, or that has said nothing; else it is closed. */
	private accept(now: Millis): void {
		const { connections } = this;
		for (let next = this.listener.accept(); next; next = this.listener.accept()) {
			for (let i = connections.length - 1; i >= 0 && connections.length === Bound.ConnectionsMax; i--) {
				if (connections[i].isOver || connections[i].isIdle) this.end(i);
			}
			if (connections.length < Bound.ConnectionsMax) connections.push(new Connection(next, this.site, now));
			else next.close();
		}
	}

	private end(i: number): void {
		const { connections } = this;
		connections[i].transport.close();
		for (; i < connections.length - 1; i++) connections[i] = connections[i + 1];
		connections.length--;
	}
}
