// SPDX-License-Identifier: MIT
// "telltale/radio" on an ESP8266: what the vendor's library can do beside an access point and the SDK has no call for.
//
// Rule: these are native/radio.c; nothing is decided here.

/** A station that has an access point beside it joins a network. */
export const joinBeside = native('xs_radio_join') as (ssid: string, passphrase: string) => void;

/**
 * Gives the open access point 4.3.2.1: an address that no home network has, and no private one, to which phones do not
 * show the page by themselves.
 */
export const placeAccessPoint = native('xs_radio_place') as () => void;
