// The certificates and the key that the settings name, as the chip takes them: DER, one after the other, the key as PKCS #8.
//
// Rule: what the chip could not use is refused here with one sentence that names the setting, the file and what is allowed. The
// content of a key is never shown.

import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { resolve } from 'node:path';
import { caFileProblem } from './ca.js';
import { Failure } from './failure.js';
import { readUpTo, whyNot } from './files.js';
import type { FileKey } from './fields.js';
import { ENTRIES, tlsKey } from '../src/settings/settings.js';
import type { Settings } from './settings.js';

export interface Certificates {
	/** Files of the image, by the names that src/device/esp32/tls.ts asks for. */
	readonly resources: Readonly<Record<string, Uint8Array>>;
	/** The same for a client on this machine. */
	readonly pem: { readonly ca: string; readonly cert?: string; readonly key?: string };
}

/** The chip holds them in RAM while it shakes hands. */
const FILE_BYTES_MAX = 1_024 * 1_024;
const CAS_MAX = 4;
const CHAIN_MAX = 4;

/** undefined without TLS. `folder`: where the settings are. */
export async function certificatesOf(settings: Settings, folder: string): Promise<Certificates | undefined> {
	if (!tlsKey(settings)) return undefined;
	// Which broker they are for need not be known here.
	const hosts = ENTRIES.filter((entry) => settings[`tls${entry}`] && settings[`host${entry}`]).map((entry) => String(settings[`host${entry}`]));
	const cas = settings['caFile'] ? await certificates('caFile', settings, folder, CAS_MAX) : [];
	cas.forEach(({ raw }, index) => {
		// Each does for one broker at least.
		const problems = hosts.map((host) => caFileProblem(raw, host, new Date()));
		const problem = problems.every((each) => each) ? problems[0] : '';
		if (problem) throw new Failure(`caFile ${settings['caFile']}${cas.length > 1 ? `, certificate ${index + 1},` : ''} ${problem}`);
	});
	const ca: Record<string, Uint8Array> = cas.length ? { 'ca.der': joined(cas) } : {};
	if (!settings['certFile']) return { resources: ca, pem: { ca: pemOf(cas) } };
	const own = await certificates('certFile', settings, folder, CHAIN_MAX);
	if (Date.parse(own[0]!.validTo) < Date.now()) throw new Failure(`certFile ${settings['certFile']} has expired (${own[0]!.validTo}): name a newer one.`);
	const key = await privateKey(settings, folder);
	if (!own[0]!.checkPrivateKey(key)) throw new Failure(`keyFile ${settings['keyFile']} is not the key of certFile ${settings['certFile']}: name the two that were made together.`);
	return {
		resources: { ...ca, 'client.der': joined(own), 'clientkey.der': key.export({ type: 'pkcs8', format: 'der' }) },
		pem: { ca: pemOf(cas), cert: pemOf(own), key: String(key.export({ type: 'pkcs8', format: 'pem' })) },
	};
}

async function certificates(key: FileKey, settings: Settings, folder: string, max: number): Promise<X509Certificate[]> {
	const bytes = await read(key, settings, folder);
	const blocks = bytes.toString('latin1').match(/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]+-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g);
	try {
		const found = (blocks ?? [bytes]).map((block) => new X509Certificate(block));
		if (found.length <= max) return found;
	} catch {
		throw new Failure(`${key} ${settings[key]} holds no certificate: name a file with one in PEM ("-----BEGIN CERTIFICATE-----") or DER.`);
	}
	throw new Failure(`${key} ${settings[key]} holds ${blocks!.length} certificates, and the chip has room for ${max}: name a file with only the one that is needed.`);
}

async function privateKey(settings: Settings, folder: string): Promise<KeyObject> {
	const name = `keyFile ${settings['keyFile']}`;
	const bytes = await read('keyFile', settings, folder);
	const key = parsedKey(bytes, name);
	if (key.asymmetricKeyType !== 'rsa') throw new Failure(`${name} holds a key of the kind ${key.asymmetricKeyType}, and the chip signs with RSA only: make an RSA key and a certificate for it.`);
	return key;
}

function parsedKey(bytes: Buffer, name: string): KeyObject {
	const text = bytes.toString('latin1');
	if (/ENCRYPTED/.test(text)) throw new Failure(`${name} is protected by a passphrase, which the chip cannot ask for: take it off with "openssl pkey -in FILE -out FILE2".`);
	if (text.includes('-----BEGIN')) return tried(() => createPrivateKey(text), name);
	return tried(() => createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' }), name, () => createPrivateKey({ key: bytes, format: 'der', type: 'pkcs1' }));
}

function tried(make: () => KeyObject, name: string, otherwise?: () => KeyObject): KeyObject {
	try {
		return make();
	} catch {
		if (otherwise) return tried(otherwise, name);
		throw new Failure(`${name} holds no private key: name a file with one in PEM ("-----BEGIN PRIVATE KEY-----") or DER.`);
	}
}

async function read(key: FileKey, settings: Settings, folder: string): Promise<Buffer> {
	const path = resolve(folder, String(settings[key]));
	try {
		const bytes = await readUpTo(FILE_BYTES_MAX, path);
		if (bytes) return bytes;
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		const why = code === 'ENOENT' ? 'is not there' : code === 'EISDIR' ? 'is a folder' : code === 'EACCES' ? 'may not be read by this user' : `cannot be read (${whyNot(code ?? '')})`;
		throw new Failure(`${key} ${settings[key]} ${why}: name a file, PEM or DER, from the folder of the settings.`);
	}
	throw new Failure(`${key} ${settings[key]} has more than ${FILE_BYTES_MAX / 1_024} KB: name a file, PEM or DER, with no more in it than is needed.`);
}

function joined(list: readonly X509Certificate[]): Buffer {
	return Buffer.concat(list.map(({ raw }) => raw));
}

function pemOf(list: readonly X509Certificate[]): string {
	return list.map(String).join('');
}
