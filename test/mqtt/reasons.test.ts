import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/mqtt/codec/fault.js';
import { reasonText } from '../../src/mqtt/reasons.js';

describe('reasons in words', () => {
	it.each([
		[1, 'the broker does not speak this version of MQTT'], [2, 'the broker refuses the client id, or a keep-alive longer than it allows'], [3, 'the broker is not available for the moment'],
		[4, 'the broker refuses the user name or password: it says they are malformed or wrong'],
		[5, 'the broker does not authorize this client: check user and password, and its access rules'],
	])('name return code %i of CONNACK', (code, sentence) => {
		expect(reasonText(Fault.Refused, code)).toBe(sentence);
	});

	it('give an unknown return code as a number', () => {
		expect(reasonText(Fault.Refused, 0x77)).toBe('the broker refuses the connection (0x77)');
	});

	it('are there for every fault, each another', () => {
		const sentences = Array.from({ length: Fault.Handler + 1 }, (_, fault) => reasonText(fault as Fault, 0));
		expect(new Set(sentences).size).toBe(sentences.length);
		for (const sentence of sentences) expect(sentence).toMatch(/^[a-z].*[^.]$/);
		expect(sentences[Fault.Refused]).not.toBe('');
	});
});
