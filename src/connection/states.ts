// SPDX-License-Identifier: MIT
// What the link can be doing, what can happen to it, and what follows.
//
// Rule: TABLE is all that decides. docs/architecture.md draws it.

export const enum State {
	/** Until the back-off is over. */
	Waiting,
	/** For the access point and an address. */
	Joining,
	/** For the broker's address, and with TLS for the date. */
	Resolving,
	/** For the TCP connection, and with TLS for its handshake. */
	Opening,
	/** For the CONNACK. */
	Greeting,
	Online,
	/** For the acknowledgement of what was said last: an ESP8266's close() throws away what is under way. */
	Parting,
	/** Stopped for good, by command. */
	Stopped,
}

export const enum Event {
	None,
	/** The state's time is over. */
	Due,
	/** What the state waited for is there. */
	Done,
	/** It cannot be had: no such name, connection refused or closed, session ended. */
	Failed,
	/** The Wi-Fi is gone. */
	Unjoined,
}

/** TABLE[state][event] is the next state; the state itself where the event means nothing. */
export const TABLE: readonly (readonly State[])[] = Object.freeze([
	// by event:    None, Due, Done, Failed, Unjoined
	Object.freeze([State.Waiting, State.Joining, State.Waiting, State.Waiting, State.Waiting]),
	Object.freeze([State.Joining, State.Waiting, State.Resolving, State.Waiting, State.Joining]),
	Object.freeze([State.Resolving, State.Waiting, State.Opening, State.Waiting, State.Waiting]),
	Object.freeze([State.Opening, State.Waiting, State.Greeting, State.Waiting, State.Waiting]),
	Object.freeze([State.Greeting, State.Waiting, State.Online, State.Waiting, State.Waiting]),
	Object.freeze([State.Online, State.Online, State.Online, State.Waiting, State.Waiting]),
	Object.freeze([State.Parting, State.Stopped, State.Stopped, State.Stopped, State.Stopped]),
	Object.freeze([State.Stopped, State.Stopped, State.Stopped, State.Stopped, State.Stopped]),
]);
