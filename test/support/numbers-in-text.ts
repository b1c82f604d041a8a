// For test/numbers.test.ts: ways to put numbers into text and to read them from it. Never run; the wrong ones are marked.

const enum Two { One = 1, Half = 0.5 }
const FIVE = 5;
const PRODUCT = 6 * 3_600;
declare const count: number;
declare const text: string;
declare const either: string | number;
declare const anything: unknown;
declare const whatever: any;
declare const list: number[];
declare const words: readonly string[];
declare const bytes: Uint8Array;
declare const seconds: Float64Array;
declare const radio: { join(name: string): string };

export function templates(): string[] {
	return [
		`${text} ${FIVE} ${Two.One} ${count | 0} ${(count / 2) | 0} ${count >> 1} ${~~count | 0} ${text.length} ${words.length}`,
		`${count > 1} ${text || undefined} ${new RangeError(text)}`,
		`${count}`, // wrong
		`${count / 2}`, // wrong
		`${Math.round(count)}`, // wrong
		`${count >>> 0}`, // wrong
		`${Two.Half}`, // wrong
		`${PRODUCT}`, // wrong
		`${0.1}`, // wrong
		`${either}`, // wrong
		`${anything}`, // wrong
		`${whatever}`, // wrong
		`${list}`, // wrong
		`${count > 1 ? count : ''}`, // wrong
	];
}

export function sums(): string[] {
	let sum = text;
	sum += text;
	sum += count; // wrong
	sum = sum + (count | 0) + FIVE;
	return [
		text + count, // wrong
		count + text, // wrong
		either + text, // wrong
		sum,
	];
}

export function calls(): string[] {
	return [
		String(count | 0), count.toString(16), FIVE.toString(), words.join(), bytes.join('.'), radio.join(text),
		String(count), // wrong
		String(anything), // wrong
		count.toString(), // wrong
		count.toString(10), // wrong
		count.toFixed(1), // wrong
		list.join(), // wrong
		seconds.join(), // wrong
		JSON.stringify(text), // wrong
	];
}

export function readings(): unknown[] {
	return [
		Number(count),
		+count,
		Number(text), // wrong
		+text, // wrong
		parseInt(text, 10), // wrong
		parseFloat(text), // wrong
		JSON.parse(text), // wrong
	];
}
