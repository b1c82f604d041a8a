// When something happened, before a line about it.
//
// Rule: UTC in the form of the readings, so that lines and readings can be laid beside each other.

/** "2026-11-29 17:33:36Z" */
export function stamp(at = new Date()): string {
	return at.toISOString().replace('T', ' ').replace(/\.\d+/, '');
}

/** "2026-11-29 17:33:36.071Z" */
export function stampMs(at = new Date()): string {
	return at.toISOString().replace('T', ' ');
}
