// How much of a chip an image takes, read from its ELF file (System V ABI, "Sections"; 32 bits, little endian).
//
// Rule: no tool of a toolchain is needed; what is no such file is a sentence.

import { Failure } from './failure.js';

const HEADER_BYTES = 52;
const SECTION_HEADERS_AT = 0x20;
const SECTION_HEADER_SIZE_AT = 0x2e;

/** Sizes in bytes by the names of sections. */
export function sectionSizes(elf: Buffer, name: string): Map<string, number> {
	if (elf.length < HEADER_BYTES || elf.readUInt32BE(0) !== 0x7f45_4c46 || elf[4] !== 1 || elf[5] !== 1) {
		throw new Failure(`${name} is no 32-bit ELF file: delete its folder and build again.`);
	}
	const [table, size] = [elf.readUInt32LE(SECTION_HEADERS_AT), elf.readUInt16LE(SECTION_HEADER_SIZE_AT)];
	const [count, namesIndex] = [elf.readUInt16LE(SECTION_HEADER_SIZE_AT + 2), elf.readUInt16LE(SECTION_HEADER_SIZE_AT + 4)];
	if (table + count * size > elf.length || namesIndex >= count) throw new Failure(`${name} is cut off: delete its folder and build again.`);
	const names = elf.readUInt32LE(table + namesIndex * size + 16);
	const sizes = new Map<string, number>();
	for (let at = table; at < table + count * size; at += size) {
		const from = names + elf.readUInt32LE(at);
		sizes.set(elf.toString('latin1', from, elf.indexOf(0, from)), elf.readUInt32LE(at + 20));
	}
	return sizes;
}

/** What is in RAM before the program begins. ESP8266: as the SDK counts; ESP32: the data RAM. */
export function staticRam(sizes: ReadonlyMap<string, number>, chip: 'ESP8266' | 'ESP32'): number {
	let sum = 0;
	for (const [section, bytes] of sizes) {
		if (chip === 'ESP8266' ? ['.data', '.rodata', '.bss'].includes(section) : /^\.(dram0|noinit)/.test(section)) sum += bytes;
	}
	return sum;
}
