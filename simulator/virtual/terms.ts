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
	/** The same of PUBACK alone. */
	pubackDelayMs: number;
	/** Answers no SUBSCRIBE, or all with this code, or the next one; none of these subscribes to anything. */
	subacks: 'never' | { readonly code: number; readonly once: boolean } | undefined;
	/** Hangs up right after CONNACK. */
	hangUpAfterConnack: boolean;
	/** Answers no PINGREQ. */
	ignorePings: boolean;
	/** In 5.0: has none of every so many messages on these topics, and says so with this code. */
	turnDown: { readonly code: number; readonly every: number; readonly topics: RegExp } | undefined;
	/** The same of every message on these topics, with whatever code comes first. */
	denies: readonly { readonly code: number; readonly topics: RegExp }[];
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
	/** Whether filters may have wildcards. If not, 5.0 says so in CONNACK and hangs up on one; 3.1.1 refuses it in SUBACK. */
	takesWildcards: boolean;
	/** What CONNACK of 5.0 tells; undefined where it says nothing of it. */
	receiveMaximum: number | undefined;
	maximumPacketSize: number | undefined;
	topicAliasMaximum: number | undefined;
	serverKeepAlive: number | undefined;
	/** In 5.0 says DISCONNECT with a reason before it hangs up. */
	saysWhy: boolean;
}

export function plainProfile(): BrokerProfile {
	return {
		speaks5: true, speaks4: true, keepsRetained: true, qosMax: 2, takesWildcards: true, receiveMaximum: undefined, maximumPacketSize: undefined, topicAliasMaximum: undefined,
		serverKeepAlive: undefined, saysWhy: true,
	};
}

export interface Will {
	readonly message: Published;
	readonly delayMs: number;
}
