// Moddable's "pkcs1", as far as the firmware uses it: bytes as a number.

import type SDK from 'pkcs1';
import { numberOf } from './ber.js';

class PKCS1 {
	static OS2IP(bytes: Uint8Array): bigint {
		return numberOf(bytes);
	}
}

PKCS1 satisfies typeof SDK;
export default PKCS1;
