// The modules of the Moddable SDK 8.2.3 that the firmware uses, as they are at run time (which is not always as the
// published typings say). simulator/modules/ implements them for the simulator; on the chip the SDK's own are linked.
//
// Rule: only what both chips have, or what is marked with the chip that has it. Nothing here may be true in the
// simulator alone. This file is not in manifest.json: the SDK's own declarations would collide with it.

/** Console of a debug build; goes nowhere in a release build. No newline is added. */
declare function trace(...texts: (string | number)[]): void;

/** Set by the SDK's module "system" before main runs. */
declare const System: {
	/** Reboots the chip; does not return. */
	restart(): void;
	/** ESP8266 only, in microseconds; does nothing on ESP32. */
	deepSleep?(us: number, mode?: number): void;
};

/** Of xsc: a function of C, by its name. A call of it MUST be all that a method does. */
declare function native(name: string): (...values: unknown[]) => unknown;

declare module 'timer' {
	/** A timer; dead after a one-shot fired. Only to be handed back. */
	export interface TimerHandle { readonly __timer: never }
	export type TimerCallback = (timer: TimerHandle) => void;

	export default class Timer {
		/** Fires once after `ms` (0: next turn); then every `repeat` ms if that is given. */
		static set(callback: TimerCallback, ms?: number, repeat?: number): TimerHandle;
		/** Fires every `ms`, without drift. */
		static repeat(callback: TimerCallback, ms: number): TimerHandle;
		/** Sets a live timer anew; without `ms` it keeps living but does not fire. Throws on a dead one. */
		static schedule(timer: TimerHandle, ms?: number, repeat?: number): void;
		/** Harmless on a dead timer, undefined and null. */
		static clear(timer: TimerHandle | undefined | null): void;
		/** Blocks. */
		static delay(ms: number): void;
	}
}

declare module 'time' {
	export default class Time {
		/** Sets the date, in Unix seconds. */
		static set(seconds: number): void;
		/** Milliseconds as a signed 32-bit number: negative after 24.8 days, wraps after 49.7. */
		static readonly ticks: number;
		/** end - start across the wrap, as a signed 32-bit number; `end` is now if it is left out. */
		static delta(start: number, end?: number): number;
		/** Seconds east of UTC; -8 h at boot. */
		static timezone: number;
		/** Seconds; +1 h at boot. */
		static dst: number;
	}
}

declare module 'wifi' {
	export interface WiFiOptions {
		/** At most 32 bytes. */
		ssid: string;
		/** At most 64 bytes. */
		password?: string;
		/** Exactly 6 bytes. */
		bssid?: ArrayBuffer;
		channel?: number;
	}

	export interface AccessPointOptions {
		ssid: string;
		/** At least 8 bytes. */
		password?: string;
		channel?: number;
		hidden?: boolean;
		max?: number;
		interval?: number;
		station?: boolean;
	}

	export interface ScanItem {
		ssid: string;
		rssi: number;
		channel: number;
		hidden: boolean;
		bssid: ArrayBuffer;
		authentication: 'none' | 'wep' | 'wpa_psk' | 'wpa2_psk' | 'wpa_wpa2_psk';
	}

	/** "start" on ESP32 only, "lostIP" on ESP8266 only. `code` comes with "disconnect": -1 if the passphrase was turned down, else 0. */
	export type WiFiMessage = 'start' | 'connect' | 'gotIP' | 'lostIP' | 'disconnect' | 'station_connect' | 'station_disconnect';
	export type WiFiCallback = (this: WiFi, message: WiFiMessage, code?: number) => void;

	export default class WiFi {
		/** Connects if `options` is given; `callback` hears of everything from then on, whoever called connect(). */
		constructor(options?: WiFiOptions | null, callback?: WiFiCallback);
		/** Only ends the callbacks. */
		close(): void;
		set onNotify(callback: WiFiCallback | undefined);

		/** 0 none, 1 station, 2 access point, 3 both; -5 off (ESP32). */
		static mode: number;
		static connect(options?: WiFiOptions): void;
		static disconnect(): void;
		static scan(options: { hidden?: boolean; channel?: number }, callback: (item: ScanItem | null) => void): void;
		static accessPoint(options: AccessPointOptions): void;

		static readonly Mode: { readonly none: 0; readonly station: 1; readonly accessPoint: 2; readonly off?: -5 };
		static readonly gotIP: 'gotIP';
		static readonly lostIP: 'lostIP';
		static readonly connected: 'connect';
		static readonly disconnected: 'disconnect';
	}
}

