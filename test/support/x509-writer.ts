// Certificates that a test writes byte by byte, so that anything can be wrong in them; keys and signatures are OpenSSL's, through node:crypto.
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

export type Der = Buffer;

export function tlv(tag: number, ...parts: Uint8Array[]): Der {
	const body = Buffer.concat(parts);
	const size: number[] = [];
	for (let left = body.length; left > 0; left = Math.floor(left / 256)) size.unshift(left % 256);
	return Buffer.concat([Buffer.from(body.length < 128 ? [tag, body.length] : [tag, 128 + size.length, ...size]), body]);
}

export const seq = (...parts: Uint8Array[]) => tlv(0x30, ...parts);
export const octets = (...parts: Uint8Array[]) => tlv(4, ...parts);
export const bits = (bytes: Uint8Array, unused = 0) => tlv(3, Buffer.from([unused]), bytes);
export const TRUE = Buffer.from([1, 1, 255]);

export function oid(dotted: string): Der {
	const [first, second, ...rest] = dotted.split('.').map(Number);
	const base128 = (number: number): number[] => (number < 128 ? [number] : [...base128(Math.floor(number / 128)).map((part) => part | 128), number % 128]);
	return tlv(6, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** Of any size, not negative. */
export function integer(value: bigint | number): Der {
	let hex = value.toString(16);
	hex = hex.padStart(hex.length + (hex.length & 1), '0');
	return tlv(2, Buffer.from(/^[89a-f]/.test(hex) ? `00${hex}` : hex, 'hex'));
}

export function time(date: Date, long = date.getUTCFullYear() > 2049): Der {
	const text = `${date.toISOString().replace(/[-:T]|\.\d+/g, '')}`;
	return long ? tlv(0x18, Buffer.from(text)) : tlv(0x17, Buffer.from(text.slice(2)));
}

export const name = (common: string, tag = 0x0c) => seq(tlv(0x31, seq(oid('2.5.4.3'), tlv(tag, Buffer.from(common)))));

/** An extension of 2.5.29, or of any identifier. */
export function extension(id: number | string, value: Uint8Array, critical = false): Der {
	return seq(oid(typeof id === 'number' ? `2.5.29.${id}` : id), ...(critical ? [TRUE] : []), octets(value));
}

export const dns = (text: string) => tlv(0x82, Buffer.from(text, 'latin1'));
export const ip = (text: string) => tlv(0x87, Buffer.from(text.split(/[./]/).map(Number)));
export const names = (...list: Uint8Array[]) => extension(17, seq(...list));
export const basic = (ca: boolean, length?: number, critical = true) => extension(19, seq(...(ca ? [TRUE] : []), ...(length === undefined ? [] : [integer(length)])), critical);
/** Bits by their number: 0 digitalSignature, 2 keyEncipherment, 5 keyCertSign, 6 cRLSign. */
export const usage = (...which: number[]) => extension(15, bits(Buffer.from([which.reduce((sum, bit) => sum | (128 >> bit), 0)])), true);
export const extended = (...ids: string[]) => extension(37, seq(...ids.map(oid)));
export const SERVER = '1.3.6.1.5.5.7.3.1';
export const CLIENT = '1.3.6.1.5.5.7.3.2';
export const constraints = (permitted: Uint8Array[], excluded: Uint8Array[] = [], critical = true) =>
	extension(30, seq(...(permitted.length ? [tlv(0xa0, ...permitted.map((base) => seq(base)))] : []), ...(excluded.length ? [tlv(0xa1, ...excluded.map((base) => seq(base)))] : [])), critical);

export interface Key {
	readonly private: KeyObject;
	readonly spki: Der;
	readonly rsa: boolean;
}

/** "rsa:2048" or a curve of openssl's or "ed25519". */
export function makeKey(kind: string): Key {
	const [type, size] = kind.split(':');
	const pair = type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: Number(size) })
		: type === 'ed25519' ? generateKeyPairSync('ed25519')
		: generateKeyPairSync('ec', { namedCurve: type });
	return keyOf(pair.privateKey);
}

export function keyOf(privateKey: KeyObject | string): Key {
	const key = typeof privateKey === 'string' ? createPrivateKey(privateKey) : privateKey;
	return { private: key, spki: createPublicKey(key).export({ type: 'spki', format: 'der' }), rsa: key.asymmetricKeyType === 'rsa' };
}

