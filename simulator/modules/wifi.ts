// Moddable's legacy "wifi": one radio, any number of listeners.
//
// Rule: messages go to every instance that has a callback, newest first, whoever asked for the connection. The instance is `this` then.

import type SDK from 'wifi';
import type { AccessPointOptions, ScanItem, WiFiCallback, WiFiMessage, WiFiOptions } from 'wifi';
import { fromHex, toHex, view } from './bytes.js';
import { call, on } from './host.js';
// For names that are no text.
import './text.js';

const listeners: WiFi[] = [];
const scans: ((item: ScanItem | null) => void)[] = [];

on('wifi', (message: WiFiMessage, code: number | null) => {
	for (const listener of listeners.slice()) if (listeners.includes(listener)) listener.deliver(message, code);
});

on('scan', (count: number) => {
	const callback = scans.shift()!;
	try {
		for (let i = 0; i < count; i++) {
			const item = call<Omit<ScanItem, 'bssid'> & { bssid: string }>('wifi.found', i);
			callback({ ...item, bssid: fromHex(item.bssid) });
		}
	} catch {
		// ESP8266: the rest is lost. ESP32 goes on with the next, which a firmware that throws cannot rely on.
	}
	callback(null);
});

class WiFi {
	static readonly Mode = Object.freeze({ none: 0, station: 1, accessPoint: 2 } as const);
	static readonly gotIP = 'gotIP';
	static readonly lostIP = 'lostIP';
	static readonly connected = 'connect';
	static readonly disconnected = 'disconnect';
	#callback: WiFiCallback | undefined;

	constructor(options?: WiFiOptions | null, callback?: WiFiCallback) {
		if (options) WiFi.connect(options);
		if (callback) this.onNotify = callback;
	}

	close(): void {
		this.onNotify = undefined;
	}

	set onNotify(callback: WiFiCallback | undefined) {
		const at = listeners.indexOf(this);
		if (at >= 0) listeners.splice(at, 1);
		this.#callback = callback;
		if (callback) listeners.unshift(this);
	}

	/** Not of the SDK: called by the host's event. */
	deliver(message: WiFiMessage, code: number | null): void {
		const callback = this.#callback!;
		if (code === null) callback.call(this, message);
		else callback.call(this, message, code);
	}

	static get mode(): number {
		return call('wifi.mode');
	}
	static set mode(mode: number) {
		call('wifi.setMode', mode | 0);
	}

	static connect(options?: WiFiOptions): void {
		if (arguments.length === 0) return void call('wifi.disconnect');
		const { ssid, password, bssid, channel } = options!;
		if (!ssid) throw new Error('ssid required');
		const address = bssid ? toHex(view(bssid)) : null;
		call('wifi.connect', String(ssid), password ? String(password) : '', address, channel === undefined ? null : channel | 0);
	}

	static disconnect(): void {
		WiFi.connect();
	}

	static scan(options: { hidden?: boolean; channel?: number }, callback: (item: ScanItem | null) => void): void {
		call('wifi.scan', options?.channel ?? null);
		scans.push(callback);
	}

	static accessPoint({ ssid, password, station }: AccessPointOptions): void {
		call('wifi.accessPoint', ssid, password ?? '', !!station);
	}
}

WiFi satisfies typeof SDK;
export default WiFi;
