// SPDX-License-Identifier: MIT
// The names of a certificate: whether a host is among them, and whether a CA may speak for them.
//
// Rule: only subject alternative names count (RFC 9525 §6.3); an address matches an address entry alone. Of name
// constraints (RFC 5280 §4.2.1.10) those of DNS names and addresses are obeyed; a CA with any other kind may not speak
// for anybody.

import { Der, latin, sameBytes, Tag } from './der.js';

const enum Name {
	DNS_NAME = 0x82,
	IP_ADDRESS = 0x87,
	PERMITTED = 0xa0,
	EXCLUDED = 0xa1,
}

/** `names`: the content of the extension. */
export const isNamed = (names: Uint8Array, host: string): boolean => {
	const list = new Der(names).expect(Tag.SEQUENCE).inside();
	const wanted = host.toLowerCase();
	const wantsAddress = isAddress(host);
	while (list.next()) {
		if (!wantsAddress && list.tag === Name.DNS_NAME && covers(latin(list.content()).toLowerCase(), wanted)) return true;
		if (wantsAddress && list.tag === Name.IP_ADDRESS && list.to - list.from === 4 && list.content().join('.') === wanted) return true;
	}
	return false;
};

/** Whether a host is an IPv4 address: digits and dots. */
export const isAddress = (host: string): boolean => {
	for (let i = 0; i < host.length; i++) if ('0123456789.'.indexOf(host.charAt(i)) < 0) return false;
	return true;
};

/** A wildcard stands for one whole label, the first, of a name of at least three. */
const covers = (name: string, host: string): boolean => {
	if (name.charAt(0) !== '*') return name === host;
	const dot = host.indexOf('.');
	return dot > 0 && name.indexOf('.', 2) > 0 && name.slice(1) === host.slice(dot);
};

/** Whether a CA with these constraints may speak for these names; both the contents of the extensions. */
export const isAllowed = (constraints: Uint8Array, names: Uint8Array): boolean => {
	const outer = new Der(constraints).expect(Tag.SEQUENCE);
	outer.finish();
	const level = outer.inside();
	while (level.next()) {
		if (level.tag !== Name.PERMITTED && level.tag !== Name.EXCLUDED) throw new Error('DER holds something else');
		const list = new Der(names).expect(Tag.SEQUENCE).inside();
		while (list.next()) if (!isWithinLimits(level, list)) return false;
	}
	return true;
};

/**
 * Whether the name at `name` keeps to the subtrees at `limits`: to one of those permitted of its kind, to none of those
 * excluded.
 */
const isWithinLimits = (limits: Der, name: Der): boolean => {
	const excluded = limits.tag === Name.EXCLUDED;
	const subtrees = limits.inside();
	let limited = false;
	while (subtrees.next()) {
		const base = subtrees.inside();
		base.next();
		if (base.tag !== Name.DNS_NAME && base.tag !== Name.IP_ADDRESS) return false;
		// No minimum or maximum: RFC 5280 knows none.
		base.finish();
		if (base.tag !== name.tag) continue;
		const inside = base.tag === Name.DNS_NAME ? isSubdomain(name, base, excluded) : isInNetwork(name.content(), base.content());
		if (inside) return !excluded;
		limited = true;
	}
	return excluded || !limited;
};

/** `excluded`: a wildcard that may stand for something in the subtree counts as in it. */
const isSubdomain = (name: Der, base: Der, excluded: boolean): boolean => {
	const domain = latin(name.content()).toLowerCase();
	const root = latin(base.content()).toLowerCase();
	if (excluded && domain.charAt(0) === '*' && root.endsWith(domain.slice(1))) return true;
	if (root === '' || domain === root) return true;
	return domain.endsWith(root.charAt(0) === '.' ? root : `.${root}`);
};

/** `network`: an address and its mask. */
const isInNetwork = (address: Uint8Array, network: Uint8Array): boolean => {
	const size = address.length;
	if (network.length !== 2 * size) return false;
	const masked = network.subarray(0, size).map((part, i) => part & network[size + i]);
	return sameBytes(masked, address.map((part, i) => part & network[size + i]));
};
