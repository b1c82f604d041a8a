// In place of simulator/modules/host.ts, for stand-ins of the SDK's cryptography in Node: what they ask of the board is answered at once.
import { CryptoDevice } from '../../simulator/devices/crypto.js';

export function cryptoHost(): object {
	const operations = new CryptoDevice().operations as unknown as Record<string, (...values: unknown[]) => unknown>;
	return {
		call: (operation: string, ...values: unknown[]) => operations[operation](...values),
		textOf: (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1'),
		bytesOf: (text: string) => new Uint8Array(Buffer.from(text, 'latin1')),
	};
}
