// What a node is given: a message that its broker passes on, or bytes that go into the stream as they are.
//
// Rule: an input is data, made by chance from the campaign's seed before anything runs; what must come of it is said with it.

export type Qos = 0 | 1 | 2;
export type Version = 4 | 5;

/** What a command has to come: one result. */
export interface Expected {
	readonly name: string;
	/** The id it was asked with; undefined where nobody can say what the node shall make of it. */
	readonly id: string | undefined;
	/** Begins the id, is unlike any other, and is found in the result of whoever has read the id at all. */
	readonly tag: string;
}

export interface Message {
	readonly topic: string;
	readonly payload: Buffer;
	readonly qos: Qos;
	readonly retain: boolean;
}

export interface Raw {
	readonly bytes: Buffer;
	/** A broker may send this at any moment: the connection goes on after it. */
	readonly polite: boolean;
}

export interface Input {
	/** For the tally. */
	readonly kind: string;
	readonly message?: Message;
	readonly raw?: Raw;
	readonly expected?: Expected;
	/** What it asks for, if it is obeyed. */
	readonly ends?: 'restart' | 'stop';
}

/** src/common/limits.ts, INBOUND_PACKET_MAX: the remaining length of what is taken whole. */
export const INBOUND_MAX = 384;

export function remainingLength({ topic, payload, qos }: Message, version: Version): number {
	return 2 + Buffer.byteLength(topic) + (qos ? 2 : 0) + (version === 5 ? 1 : 0) + payload.length;
}

const SHOWN_MAX = 160;

/** One line for a person: what it is, short. */
export function describe({ kind, message, raw }: Input): string {
	if (raw) return `${kind}: ${shortened(raw.bytes.toString('hex'))}`;
	const { topic, payload, qos, retain } = message!;
	return `${kind}: ${shortened(JSON.stringify(topic))} ${shortened(text(payload))}, QoS ${qos}${retain ? ', retained' : ''}`;
}

function text(payload: Buffer): string {
	const decoded = payload.toString('utf8');
	return Buffer.from(decoded, 'utf8').equals(payload) ? JSON.stringify(decoded) : payload.toString('hex');
}

/** Runs of the same one to five characters as one and their number; then cut. */
function shortened(shown: string): string {
	const counted = shown.replace(/([^]{1,5}?)\1{7,}/g, (run, unit: string) => `${unit}×${run.length / unit.length}`);
	return counted.length > SHOWN_MAX ? `${counted.slice(0, SHOWN_MAX)}… (${shown.length} characters)` : counted;
}
