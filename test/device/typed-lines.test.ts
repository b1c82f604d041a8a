// What a person types at the serial line: each line is carried out once, or refused in a sentence.
import { describe, expect, it, vi } from 'vitest';
import { DeviceSerial } from '../../src/device/serial.js';
import { MINUTE, SECOND, stage } from '../world/stage.js';

const written: Uint8Array[] = [];
vi.mock('embedded:io/serial', () => ({
	default: class {
		write(bytes: Uint8Array): void {
			written.push(bytes.slice());
		}
	},
}));

describe('lines that are typed', () => {
	it('in one piece are all carried out, in their order', async () => {
		const set = await stage({ seed: 'typed' });
		await set.until(() => set.isOnline(), MINUTE);
		const type = async (text: string): Promise<string[]> => {
			const from = set.lines.length;
			set.node.type(text);
			await set.run(SECOND);
			return set.lines.slice(from).map((line) => line.text);
		};
		expect(await type('sample\ninterval 6000\r\nidentify\n\n')).toEqual(['sample: done', 'interval: done', 'identify: done']);
		// Halves that come one after the other are one line.
		expect([await type('inter'), await type('val 7000\n')]).toEqual([[], ['interval: done']]);
	});

	it('beyond 64 characters are refused, not cut: a cut number would be another one', async () => {
		const set = await stage({ seed: 'typed' });
		await set.until(() => set.isOnline(), MINUTE);
		const type = async (text: string): Promise<string> => {
			set.node.type(text);
			await set.run(SECOND);
			return set.lines.at(-1)!.text;
		};
		expect(await type(`interval${' '.repeat(51)}60000\n`)).toBe('interval: done');
		expect(await type(`interval${' '.repeat(51)}600000\n`)).toBe('a line was typed that has more than 64 characters: it is not carried out; "telltale configure --port" sends longer ones');
		expect(await type(`${'x'.repeat(120)}`)).toMatch(/^a line was typed/);
		expect(await type('\ninterval 8000\n')).toBe('interval: done');
		await set.until(() => set.texts('info').at(-1)!.includes('"interval":8'), MINUTE);
	});

	it('that come faster than they are carried out are refused in a sentence, and none of the others is lost', () => {
		const wakes = { count: 0 };
		const serial = new DeviceSerial({ transmit: 1, receive: 3, port: 0 }, { wake: () => void wakes.count++ } as never);
		for (const key of Buffer.from('interval 6000\n'.repeat(11))) serial.key(key);
		serial.drain(64);
		serial.drain(64);
		expect(Buffer.concat(written).toString()).toBe('too many lines were typed at once: one is not carried out\r\n'.repeat(2));
		const taken = Array.from({ length: 11 }, () => serial.take());
		expect(taken).toEqual([...Array.from({ length: 9 }, () => 'interval 6000'), '', '']);
		for (const key of Buffer.from('sample\n')) serial.key(key);
		expect([serial.take(), serial.take(), wakes.count]).toEqual(['sample', '', 10]);
	});
});
