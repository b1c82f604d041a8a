// Whether a certificate in caFile can serve to know a broker by: asked by "configure", "build" and "simulate" before anything is made of it.
//
// Rule: the firmware's own code decides (src/device/esp32/), so that what is taken here is not refused on the chip, where it takes a
// serial line to find out.

import { isIPv4 } from 'node:net';
import { Certificate } from '../src/device/esp32/certificate.js';
import { isAllowed } from '../src/device/esp32/names.js';
import { caProblem, serverProblem } from '../src/device/esp32/trust.js';

const OTHER = "name the certificate of the CA that signed the broker's";

/** Why it cannot, in one sentence that begins after the certificate's name; '' if it can. */
export function caFileProblem(der: Uint8Array, host: string, now: Date): string {
	let certificate: Certificate;
	try {
		certificate = new Certificate(der);
	} catch (error) {
		return `cannot be read by the chip (${(error as Error).message}): ${OTHER}.`;
	}
	const seconds = now.getTime() / 1_000;
	if (seconds > certificate.to) return `has expired (${written(certificate.to)}): name the CA's newer certificate.`;
	if (seconds < certificate.from) return `is not valid before ${written(certificate.from)}: wait, or set this machine's clock.`;
	const problem = caProblem(certificate);
	if (!problem) return speaksFor(certificate, host) ? '' : `is of a CA that may not speak for ${host} (nameConstraints): ${OTHER}.`;
	// The broker's own certificate will do as well, if it is that of this broker.
	if (!certificate.isFor(host)) return `${problem}: ${OTHER}.`;
	const own = serverProblem(certificate);
	return own && `${own}: ${OTHER}.`;
}

function speaksFor({ nameConstraints }: Certificate, host: string): boolean {
	if (!nameConstraints) return true;
	const name = isIPv4(host) ? tlv(0x87, Uint8Array.from(host.split('.').map(Number))) : tlv(0x82, Buffer.from(host, 'latin1'));
	try {
		return isAllowed(nameConstraints, tlv(0x30, name));
	} catch {
		return false;
	}
}

/** Of less than 128 bytes, or of less than 256. */
function tlv(tag: number, content: Uint8Array): Uint8Array {
	const size = content.length < 128 ? [content.length] : [0x81, content.length];
	return Uint8Array.from([tag, ...size, ...content]);
}

function written(unixSeconds: number): string {
	return new Date(unixSeconds * 1_000).toUTCString();
}
