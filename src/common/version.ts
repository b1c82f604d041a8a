// SPDX-License-Identifier: MIT
// The version, the same as package.json's (a test compares them), and the earliest date that it can run at.
//
// Rule: RELEASE_UNIX is raised with each release, to a day on which it was not out yet. The time of a build would make
// every image another.

export const VERSION = '0.1.0';
/** 1 December 2025. */
export const RELEASE_UNIX = 1_764_547_200;
