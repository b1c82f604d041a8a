// Text from outside on its way to a terminal, into a line of a log or onto a page.
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

/** JSON for a page, in which no text turns round what stands beside it or hides that it is there. Rarely is anything to be done. */
export function pageJson(value: unknown): string {
	const json = JSON.stringify(value);
	return ESCAPED.test(json) || hasDangerous(json) ? JSON.stringify(cleaned(value)) : json;
}

/** As JSON writes C0. */
const ESCAPED = /\\[bfnrtu]/;

function cleaned(value: unknown): unknown {
	if (typeof value === 'string') return safe(value);
	if (Array.isArray(value)) return value.map(cleaned);
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([key, each]) => [safe(key), cleaned(each)]));
}

/** Nothing that is seen is in it: such a name could be no link, and nobody could tell two of them apart. */
export function isBlank(text: string): boolean {
	return !/[\p{L}\p{N}\p{P}\p{S}]/u.test(text.replace(/[\p{Default_Ignorable_Code_Point}\u2800]/gu, ''));
}

/** For the columns of a table: one column a character. */
export function oneColumn(text: string): string {
	return text.replace(/[^\u0020-\u007e]/gu, '?');
}
