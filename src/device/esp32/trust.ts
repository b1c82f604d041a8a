// SPDX-License-Identifier: MIT
// Whether a broker is who it says: its chain of certificates against the CAs that the node was built with.
//
// Rule: every link of the chain is checked (dates, signature, right to sign), from the broker's own certificate up to a CA of
// ours, and one fault ends it. There is no way around it. RFC 5280 §6.1 without policies and name constraints.

import { Certificate, Der, sameBytes } from './certificate.js';

/** Whether the key of `issuer` made the signature under `certificate`; both in DER. May throw where it cannot tell. */
export type Signed = (issuer: Uint8Array, certificate: Uint8Array) => boolean;

/** A signature takes the chip a good part of a second; public chains have two or three. */
const CHAIN_MAX = 5;

export class Trust {
	/** Why the last chain was refused, to follow "the broker's address: ". */
	fault = '';
	readonly #anchors: Certificate[] = [];
	readonly #host: string;
	readonly #signed: Signed;

	/** `anchors`: CA certificates in DER, one after the other. Throws if they are not. */
	constructor(anchors: Uint8Array, host: string, signed: Signed) {
		const list = new Der(anchors);
		while (list.next()) this.#anchors.push(new Certificate(list.whole()));
		this.#host = host;
		this.#signed = signed;
	}

	/** `chain`: the broker's own certificate first; each is signed by the next. */
	accepts(chain: readonly Uint8Array[], unixSeconds: number): boolean {
		try {
			this.fault = this.objection(chain, unixSeconds);
		} catch (error) {
			this.fault = `its certificate cannot be read (${(error as Error).message})`;
		}
		return this.fault === '';
	}

	private objection(chain: readonly Uint8Array[], now: number): string {
		if (chain.length === 0) return 'it shows no certificate';
		let certificate = new Certificate(chain[0]);
		if (!certificate.isFor(this.#host)) return `its certificate is not for the name ${this.#host}`;
		for (let i = 1; ; i++) {
			if (now > certificate.to) return i === 1 ? 'its certificate has expired' : 'a certificate of its CA has expired';
			if (now < certificate.from) return 'its certificate is not valid yet';
			if (!certificate.strong) return 'its certificate is signed with an algorithm that is broken or not known';
			const anchor = this.anchorOf(certificate);
			if (anchor) return now > anchor.to ? 'the CA in caFile has expired' : now < anchor.from ? 'the CA in caFile is not valid yet' : '';
			if (i >= chain.length || i >= CHAIN_MAX) return 'its certificate is not signed by a CA in caFile';
			const issuer = new Certificate(chain[i]);
			if (!issuer.ca || !this.isSigned(issuer, certificate)) return 'its certificate is not signed by a CA in caFile';
			certificate = issuer;
		}
	}

	private anchorOf(certificate: Certificate): Certificate | undefined {
		for (let i = 0; i < this.#anchors.length; i++) if (this.isSigned(this.#anchors[i], certificate)) return this.#anchors[i];
		return undefined;
	}

	/** The names first: they cost nothing. */
	private isSigned(issuer: Certificate, certificate: Certificate): boolean {
		return sameBytes(issuer.subject, certificate.issuer) && this.#signed(issuer.bytes, certificate.bytes);
	}
}
