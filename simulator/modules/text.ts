// Texts of XS are bytes, which need not be well-formed where they came from outside: a byte that is no UTF-8 stands here as half
// a surrogate pair, U+DC00 and the byte, and becomes itself again where the bytes are asked for.

const ESCAPE = 0xdc00;

/** XS's ArrayBuffer.fromString(). */
export function bytesOfText(text: string): ArrayBuffer {
	const bytes: number[] = [];
	for (const character of text) {
		const code = character.codePointAt(0)!;
		if (code < 0x80) bytes.push(code);
		else if (code >= ESCAPE && code < ESCAPE + 0x100) bytes.push(code - ESCAPE);
		else if (code < 0x800) bytes.push(0xc0 | code >> 6, 0x80 | code & 63);
		else if (code < 0x1_0000) bytes.push(0xe0 | code >> 12, 0x80 | code >> 6 & 63, 0x80 | code & 63);
		else bytes.push(0xf0 | code >> 18, 0x80 | code >> 12 & 63, 0x80 | code >> 6 & 63, 0x80 | code & 63);
	}
	return Uint8Array.from(bytes).buffer;
}

if (!ArrayBuffer.fromString) Object.defineProperty(ArrayBuffer, 'fromString', { value: bytesOfText });