/** The public key alone, of a modulus that nobody knows the factors of. */
export function rsaSpki(modulus: bigint, exponent: bigint | number = 65_537): Der {
	return seq(seq(oid('1.2.840.113549.1.1.1'), Buffer.from([5, 0])), bits(seq(integer(modulus), integer(exponent))));
}

const RSA: Readonly<Record<string, number>> = { sha1: 5, sha256: 11, sha384: 12, sha512: 13, sha224: 14, md5: 4 };
const ECDSA: Readonly<Record<string, string>> = { sha1: '1', sha224: '3.1', sha256: '3.2', sha384: '3.3', sha512: '3.4' };

export interface Written {
	readonly der: Buffer;
	readonly subject: Der;
	readonly key: Key;
}

export interface Wanted {
	subject?: Der | string;
	key: Key;
	/** In place of that key's own. */
	spki?: Uint8Array;
	/** Signs it; else it signs itself. */
	by?: { readonly subject: Der; readonly key: Key };
	issuer?: Der;
	extensions?: readonly Uint8Array[];
	from?: Date;
	to?: Date;
	digest?: string;
	/** 2 is X.509 v3. */
	version?: number;
	serial?: Uint8Array;
	/** In place of the algorithm that is really used: inside, outside, or both. */
	algorithm?: Uint8Array;
	inner?: Uint8Array;
	/** What becomes of the signature before it is put in. */
	signature?: (genuine: Buffer, signed: Buffer) => Uint8Array;
	validity?: Uint8Array;
	/** Signed until this is so of the signature, with another serial number each time. */
	until?: (signature: Buffer) => boolean;
}

const DAY = 86_400_000;
let serial = 1_000;

export function write(wanted: Wanted): Written {
	for (let more = 0; more < 20_000; more++) {
		const { written, signature } = writeOnce(wanted);
		if (!wanted.until || wanted.until(signature)) return written;
	}
	throw new Error('no such signature was found');
}

function writeOnce(wanted: Wanted): { written: Written; signature: Buffer } {
	const { key, extensions = [], digest = 'sha256', version = 2 } = wanted;
	const subject = typeof wanted.subject === 'object' ? wanted.subject : name(wanted.subject ?? 'somebody');
	const signer = wanted.by?.key ?? key;
	const algorithm = wanted.algorithm ?? algorithmOf(signer, digest);
	const now = Date.now();
	const fields = [
		...(version ? [tlv(0xa0, integer(version))] : []),
		wanted.serial ?? integer(++serial),
		wanted.inner ?? algorithm,
		wanted.issuer ?? wanted.by?.subject ?? subject,
		wanted.validity ?? seq(time(wanted.from ?? new Date(now - DAY)), time(wanted.to ?? new Date(now + 30 * DAY))),
		subject,
		wanted.spki ?? key.spki,
		...(extensions.length ? [tlv(0xa3, seq(...extensions))] : []),
	];
	const signed = seq(...fields);
	const kind = signer.private.asymmetricKeyType;
	const signature = sign(kind === 'ed25519' ? null : digest, signed, signer.private);
	const der = seq(signed, algorithm, bits(wanted.signature?.(signature, signed) ?? signature));
	return { written: { der, subject, key }, signature };
}

export function algorithmOf(signer: Key, digest: string): Der {
	if (signer.rsa) return seq(oid(`1.2.840.113549.1.1.${RSA[digest]}`), Buffer.from([5, 0]));
	return signer.private.asymmetricKeyType === 'ed25519' ? seq(oid('1.3.101.112')) : seq(oid(`1.2.840.10045.4.${ECDSA[digest]}`));
}

export const ecdsaSignature = (r: bigint | number, s: bigint | number) => seq(integer(r), integer(s));

/** r and s as they are encoded. */
export function numbersIn(signature: Buffer): [Buffer, Buffer] {
	const at = signature[1] & 128 ? 3 : 2;
	const r = signature.subarray(at + 2, at + 2 + signature[at + 1]);
	const next = at + 2 + signature[at + 1];
	return [r, signature.subarray(next + 2, next + 2 + signature[next + 1])];
}

export function pem(der: Uint8Array): string {
	return `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64').match(/.{1,64}/g)!.join('\n')}\n-----END CERTIFICATE-----\n`;
}
