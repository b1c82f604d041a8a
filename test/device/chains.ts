// Chains of certificates with one thing each that is right or wrong, what we make of them, and why where OpenSSL makes something else of them.
import { constants, createHash, privateEncrypt } from 'node:crypto';
import {
	algorithmOf, basic, bits, CLIENT, constraints, dns, ecdsaSignature, extended, extension, integer, ip, name, names, numbersIn, octets, oid, rsaSpki, seq, SERVER, time, tlv, usage, write,
	type Key, type Wanted, type Written,
} from '../support/x509-writer.js';

export interface Keys {
	readonly root: Key;
	readonly other: Key;
	readonly large: Key;
	readonly small: Key;
	readonly cubic: Key;
	readonly p256: Key;
	readonly p256b: Key;
	readonly p384: Key;
	readonly p521: Key;
	readonly koblitz: Key;
	readonly edwards: Key;
}

export interface Case {
	readonly what: string;
	/** The broker's own first. */
	readonly chain: readonly Uint8Array[];
	readonly anchors: readonly Uint8Array[];
	readonly host: string;
	readonly at: number;
	/** What we say; '' where we accept. */
	readonly ours: string;
	/** Why OpenSSL decides otherwise; '' where it does not. */
	readonly why: string;
	/** Of the alert that goes with it. */
	readonly alert: number;
}

export const HOST = 'broker.example';
const ADDRESS = '192.0.2.7';
const ORDER_256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const DAY = 86_400_000;

const NOT_OURS = 'its certificate is not signed by a CA in caFile';
const KEY = 'holds a key that is not RSA of 2,048 to 4,096 bits with an exponent of 65,537 or more, nor EC on P-256 or P-384';
const ALGORITHM = 'its certificate is signed with an algorithm that is broken or not known';
const LONG = 'its chain is longer than a CA in it allows';
const SPEAKS = 'a CA in its chain may not speak for its names';
const CRITICAL = 'has a critical extension that is not known';
const NOT_CA = 'is not allowed to sign others (CA:FALSE)';
const UNREADABLE = 'its certificate cannot be read (DER ';
const OTHER_NAME = `its certificate is not for the name ${HOST}`;

/** The reasons, each once; docs/tls.md has them in the same order. */
export const WHY = {
	order: 'each certificate has to be followed by the one that signed it, as TLS 1.2 says; OpenSSL sorts them',
	length: 'a chain has five certificates at the most, since each costs the chip a signature',
	kinds: 'the chip computes with RSA of 2,048 to 4,096 bits, P-256 and P-384 alone',
	exponent: 'an RSA exponent below 65,537 leaves everything to the check of the padding',
	digests: 'signatures are RSA (PKCS #1 v1.5) or ECDSA with SHA-256, SHA-384 or SHA-512 alone',
	name: 'only subject alternative names count, and a wildcard is one whole label (RFC 9525)',
	critical: 'a critical extension that we do not process is refused (RFC 5280 §4.2)',
	limits: 'name constraints of any kind but DNS names and addresses are refused, since they cannot be checked',
	wildcard: 'a wildcard that may stand for an excluded name is excluded',
	der: 'DER is read strictly: one encoding of each value, and nothing behind it',
	version: 'a certificate without the extensions of version 3 says nothing of its rights, so it may not sign',
	hints: 'key identifiers are hints to find a CA (RFC 5280 §4.2.1.1); the signature decides',
	encoding: 'names are equal when their bytes are, as RFC 5280 §4.1.2.4 tells a CA to write them',
	second: 'a certificate is valid in its last second too (RFC 5280 §4.1.2.5)',
	point: 'a point is not held against its curve: who has it signed by a CA harms himself alone',
	tries: 'each CA of that name is tried; OpenSSL goes by key identifiers, of which there are none here, and tries one',
	any: 'an extendedKeyUsage of Netscape\'s or Microsoft\'s for servers is not serverAuth',
} as const;

interface Plan {
	chain: readonly (Written | Uint8Array)[];
	anchors?: readonly Written[];
	host?: string;
	at?: number;
	ours?: string;
	why?: keyof typeof WHY;
	alert?: number;
}

