// SPDX-License-Identifier: MIT
// The chip's own network for setting it up, over the SDK's legacy "wifi" and "net".
//
// Rule: the station goes on beside it, so that networks can be looked for and joined while a phone is there. What the
// SDK has no call for on a chip is in telltale/radio.

import Net from 'net';
import WiFi from 'wifi';
import { joinBeside, placeAccessPoint } from 'telltale/radio';
import { NetworkState, type AccessPoint } from '../common/ports.js';
import { DeviceNetwork } from './network.js';

const enum Mac {
	/** Where the last three bytes begin in "24:6F:28:00:00:10". */
	LastAt = 9,
}

export class DeviceAccessPoint implements AccessPoint {
	/** There is a mode of the radio, else the ESP8266 knows no address of its own. */
	get id(): string {
		const mac = Net.get('MAC', 'station') ?? '';
		let id = '';
		for (let i = Mac.LastAt; i < mac.length; i++) {
			const code = mac.charCodeAt(i);
			// Digits and a colon are below; letters are in upper case.
			if (code !== 0x3a) id += String.fromCharCode(code < 0x41 ? code : code | 0x20);
		}
		return id;
	}

	open(name: string, password: string): void {
		// An empty password would throw: an open network has none.
		WiFi.accessPoint(password ? { ssid: name, password, station: true } : { ssid: name, station: true });
		placeAccessPoint();
	}

	close(): void {
		WiFi.mode = WiFi.Mode.station;
	}

	address(): string {
		return Net.get('IP', 'ap') ?? '';
	}
}

/** The station that goes on beside it. */
export class StationBeside extends DeviceNetwork {
	override join(ssid: string, passphrase: string): void {
		this.state = NetworkState.Down;
		joinBeside(ssid, passphrase);
	}
}
