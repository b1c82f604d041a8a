// SPDX-License-Identifier: MIT
// What is kept of certificates.
//
// Rule: constants only.

/** There are two sectors of each. */
export const enum Kept {
	Ca,
	/** The client's certificate and its key. */
	Identity,
}