export function makeCases(keys: Keys): Case[] {
	const cases: Case[] = [];
	const now = Date.now();
	const add = (what: string, { chain, anchors = [root], host = HOST, at = now, ours = '', why, alert = 0 }: Plan): void => {
		cases.push({
			what, host, ours, alert, at: Math.floor(at / 1_000), why: why ? WHY[why] : '',
			chain: chain.map((each) => ('der' in each ? each.der : each)), anchors: anchors.map(({ der }) => der),
		});
	};
	const SAN = names(dns(HOST));
	const CA = [basic(true), usage(5, 6)];
	const ca = (subject: string, key: Key, more: Partial<Wanted> = {}): Written => write({ subject, key, extensions: CA, ...more });
	const leaf = (by: Written | undefined, more: Partial<Wanted> = {}, extensions: readonly Uint8Array[] = [SAN]): Written =>
		write({ subject: 'broker', key: keys.p256, by, extensions, ...more });
	const root = ca('Root', keys.root);
	const rootEc = ca('Root EC', keys.p256b);
	const rootEc384 = ca('Root EC 384', keys.p384);
	const mid = ca('Middle', keys.p256b, { by: root });
	const context = { keys, add, SAN, CA, ca, leaf, root, rootEc, rootEc384, mid };
	for (const part of [signatures, algorithms, kindsOfKeys, paths, rights, dates, hosts, limits, oddities]) part(context);
	return cases;
}

interface Context {
	readonly keys: Keys;
	readonly add: (what: string, plan: Plan) => void;
	readonly SAN: Uint8Array;
	readonly CA: readonly Uint8Array[];
	readonly ca: (subject: string, key: Key, more?: Partial<Wanted>) => Written;
	readonly leaf: (by: Written | undefined, more?: Partial<Wanted>, extensions?: readonly Uint8Array[]) => Written;
	readonly root: Written;
	readonly rootEc: Written;
	readonly rootEc384: Written;
	readonly mid: Written;
}

function signatures({ keys, add, leaf, root, rootEc, rootEc384 }: Context): void {
	const withEc = { anchors: [rootEc] };
	const refused = { ...withEc, ours: NOT_OURS, alert: 48 };
	add('signed with RSA', { chain: [leaf(root)] });
	add('signed on P-256', { ...withEc, chain: [leaf(rootEc)] });
	add('signed on P-384', { anchors: [rootEc384], chain: [leaf(rootEc384, { digest: 'sha384' })] });
	const size = (which: 0 | 1, length: number) => ({ until: (signature: Buffer) => numbersIn(signature)[which].length < length });
	add('a short r on P-256', { ...withEc, chain: [leaf(rootEc, size(0, 32))] });
	add('a short s on P-256', { ...withEc, chain: [leaf(rootEc, size(1, 32))] });
	add('a short r on P-384', { anchors: [rootEc384], chain: [leaf(rootEc384, { digest: 'sha384', ...size(0, 48) })] });
	const forged = (what: string, signature: (genuine: Buffer) => Uint8Array) => add(what, { ...refused, chain: [leaf(rootEc, { signature })] });
	const r = (genuine: Buffer) => BigInt(`0x${numbersIn(genuine)[0].toString('hex')}`);
	const s = (genuine: Buffer) => BigInt(`0x${numbersIn(genuine)[1].toString('hex')}`);
	forged('s = 0', (genuine) => ecdsaSignature(r(genuine), 0));
	forged('r = 0', (genuine) => ecdsaSignature(0, s(genuine)));
	forged('r = s = 0', () => ecdsaSignature(0, 0));
	forged('r = s = 1', () => ecdsaSignature(1, 1));
	forged('s = n', (genuine) => ecdsaSignature(r(genuine), ORDER_256));
	forged('s + n', (genuine) => ecdsaSignature(r(genuine), s(genuine) + ORDER_256));
	forged('r = n', (genuine) => ecdsaSignature(ORDER_256, s(genuine)));
	forged('s < 0', (genuine) => seq(integer(r(genuine)), tlv(2, Buffer.from([0xff, 0x01]))));
	forged('an s of 2,000 bytes', (genuine) => ecdsaSignature(r(genuine), (1n << 16_000n) - 1n));
	forged('a third number', (genuine) => seq(integer(r(genuine)), integer(s(genuine)), integer(1)));
	forged('a byte behind the signature', (genuine) => Buffer.concat([genuine, Buffer.from([0])]));
	forged('a signature of nothing', () => Buffer.alloc(0));
	forged('a signature of RSA\'s size', () => Buffer.alloc(256, 7));
	const wrong = (what: string, signature: (genuine: Buffer, signed: Buffer) => Uint8Array) => add(what, { chain: [leaf(root, { signature })], ours: NOT_OURS, alert: 48 });
	wrong('one bit of RSA\'s changed', (genuine) => Buffer.from(genuine.map((byte, i) => (i === 100 ? byte ^ 1 : byte))));
	wrong('an RSA signature of 0', () => Buffer.alloc(256));
	wrong('a byte more', (genuine) => Buffer.concat([Buffer.alloc(1), genuine]));
	wrong('a byte less', (genuine) => genuine.subarray(1));
	wrong('an ECDSA signature in place of RSA\'s', () => ecdsaSignature(5, 5));
	const badly = (what: string, body: (info: Buffer, digest: Buffer) => Buffer) => wrong(what, (_genuine, signed) => padded(keys.root, signed, body));
	badly('a padding cut short, with rubbish behind', (info) => Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(8, 255), Buffer.from([0]), info, Buffer.alloc(256 - 11 - info.length, 9)]));
	badly('a padding of zeros', (info) => Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(253 - info.length), Buffer.from([0]), info]));
	badly('a digest without its algorithm', (_info, digest) => Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(253 - digest.length, 255), Buffer.from([0]), digest]));
}

