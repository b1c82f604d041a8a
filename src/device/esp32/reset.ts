// SPDX-License-Identifier: MIT
// "telltale/reset": why the chip began anew, for which the SDK has no call.
//
// Rule: this is native/reset.c; nothing is decided here.

/** The program itself asked for it: not the power, the button or a fault. */
export const isOwnRestart = native('xs_reset_is_own') as () => boolean;
