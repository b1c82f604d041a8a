// The SDK's own engine as a guest's: what it tells is converted into a chip's measure, and it is spoken to as the worker is. The program here is
// a stand-in that speaks the same protocol: CI has no SDK (docs/budget.md says by which command the real one was run).
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LinkedWeight } from '../../simulator/engine/engine.js';
import { weightFrom } from '../../simulator/engine/linked-engine.js';
import { startPreloaded } from '../../simulator/engine/start.js';

const told = (slotBytes: number, chunks: readonly number[], chunkBytes = chunks.reduce((sum, size) => sum + Math.abs(size), 0)): string =>
	JSON.stringify({ version: '17.7.0', slotBytes, slots: 590, copied: 25, chunkBytes, chunks });

describe("What the SDK's engine tells of its memory", () => {
	it('is a chip\'s own measure where its words have 32 bits', () => {
		expect(weightFrom(told(16, [24, -40, 16]))).toEqual({ version: '17.7.0', bits: 32, slots: 590, copied: 25, chunkBytes: 80 });
	});

	it.each([
		['a header of 16 bytes becomes one of 8', [16], 8],
		['bytes stay as they are', [16 + 3_840], 8 + 3_840],
		['bytes are rounded up to 4 in place of 8', [16 + 16], 8 + 16],
		['what is made of slots and pointers is halved', [-(16 + 4 * 32)], 8 + 4 * 16],
		['all of it is the sum', [16 + 8, -(16 + 64), 16 + 24], 16 + 40 + 32],
		['nothing is nothing', [], 0],
	])('is converted where they have 64: %s', (_what, chunks, chunkBytes) => {
		expect(weightFrom(told(32, chunks))).toMatchObject({ bits: 64, slots: 590, chunkBytes });
	});

	it('is refused where its parts are not what it counts, and where its slots are none that are known', () => {
		expect(() => weightFrom(told(32, [24, -40], 70))).toThrow('counts 70 bytes of chunks, and its chunks are 64');
		expect(() => weightFrom(told(24, []))).toThrow('slots of 24 bytes');
	});
});

describe("The SDK's engine", () => {
	let folder: string;
	let program: string;
	beforeAll(() => {
		folder = mkdtempSync(join(tmpdir(), 'telltale-'));
		program = join(folder, 'engine');
		// Asks the host once in each turn, and says what it was answered.
		writeFileSync(program, `#!${process.execPath}
const fs = require('fs');
const one = Buffer.alloc(1);
const hear = () => {
	let length = '';
	for (;;) { if (!fs.readSync(3, one)) process.exit(0); if (one[0] === 58) break; length += String.fromCharCode(one[0]); }
	const text = Buffer.alloc(Number(length) + 1);
	for (let at = 0; at < text.length; ) at += fs.readSync(3, text, at, text.length - at, null);
	return text.toString('latin1', 0, text.length - 1);
};
const tell = (text) => fs.writeSync(4, text.length + ':' + text + ',');
for (;;) {
	const command = hear();
	if (command[0] === 'm') tell('.${told(32, [32])}');
	else if (command === '?bad') tell('!TypeError: bad');
	else { tell('?' + command.slice(1) + '?'); tell('.' + hear()); }
}
`);
		chmodSync(program, 0o755);
	});
	afterAll(() => rmSync(folder, { recursive: true }));

	it('takes turns, asks the host, fails as a guest does, and is weighed when its memory is asked for', async () => {
		const weights: LinkedWeight[] = [];
		const asked: string[] = [];
		const answer = (request: string): string => {
			asked.push(request);
			return `answer to ${request}`;
		};
		const engine = await startPreloaded({ program, onWeighed: (weight) => weights.push(weight) }, '', 'ESP8266', answer);
		try {
			expect(await engine.turn('who')).toBe('/answer to who?');
			await expect(engine.turn('bad')).rejects.toThrow('TypeError: bad');
			expect(await engine.memory()).toEqual({ slots: 590, chunkBytes: 24, codeBytes: 0 });
			expect(weights).toMatchObject([{ bits: 64, copied: 25 }]);
			expect(asked).toEqual(['who?']);
		} finally {
			engine.kill();
		}
	});
});