/** Signs something else than PKCS #1 says. */
function padded(key: Key, signed: Buffer, body: (info: Buffer, digest: Buffer) => Buffer): Buffer {
	const digest = createHash('sha256').update(signed).digest();
	const info = seq(seq(oid('2.16.840.1.101.3.4.2.1'), Buffer.from([5, 0])), octets(digest));
	return privateEncrypt({ key: key.private, padding: constants.RSA_NO_PADDING }, body(info, digest));
}

function algorithms({ keys, add, ca, leaf, root, rootEc, rootEc384 }: Context): void {
	for (const digest of ['sha384', 'sha512']) {
		add(`RSA with ${digest}`, { chain: [leaf(root, { digest })] });
		add(`${digest} on P-256, which is shorter`, { anchors: [rootEc], chain: [leaf(rootEc, { digest })] });
	}
	add('sha512 on P-384, which is shorter', { anchors: [rootEc384], chain: [leaf(rootEc384, { digest: 'sha512' })] });
	add('sha256 on P-384, which is longer', { anchors: [rootEc384], chain: [leaf(rootEc384)] });
	for (const digest of ['sha1', 'md5']) add(`RSA with ${digest}`, { chain: [leaf(root, { digest })], ours: ALGORITHM, alert: 43 });
	add('ECDSA with sha1', { anchors: [rootEc], chain: [leaf(rootEc, { digest: 'sha1' })], ours: ALGORITHM, alert: 43 });
	add('RSA with sha224', { chain: [leaf(root, { digest: 'sha224' })], ours: ALGORITHM, alert: 43, why: 'digests' });
	const edwards = ca('Root Edwards', keys.edwards);
	add('Ed25519', { anchors: [edwards], chain: [leaf(edwards)], ours: `the CA in caFile ${KEY}`, alert: 48, why: 'kinds' });
	add('an algorithm inside that is not the one outside', { chain: [leaf(root, { inner: algorithmOf(keys.root, 'sha384') })], ours: `${UNREADABLE}holds something else)`, alert: 42 });
	add('an algorithm of ECDSA, by an RSA key', { chain: [leaf(root, { algorithm: algorithmOf(keys.p256, 'sha256') })], ours: NOT_OURS, alert: 48 });
	add('an algorithm of RSA, by an EC key', { anchors: [rootEc], chain: [leaf(rootEc, { algorithm: algorithmOf(keys.root, 'sha256') })], ours: NOT_OURS, alert: 48 });
	add('an algorithm that nobody knows', { chain: [leaf(root, { algorithm: seq(oid('1.2.840.113549.1.1.99'), Buffer.from([5, 0])) })], ours: ALGORITHM, alert: 43 });
	const old = ca('Old root', keys.root, { digest: 'sha1' });
	add('a CA in caFile that signed itself with SHA-1, which nobody asks for', { anchors: [old], chain: [leaf(old)] });
}

