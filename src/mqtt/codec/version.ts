// SPDX-License-Identifier: MIT
// What packets need to know of MQTT 5.0: types only. v5/protocol5.ts is it; without it packets are those of 3.1.1.
//
// Rule: writers return where the next byte goes, and MUST be given the room that the sizes say. MQTT 5.0 §3.1.2.11,
// §3.1.3.2, §3.3.2.3

export interface PacketVersion {
	/** Bytes of the properties of each PUBLISH, with their length. */
	readonly publishSize: number;
	/** The client id that the broker gave us. */
	readonly assignedId: Uint8Array | undefined;
	/** Bytes of the properties of CONNECT, with their length. */
	connectSize(clean: boolean): number;
	/** Tells how many messages at once, and how large packets, we take. */
	writeConnect(bytes: Uint8Array, at: number, clean: boolean, receiveMax: number, packetMax: number): number;
	/** Bytes of the properties of the will, with their length. */
	willSize(): number;
	writeWill(bytes: Uint8Array, at: number): number;
	writePublish(bytes: Uint8Array, at: number): void;
}

export interface Will {
	readonly topic: string;
	readonly payload: string | Uint8Array;
	readonly qos: number;
	readonly retain: boolean;
}

/** What CONNECT says. */
export interface ConnectOptions {
	/** 1 to 23 of 0-9 a-z A-Z is what every broker takes (§3.1.3.1). '' only together with clean. */
	readonly clientId: string;
	/** '' for none. A password without a user name is allowed in MQTT 5.0 only. */
	readonly user?: string;
	readonly password?: string | Uint8Array;
	/** Speak MQTT 5.0; left out: 3.1.1. */
	readonly protocol5?: PacketVersion;
	/** Longest silence towards the broker; told to it in whole seconds, rounded up. 0: no keep-alive in either direction. */
	readonly keepAliveMs: number;
	/** Whether the broker shall forget the session with each connection. */
	readonly clean?: boolean;
	readonly will?: Will;
}
