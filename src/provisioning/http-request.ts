// SPDX-License-Identifier: MIT
// One request of HTTP/1.1 as it comes in, in whatever pieces. RFC 9112.
//
// Rule: bytes from outside end in a status, never in an assert. Head and body have bounds; of a line only the beginning
// is kept, which is enough for the few fields that count. What could be read in two ways is refused.

const enum Bound {
	/** Longer lines lose their end, which then cannot be what is looked for. */
	LineKept = 112,
	/** Browsers send 400 to 900 bytes. */
	HeadMax = 4_096,
	/** All fields of the page at their longest, every byte of them escaped, are 1,330. */
	BodyMax = 1_536,
}

const enum Name {
	Version = ' HTTP/1.',
	Host = 'host',
	Origin = 'origin',
	ContentLength = 'content-length',
	TransferEncoding = 'transfer-encoding',
}

const enum Ascii {
	Newline = 10,
	Return = 13,
	Tab = 9,
	Space = 32,
	Colon = 58,
	UpperA = 65,
	UpperZ = 90,
	ToLower = 32,
	Digit0 = 48,
	Digit9 = 57,
}

export const enum Method {
	Get,
	Head,
	Post,
	Other,
}

/** Of a refusal. */
export const enum Status {
	None = 0,
	BadRequest = 400,
	Forbidden = 403,
	NotFound = 404,
	MethodNotAllowed = 405,
	LengthRequired = 411,
	TooLarge = 413,
	HeadTooLarge = 431,
	NotImplemented = 501,
}

export class HttpRequest {
	/** Nothing more is needed: what it says, or `status`, holds. */
	done = false;
	/** What is wrong with it. */
	status: Status = Status.None;
	method: Method = Method.Other;
	/** Whether the body of an answer may come in chunks. */
	chunks = false;
	/** With what follows "?"; cut where it is long. */
	path = '';
	/** In lower case; '' where none came. */
	host = '';
	origin = '';
	body: Uint8Array | undefined;
	private bodyLength = 0;
	private headLength = 0;
	private readonly line = new Uint8Array(Bound.LineKept);
	private lineLength = 0;
	private isFirst = true;
	private contentLength = -1;
	private hosts = 0;

	/** Takes bytes up to the end of the request; what lies behind it is nobody's. */
	take(bytes: Uint8Array, count: number): void {
		for (let i = 0; i < count && !this.done; i++) {
			if (this.body) this.intoBody(this.body, bytes[i]);
			else this.intoHead(bytes[i]);
		}
	}

	private refuse(status: Status): void {
		this.status = status;
		this.done = true;
	}

	private intoBody(body: Uint8Array, byte: number): void {
		body[this.bodyLength++] = byte;
		if (this.bodyLength === body.length) this.done = true;
	}

	private intoHead(byte: number): void {
		if (++this.headLength > Bound.HeadMax) return this.refuse(Status.HeadTooLarge);
		if (byte !== Ascii.Newline) {
			if (this.lineLength < Bound.LineKept) this.line[this.lineLength] = byte;
			this.lineLength++;
			return;
		}
		let end = this.lineLength < Bound.LineKept ? this.lineLength : Bound.LineKept;
		if (end > 0 && this.line[end - 1] === Ascii.Return) end--;
		const isWhole = this.lineLength <= Bound.LineKept;
		this.lineLength = 0;
		if (this.isFirst) {
			// An empty line before the first is to be overlooked. RFC 9112 §2.2.
			if (end > 0) this.requestLine(end, isWhole);
		} else if (end > 0) this.field(end, isWhole);
		else this.headDone();
	}

	private requestLine(end: number, isWhole: boolean): void {
		this.isFirst = false;
		if (this.begins(0, 'GET ')) this.method = Method.Get;
		else if (this.begins(0, 'HEAD ')) this.method = Method.Head;
		else if (this.begins(0, 'POST ')) this.method = Method.Post;
		let from = 0;
		while (from < end && this.line[from] !== Ascii.Space) from++;
		let to = end;
		if (isWhole) {
			to = end - Name.Version.length - 1;
			if (from === 0 || to <= from || !this.begins(to, Name.Version)) return this.refuse(Status.BadRequest);
			this.chunks = this.line[end - 1] !== Ascii.Digit0;
		}
		this.path = this.text(from + 1, to);
	}

	private field(end: number, isWhole: boolean): void {
		const { line } = this;
		let colon = 0;
		while (colon < end && line[colon] !== Ascii.Colon) {
			if (line[colon] >= Ascii.UpperA && line[colon] <= Ascii.UpperZ) line[colon] |= Ascii.ToLower;
			colon++;
		}
		// A folded line, or a space before the colon: two readers might see two things. RFC 9112 §5.
		if (colon === 0 || isSpace(line[0]) || isSpace(line[colon - 1])) return this.refuse(Status.BadRequest);
		let from = colon + 1;
		while (from < end && isSpace(line[from])) from++;
		while (end > from && isSpace(line[end - 1])) end--;
		if (this.isNamed(Name.Host, colon)) {
			this.hosts++;
			// One that is cut is nobody's of ours.
			this.host = isWhole ? this.lower(from, end) : '?';
		} else if (this.isNamed(Name.Origin, colon)) this.origin = isWhole && this.origin === '' ? this.lower(from, end) : '?';
		else if (this.isNamed(Name.TransferEncoding, colon)) this.refuse(Status.NotImplemented);
		else if (this.isNamed(Name.ContentLength, colon)) this.length(from, end);
	}

	private length(from: number, end: number): void {
		if (this.contentLength >= 0 || from === end) return this.refuse(Status.BadRequest);
		let length = 0;
		for (; from < end; from++) {
			const digit = this.line[from];
			if (digit < Ascii.Digit0 || digit > Ascii.Digit9) return this.refuse(Status.BadRequest);
			// No further than that it is too large.
			if (length <= Bound.BodyMax) length = length * 10 + digit - Ascii.Digit0;
		}
		this.contentLength = length;
	}

	private headDone(): void {
		const { contentLength } = this;
		if (this.hosts > 1) return this.refuse(Status.BadRequest);
		if (contentLength > Bound.BodyMax) return this.refuse(Status.TooLarge);
		if (this.method === Method.Other) return this.refuse(Status.MethodNotAllowed);
		if (this.method === Method.Post && contentLength < 0) return this.refuse(Status.LengthRequired);
		if (contentLength > 0) this.body = new Uint8Array(contentLength);
		else this.done = true;
	}

	private begins(at: number, text: string): boolean {
		for (let i = 0; i < text.length; i++) if (this.line[at + i] !== text.charCodeAt(i)) return false;
		return true;
	}

	private isNamed(name: string, colon: number): boolean {
		return colon === name.length && this.begins(0, name);
	}

	private text(from: number, to: number): string {
		let text = '';
		for (let i = from; i < to; i++) text += String.fromCharCode(this.line[i]);
		return text;
	}

	private lower(from: number, to: number): string {
		for (let i = from; i < to; i++) if (this.line[i] >= Ascii.UpperA && this.line[i] <= Ascii.UpperZ) this.line[i] |= Ascii.ToLower;
		return this.text(from, to);
	}
}

const isSpace = (byte: number): boolean => byte === Ascii.Space || byte === Ascii.Tab;
