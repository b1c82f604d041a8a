// The C of src/device/native/pulse-capture.h, compiled for the host with a wire of its own; and, where Debian has the compiler, for the chip.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const SOURCE = fileURLToPath(new URL('fixtures/pulse-host.c', import.meta.url));
let folder: string;

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), 'telltale-pulses-'));
	execFileSync('cc', ['-std=c99', '-Wall', '-Wextra', '-Werror', '-O2', '-o', join(folder, 'host'), SOURCE]);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Taken {
	readonly pairs: number[][];
	/** Interrupts are off at the end; and the longest that they were, in microseconds. */
	readonly locked: boolean;
	readonly lockedUs: number;
}

/** What is taken of these levels in microseconds, high first, where one look at the wire takes `lookUs`. */
function take(levels: readonly number[], lookUs = 0.4): Taken {
	const input = levels.map((us) => Math.round(us * 10)).join('\n');
	const [count, locked, longest, ...bytes] = execFileSync(join(folder, 'host'), [String(Math.round(lookUs * 10))], { input, encoding: 'utf8' }).trim().split(' ').map(Number);
	expect(bytes).toHaveLength(2 * count!);
	return { pairs: Array.from({ length: count! }, (_, i) => [bytes[2 * i]!, bytes[2 * i + 1]!]), locked: locked === 1, lockedUs: longest! / 10 };
}

/** An answer: the line is high, pulled low and let go in greeting, then the bits and a last low. */
const answer = (bits: readonly number[], before = 30): number[] => [before, 80, 80, ...bits.flatMap((bit) => [50, bit ? 70 : 26]), 50];
const BITS = Array.from({ length: 40 }, (_, i) => (i * 7) % 3 % 2);

function near(pairs: readonly (readonly number[])[], levels: readonly number[], byUs: number): void {
	const flat = pairs.flat();
	expect(flat).toHaveLength(levels.length - 2);
	for (const [index, us] of flat.entries()) expect(Math.abs(us - levels[index + 1]!), `level ${index + 1} of ${levels.join(' ')}`).toBeLessThanOrEqual(byUs);
}

describe('the C that takes pulses', () => {
	it('takes an answer to the microsecond or two, with interrupts off for less than 6 ms', () => {
		const levels = answer(BITS);
		const { pairs, locked, lockedUs } = take(levels);
		near(pairs, levels, 2);
		expect(locked).toBe(false);
		expect(lockedUs).toBeLessThan(6_000);
	});

	it('takes trains with any jitter', () => {
		const train = fc.array(fc.integer({ min: 20, max: 90 }), { minLength: 83, maxLength: 83 });
		fc.assert(fc.property(train, fc.constantFrom(0.1, 0.4, 1), (levels, lookUs) => near(take(levels.concat(50).slice(0, 84), lookUs).pairs, levels.concat(50).slice(0, 84), 4)), { seed: 3, numRuns: 30 });
	});

	it('does not see a spike that is shorter than two looks', () => {
		const levels = answer(BITS);
		// One level in two parts, with 0.3 µs of the other between them.
		const spiked = [...levels.slice(0, 40), levels[40]! - 20, 0.3, 19.7, ...levels.slice(41)];
		near(take(spiked).pairs, levels, 3);
	});

	it('waits 15 ms for a part that is slow to begin, with interrupts on', () => {
		const levels = answer(BITS, 15_000);
		const { pairs, lockedUs } = take(levels);
		near(pairs, levels, 2);
		expect(lockedUs).toBeLessThan(6_000);
	});

	it.each([
		['nobody answers', [1_000_000]], ['the line is held low for ever', [0, 1_000_000]], ['a part stops in the greeting', [30, 80, 1_000_000]],
	])('takes nothing, and has interrupts on again, when %s', (_what, levels) => {
		expect(take(levels)).toMatchObject({ pairs: [], locked: false });
	});

	it('ends with the last pair that is whole when the part stops', () => {
		const { pairs, locked } = take([...answer(BITS).slice(0, 43), 1_000_000]);
		expect(pairs).toHaveLength(21);
		expect(locked).toBe(false);
	});

	it('says 255 for what lasts longer, and ends after 6 ms', () => {
		const long = take([30, 400, 300, 50, 70, 50]).pairs;
		expect(long[0]).toEqual([255, 255]);
		near(long.slice(1), [0, 50, 70, 0], 2);
		const { pairs, lockedUs } = take([30, ...Array.from({ length: 82 }, () => 500), 50]);
		expect(pairs.length).toBeLessThan(10);
		expect(lockedUs).toBeLessThan(7_500);
	});

	const lx106 = spawnSync('xtensa-lx106-elf-gcc', ['--version']).error === undefined;
	it.skipIf(!lx106)('is compiled by the chip\'s compiler as well (Debian: gcc-xtensa-lx106)', () => {
		execFileSync('xtensa-lx106-elf-gcc', ['-std=c99', '-Wall', '-Wextra', '-Werror', '-Os', '-ffreestanding', '-c', '-x', 'c', '-o', join(folder, 'chip.o'), '-'], {
			input: `#include <stdint.h>
				extern volatile uint32_t wire; extern uint32_t cycles(void); extern void off(void), on(void);
				#define CAPTURE_LEVEL() wire
				#define CAPTURE_NOW() cycles()
				#define CAPTURE_PER_US 80
				#define CAPTURE_BEGIN() off()
				#define CAPTURE_END() on()
				#include "${fileURLToPath(new URL('../../src/device/native/pulse-capture.h', import.meta.url))}"
				int take(uint8_t *into) { return capturePulses(into, 41); }`,
		});
	});
});
