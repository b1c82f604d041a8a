// SPDX-License-Identifier: MIT
// "telltale/pulses": one wire on which a part answers in pulses, for which the SDK has nothing.
//
// Rule: this is native/pulses.c; nothing is decided here. sensors/io.ts has the contract.

export const low = native('xs_pulses_low') as (pin: number) => void;
export const capture = native('xs_pulses_capture') as (pin: number, into: Uint8Array) => number;
export const release = native('xs_pulses_release') as (pin: number) => void;
