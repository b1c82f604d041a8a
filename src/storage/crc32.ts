// SPDX-License-Identifier: MIT
// The check sum of what is kept in flash: CRC-32 (IEEE 802.3, reflected, polynomial 0xEDB88320), four bits at a time.
//
// Rule: a table of 16 whole numbers of 32 bits, in flash once preloaded; 256 of them would be a little faster and 4 KB.

const TABLE: readonly number[] = Object.freeze([
	0, 0x1db7_1064, 0x3b6e_20c8, 0x26d9_30ac, 0x76dc_4190, 0x6b6b_51f4, 0x4db2_6158, 0x5005_713c,
	0xedb8_8320 | 0, 0xf00f_9344 | 0, 0xd6d6_a3e8 | 0, 0xcb61_b38c | 0, 0x9b64_c2b0 | 0, 0x86d3_d2d4 | 0, 0xa00a_e278 | 0, 0xbdbd_f21c | 0,
]);

/**
 * Of the bytes from `from` up to `to`, as a signed number of 32 bits; of those that gave `before` and these behind
 * them, where that is given.
 */
export const crc32 = (bytes: Uint8Array, from: number, to: number, before = 0): number => {
	let crc = ~before;
	for (let at = from; at < to; at++) {
		crc ^= bytes[at];
		crc = (crc >>> 4) ^ TABLE[crc & 15];
		crc = (crc >>> 4) ^ TABLE[crc & 15];
	}
	return ~crc;
};
