// SPDX-License-Identifier: MIT
// "telltale/dhcp" on an ESP8266: its IP stack, which comes compiled, does not ask DHCP for a time server.
//
// Rule: none is ever there, and the setting `timeServer` alone counts.

export const acceptTimeServer = (): void => {};

export const dhcpTimeServer = (): string => '';
