// SPDX-License-Identifier: MIT
// Whether a broker is who it says: its chain of certificates against the CAs that the node was built with.
//
// Rule: the chain is linked by its names and looked over first; keys are used only then, from the CA in caFile down to
// the broker, so that no key verifies anything before it is tied to caFile itself. One fault ends it, and there is no
// way around it. RFC 5280 §6.1 without policies and revocation; what is taken and what is not: docs/tls.md.

import { Certificate } from './certificate.js';
import { Der, sameBytes } from './der.js';
import { KEY_PROBLEM, KeyKind } from './key.js';
import { isAllowed } from './names.js';

/** Whether the key of `issuer` made the signature under `certificate`: the arithmetic. May throw where it cannot tell. */
export type Verify = (issuer: Certificate, certificate: Certificate) => boolean;

const enum Const {
	/** A signature takes the chip a good part of a second; public chains have two or three. */
	CHAIN_MAX = 5,
}

/** TLS's names for what is wrong with a certificate: RFC 5246 §7.2. */
export const enum Alert {
	BadCertificate = 42,
	Unsupported = 43,
	Expired = 45,
	Unknown = 46,
	UnknownCa = 48,
}

const NOT_OURS = 'its certificate is not signed by a CA in caFile';

export class Trust {
	/** Why the last chain was refused, to follow "the broker's address: ", and the alert that says so to the broker. */
	fault = '';
	alert: Alert = Alert.Unknown;
	private readonly anchors: Certificate[] = [];
	private readonly host: string;
	private readonly verify: Verify;

	/** `anchors`: CA certificates in DER, one after the other. Throws if they are not. */
	constructor(anchors: Uint8Array, host: string, verify: Verify) {
		const list = new Der(anchors);
		while (list.next()) this.anchors.push(new Certificate(list.whole()));
		this.host = host;
		this.verify = verify;
	}

	/** `chain`: the broker's own certificate first; each is signed by the next. */
	accepts(chain: readonly Uint8Array[], unixSeconds: number): boolean {
		this.fault = '';
		try {
			if (!this.leadsToAnchor(chain, unixSeconds)) return false;
			this.fault = '';
			return true;
		} catch (error) {
			this.fault = '';
			return this.refuse(Alert.BadCertificate, `its certificate cannot be read (${(error as Error).message})`);
		}
	}

	/** Goes up by the names; at each step a CA of ours may be the next. */
	private leadsToAnchor(chain: readonly Uint8Array[], now: number): boolean {
		if (chain.length === 0) return this.refuse(Alert.BadCertificate, 'it shows no certificate');
		const path: Certificate[] = [];
		while (path.length < chain.length && path.length < Const.CHAIN_MAX) {
			const certificate = new Certificate(chain[path.length]);
			if (path.length && !sameBytes(certificate.subject, path[path.length - 1].issuer)) break;
			path.push(certificate);
			if (!this.isSound(path, now)) return false;
			for (let i = 0; i < this.anchors.length; i++) if (this.endsAt(this.anchors[i], path, now)) return true;
		}
		return this.refuse(Alert.UnknownCa, NOT_OURS);
	}

	/** Looks over the certificate that the path has reached. */
	private isSound(path: readonly Certificate[], now: number): boolean {
		const certificate = path[path.length - 1];
		if (path.length > 1) {
			if (now > certificate.to) return this.refuse(Alert.Expired, 'a certificate of its CA has expired');
			if (now < certificate.from) return this.refuse(Alert.Expired, 'a certificate of its CA is not valid yet');
			const fault = caProblem(certificate);
			const alert = certificate.ca && certificate.maySign ? Alert.Unsupported : Alert.Unknown;
			return fault === '' || this.refuse(alert, `a CA in its chain ${fault}`);
		}
		if (!certificate.isFor(this.host)) return this.refuse(Alert.BadCertificate, `its certificate is not for the name ${this.host}`);
		if (now > certificate.to) return this.refuse(Alert.Expired, 'its certificate has expired');
		if (now < certificate.from) return this.refuse(Alert.Expired, 'its certificate is not valid yet');
		const fault = serverProblem(certificate);
		return fault === '' || this.refuse(Alert.Unsupported, `its certificate ${fault}`);
	}

