// Passwords that are made for nodes and people.
//
// Rule: from the system's own chance, of 92 bits, so that no hash of them needs to be slow.

import { randomInt } from 'node:crypto';

/** Without those that look alike, and none that a shell would take for itself: 92 bits. */
const LETTERS = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const PASSWORD_LENGTH = 16;

export function madePassword(): string {
	return Array.from({ length: PASSWORD_LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}
