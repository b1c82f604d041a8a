// SPDX-License-Identifier: MIT
// The numbers of our own commands on the serial line (docs/serial.md).
//
// Rule: constants only, for the node and for who talks to it; append only.

export const enum TransferRpc {
	/** A piece of something long goes to the node. */
	Put = 0xe0,
	/** A piece of an answer is asked for. */
	Get,
}

export const enum TransferKind {
	/** A command of docs/topics.md: its name, and behind a space its payload. */
	Command,
	/** On an ESP32: certificates in DER, one behind the other; the client's, before its key; that key as PKCS #8. */
	Ca,
	Certificate,
	Key,
}

export const enum TransferState {
	Good,
	/** Nothing of that id is under way: the node has restarted, or something else has begun. */
	Unknown,
	/** All of it came, and its check sum is wrong. */
	Damaged,
	/** Of an answer: it is not there yet. */
	Pending,
}

export const enum TransferId {
	/** No command has it: asked for, it is why the last join came to nothing. */
	Problem,
}