function kindsOfKeys({ keys, add, ca, leaf, root, mid, SAN }: Context): void {
	const own = (what: string, spki: Uint8Array, plan: Partial<Plan> = {}) => add(what, { chain: [leaf(root, { spki })], ...plan });
	const modulus = (length: number) => (1n << BigInt(length - 1)) + 12_345n;
	const refused: Partial<Plan> = { ours: `its certificate ${KEY}`, alert: 43 };
	own('a broker with an RSA key of 2,048 bits', rsaSpki(modulus(2_048)));
	own('one of 4,096 bits', rsaSpki(modulus(4_096)));
	own('one on P-384', keys.p384.spki);
	own('one of 1,024 bits', rsaSpki(modulus(1_024)), refused);
	own('one of 2,047 bits', rsaSpki(modulus(2_047)), { ...refused, why: 'kinds' });
	own('one of 4,097 bits', rsaSpki(modulus(4_097)), { ...refused, why: 'kinds' });
	own('one of 8,192 bits', rsaSpki(modulus(8_192)), { ...refused, why: 'kinds' });
	own('one that is even', rsaSpki(modulus(2_048) + 1n), { ...refused, why: 'kinds' });
	own('one with the exponent 3', rsaSpki(modulus(2_048), 3), { ...refused, why: 'exponent' });
	own('one with an exponent of 64 bits', rsaSpki(modulus(2_048), (1n << 63n) + 1n), { ...refused, why: 'kinds' });
	own('one on P-521', keys.p521.spki, { ...refused, why: 'kinds' });
	own('one on secp256k1', keys.koblitz.spki, { ...refused, why: 'kinds' });
	own('one of Ed25519', keys.edwards.spki, { ...refused, why: 'kinds' });
	const point = keys.p256.spki.subarray(-65);
	const ec = (encoded: Uint8Array) => seq(seq(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), bits(encoded));
	own('a point that is compressed', ec(Buffer.concat([Buffer.from([2 + (point[64] & 1)]), point.subarray(1, 33)])), { ...refused, why: 'kinds' });
	own('a point that is cut short', ec(point.subarray(0, 64)), refused);
	own('a point that is not on its curve', ec(point.map((byte, i) => (i === 64 ? byte ^ 1 : byte))), { why: 'point' });
	const large = ca('Large root', keys.large);
	add('a CA with RSA of 4,096 bits', { anchors: [large], chain: [leaf(large)] });
	const small = ca('Small root', keys.small);
	add('a CA with RSA of 1,024 bits', { anchors: [small], chain: [leaf(small)], ours: `the CA in caFile ${KEY}`, alert: 48 });
	const cubic = ca('Cubic root', keys.cubic);
	add('a CA with the exponent 3', { anchors: [cubic], chain: [leaf(cubic)], ours: `the CA in caFile ${KEY}`, alert: 48, why: 'exponent' });
	const p521 = ca('P-521 root', keys.p521);
	add('a CA on P-521', { anchors: [p521], chain: [leaf(p521)], ours: `the CA in caFile ${KEY}`, alert: 48, why: 'kinds' });
	const between = ca('Small middle', keys.small, { by: root });
	add('a CA in between with RSA of 1,024 bits', { chain: [leaf(between), between], ours: `a CA in its chain ${KEY}`, alert: 43 });
	add('a CA in between that is a stranger\'s, with a key of another kind', { chain: [write({ subject: 'broker', key: keys.p256, by: { subject: mid.subject, key: keys.root }, extensions: [SAN] }), mid], ours: NOT_OURS, alert: 42 });
}