declare module 'net' {
	export default class Net {
		static get(property: 'IP' | 'MAC', nif?: 'station' | 'ap' | 'ethernet'): string | undefined;
		static get(property: 'SSID' | 'BSSID'): string | undefined;
		/** 31 on ESP8266 (the vendor's word for a fault) or undefined on ESP32 while not joined. */
		static get(property: 'RSSI' | 'CHANNEL'): number | undefined;
		static get(property: 'DNS'): string[];
		/** `address` is undefined if the name is not known. The callback never runs before resolve() has returned. */
		static resolve(host: string, callback: (name: string, address?: string) => void): void;
	}
}

declare module 'sntp' {
	export default class SNTP {
		/**
		 * Message 1 (time): `value` is Unix seconds, and the client has closed itself. 2 (retry): asks again, every 5 s.
		 * -1 (error): `value` is a text; a host name returned makes it go on with that one, anything else lets it close.
		 */
		constructor(options: { host: string }, callback: (message: number, value?: number | string) => string | void);
		close(): void;
		/** Of its Socket: the packet that has come, byte by byte. `null`: throws so many bytes away, or all. Nothing: how many are left. */
		read(kind?: NumberConstructor | null, count?: number): number | undefined;
		/** Called by the SDK's Socket: message 2 is a packet of `value` bytes to be read. */
		callback(message: number, value?: number): void;
		static readonly time: 1;
		static readonly retry: 2;
		static readonly error: -1;
	}
}

declare module 'preference' {
	/** Numbers must be 32-bit integers. ESP8266: values of at most 63 bytes (a text counts its NUL). ESP32: domain and key of at most 15 bytes. */
	export type PreferenceValue = boolean | number | string | ArrayBuffer;

	export default class Preference {
		/** Throws if it cannot be stored. */
		static set(domain: string, key: string, value: PreferenceValue): void;
		static get(domain: string, key: string): PreferenceValue | undefined;
		/** Harmless if there is none. */
		static delete(domain: string, key: string): void;
		static keys(domain: string): string[];
	}
}

declare module 'flash' {
	/** NOR flash: erase() sets a sector to 0xFF, write() only clears bits. Offsets count from the start of the partition. */
	export default class Flash {
		/** "storage" or "xs"; throws if there is no such partition. */
		constructor(partition: string);
		erase(sector: number): void;
		read(offset: number, byteLength: number): ArrayBuffer;
		readString(offset: number, byteLength: number): string;
		write(offset: number, byteLength: number, buffer: ArrayBufferLike | ArrayBufferView): void;
		/** Throws on ESP8266. */
		map(): { readonly byteLength: number };
		readonly byteLength: number;
		readonly blockSize: number;
	}
}

declare module 'mc/config' {
	/** What the manifest's "config" says; deeply frozen. Values given on mcconfig's command line are strings. */
	const config: { readonly [key: string]: unknown };
	export default config;
}

/** Sensor drivers in ECMA-419's form: in an image alone (src/device/drivers.ts), and never in the simulator. */
declare module 'embedded:sensor/*' {
	const Driver: import('../../sensors/ecma419.js').ECMA419Class;
	export default Driver;
}

declare module 'embedded:io/smbus' {
	/** I2C by registers, as many of those drivers want it. */
	export default class SMBus {
		constructor(options: object);
	}
}

declare module 'embedded:io/socket/tcp' {
	export interface TCPOptions {
		/** Dotted, never a name. Not needed with `from`. */
		address?: string;
		port?: number;
		/** Takes this socket over and closes it. */
		from?: TCP;
		/** Absent: Nagle's algorithm is on. */
		nodelay?: boolean;
		format?: 'buffer' | 'number';
		onReadable?: (this: TCP, count: number) => void;
		/** First call: connected. Then after every acknowledgement of the peer. */
		onWritable?: (this: TCP, count: number) => void;
		/** Failure, reset or end by the peer; comes after all that was received has been read. */
		onError?: (this: TCP) => void;
		target?: unknown;
	}

