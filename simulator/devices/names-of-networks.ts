// Names of networks are bytes; how those that are no UTF-8 are written for the guest: simulator/modules/text.ts.

const ESCAPE = 0xdc00;

export function textOfBytes(bytes: Uint8Array): string {
	let text = '';
	for (let at = 0; at < bytes.length; ) {
		const first = bytes[at];
		const size = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
		let code = size === 1 ? first : first & (0x7f >> size);
		let whole = size > 0 && at + size <= bytes.length;
		for (let i = 1; whole && i < size; i++) {
			whole = (bytes[at + i] & 0xc0) === 0x80;
			code = code << 6 | bytes[at + i] & 63;
		}
		const least = size === 3 ? 0x800 : size === 4 ? 0x1_0000 : 0;
		if (whole && code >= least && code < 0x11_0000 && (code < 0xd800 || code >= 0xe000)) {
			text += String.fromCodePoint(code);
			at += size;
		} else text += String.fromCharCode(ESCAPE + bytes[at++]);
	}
	return text;
}