function paths({ keys, add, ca, leaf, root, rootEc, mid, SAN }: Context): void {
	const own = leaf(mid);
	add('a chain of two', { chain: [own, mid] });
	add('with its root behind', { chain: [own, mid, root] });
	add('with rubbish behind what is needed', { chain: [own, mid, root, Buffer.from('rubbish')], anchors: [root] });
	add('only the CA in between in caFile', { chain: [own], anchors: [mid] });
	add('two CAs in caFile', { chain: [own, mid], anchors: [rootEc, root] });
	const sameName = ca('Root', keys.other);
	add('two CAs of one name in caFile', { chain: [own, mid], anchors: [sameName, root], why: 'tries' });
	add('another CA of the same name', { chain: [leaf(root)], anchors: [sameName], ours: NOT_OURS, alert: 48 });
	add('another CA', { chain: [leaf(root)], anchors: [rootEc], ours: NOT_OURS, alert: 48 });
	add('the genuine CA behind a forged certificate', { chain: [leaf({ ...root, key: keys.other }), root], ours: NOT_OURS, alert: 48 });
	add('a forged certificate under a genuine CA in between', { chain: [leaf({ ...mid, key: keys.p256 }), mid], ours: NOT_OURS, alert: 42 });
	add('a hole', { chain: [own], ours: NOT_OURS, alert: 48 });
	add('a certificate too many in between', { chain: [own, rootEc, mid], ours: NOT_OURS, alert: 48, why: 'order' });
	add('the wrong order', { chain: [leaf(ca('Low', keys.other, { by: mid })), mid, ca('Low', keys.other, { by: mid })], ours: NOT_OURS, alert: 48, why: 'order' });
	const long = [root];
	for (let i = 1; i <= 5; i++) long.push(ca(`Level ${i}`, i & 1 ? keys.p256b : keys.p384, { by: long[i - 1] }));
	add('five certificates', { chain: [leaf(long[4]), long[4], long[3], long[2], long[1]] });
	add('six certificates', { chain: [leaf(long[5]), long[5], long[4], long[3], long[2], long[1]], ours: NOT_OURS, alert: 48, why: 'length' });
	const renewed = ca('Root', keys.other, { by: root, issuer: root.subject });
	add('a CA\'s new key, signed by its old one', { chain: [leaf(renewed), renewed], why: 'tries' });
	const crossed = ca('Root EC', keys.p256b, { by: ca('Gone', keys.other) });
	add('a root that another one signed too', { chain: [leaf(rootEc), crossed], anchors: [rootEc] });
	const pinned = write({ subject: 'broker', key: keys.p256, extensions: [basic(false), SAN] });
	add('the broker\'s own certificate in caFile', { chain: [pinned], anchors: [pinned] });
	add('the same, of a CA\'s making', { chain: [own], anchors: [own] });
	const selfmade = write({ subject: 'broker', key: keys.root, extensions: [basic(true), SAN] });
	add('one that is its own CA', { chain: [selfmade], anchors: [selfmade] });
	add('one like it', { chain: [write({ subject: 'broker', key: keys.other, extensions: [basic(true), SAN] })], anchors: [selfmade], ours: NOT_OURS, alert: 48 });
	add('a certificate that signed itself', { chain: [pinned], ours: NOT_OURS, alert: 48 });
	const printable = name('Middle', 0x13);
	add('a name written in another alphabet', { chain: [leaf(mid, { issuer: printable }), mid], ours: NOT_OURS, alert: 48, why: 'encoding' });
	add('a hint at another key', { chain: [leaf(mid, {}, [SAN, extension(35, seq(tlv(0x80, Buffer.alloc(20, 3))))]), write({ subject: 'Middle', key: keys.p256b, by: root, extensions: [basic(true), extension(14, octets(Buffer.alloc(20, 4)))] })], why: 'hints' });
}

