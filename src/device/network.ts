// SPDX-License-Identifier: MIT
// Wi-Fi as a station, over the SDK's legacy "wifi" and "net". The newer interface has no access point mode. The two
// must not be mixed: each installs the chip's only event handler.
//
// Rule: messages only set `state` and wake the loop. Neither chip is trusted to join again by itself: link.ts asks.

import Net from 'net';
import WiFi, { type ScanItem } from 'wifi';
import { fixAddress, freeAddress } from 'telltale/address';
import { packed, packedMask } from '../common/address.js';
import { acceptTimeServer, dhcpTimeServer } from 'telltale/dhcp';
import { NetworkState, type Alarm, type Network, type ScanListener } from '../common/ports.js';
import { isText } from '../mqtt/codec/wire.js';

const enum Const {
	/** The SDK's code with "disconnect" when the handshake failed. */
	PASSPHRASE_REFUSED = -1,
	/** What the ESP8266 says for "not joined". */
	RSSI_FAULT = 31,
}

const ALL = Object.freeze({});

export class DeviceNetwork implements Network {
	state: NetworkState = NetworkState.Down;
	resolved: string | undefined;
	private readonly alarm: Alarm;
	private asking = false;

	constructor(alarm: Alarm) {
		this.alarm = alarm;
		WiFi.mode = WiFi.Mode.station;
		acceptTimeServer();
		(new WiFi(undefined, onMessage) as Listener).target = this;
	}

	join(ssid: string, passphrase: string, address = '', gateway = '', nameServer = ''): void {
		this.state = NetworkState.Down;
		if (address === '') freeAddress();
		else fixAddress(packed(address), packedMask(address), packed(gateway), packed(nameServer || gateway));
		WiFi.connect(passphrase ? { ssid, password: passphrase } : { ssid });
	}

	leave(): void {
		this.state = NetworkState.Down;
		WiFi.disconnect();
	}

	rssi(): number {
		const dbm = this.state === NetworkState.Up ? Net.get('RSSI') : undefined;
		return dbm === undefined || dbm === Const.RSSI_FAULT ? 0 : dbm;
	}

	address(): string {
		return (this.state === NetworkState.Up && Net.get('IP', 'station')) || '';
	}

	timeServer(): string {
		return this.state === NetworkState.Up ? dhcpTimeServer() : '';
	}

	resolve(host: string): void {
		this.resolved = undefined;
		// The SDK keeps each question until it is answered: one that never is would otherwise be joined by more until
		// memory is full.
		if (this.asking) return;
		this.asking = true;
		try {
			Net.resolve(host, this.answered.bind(this));
		} catch {
			// The ESP8266's resolver throws when the heap beside XS is full: to the link it is one more attempt that
			// failed.
			this.asking = false;
			this.resolved = '';
		}
	}

	scan(listener: ScanListener): boolean {
		try {
			WiFi.scan(ALL, heardNetwork.bind(undefined, listener, this.alarm));
			return true;
		} catch {
			// Another scan is under way, or there is no memory for it.
			return false;
		}
	}

	private answered(_name: string, address: string | undefined): void {
		this.asking = false;
		this.resolved = address ?? '';
		this.alarm.wake();
	}

	heard(message: string, code?: number): void {
		switch (message) {
			case WiFi.connected:
				this.state = NetworkState.Joined;
				break;
			case WiFi.gotIP:
				this.state = NetworkState.Up;
				break;
			case WiFi.lostIP:
				this.state = NetworkState.Joined;
				break;
			case WiFi.disconnected:
				this.state = code === Const.PASSPHRASE_REFUSED ? NetworkState.Refused : NetworkState.Down;
				break;
		}
		this.alarm.wake();
	}
}

/** The SDK calls it with the instance as `this`. So none has a function of its own, which would take 152 B. */
function onMessage(this: WiFi, message: string, code?: number): void {
	(this as Listener).target.heard(message, code);
}

interface Listener extends WiFi {
	target: DeviceNetwork;
}

/**
 * null: that were all. A name is bytes that anybody may send: one that is no text is left out, and found out by its
 * bytes, since XS takes every text for well-formed and would read on behind one that is cut. Nothing throws here: the
 * ESP8266 swallows it, and the rest of the list with it.
 */
const heardNetwork = (listener: ScanListener, alarm: Alarm, item: ScanItem | null): void => {
	if (item) {
		const name = new Uint8Array(ArrayBuffer.fromString(item.ssid));
		if (isText(name, 0, name.length)) listener.found(item.ssid, item.rssi, item.authentication === 'none');
		return;
	}
	listener.scanned();
	alarm.wake();
};
