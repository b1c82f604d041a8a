// Packets of Improv: read from whatever pieces and noise they come in, and written as the specification has them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { At, beginPacket, beginResult, endPacket, endResult, PacketReader, PacketType, putString, shortPacket } from '../../src/provisioning/improv-codec.js';

/** By the specification, not by our writer. */
function packet(type: number, data: readonly number[]): number[] {
	const head = [...Buffer.from('IMPROV'), 1, type, data.length, ...data];
	return [...head, head.reduce((sum, byte) => sum + byte, 0) & 0xff];
}

interface Heard {
	readonly packets: number[][];
	/** Whose check sum was wrong. */
	bad: number;
	keys: number[];
}

/** Feeds all of it, and reads what is whole: at once, or only behind the last byte. */
function feed(bytes: readonly number[], late = false): Heard & { reader: PacketReader } {
	const heard: Heard = { packets: [], bad: 0, keys: [] };
	const reader = new PacketReader();
	const keys = { key: (code: number) => void heard.keys.push(code) };
	const take = () => {
		while (reader.whole) {
			if (!reader.sound) {
				heard.bad++;
				reader.skip();
			} else {
				heard.packets.push([reader.type, ...reader.bytes!.subarray(At.Data, At.Data + reader.length)]);
				reader.next(keys);
			}
		}
	};
	for (const byte of bytes) {
		reader.receive(byte, keys);
		if (!late) take();
	}
	take();
	return { ...heard, reader };
}

const data = (max = 255) => fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: max });
/** What a person types, or a program that is no Improv: no header in it, but what looks like one at first. */
const noise = fc.array(fc.constantFrom('x', '\n', 'I', 'IM', 'IMPRO', 'IMPROV', 'IMPROV\u0002', '\u0000', '\u00ff'), { maxLength: 8 }).map((parts) => [...Buffer.from(parts.join(''), 'latin1')]);

describe('A packet of Improv', () => {
	it('is read at every length', () => {
		for (let length = 0; length < 256; length++) {
			const content = Array.from({ length }, (_, index) => (index * 37 + length) & 0xff);
			const { packets, keys, bad } = feed(packet(3, content));
			expect([packets, keys, bad]).toEqual([[[3, ...content]], [], 0]);
		}
	});

	it('is read among whatever a person types, which goes to the console whole', () => {
		fc.assert(fc.property(fc.array(fc.tuple(noise, data(40)), { minLength: 1, maxLength: 4 }), noise, (parts, end) => {
			const bytes = parts.flatMap(([before, content]) => [...before, ...packet(3, content), 0x0a]);
			const { packets, keys, reader } = feed([...bytes, ...end, 0x0d]);
			expect(packets).toEqual(parts.map(([, content]) => [3, ...content]));
			expect(keys).toEqual([...parts.flatMap(([before]) => [...before, 0x0a]), ...end, 0x0d]);
			expect([reader.bytes, reader.count]).toEqual([undefined, 0]);
		}), { numRuns: 100 });
	});

	it('waits to be read while more comes in, of which nothing is lost', () => {
		const bytes = [...packet(3, [2, 0]), 0x0a, ...packet(3, [3, 0]), ...Buffer.from('sample\n'), ...packet(3, [4, 0])];
		const { packets, keys } = feed(bytes, true);
		expect(packets).toEqual([[3, 2, 0], [3, 3, 0], [3, 4, 0]]);
		expect(Buffer.from(keys).toString()).toBe('\nsample\n');
	});

	it('is split at every byte by damage, which costs itself alone', () => {
		const content = [1, 8, 3, 0x49, 0x4d, 0x50, 3, 1, 2, 3];
		const whole = packet(3, content);
		for (let cut = 0; cut < whole.length; cut++) {
			// A byte is lost, and one is flipped.
			for (const damaged of [whole.filter((_, at) => at !== cut), whole.map((byte, at) => (at === cut ? byte ^ 0x10 : byte))]) {
				const { packets, reader } = feed([...damaged, 0x0a, ...packet(3, [2, 0]), 0x0a]);
				// A length that grew waits for more: then the conversation's clock skips it.
				while (reader.busy && !reader.whole) reader.skip();
				if (reader.whole) packets.push([reader.type, ...reader.bytes!.subarray(At.Data, At.Data + reader.length)]);
				expect(packets, `damaged at ${cut}`).toEqual([[3, 2, 0]]);
			}
		}
	});

	it('with any wrong check sum is told from a good one', () => {
		const good = packet(3, [2, 0]);
		for (let sum = 0; sum < 256; sum++) {
			const { packets, bad } = feed([...good.slice(0, -1), sum]);
			expect([packets.length, bad]).toEqual(sum === good.at(-1) ? [1, 0] : [0, 1]);
		}
	});

	it('never breaks the reader, whatever comes, and takes no memory before its header is whole', () => {
		fc.assert(fc.property(data(600), (bytes) => {
			const { reader } = feed(bytes);
			expect(reader.count).toBeLessThanOrEqual(265);
			expect(reader.bytes !== undefined).toBe(reader.count >= 7);
		}), { numRuns: 100 });
		const { reader } = feed([...Buffer.from('IMPROV')]);
		expect([reader.bytes, reader.busy]).toEqual([undefined, false]);
	});
});

describe('What goes out', () => {
	const framed = (type: number, content: readonly number[]) => [0x0a, ...packet(type, content), 0x0a];

	it('stands between newlines, as the specification has it', () => {
		expect([...shortPacket(PacketType.State, 2)]).toEqual(framed(1, [2]));
		expect([...shortPacket(PacketType.Error, 0xff)]).toEqual(framed(2, [0xff]));
		expect([...endPacket(beginPacket(PacketType.Result).byte(4).byte(0))]).toEqual(framed(4, [4, 0]));
	});

	it('has strings in UTF-8, each with its length', () => {
		const result = endResult(putString(putString(beginResult(3), '\u00e4\u20ac'), ''));
		expect([...result]).toEqual(framed(4, [3, 7, 5, ...Buffer.from('\u00e4\u20ac'), 0]));
	});

	it('never has data of ten bytes, which the published SDK drops', () => {
		for (let length = 0; length < 40; length++) {
			const text = 'x'.repeat(length);
			const strings = [length, ...Buffer.from(text), ...(length === 7 ? [0] : [])];
			expect([...endResult(putString(beginResult(5), text))]).toEqual(framed(4, [5, strings.length, ...strings]));
		}
	});
});