function rights({ keys, add, CA, SAN, leaf, root, mid }: Context): void {
	const under = (what: string, extensions: readonly Uint8Array[], plan: Partial<Plan> = {}) => {
		const between = write({ subject: 'Between', key: keys.p256b, by: root, extensions });
		add(what, { chain: [leaf(between), between], ...plan });
	};
	under('a CA with basicConstraints alone', [basic(true)]);
	under('basicConstraints that are not critical', [basic(true, undefined, false)]);
	under('a CA in between that is none', [basic(false)], { ours: `a CA in its chain ${NOT_CA}`, alert: 46 });
	under('a CA in between without a word of it', [usage(5)], { ours: `a CA in its chain ${NOT_CA}`, alert: 46 });
	under('a CA in between that may sign lists of revocation alone', [basic(true), usage(6)], { ours: 'a CA in its chain is not allowed to sign others (keyUsage)', alert: 46 });
	under('a CA in between for clients', [...CA, extended(CLIENT)], { ours: 'a CA in its chain is not for servers (extendedKeyUsage)', alert: 43 });
	under('a CA in between for servers', [...CA, extended(CLIENT, SERVER)]);
	under('a CA in between with a critical extension', [...CA, extension('1.2.3.4', octets(), true)], { ours: `a CA in its chain ${CRITICAL}`, alert: 43 });
	under('no CA below it, and a broker', [basic(true, 0), usage(5)]);
	const strict = write({ subject: 'Strict', key: keys.root, extensions: [basic(true, 0), usage(5)] });
	const low = write({ subject: 'Low', key: keys.p256b, by: strict, extensions: CA });
	add('no CA below the one in caFile, but one is', { anchors: [strict], chain: [leaf(low), low], ours: LONG, alert: 46 });
	const none = write({ subject: 'None', key: keys.p384, by: root, extensions: [basic(true, 0)] });
	const below = write({ subject: 'Below', key: keys.p256b, by: none, extensions: CA });
	add('no CA below one in between, but one is', { chain: [leaf(below), below, none], ours: LONG, alert: 46 });
	const one = write({ subject: 'One', key: keys.p384, by: root, extensions: [basic(true, 1)] });
	const under1 = write({ subject: 'Under one', key: keys.p256b, by: one, extensions: CA });
	add('one CA below one in between, as it allows', { chain: [leaf(under1), under1, one] });
	const again = write({ subject: 'Strict', key: keys.p384, by: strict, extensions: CA });
	add('no CA below it but itself with a new key', { anchors: [strict], chain: [leaf(again), again] });
	add('a broker\'s certificate that signs another', { chain: [leaf(leaf(mid)), leaf(mid), mid], ours: `a CA in its chain ${NOT_CA}`, alert: 46 });
	const anchor = (what: string, extensions: readonly Uint8Array[], plan: Partial<Plan>, more: Partial<Wanted> = {}) => {
		const made = write({ subject: 'Anchor', key: keys.root, extensions, ...more });
		add(what, { anchors: [made], chain: [leaf(made)], alert: 48, ...plan });
	};
	anchor('CA:FALSE in caFile that signs another', [basic(false)], { ours: `the CA in caFile ${NOT_CA}` });
	anchor('a CA in caFile without keyCertSign', [basic(true), usage(6)], { ours: 'the CA in caFile is not allowed to sign others (keyUsage)' });
	anchor('a CA in caFile for clients', [basic(true), extended(CLIENT)], { ours: 'the CA in caFile is not for servers (extendedKeyUsage)' });
	anchor('a CA in caFile with a critical extension', [basic(true), extension('1.2.3.4', octets(), true)], { ours: `the CA in caFile ${CRITICAL}` });
	anchor('a CA of version 1 in caFile', [], { ours: `the CA in caFile ${NOT_CA}`, why: 'version' }, { version: 0 });
	const own = (what: string, extensions: readonly Uint8Array[], plan: Partial<Plan> = {}) => add(what, { chain: [leaf(root, {}, [SAN, ...extensions])], ...plan });
	const notForServers = { ours: 'its certificate is not for servers (extendedKeyUsage)', alert: 43 };
	own('a broker\'s for servers and clients', [extended(SERVER, CLIENT)]);
	own('a broker\'s for clients', [extended(CLIENT)], notForServers);
	own('a broker\'s for anything', [extended('2.5.29.37.0')], notForServers);
	own('a broker\'s for the servers of a Microsoft long gone', [extended('1.3.6.1.4.1.311.10.3.3')], { ...notForServers, why: 'any' });
	own('a broker\'s that may sign', [usage(0)]);
	own('a broker\'s that may decipher', [usage(2)]);
	own('a broker\'s that may sign certificates alone', [usage(5)], { ours: 'its certificate is not for servers (keyUsage)', alert: 43 });
	const critical = { ours: `its certificate ${CRITICAL}`, alert: 43 };
	own('a critical extension', [extension('1.3.6.1.4.1.99999.1', octets(), true)], critical);
	own('an extension that is not critical', [extension('1.3.6.1.4.1.99999.1', octets())]);
	own('critical policies', [extension(32, seq(seq(oid('2.5.29.32.0'))), true)]);
	own('a critical place for lists of revocation', [extension(31, seq(seq(tlv(0xa0, tlv(0xa0, tlv(0x86, Buffer.from('http://a.example')))))), true)], { ...critical, why: 'critical' });
	own('one of its rights twice', [usage(0), usage(0)], { ours: `${UNREADABLE}holds an extension twice)`, alert: 42 });
}

