// SPDX-License-Identifier: MIT
// IPv4 addresses: whether a text is one, and what the chip's own library takes for it.
//
// Rule: a packed address is a number of 32 bits, the first part lowest. Digits are read here, without the engine's own
// conversion, which may need the system's heap.

const enum Const {
	/** Smaller networks have no room for two, larger ones are a slip of the finger. */
	PREFIX_MIN = 8,
	PREFIX_MAX = 30,
	PARTS = 4,
}

const enum Ascii {
	ZERO = 0x30,
}

/** Four whole numbers up to 255. */
export const isAddress = (text: string): boolean => {
	const parts = text.split('.');
	for (let i = 0; i < parts.length; i++) if (!(wholeOf(parts[i]) <= 255)) return false;
	return parts.length === Const.PARTS;
};

/** The same, and behind a slash how many bits of it are the network's. */
export const isNetworkAddress = (text: string): boolean => {
	const slash = text.indexOf('/');
	const prefix = wholeOf(text.slice(slash + 1));
	return slash > 0 && isAddress(text.slice(0, slash)) && prefix >= Const.PREFIX_MIN && prefix <= Const.PREFIX_MAX;
};

/** Of an address, whatever follows its slash; 0 for none. */
export const packed = (text: string): number => {
	const slash = text.indexOf('/');
	const parts = (slash < 0 ? text : text.slice(0, slash)).split('.');
	let address = 0;
	for (let i = 0; i < Const.PARTS && parts.length === Const.PARTS; i++) address |= wholeOf(parts[i]) << 8 * i;
	return address;
};

/** The mask of its network, of an address with a slash. */
export const packedMask = (text: string): number => {
	const prefix = wholeOf(text.slice(text.indexOf('/') + 1));
	let mask = 0;
	// From the highest bit of the first part on.
	for (let bit = 0; bit < prefix; bit++) mask |= 1 << (bit & ~7) + 7 - (bit & 7);
	return mask;
};

/** In at most three digits, without a 0 in front, which some read as octal; else NaN. */
const wholeOf = (text: string): number => {
	if (text === '' || text.length > 3 || text.length > 1 && text.charCodeAt(0) === Ascii.ZERO) return NaN;
	let value = 0;
	for (let i = 0; i < text.length; i++) {
		const digit = text.charCodeAt(i) - Ascii.ZERO;
		if (digit < 0 || digit > 9) return NaN;
		value = 10 * value + digit;
	}
	return value;
};
