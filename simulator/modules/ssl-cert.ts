// Moddable's "ssl/cert": what a session asks about certificates. Its own verify() is left out on purpose: the firmware has one of its own,
// and a simulator that trusted by itself could hide that.

import type SDK from 'ssl/cert';
import type { CertificateOptions } from 'ssl/cert';

class CertificateManager {
	/** Not of the SDK: for the session beside it. */
	readonly own: CertificateOptions;

	constructor(options: CertificateOptions) {
		this.own = options;
	}

	verify(_chain: Uint8Array[], _options: object): boolean {
		return false;
	}
}

CertificateManager satisfies typeof SDK;
export default CertificateManager;