function dates({ keys, add, ca, leaf, root, SAN }: Context): void {
	const now = Date.now();
	const from = new Date(now - 20 * DAY);
	const to = new Date(Math.floor(now / 1_000) * 1_000 + 20 * DAY);
	const own = leaf(root, { from, to });
	const roots = { anchors: [ca('Root', keys.root, { from: new Date(0), to: new Date(now + 4_000 * DAY) })] };
	add('its last second', { ...roots, chain: [own], at: to.getTime(), why: 'second' });
	add('the second after', { ...roots, chain: [own], at: to.getTime() + 1_000, ours: 'its certificate has expired', alert: 45 });
	add('its first second', { ...roots, chain: [own], at: Math.floor(from.getTime() / 1_000) * 1_000 });
	add('the second before', { ...roots, chain: [own], at: from.getTime() - 1_000, ours: 'its certificate is not valid yet', alert: 45 });
	add('a time beyond 2038', { anchors: [ca('Root', keys.root, { to: new Date('2120-01-01') })], chain: [leaf(root, { to: new Date('2110-01-01') })], at: Date.parse('2100-03-01') });
	const between = (more: Partial<Wanted>) => ca('Between', keys.p256b, { by: root, ...more });
	const stale = between({ from: new Date(now - 9 * DAY), to: new Date(now - DAY) });
	add('a CA in between that has expired', { chain: [leaf(stale), stale], ours: 'a certificate of its CA has expired', alert: 45 });
	const early = between({ from: new Date(now + DAY) });
	add('a CA in between that is not valid yet', { chain: [leaf(early), early], ours: 'a certificate of its CA is not valid yet', alert: 45 });
	const old = ca('Root', keys.root, { from: new Date(now - 9 * DAY), to: new Date(now - DAY) });
	add('a CA in caFile that has expired', { anchors: [old], chain: [leaf(root)], ours: 'the CA in caFile has expired', alert: 45 });
	add('the same, with its newer certificate', { anchors: [old, root], chain: [leaf(root)] });
	const future = ca('Root', keys.root, { from: new Date(now + DAY) });
	add('a CA in caFile that is not valid yet', { anchors: [future], chain: [leaf(root)], ours: 'the CA in caFile is not valid yet', alert: 45 });
	const date = (text: string) => tlv(0x17, Buffer.from(text));
	add('a thirteenth month', { chain: [write({ subject: 'broker', key: keys.p256, by: root, extensions: [SAN], validity: seq(date('251301000000Z'), time(to)) })], ours: `${UNREADABLE}has a date that cannot be)`, alert: 42 });
}

function hosts({ keys, add, leaf, root }: Context): void {
	const named = (what: string, list: readonly Uint8Array[], plan: Partial<Plan> = {}, more: Partial<Wanted> = {}) => add(what, { chain: [leaf(root, more, list.length ? [names(...list)] : [])], ...plan });
	const refused = { ours: OTHER_NAME, alert: 42 };
	named('its name among others', [dns('a.example'), tlv(0x81, Buffer.from('b@c.example')), dns(HOST)]);
	named('its name in capitals', [dns('BROKER.Example')]);
	named('another name', [dns('other.example')], refused);
	named('a longer name', [dns(`a.${HOST}`)], refused);
	named('a name with a zero in it', [dns(`${HOST}\x00.evil.example`)], refused);
	named('no name but the subject\'s', [], { ...refused, why: 'name' }, { subject: HOST });
	named('a mail address', [tlv(0x81, Buffer.from(HOST))], refused);
	named('a wildcard', [dns('*.farm.example')], { host: 'a.farm.example' });
	const far = (host: string) => ({ host, ours: `its certificate is not for the name ${host}`, alert: 42 });
	named('a wildcard for two labels', [dns('*.farm.example')], far('a.b.farm.example'));
	named('a wildcard for none', [dns('*.farm.example')], far('farm.example'));
	named('a wildcard for a whole country', [dns('*.example')], refused);
	named('a wildcard in the middle', [dns('a.*.example')], far('a.b.example'));
	named('part of a wildcard', [dns('b*.farm.example')], { ...far('broker.farm.example'), why: 'name' });
	named('its address', [ip(ADDRESS)], { host: ADDRESS });
	named('another address', [ip('192.0.2.8')], far(ADDRESS));
	named('an address as a name', [dns(ADDRESS)], far(ADDRESS));
	named('a wildcard for an address', [dns('*.0.2.7')], far(ADDRESS));
	named('an address of version 6 that ends like it', [tlv(0x87, Buffer.alloc(12), Buffer.from([192, 0, 2, 7]))], far(ADDRESS));
	add('an empty subject', { chain: [write({ subject: seq(), key: keys.p256, by: root, extensions: [extension(17, seq(dns(HOST)), true)] })] });
}

