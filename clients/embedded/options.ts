// SPDX-License-Identifier: MIT
// What the MQTT Client Class Pattern of ECMA-419 (4th edition, clause 25) takes and tells: types only, and the numbers of the operations.
//
// Rule: names are the standard's; what goes beyond it stands apart and is optional.

/** Control packet types (MQTT 3.1.1, table 2.1). */
export const enum Operation {
	Connack = 2, Publish = 3, Puback = 4, Pubrec = 5, Pubrel = 6, Pubcomp = 7, Subscribe = 8, Suback = 9, Unsubscribe = 10,
	Unsuback = 11, Pingreq = 12, Pingresp = 13, Disconnect = 14,
}

export type Bytes = ArrayBuffer | SharedArrayBuffer | Uint8Array | Int8Array | DataView;

/** ECMA-419, TCP socket; a TLS socket is one, too. */
export interface Socket {
	read(into: Bytes): number | undefined;
	write(bytes: Bytes): number | undefined;
	close(): void;
}

export interface SocketCallbacks {
	address: string;
	host: string;
	port: number;
	onReadable(count: number): void;
	onWritable(count: number): void;
	onError(): void;
}

export interface SocketOptions {
	readonly io: new (options: SocketCallbacks) => Socket;
	readonly [option: string]: unknown;
}

export interface Resolver {
	/** The standard's way is the second argument, the SDK's way (8.2.3) is in the first; a resolver uses one of them. */
	resolve(
		options: { host: string; onResolved(host: string, address: string): void; onError(): void },
		completed: (error: unknown, address?: string) => void,
	): void;
	close?(): void;
}

export interface ResolverOptions {
	readonly io: new (options: never) => Resolver;
	readonly [option: string]: unknown;
}

/** Told with onReadable(). Topic, quality of service and length come with the first fragment only. */
export interface Fragment {
	/** Whether there are more fragments of the message. */
	readonly more: boolean;
	readonly topic?: string;
	readonly QoS?: number;
	readonly byteLength?: number;
	/** Beyond the standard, with the first fragment. */
	readonly retain?: boolean;
	readonly duplicate?: boolean;
}

/** Told with onControl(). */
export interface ControlMessage {
	readonly operation: number;
	readonly id?: number;
	/** Of SUBACK: what was granted, item by item; 0x80 is a refusal. */
	readonly payload?: readonly number[];
	/** Beyond the standard, of CONNACK: whether the broker still had the session. */
	readonly sessionPresent?: boolean;
}

/** What onError() is given: `message` is a sentence, `fault` a number of src/mqtt/codec/fault.ts, `code` its return code. */
export interface ClientError extends Error {
	fault: number;
	code: number;
}

export interface ClientOptions<Client> {
	readonly socket: SocketOptions;
	readonly host: string;
	/** 1883. */
	readonly port?: number;
	/** May be left out if `host` is an address. */
	readonly dns?: ResolverOptions;
	readonly id?: string;
	readonly user?: string;
	readonly password?: string | Bytes;
	/** Milliseconds; 0: none. */
	readonly keepAlive?: number;
	/** True. */
	readonly clean?: boolean;
	readonly will?: { readonly topic: string; readonly message: string | Bytes; readonly QoS?: number; readonly retain?: boolean };
	readonly onReadable?: (this: Client, count: number, fragment: Fragment) => void;
	readonly onWritable?: (this: Client, count: number) => void;
	readonly onControl?: (this: Client, opcode: number, message: ControlMessage) => void;
	readonly onError?: (this: Client, error: ClientError) => void;
	readonly format?: 'buffer';
	readonly target?: unknown;

	/** Beyond the standard: how long until the socket must stand, and the session's own bounds (src/mqtt/options.ts). */
	readonly connectTimeoutMs?: number;
	readonly connackTimeoutMs?: number;
	readonly pingTimeoutMs?: number;
	readonly ackTimeoutMs?: number;
	readonly bufferBytes?: number;
	readonly readBytes?: number;
	readonly controlBytes?: number;
	readonly outboxBytes?: number;
	readonly inFlightMax?: number;
	readonly inboundMax?: number;
	readonly filterBytes?: number;
	readonly filtersMax?: number;
}

export interface WriteOptions {
	/** PUBLISH. */
	readonly operation?: number;
	readonly id?: number;
	readonly topic?: string;
	readonly QoS?: number;
	readonly retain?: boolean;
	readonly duplicate?: boolean;
	/** Of the whole message, if more pieces follow; else data.byteLength. */
	readonly byteLength?: number;
	readonly items?: readonly { readonly topic: string; readonly QoS?: number }[];
}
