// SPDX-License-Identifier: MIT
// Bugs, and only bugs: a broken promise between our own files throws here.
// Rule: never asserted about the world (sockets, sensors, settings); the world's faults are numbers, counted and
// survived.

export const assert = (condition: boolean, sentence: string): void => {
	if (!condition) throw new Error(sentence);
};