function limits({ keys, add, leaf, root }: Context): void {
	const limited = (what: string, limit: Uint8Array, list: readonly Uint8Array[], plan: Partial<Plan> = {}) => {
		const between = write({ subject: 'Limited', key: keys.p256b, by: root, extensions: [basic(true), limit] });
		add(what, { chain: [leaf(between, {}, [names(...list)]), between], ...plan });
	};
	const refused = { ours: SPEAKS, alert: 46 };
	const own = [dns(HOST)];
	limited('a domain of its own', constraints([dns('example')]), own);
	limited('a domain that is not critical', constraints([dns('elsewhere.test')], [], false), own, refused);
	limited('another domain', constraints([dns('elsewhere.test')]), own, refused);
	limited('two domains, one of them its own', constraints([dns('elsewhere.test'), dns(HOST)]), own);
	limited('a domain that only ends like it', constraints([dns('oker.example')]), own, refused);
	limited('what is below its name', constraints([dns(`.${HOST}`)]), own, refused);
	limited('its name and one that is not allowed', constraints([dns(HOST)]), [...own, dns('elsewhere.test')], refused);
	limited('its name excluded', constraints([], [dns('BROKER.example')]), own, refused);
	limited('its domain excluded from one that is permitted', constraints([dns('example')], [dns(HOST)]), own, refused);
	limited('another one excluded', constraints([], [dns('elsewhere.test')]), own);
	limited('everything excluded', constraints([], [dns('')]), own, refused);
	limited('a wildcard over what is excluded', constraints([], [dns('a.farm.example')]), [dns('*.farm.example')], { ...refused, host: 'b.farm.example', why: 'wildcard' });
	limited('a network of its own', constraints([ip('192.0.2.0/255.255.255.0')]), [ip(ADDRESS)], { host: ADDRESS });
	limited('another network', constraints([ip('198.51.100.0/255.255.255.0')]), [ip(ADDRESS)], { ...refused, host: ADDRESS });
	limited('its network excluded', constraints([], [ip('192.0.0.0/255.255.0.0')]), [ip(ADDRESS)], { ...refused, host: ADDRESS });
	limited('names limited, and an address', constraints([dns('example')]), [ip(ADDRESS)], { host: ADDRESS });
	limited('a directory', constraints([tlv(0xa4, seq())]), own, { ...refused, why: 'limits' });
	limited('mail of its own', constraints([tlv(0x81, Buffer.from('example'))]), own, { ...refused, why: 'limits' });
	const anchor = write({ subject: 'Limited root', key: keys.root, extensions: [basic(true), constraints([dns('elsewhere.test')])] });
	add('a limit of the CA in caFile', { anchors: [anchor], chain: [leaf(anchor)], ...refused });
	const above = write({ subject: 'Above', key: keys.p384, by: root, extensions: [basic(true), constraints([dns('elsewhere.test')])] });
	const between = write({ subject: 'Below', key: keys.p256b, by: above, extensions: [basic(true)] });
	add('a limit of a CA two above', { chain: [leaf(between), between, above], ...refused });
}

function oddities({ keys, add, leaf, root, SAN }: Context): void {
	const good = leaf(root);
	const odd = (what: string, der: Uint8Array, plan: Partial<Plan> = {}) => add(what, { chain: [der], ours: UNREADABLE, alert: 42, ...plan });
	odd('a byte behind it', Buffer.concat([good.der, Buffer.from([0])]), { why: 'der' });
	odd('a byte missing', good.der.subarray(0, -1));
	odd('half of it', good.der.subarray(0, good.der.length >> 1));
	odd('a length beyond its end', Buffer.concat([Buffer.from([0x30, 0x83, 0xff, 0xff, 0xff]), good.der.subarray(4)]));
	odd('a length of four bytes', Buffer.concat([Buffer.from([0x30, 0x84, 0, 0, good.der[2], good.der[3]]), good.der.subarray(4)]), { why: 'der' });
	odd('a length without end', Buffer.concat([Buffer.from([0x30, 0x80]), good.der.subarray(4), Buffer.alloc(2)]), { why: 'der' });
	odd('nothing but zeros', Buffer.alloc(300));
	odd('a thousand levels', nested(1_000));
	odd('extensions in version 1', leaf(root, { version: 0 }).der, { why: 'der' });
	odd('something before its extensions', write({ subject: 'broker', key: keys.p256, by: root, spki: Buffer.concat([keys.p256.spki, integer(5)]), extensions: [SAN] }).der);
	add('a serial number below zero', { chain: [leaf(root, { serial: tlv(2, Buffer.from([0x85])) })] });
	add('a serial number of 200 bytes', { chain: [leaf(root, { serial: tlv(2, Buffer.alloc(200, 0x45)) })] });
	add('a thousand names', { chain: [leaf(root, {}, [names(...Array.from({ length: 1_000 }, (_, i) => dns(`${i}.x`)), dns(HOST))])] });
	add('two hundred extensions', { chain: [leaf(root, {}, [SAN, ...Array.from({ length: 200 }, (_, i) => extension(`1.2.3.${i}`, octets()))])] });
}

function nested(levels: number): Buffer {
	let der: Buffer = Buffer.alloc(0);
	for (let i = 0; i < levels; i++) der = seq(der);
	return der;
}
