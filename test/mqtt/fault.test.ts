import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Fault, text } from '../../src/mqtt/fault.js';

const source = readFileSync(new URL('../../src/mqtt/fault.ts', import.meta.url), 'utf8');
const count = source.slice(source.indexOf('enum Fault'), source.indexOf('/** One sentence')).match(/^\t[A-Z]\w+,$/gm)!.length;

it('says every fault in a sentence of its own', () => {
	const sentences = new Set<string>();
	for (let fault = 0; fault < count; fault++) sentences.add(text(fault as Fault, 0x36));
	expect(sentences.size).toBe(count);
	for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z].*\.$/);
});

it('says why a connection was refused', () => {
	expect(text(Fault.Refused, 2)).toBe('The broker refused the connection: it does not accept this client id.');
	expect(text(Fault.Refused, 3)).toContain('not available');
	expect(text(Fault.Refused, 4)).toContain('password');
	expect(text(Fault.Refused, 5)).toContain('not authorized');
	expect(text(Fault.Refused, 9)).toBe('The broker refused the connection: code 0x09.');
});
