// Moddable's "preference": small values that survive a reboot. The chips' limits are the host's to keep.

import type SDK from 'preference';
import type { PreferenceValue } from 'preference';
import { fromHex, toHex } from './bytes.js';
import { call } from './host.js';

class Preference {
	static set(domain: string, key: string, value: PreferenceValue): void {
		const buffer = value instanceof ArrayBuffer ? value : undefined;
		if (!buffer && !['boolean', 'number', 'string'].includes(typeof value)) throw new Error('unsupported type');
		if (buffer) call('preference.set', String(domain), String(key), 'buffer', toHex(new Uint8Array(buffer)));
		else call('preference.set', String(domain), String(key), typeof value, value as string | number | boolean);
	}

	static get(domain: string, key: string): PreferenceValue | undefined {
		const found = call<[kind: string, value: string | number | boolean] | null>('preference.get', String(domain), String(key));
		if (!found) return undefined;
		return found[0] === 'buffer' ? fromHex(found[1] as string) : found[1];
	}

	static delete(domain: string, key: string): void {
		call('preference.delete', String(domain), String(key));
	}

	static keys(domain: string): string[] {
		return call('preference.keys', String(domain));
	}
}

Preference satisfies typeof SDK;
export default Preference;
