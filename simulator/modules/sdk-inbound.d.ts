// The SDK's modules for what comes from outside, and what the firmware has in C: as sdk.d.ts.

declare module 'embedded:io/socket/listener' {
	import type TCP from 'embedded:io/socket/tcp';

	export interface ListenerOptions {
		/** Any address of the chip; 0 for any port. */
		port?: number;
		/** So many connections wait. */
		onReadable?: (this: Listener, count: number) => void;
		target?: unknown;
	}

	export default class Listener {
		constructor(options: ListenerOptions);
		/** The next connection, without callbacks: to be taken over by `from`. Undefined if none waits. */
		read(): TCP | undefined;
		close(): void;
		readonly port: number;
		target?: unknown;
	}
}

declare module 'embedded:io/socket/udp' {
	export interface UDPOptions {
		port?: number;
		/** So many packets wait. */
		onReadable?: (this: UDP, count: number) => void;
		target?: unknown;
	}

	/** The bytes of one packet, and who sent it. */
	export interface Packet extends ArrayBuffer {
		readonly address: string;
		readonly port: number;
	}

	export default class UDP {
		constructor(options: UDPOptions);
		read(): Packet | undefined;
		/** Throws if it cannot be sent. */
		write(bytes: ArrayBufferLike | ArrayBufferView, address: string, port: number): void;
		close(): void;
		target?: unknown;
	}
}

interface ArrayBufferConstructor {
	/** The text's own bytes, as XS has them: UTF-8, unless they came from outside and are not. */
	fromString(text: string): ArrayBuffer;
}
