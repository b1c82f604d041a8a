// What the SDK's output says about a build that failed.
//
// Rule: the cause is told, not its consequences: what make and the linker say after it names no fault. A failure that people meet is
// a sentence here; any other is the first line that complains, in the tool's words. "### 2094 instances, …" is no complaint: xsl
// says so when it has done its work. What was seen of the tools is in test/cli/build-log.test.ts.

import { basename } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { safe } from '../viewer/safe.js';

const QUOTE_MAX = 200;

type Explain = (match: RegExpExecArray) => string;

const KNOWN: readonly (readonly [RegExp, Explain])[] = [
	[/section [`'](\S+)' will not fit in region [`'](\w+)'|section [`'](\S+)' is not within region [`'](\w+)'/, (match) => tooLarge((match[2] ?? match[4])!)],
	[/region [`'](\w+)' overflowed by (\d+) bytes?/, ([, region, bytes]) => tooLarge(region!, Number(bytes))],
	[/app partitions? (?:is|are) too small for binary \S+ size (0x[\da-f]+)[^]*?\(overflow (0x[\da-f]+)\)/i, ([, size, over]) =>
		`the image has ${bytes(Number(size))}, ${bytes(Number(over))} more than its partition (hardware/esp32-partitions.csv): leave something out, like MQTT 5.0 ("protocol": 4)`],
	[/No module named '?serial/, () => 'the Python that makes the image lacks pyserial: install it (Debian: apt install python3-serial)'],
	[/No space left on device/, () => 'the disk is full: make room and build again'],
	[/([^\s:]+): in function [`']([^']+)':\n[^\n]*undefined reference to [`']([^']+)'/, ([, , user, name]) => `${user} uses ${name}, which nothing defines`],
];

/** A complaint in a tool's own words: of tsc, compilers, linkers, the SDK's tools. */
const COMPLAINT = /error TS\d+|\b(?:fatal )?error:|^### (?!warning|\d+ instances, )|undefined reference|multiple definition|^\*\*\* |^CMake Error|^(?:\w+\.)*\w*(?:Error|Exception): |\bFATAL\b/i;

/** What only counts where nobody complains: a shell also misses tools that nothing depends on. */
const ELSE_KNOWN: typeof KNOWN = [
	[/^(?:make(?:\[\d+\])?: |\S*sh: (?:line )?(?:\d+: )?)(\S+): (?:No such file or directory|(?:command )?not found|Permission denied)$/m, ([, tool]) =>
		`${tool} cannot be started: it is not there or no program of this machine; set its SDK up again`],
	[/No rule to make target [`']([^']+)', needed by [`']([^']+)'/, ([, missing, wanted]) => `${missing} is not there, and ${basename(wanted!)} is made of it`],
	[/^make(?:\[\d+\])?: \*\*\* ([^\n]*)$/m, ([, words]) => quoted(words!)],
];

/** The fault as the end of a sentence; '' if the output names none. */
export function faultIn(output: string): string {
	const log = plain(output);
	return explained(KNOWN, log) || complaint(log) || explained(ELSE_KNOWN, log);
}

/** The first line that complains, and the module that xsl was preloading then. */
function complaint(log: string): string {
	const lines = log.split('\n').map((line) => line.trim());
	const at = lines.findIndex((line) => COMPLAINT.test(line));
	if (at < 0) return '';
	const module = /^at ([\w/.-]+) \(\)$/.exec(lines[at + 1] ?? '')?.[1];
	return quoted(lines[at]!) + (module ? safe(`, in ${module}`) : '');
}

function explained(known: typeof KNOWN, log: string): string {
	for (const [pattern, explain] of known) {
		const match = pattern.exec(log);
		if (match) return safe(explain(match));
	}
	return '';
}

/**
 * Whether the tools failed although the build ended well: the SDK's makefile for the ESP32 ignores how ESP-IDF's build ended
 * ("make: […: build] Error 2 (ignored)"), and then an image of an earlier build, or one that does not fit, lies where the new one should.
 * It ignores a copy that fails too (1), which is how it is where there is no OTA.
 */
export function failedUnheard(output: string): boolean {
	return /^ninja: build stopped|^ninja failed with exit code|^make(?:\[\d+\])?: \[[^\]]*\] Error (?!1\b)\d+ \(ignored\)/m.test(plain(output));
}

/** Without the colours of tools that take a file for a terminal. */
function plain(output: string): string {
	return stripVTControlCharacters(output).replace(/\r\n?/g, '\n');
}

function tooLarge(region: string, over?: number): string {
	const more = over === undefined ? 'more' : `${bytes(over)} more`;
	if (/dram/.test(region)) return `the firmware takes ${more} static RAM than the chip has (${region}): leave something out`;
	if (/iram/.test(region)) return `the firmware has ${more} code that must run from RAM than there is room for (${region})`;
	return `the image takes ${more} flash than the chip can map (${region}): leave something out, like MQTT 5.0 ("protocol": 4)`;
}

function bytes(count: number): string {
	return `${count.toLocaleString('en-US')} bytes`;
}

/** A line without what stands before and after it only for machines. */
function quoted(line: string): string {
	const words = line.replace(/^(### |\*\*\* |\S*\/ld(\.\w+)?: )+/, '').replace(/[.:!]+$/, '');
	return safe(words.length > QUOTE_MAX ? `${words.slice(0, QUOTE_MAX - 1)}…` : words);
}
