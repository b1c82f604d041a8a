// What a stranger says, on its way to a terminal: no way of printing it lets through what a terminal obeys.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventLine, jsonLine, plainLine, summary } from '../../viewer/format.js';
import { Merge } from '../../viewer/merge.js';
import { parse } from '../../viewer/payload.js';
import { isBlank, jsonText, oneColumn, pageJson, safe, safeLines } from '../../viewer/safe.js';
import { View } from '../../viewer/view.js';
import { HOSTILE, OBEYED } from '../support/hostile.js';

const bytes = (text: string) => new TextEncoder().encode(text);
describe('Text from outside', () => {
	it('is shown with \\u and four digits for all that a terminal obeys', () => {
		expect(safe('a\u001b[2J\u009b\u202eb\u2028')).toBe('a\\u001b[2J\\u009b\\u202eb\\u2028');
		expect(safe(HOSTILE)).not.toMatch(OBEYED);
	});

	it('is left alone otherwise', () => {
		for (const text of ['', 'cellar', 'Köln, 21 °C', '温度', 'a\\u001bb', '👩‍🔬', '\u00a0\u2027\u202f\u2065\u206a']) expect(safe(text)).toBe(text);
	});

	it('never moves anything, whatever it is, and is the same when it is made safe twice', () => {
		fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
			expect(safe(text)).not.toMatch(OBEYED);
			expect(safe(safe(text))).toBe(safe(text));
			expect(oneColumn(text)).toMatch(/^[ -~]*$/);
		}), { seed: 9, numRuns: 300 });
	});

	it('keeps the lines of ours and nothing else', () => {
		expect(safeLines('one\n\u001btwo\r\nthree')).toBe('one\n\\u001btwo\\u000d\nthree');
	});

	it('turns round nothing on a page, in keys and values, and is left alone where it is harmless', () => {
		fc.assert(fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
			const strings: string[] = [];
			JSON.parse(pageJson(value), (key, each: unknown) => (strings.push(key, ...(typeof each === 'string' ? [each] : [])), each));
			for (const text of strings) expect(text).not.toMatch(OBEYED);
		}), { seed: 9, numRuns: 300 });
		expect(JSON.parse(pageJson({ ['a\u202e']: ['b\nc\u202e', 1, null, 'Köln "温度"'] }))).toEqual({ 'a\\u202e': ['b\\u000ac\\u202e', 1, null, 'Köln "温度"'] });
	});

	it('is blank where nothing of it is seen', () => {
		for (const text of ['', ' ', '\u00a0', '\u200b', '\ufeff', '\u3164', '\u2800', '\u0301', ' \u200d ']) expect(isBlank(text), JSON.stringify(text)).toBe(true);
		for (const text of ['a', '0', '.', '温', '👩‍🔬', 'é', '-']) expect(isBlank(text), text).toBe(false);
	});

	it('parses back to the same value as JSON, on one line', () => {
		fc.assert(fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
			expect(jsonText(value)).not.toMatch(OBEYED);
			expect(JSON.parse(jsonText(value))).toEqual(JSON.parse(JSON.stringify(value)));
		}), { seed: 9, numRuns: 300 });
		expect(JSON.parse(jsonText({ [HOSTILE]: HOSTILE }))).toEqual({ [HOSTILE]: HOSTILE });
	});
});

describe('What a stranger publishes', () => {
	const merge = new Merge({ fromStart: true });
	const said = (leaf: string, payload: string | object) => {
		const message = parse(`telltale/${HOSTILE}/${leaf}`, bytes(typeof payload === 'string' ? payload : JSON.stringify(payload)), ['telltale']);
		merge.take(message, 0);
		return message;
	};
	const reading = said('readings', { seq: 3, boot: HOSTILE, time: 1, temperature: 1 });
	const outage = said('outage', { seconds: 3, cause: HOSTILE });
	const status = said('status', 'online');

	it('is safe as a plain line: a reading, a status, an outage', () => {
		for (const message of [reading, status, outage]) {
			const line = plainLine(message);
			expect(line).not.toMatch(OBEYED);
			expect(line).toContain('a\\u001b[2J');
		}
	});

	it('is safe as a JSON line, and parses back to what was said', () => {
		if (reading.kind !== 'reading') throw new Error(reading.kind);
		const line = jsonLine(reading.node, false, reading.reading);
		expect(line).not.toMatch(OBEYED);
		expect(JSON.parse(line)).toEqual({ node: HOSTILE, late: false, seq: 3, boot: HOSTILE, time: 1, temperature: 1 });
	});

	it('is safe in the table, one column a character', () => {
		merge.take({ kind: 'health', node: HOSTILE, content: { failing: HOSTILE, why: HOSTILE } }, 0);
		merge.take({ kind: 'channels', node: HOSTILE, channels: { temperature: { unit: HOSTILE, part: HOSTILE } } }, 0);
		for (const hasChannels of [false, true]) {
			const lines = Object.assign(new View(), { hasChannels }).frame(merge, { now: 0, columns: 200, rows: 24, colour: false, link: '', refusal: HOSTILE });
			expect(lines.join('')).toContain('a?[2J');
			for (const line of lines) expect(line).not.toMatch(OBEYED);
		}
	});

	it('is safe as an event for programs, and cannot pass for another node or event', () => {
		const line = jsonText(eventLine('health', { node: HOSTILE, health: { [HOSTILE]: 1, node: 'another', event: 'reading' }, at: 5_000 } as never));
		expect(line).not.toMatch(OBEYED);
		expect(JSON.parse(line)).toEqual({ event: 'health', node: HOSTILE, at: 5, [HOSTILE]: 1 });
	});

	it('is safe in the summary: who lost readings, and who is silent', () => {
		merge.interrupted();
		expect(summary(merge)).not.toMatch(OBEYED);
		expect(summary(merge)).toMatch(/2 missing \(a\\u001b.* 1-2\).*no reading from a\\u001b/);
	});

	it.each(['Infinity', 'NaN', '1e999', '-0', '007'])('keeps the boot %j in a JSON line', (boot) => {
		expect(JSON.parse(jsonLine('n', false, { seq: 1, boot, time: 1, values: {} })).boot).toBe(boot);
	});
});
