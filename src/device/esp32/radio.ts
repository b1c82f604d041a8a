// SPDX-License-Identifier: MIT
// "telltale/radio" on an ESP32, where the SDK's own calls leave an access point open.
//
// Rule: the access point has the address that ESP-IDF gives it, 192.168.4.1: another one takes C, which could not be
// linked where this was written.

import WiFi from 'wifi';

/** A station that has an access point beside it joins a network. */
export const joinBeside = (ssid: string, passphrase: string): void => {
	WiFi.connect(passphrase ? { ssid, password: passphrase } : { ssid });
};

export const placeAccessPoint = (): void => {};
