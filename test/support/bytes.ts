// Bytes written as the datasheets and standards print them: hex`30 03 0001 61`. Quoted text may stand between: hex`30 03 0001 'a'`.

export function hex(strings: TemplateStringsArray, ...values: readonly (Uint8Array | number | string)[]): Uint8Array {
	const parts: number[] = [];
	strings.forEach((text, index) => {
		for (const token of text.match(/'[^']*'|[0-9a-fA-F]{2}|\S/g) ?? []) parts.push(...literal(token));
		if (index < values.length) parts.push(...valueOf(values[index]));
	});
	return Uint8Array.from(parts);
}

function literal(token: string): Iterable<number> {
	if (token.startsWith("'")) return Buffer.from(token.slice(1, -1));
	if (!/^[0-9a-fA-F]{2}$/.test(token)) throw new Error(`${JSON.stringify(token)} is no byte in hexadecimal.`);
	return [Number.parseInt(token, 16)];
}

function valueOf(value: Uint8Array | number | string): Iterable<number> {
	if (typeof value === 'number') return [value];
	return typeof value === 'string' ? Buffer.from(value) : value;
}

/** Bytes as hex with a blank after each: what a failed comparison should print. */
export function show(bytes: Uint8Array): string {
	return Buffer.from(bytes).toString('hex').replace(/(..)(?=.)/g, '$1 ');
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
	return Uint8Array.from(Buffer.concat(parts));
}
