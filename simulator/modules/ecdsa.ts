// Moddable's "ecdsa": what the C behind it computes is the host's (simulator/devices/crypto.ts).
//
// Rule: nothing is held against the order of the curve before it is computed with.

import type SDK from 'ecdsa';
import { Ber, numberOf } from './ber.js';
import { view } from './bytes.js';
import type { Curve, ECPoint } from './ec.js';
import { call } from './host.js';

class ECDSA {
	readonly #key: ECPoint;
	readonly #curve: Curve;

	constructor(key: ECPoint, curve: Curve, _isPrivate: boolean) {
		// Of a key of another kind both are missing: the SDK takes the curve's numbers from it here.
		void curve.name;
		this.#key = key;
		this.#curve = curve;
	}

	verify(digest: ArrayBuffer, signature: Uint8Array, asn1: boolean): boolean {
		const size = this.#curve.orderSize;
		const numbers = asn1 ? new Ber(signature).sequence() : undefined;
		const r = numbers ? numbers.integer() : numberOf(signature.subarray(0, size));
		const s = numbers ? numbers.integer() : numberOf(signature.subarray(size, 2 * size));
		const { X, Y } = this.#key;
		return call('ec.verify', this.#curve.name, String(X), String(Y), String(numberOf(view(digest))), String(r), String(s));
	}
}

ECDSA satisfies new (key: ECPoint, curve: Curve, isPrivate: boolean) => InstanceType<typeof SDK>;
export default ECDSA;
