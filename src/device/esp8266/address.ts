// SPDX-License-Identifier: MIT
// "telltale/address": a station's own address, for which the SDK has no call beside its legacy "wifi".
//
// Rule: this is native/address.c; nothing is decided here. It holds from the next join on.

/** An address, its mask, a gateway and a name server, packed (src/common/address.ts). */
export const fixAddress = native('xs_address_fix') as (address: number, mask: number, gateway: number, nameServer: number) => void;

/** All of them come from DHCP. */
export const freeAddress = native('xs_address_free') as () => void;
