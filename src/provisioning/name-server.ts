// SPDX-License-Identifier: MIT
// The name server of the access point: every name is ours, so that whatever a phone asks for leads it to the page.
// RFC 1035.
//
// Rule: a question for an IPv4 address is answered with ours, any other without an answer and without an error: "there
// is no such name" would be believed, and a question that is ignored is waited for. A malformed packet is ignored.

import { NEVER, type AccessPoint, type Millis, type Pollable, type Questions } from '../common/ports.js';

const enum Bound {
	/** A question with the longest name, and what newer resolvers add behind it. */
	PacketMax = 512,
	PerTurn = 4,
	OpenAgainMs = 1_000,
	NameMax = 255,
	LabelMax = 63,
}

const enum Dns {
	HeaderBytes = 12,
	AnswerBytes = 16,
	FlagsAt = 2,
	/** It is an answer. In the same byte: what is asked for (0: a name), whose answer it is, and whether to ask others too. */
	Response = 0x80,
	Opcode = 0x78,
	Authoritative = 0x04,
	RecursionDesired = 0x01,
	RecursionAvailable = 0x80,
	Address = 1,
	Anything = 255,
	Internet = 1,
	/** Behind the name: the kind of question and its class. */
	QuestionEndBytes = 4,
	/** Seconds: what is learnt here must not outlive the set-up. */
	Lifetime = 1,
	NameOfQuestion = 0xc0,
	Dot = 46,
	Digit0 = 48,
}

export class NameServer implements Pollable {
	private readonly questions: Questions;
	private readonly accessPoint: AccessPoint;
	private isOpen = false;
	private readonly packet = new Uint8Array(Bound.PacketMax + Dns.AnswerBytes);

	constructor(questions: Questions, accessPoint: AccessPoint) {
		this.questions = questions;
		this.accessPoint = accessPoint;
	}

	poll(now: Millis): Millis {
		const { questions, packet } = this;
		if (!this.isOpen) this.isOpen = questions.open();
		if (!this.isOpen) return now + Bound.OpenAgainMs;
		for (let i = 0; i < Bound.PerTurn; i++) {
			const length = questions.read(packet);
			if (length < 0) return NEVER;
			const end = length > Bound.PacketMax ? 0 : answerQuestion(packet, length, this.accessPoint.address());
			if (end > 0) questions.answer(packet.subarray(0, end));
		}
		return now;
	}
}

/** Makes the answer of the question, in its place, where 16 bytes more MUST be: its length, or 0 if there is none. */
export const answerQuestion = (packet: Uint8Array, length: number, address: string): number => {
	// One question; a response, an update and the like are for others.
	if (length < Dns.HeaderBytes || (packet[Dns.FlagsAt] & (Dns.Response | Dns.Opcode)) !== 0 || packet[4] !== 0 || packet[5] !== 1) return 0;
	const typeAt = endOfName(packet, length);
	if (typeAt === 0 || typeAt + Dns.QuestionEndBytes > length) return 0;
	const type = packet[typeAt] << 8 | packet[typeAt + 1];
	const isInternet = packet[typeAt + 2] === 0 && packet[typeAt + 3] === Dns.Internet;
	const answers = isInternet && address !== '' && (type === Dns.Address || type === Dns.Anything) ? 1 : 0;
	packet[Dns.FlagsAt] = Dns.Response | Dns.Authoritative | (packet[Dns.FlagsAt] & Dns.RecursionDesired);
	packet[Dns.FlagsAt + 1] = Dns.RecursionAvailable;
	packet.fill(0, 6, Dns.HeaderBytes);
	packet[7] = answers;
	let at = typeAt + Dns.QuestionEndBytes;
	if (!answers) return at;
	packet[at++] = Dns.NameOfQuestion;
	packet[at++] = Dns.HeaderBytes;
	packet[at++] = 0;
	packet[at++] = Dns.Address;
	packet[at++] = 0;
	packet[at++] = Dns.Internet;
	for (let i = 0; i < 3; i++) packet[at++] = 0;
	packet[at++] = Dns.Lifetime;
	packet[at++] = 0;
	packet[at++] = 4;
	return putAddress(packet, at, address);
};

/** Behind the name of the first question; 0 if it is none. */
const endOfName = (packet: Uint8Array, length: number): number => {
	let at = Dns.HeaderBytes;
	while (at < length && packet[at] !== 0) {
		// A pointer has nothing to point to in a first name.
		if (packet[at] > Bound.LabelMax) return 0;
		at += packet[at] + 1;
		if (at - Dns.HeaderBytes >= Bound.NameMax) return 0;
	}
	return at < length ? at + 1 : 0;
};

const putAddress = (packet: Uint8Array, at: number, address: string): number => {
	packet[at] = 0;
	for (let i = 0; i < address.length; i++) {
		const code = address.charCodeAt(i);
		if (code === Dns.Dot) packet[++at] = 0;
		else packet[at] = packet[at] * 10 + code - Dns.Digit0;
	}
	return at + 1;
};
