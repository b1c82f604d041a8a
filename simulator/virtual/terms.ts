// What is said of a broker and its messages: types, the reasons that it gives, and how a plain one is.

export interface Published {
	/** Milliseconds since the simulation began. */
	readonly at: number;
	readonly topic: string;
	readonly payload: Buffer;
	readonly qos: number;
	readonly retain: boolean;
	readonly dup: boolean;
	/** Who sent it; a will has the id of its client. */
	readonly clientId: string;
	readonly will: boolean;
}

export interface BrokerFaults {
	/** Return code of CONNACK instead of 0, in 3.1.1's words (5.0 has others for the same). */
	refuseWith: number;
	/** Stands still: connections are taken and bytes kept, but nothing is read or said until it goes on. */
	silent: boolean;
	/** Takes messages and keeps acknowledgements to itself. */
	withholdAcks: boolean;
	/** Says each acknowledgement twice. */
	duplicateAcks: boolean;
	/** Acknowledges so much later. */
	ackDelayMs: number;
	/** Hangs up right after CONNACK. */
	hangUpAfterConnack: boolean;
	/** Answers no PINGREQ. */
	ignorePings: boolean;
	/** In 5.0: has none of every so many messages on these topics, and says so with this code. */
	turnDown: { readonly code: number; readonly every: number; readonly topics: RegExp } | undefined;
	/** Hangs up on a SUBSCRIBE of such a filter, and on a message whose topic and payload, with a space between, are such; in 5.0 with this reason; `resets`: what it said just before is lost. */
	forbids: { readonly subscribe?: RegExp; readonly publish?: RegExp; readonly reason: number; readonly resets?: boolean } | undefined;
}

/** What one broker does and another does not, all within the standards. */
export interface BrokerProfile {
	/** Whether it knows 5.0, or how it refuses it: in the words of 3.1.1 (1, or another return code) or of 5.0, by closing, by a reset, or by silence. */
	speaks5: true | 1 | 2 | 0x84 | 'closes' | 'resets' | 'says nothing';
	/** The same for 3.1.1. */
	speaks4: true | 1 | 'closes';
	/** Whether it keeps retained messages, and the QoS that it takes at the most. What asks for more, a will too, is refused: in 3.1.1 it closes the connection. */
	keepsRetained: boolean;
	qosMax: 0 | 1 | 2;
	/** What CONNACK of 5.0 tells; undefined where it says nothing of it. */
	receiveMaximum: number | undefined;
	maximumPacketSize: number | undefined;
	topicAliasMaximum: number | undefined;
	serverKeepAlive: number | undefined;
	/** In 5.0 says DISCONNECT with a reason before it hangs up. */
	saysWhy: boolean;
}

export function plainProfile(): BrokerProfile {
	return { speaks5: true, speaks4: true, keepsRetained: true, qosMax: 2, receiveMaximum: undefined, maximumPacketSize: undefined, topicAliasMaximum: undefined, serverKeepAlive: undefined, saysWhy: true };
}

export interface Will {
	readonly message: Published;
	readonly delayMs: number;
}

/** Reason codes of a server that ends a connection, or refuses one. MQTT 5.0 §3.14.2.1. */
export const SHUTTING_DOWN = 0x8b;
export const TAKEN_OVER = 0x8e;
export const RETAIN_NOT_SUPPORTED = 0x9a;
export const QOS_NOT_SUPPORTED = 0x9b;