	export default class TCP {
		constructor(options: TCPOptions);
		/**
		 * All or nothing: throws "would block" if it does not fit, "not ready" before the connection and after onError.
		 * Returns what still fits, or undefined if the connection is gone already. One number in format "number".
		 */
		write(bytes: ArrayBufferLike | ArrayBufferView | number): number | undefined;
		/** All there is, or exactly `count` bytes (throws "invalid" if there are fewer); undefined if there are none. */
		read(count?: number): ArrayBuffer | undefined;
		/** Fills all of `into` (throws "invalid" if there are fewer bytes); undefined if there are none. */
		read(into: ArrayBufferLike | ArrayBufferView): number | undefined;
		close(): void;
		format: 'buffer' | 'number';
		target?: unknown;
		/** Not to be read after the connection ended: that crashes the chip. */
		readonly remoteAddress: string;
		readonly remotePort: number;
	}
}

declare module 'embedded:io/analog' {
	export interface AnalogOptions {
		/** A GPIO number on ESP32; ignored on ESP8266, which has one analog input. */
		pin?: number;
		format?: 'number';
		target?: unknown;
		esp32?: { calibrated?: boolean; attenuation?: 0 | 2.5 | 6 | 12 };
	}

	export default class Analog {
		constructor(options: AnalogOptions);
		/** 0 to 2^resolution - 1; undefined if the conversion failed (ESP32). */
		read(): number | undefined;
		close(): void;
		readonly resolution: number;
		format: 'number';
		target?: unknown;
	}
}

declare module 'embedded:io/digital' {
	export interface DigitalOptions {
		pin: number;
		mode: number;
		/** Of an output. */
		initialValue?: 0 | 1;
		activeLow?: boolean;
		/** Of an input: Rising, Falling or both; needed with onReadable. By the level as it is read, `activeLow` considered. */
		edge?: number;
		/** In a turn of its own after such an edge. */
		onReadable?: (this: Digital, triggered: number) => void;
		format?: 'number';
		target?: unknown;
	}

	export default class Digital {
		/** Throws "in use" if somebody has the pin. */
		constructor(options: DigitalOptions);
		/** Throws for an output. */
		read(): 0 | 1;
		/** Throws for an input. */
		write(value: number): void;
		close(): void;
		format: 'number';
		target?: unknown;
		static readonly Input: 0;
		static readonly InputPullUp: 1;
		static readonly InputPullDown: 2;
		static readonly Output: 8;
		static readonly OutputOpenDrain: 9;
		static readonly Rising: 1;
		static readonly Falling: 2;
	}
}

declare module 'embedded:io/i2c' {
	export interface I2COptions {
		data: number;
		clock: number;
		address: number;
		hz: number;
		format?: 'buffer';
		target?: unknown;
		/** ESP32 only, as are the two below. */
		port?: number;
		pullup?: boolean;
		/** Milliseconds; 400 if absent. */
		timeout?: number;
	}

	/** Everything throws an Error when nobody acknowledges, but a write of no bytes: that returns 1 then. */
	export default class I2C {
		constructor(options: I2COptions);
		read(count: number, stop?: boolean): ArrayBuffer;
		read(into: ArrayBufferLike | ArrayBufferView, stop?: boolean): number;
		write(bytes: ArrayBufferLike | ArrayBufferView, stop?: boolean): number | undefined;
		writeRead(bytes: ArrayBufferLike | ArrayBufferView, count: number, stop?: boolean): ArrayBuffer;
		writeRead(bytes: ArrayBufferLike | ArrayBufferView, into: ArrayBufferLike | ArrayBufferView, stop?: boolean): number;
		close(): void;
		format: 'buffer';
		target?: unknown;
	}
}

declare module 'embedded:io/serial' {
	export interface SerialOptions {
		baud: number;
		format?: 'buffer' | 'number';
		onReadable?: (this: Serial, count: number) => void;
		/** Comes once at the start, then each time the FIFO has run low after a write. */
		onWritable?: (this: Serial, count: number) => void;
		target?: unknown;
		/** GPIO numbers and UART; ESP32 only: ESP8266 has UART0 on pins 1 and 3. */
		transmit?: number;
		receive?: number;
		port?: number;
	}

	export default class Serial {
		constructor(options: SerialOptions);
		/** Throws "output full" if it does not fit into the 128-byte FIFO. One number in format "number". */
		write(bytes: ArrayBufferLike | ArrayBufferView | number): void;
		/** All there is or `count` bytes; a number in format "number"; undefined if there are none. */
		read(count?: number): ArrayBuffer | number | undefined;
		/** Fills `into` as far as there are bytes and returns how many. */
		read(into: ArrayBufferLike | ArrayBufferView): number | undefined;
		close(): void;
		format: 'buffer' | 'number';
		target?: unknown;
	}
}
