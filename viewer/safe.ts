// Text from outside on its way to a terminal or into a line of a log.
//
// Rule: topics, payloads, reason strings, node names, a node's own log and the messages of tools and systems are somebody else's text.
// It stays as it is inside the program, and goes through here where it is printed: nothing in it moves a cursor, begins a line,
// or turns round what stands beside it.

/** C0, DEL and C1; line and paragraph separator; what sets the direction of writing (Unicode's Bidi_Control). */
const DANGEROUS = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** What is dangerous as \u and four digits. Within a JSON text that is the same value. */
export function safe(text: string): string {
	return text.replace(DANGEROUS, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** For names, of which nobody means such characters to be a part. */
export function hasDangerous(text: string): boolean {
	return text.search(DANGEROUS) >= 0;
}

/** The same for what has several lines of ours, like a list of what is missing. */
export function safeLines(text: string): string {
	return text.split('\n').map(safe).join('\n');
}

/** One line of JSON that a terminal may show; it parses back to the same value. */
export function jsonText(value: unknown): string {
	return safe(JSON.stringify(value));
}

/** For the columns of a table: one column a character. */
export function oneColumn(text: string): string {
	return text.replace(/[^\u0020-\u007e]/gu, '?');
}
