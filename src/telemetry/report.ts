// SPDX-License-Identifier: MIT
// What a command answers beyond that it is done, and a command that takes more than one turn of the loop.
//
// Rule: types and one word. A report is made for one answer, and forgotten with it.

import type { Millis } from '../common/ports.js';
import type { Text } from '../common/text.js';

/** What a command says in place of a sentence: it is under way, so it is to be obeyed once more, in a later turn. */
export const LATER = 'later';

export interface Report {
	/** Writes further members of the result, each behind a comma, so that `text` has `max` bytes at most. */
	write(text: Text, max: number): void;
}

/** A look through the bus (parts/scan.ts). */
export interface Scanning extends Report {
	/** Goes on, and returns when to be called again. NEVER: nobody has asked for what it found. */
	poll(now: Millis): Millis;
	readonly isDone: boolean;
	/** Why it came to nothing, in a sentence; '' if it did not. */
	readonly problem: string;
}
