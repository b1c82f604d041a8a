// SPDX-License-Identifier: MIT
// An X.509 certificate as far as trust needs it: whose it is, who signed it, how long it holds, and for which names.
//
// Rule: reads DER strictly (definite lengths, each element ends where its parent says) and throws at anything else; nothing is
// copied, everything is a view of the bytes that came in. RFC 5280 §4.1; names as RFC 9525 §6.3.

const SEQUENCE = 0x30;
const OID = 0x06;
const BOOLEAN = 0x01;
const OCTET_STRING = 0x04;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const EXTENSIONS = 0xa3;
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;
/** 2.5.29.17 and 2.5.29.19 end in these; both begin with 55 1d. */
const SUBJECT_ALT_NAME = 17;
const BASIC_CONSTRAINTS = 19;
const ZERO = 0x30;

/** The elements of one level of DER, one after the other. */
export class Der {
	tag = 0;
	/** Where the element begins, where its content begins, and where it ends. */
	start = 0;
	from = 0;
	to = 0;
	readonly #bytes: Uint8Array;
	readonly #end: number;

	constructor(bytes: Uint8Array, from = 0, end = bytes.length) {
		this.#bytes = bytes;
		this.#end = end;
		this.to = from;
	}

	/** Goes to the next element; false at the end of the level. */
	next(): boolean {
		const bytes = this.#bytes;
		let at = this.to;
		if (at === this.#end) return false;
		if (at + 2 > this.#end) throw new Error('DER is cut off');
		this.start = at;
		this.tag = bytes[at++];
		let length = bytes[at++];
		if (length > 0x80 && length <= 0x83) {
			let count = length - 0x80;
			if (at + count > this.#end) throw new Error('DER is cut off');
			for (length = 0; count > 0; count--) length = length * 256 + bytes[at++];
		} else if (length >= 0x80) throw new Error('DER has a length that cannot be');
		if (at + length > this.#end) throw new Error('DER is cut off');
		this.from = at;
		this.to = at + length;
		return true;
	}

	/** Goes to the next element, which must be a `tag`. */
	expect(tag: number): this {
		if (!this.next() || this.tag !== tag) throw new Error('DER holds something else');
		return this;
	}

	/** The elements inside this one. */
	inside(): Der {
		return new Der(this.#bytes, this.from, this.to);
	}

	/** This element with its tag and length. */
	whole(): Uint8Array {
		return this.#bytes.subarray(this.start, this.to);
	}

	content(): Uint8Array {
		return this.#bytes.subarray(this.from, this.to);
	}
}

export class Certificate {
	readonly bytes: Uint8Array;
	/** Names as they are encoded: equal bytes, equal names. */
	readonly issuer: Uint8Array;
	readonly subject: Uint8Array;
	/** Unix seconds; both belong to the time that it holds. */
	readonly from: number;
	readonly to: number;
	/** Signed with SHA-256 or better. */
	readonly strong: boolean;
	/** Says of itself that it may sign others. */
	ca = false;
	#names: Uint8Array | undefined;

	/** Throws if `bytes` is not one certificate and nothing else. */
	constructor(bytes: Uint8Array) {
		this.bytes = bytes;
		const outer = new Der(bytes).expect(SEQUENCE);
		if (outer.to !== bytes.length) throw new Error('DER is followed by more');
		const parts = outer.inside();
		const fields = parts.expect(SEQUENCE).inside();
		this.strong = isStrong(parts.expect(SEQUENCE).inside().expect(OID).content());
		fields.next();
		// The version is missing in certificates of version 1.
		if (fields.tag === 0xa0) fields.next();
		fields.expect(SEQUENCE);
		this.issuer = fields.expect(SEQUENCE).whole();
		const validity = fields.expect(SEQUENCE).inside();
		this.from = seconds(validity);
		this.to = seconds(validity);
		this.subject = fields.expect(SEQUENCE).whole();
		fields.expect(SEQUENCE);
		while (fields.next()) if (fields.tag === EXTENSIONS) this.extensions(fields.inside().expect(SEQUENCE).inside());
	}

	/** Whether it is made out for this host name or dotted address. The subject's common name does not count. */
	isFor(host: string): boolean {
		if (!this.#names) return false;
		const names = new Der(this.#names).expect(SEQUENCE).inside();
		const wanted = host.toLowerCase();
		while (names.next()) {
			if (names.tag === DNS_NAME && covers(latin(names.content()).toLowerCase(), wanted)) return true;
			if (names.tag === IP_ADDRESS && names.to - names.from === 4 && names.content().join('.') === wanted) return true;
		}
		return false;
	}

	private extensions(list: Der): void {
		while (list.next()) {
			const extension = list.inside();
			const id = extension.expect(OID).content();
			extension.next();
			// "critical" is there only if it is true.
			if (extension.tag === BOOLEAN) extension.next();
			if (extension.tag !== OCTET_STRING) throw new Error('DER holds something else');
			if (id.length !== 3 || id[0] !== 0x55 || id[1] !== 0x1d) continue;
			if (id[2] === SUBJECT_ALT_NAME) this.#names = extension.content();
			if (id[2] === BASIC_CONSTRAINTS) {
				const constraints = extension.inside().expect(SEQUENCE).inside();
				this.ca = constraints.next() && constraints.tag === BOOLEAN && constraints.content()[0] === 0xff;
			}
		}
	}
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
	if (a.length !== b.length) return false;
	for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
	return true;
}

/** A wildcard stands for one whole label, the first, of a name of at least three. */
function covers(name: string, host: string): boolean {
	if (name.charAt(0) !== '*') return name === host;
	const dot = host.indexOf('.');
	return dot > 0 && name.indexOf('.', 2) > 0 && name.slice(1) === host.slice(dot);
}

/** RSA (1.2.840.113549.1.1.11 to 13) or ECDSA (1.2.840.10045.4.3.2 to 4), each with SHA-256, -384 or -512. */
function isStrong(id: Uint8Array): boolean {
	const name = id.join('.');
	const last = id[id.length - 1];
	if (name === `42.134.72.134.247.13.1.1.${last | 0}`) return last >= 11 && last <= 13;
	return name === `42.134.72.206.61.4.3.${last | 0}` && last >= 2 && last <= 4;
}

/** The whole number that these characters are; NaN if they are none. The engine's own reading may need the system's heap. */
export function digits(text: string, from: number, to: number): number {
	let value = 0;
	for (let i = from; i < to; i++) {
		const digit = text.charCodeAt(i) - ZERO;
		value = digit >= 0 && digit <= 9 ? value * 10 + digit : NaN;
	}
	return value;
}

/** YYMMDDHHMMSSZ, from 1950 to 2049, or YYYYMMDDHHMMSSZ. */
function seconds(validity: Der): number {
	validity.next();
	const text = latin(validity.content());
	const long = validity.tag === GENERALIZED_TIME;
	const yearEnd = long ? 4 : 2;
	if ((!long && validity.tag !== UTC_TIME) || text.length !== yearEnd + 11 || text.charAt(yearEnd + 10) !== 'Z') {
		throw new Error('DER has a date that cannot be');
	}
	const part = (at: number) => digits(text, yearEnd + at, yearEnd + at + 2);
	let year = digits(text, 0, yearEnd);
	if (!long) year += year < 50 ? 2000 : 1900;
	const unix = Date.UTC(year, part(0) - 1, part(2), part(4), part(6), part(8)) / 1_000;
	if (!(unix >= -631_152_000)) throw new Error('DER has a date that cannot be');
	return unix;
}

function latin(bytes: Uint8Array): string {
	let text = '';
	for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]);
	return text;
}
