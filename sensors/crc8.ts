// SPDX-License-Identifier: MIT
// CRC-8 as Sensirion's parts and others append it to each word.
//
// Rule: bit by bit, without a table: a word costs 16 steps at one reading in seconds, a table costs flash for ever.
// Sensirion SHT3x-DIS datasheet, §4.12, table "I2C CRC properties": polynomial 0x31, initial value 0xFF,
// nothing reflected, no final XOR; CRC (0xBEEF) = 0x92. Si7021 and HTU21D begin with 0 instead; CRC (0x683A) = 0x7C.

const enum Crc {
	POLYNOMIAL = 0x31,
}

/** The check sum of `count` bytes from `bytes[from]` on, begun with `crc`. */
export const crc8 = (bytes: Uint8Array, from: number, count: number, crc: number): number => {
	for (let at = from; at < from + count; at++) {
		crc ^= bytes[at];
		for (let bit = 0; bit < 8; bit++) crc = crc & 0x80 ? ((crc << 1) ^ Crc.POLYNOMIAL) & 0xff : crc << 1;
	}
	return crc;
};
