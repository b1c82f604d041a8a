// The fields of a form, as browsers write them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formValue } from '../../src/provisioning/form.js';

const form = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));

describe('A form', () => {
	it('gives back what a browser put in, in any language', () => {
		fc.assert(fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (ssid, passphrase) => {
			fc.pre(!`${ssid}${passphrase}`.includes('\0'));
			const sent = form(new URLSearchParams({ ssid, passphrase }).toString());
			expect(formValue(sent, 'ssid')).toBe(ssid);
			expect(formValue(sent, 'passphrase')).toBe(passphrase);
		}));
	});

	it('tells a field that is empty from one that is not there, and takes the first', () => {
		const sent = form('ssid=&other=a&other=b&pass&xother=c');
		expect([formValue(sent, 'ssid'), formValue(sent, 'other'), formValue(sent, 'pass'), formValue(sent, 'host'), formValue(sent, 'o')]).toEqual(['', 'a', undefined, undefined, undefined]);
		expect(formValue(form(''), 'ssid')).toBeUndefined();
	});

	it('leaves alone what only looks escaped', () => {
		expect(formValue(form('a=%&b=%4&c=%zz&d=%%34'), 'a')).toBe('%');
		expect(formValue(form('b=%4'), 'b')).toBe('%4');
		expect(formValue(form('c=%zz+%2B'), 'c')).toBe('%zz +');
		expect(formValue(form('d=%%34'), 'd')).toBe('%4');
	});

	it('makes what no setting takes of bytes that are no text', () => {
		for (const bytes of ['%ff', '%c3', '%c0%80', '%ed%a0%80', '%00', 'a%f4%90%80%80', '\xff']) expect(formValue(form(`a=${bytes}`), 'a'), bytes).toBe('\u0001');
	});

	it('makes what no setting takes of what is longer than any: more than 64 characters, of whatever size', () => {
		for (const character of ['"', '\u00e9', '\u20ac', '\ud83d\ude00']) {
			expect(formValue(form(`a=${encodeURIComponent(character.repeat(64))}`), 'a')).toBe(character.repeat(64));
			for (const count of [65, 100]) expect(formValue(form(`a=${encodeURIComponent(character.repeat(count))}`), 'a')).toBe('\u0001');
		}
	});

	it('never throws', () => {
		fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), fc.string({ maxLength: 5 }), (bytes, name) => void formValue(bytes, name)));
	});
});