	/** Whether the path's last certificate is that of the anchor, or signed by it, and all the others down to the broker's. */
	private endsAt(anchor: Certificate, path: readonly Certificate[], now: number): boolean {
		// A broker's own certificate in caFile is trusted as it is.
		if (path.length === 1 && sameBytes(anchor.bytes, path[0].bytes)) return true;
		if (!sameBytes(anchor.subject, path[path.length - 1].issuer)) return false;
		if (now > anchor.to) return this.refuse(Alert.Expired, 'the CA in caFile has expired');
		if (now < anchor.from) return this.refuse(Alert.Expired, 'the CA in caFile is not valid yet');
		const fault = caProblem(anchor);
		if (fault) return this.refuse(Alert.UnknownCa, `the CA in caFile ${fault}`);
		return this.isShortEnough(anchor, path) && this.isSigned(anchor, path) && this.speaksForNames(anchor, path);
	}

	/** A CA that is its own issuer by name does not count: it is the same one with another key. */
	private isShortEnough(anchor: Certificate, path: readonly Certificate[]): boolean {
		let below = 0;
		for (let i = 1; i <= path.length; i++) {
			const signer = i < path.length ? path[i] : anchor;
			if (signer.pathLength >= 0 && below > signer.pathLength) return this.refuse(Alert.Unknown, 'its chain is longer than a CA in it allows');
			if (!signer.isSelfIssued) below++;
		}
		return true;
	}

	/** From the anchor down: each key that is used is that of the anchor, or was just found to be signed. */
	private isSigned(anchor: Certificate, path: readonly Certificate[]): boolean {
		let signer = anchor;
		for (let i = path.length - 1; i >= 0; i--) {
			const certificate = path[i];
			if (!certificate.digestBits) return this.refuse(Alert.Unsupported, 'its certificate is signed with an algorithm that is broken or not known');
			const fits = certificate.signedWithRsa === (signer.key.kind === KeyKind.Rsa) && signer.key.takes(certificate.signature);
			if (!fits || !this.verify(signer, certificate)) return this.refuse(signer === anchor ? Alert.UnknownCa : Alert.BadCertificate, NOT_OURS);
			signer = certificate;
		}
		return true;
	}

	/** Last, since its work grows with the square of what is in a chain: only who has a CA of ours can ask for it. */
	private speaksForNames(anchor: Certificate, path: readonly Certificate[]): boolean {
		for (let i = 1; i <= path.length; i++) {
			const limits = (i < path.length ? path[i] : anchor).nameConstraints;
			for (let below = 0; limits && below < i; below++) {
				const { names, isSelfIssued } = path[below];
				if (!names || (below && isSelfIssued)) continue;
				if (!isAllowed(limits, names)) return this.refuse(Alert.Unknown, 'a CA in its chain may not speak for its names');
			}
		}
		return true;
	}

	/** Of several reasons the first is said. */
	private refuse(alert: Alert, fault: string): false {
		if (this.fault) return false;
		this.fault = fault;
		this.alert = alert;
		return false;
	}
}

/** Why a certificate cannot be that of a CA which signs a server's, to follow its name; '' if it can. Dates are not looked at. */
export const caProblem = (certificate: Certificate): string => {
	if (!certificate.ca) return 'is not allowed to sign others (CA:FALSE)';
	if (!certificate.maySign) return 'is not allowed to sign others (keyUsage)';
	return commonProblem(certificate);
};

/** The same for a server's own certificate. Whose it is, is not looked at. */
export const serverProblem = (certificate: Certificate): string => {
	if (!certificate.mayServe) return 'is not for servers (keyUsage)';
	return commonProblem(certificate);
};

const commonProblem = (certificate: Certificate): string => {
	if (!certificate.forServers) return 'is not for servers (extendedKeyUsage)';
	if (certificate.hasUnknownCritical) return 'has a critical extension that is not known';
	return certificate.key.kind === KeyKind.Unknown ? KEY_PROBLEM : '';
};
