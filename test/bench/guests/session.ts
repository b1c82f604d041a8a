// A session without a socket: bytes are written when peek() has given them out. What makes it is session3.ts or session5.ts, so that 5.0's
// code is only in the guest that speaks it.

import { Session } from '../../../src/mqtt/session.js';
import type { Protocol5 } from '../../../src/mqtt/v5/protocol5.js';
import { topicName } from '../../../src/mqtt/codec/topics.js';
import type { SessionHandler } from '../../../src/mqtt/options.js';
import { Message } from '../../../src/mqtt/message.js';
import { payload, PAYLOAD_BYTES, publishPacket, serve, TOPIC } from '../guest.js';

const ROOM = 1_000;

class Application implements SessionHandler {
	topicAt = 0;
	payloadAt = 0;
	acknowledged = 0;
	write(): boolean { return true; }
	onConnected(): void {}
	onAcknowledged(id: number): void { this.acknowledged = id; }
	onSubscribed(): void {}
	onUnsubscribed(): void {}
	onMessage(_bytes: Uint8Array, topicAt: number, _topicEnd: number, payloadAt: number): void {
		this.topicAt = topicAt;
		this.payloadAt = payloadAt;
	}
	onOversize(): void {}
	onSetAside(): void {}
	onClosed(): void {}
}

const application = new Application();
const topic = topicName(TOPIC);
const message = publishPacket();
const withProperties = (bytes: Uint8Array) => Uint8Array.of(bytes[0], bytes[1] + 1, ...bytes.subarray(2, 26), 0, ...bytes.subarray(26));
const acknowledgement = Uint8Array.of(0x40, 2, 0, 0);
const options = { clientId: 'node', keepAliveMs: 30_000, bufferBytes: 384, outboxBytes: 896 };
let session: Session;
let message0: Message;
let message1: Message;
let arriving: Uint8Array;
let id = 0;

function send(): void {
	const bytes = session.peek(ROOM);
	if (bytes) session.wrote(bytes.length, 0);
}

export const serveSession = (makeProtocol5?: () => Protocol5) => serve({
	make: () => { session = new Session(makeProtocol5 ? { ...options, protocol5: makeProtocol5() } : options, application); },
	makeMessages: () => {
		[message0, message1] = [0, 1].map((qos) => new Message(topic.length, PAYLOAD_BYTES, makeProtocol5?.()).to(topic, qos, false));
		arriving = makeProtocol5 ? withProperties(message) : message;
	},
	connect: () => {
		session.start(0);
		send();
		const connack = makeProtocol5 ? Uint8Array.of(0x20, 3, 0, 0, 0) : Uint8Array.of(0x20, 2, 0, 0);
		session.receive(connack, 0, connack.length, 0);
		if (!session.connected) throw new Error('The session is not connected.');
	},
	send0: () => { session.send(message0, PAYLOAD_BYTES, 0); },
	send1: () => { id = session.send(message1, PAYLOAD_BYTES - 2, 0); },
	resize1: () => { id = session.send(message1, PAYLOAD_BYTES - 3, 0); },
	publish0: () => {
		session.publish(topic, payload, PAYLOAD_BYTES, 0, false);
		send();
	},
	publish1: () => {
		id = session.publish(topic, payload, PAYLOAD_BYTES - 2, 1, false);
		send();
	},
	acknowledge: () => {
		acknowledgement[2] = id >> 8;
		acknowledgement[3] = id;
		session.receive(acknowledgement, 0, 4, 0);
	},
	acknowledged: () => { if (application.acknowledged !== id || session.pending > 0) throw new Error('The message is not acknowledged.'); },
	message: () => { session.receive(arriving, 0, arriving.length, 0); },
	/** The next one has another topic. */
	turn: () => { arriving[20] ^= 1; },
	told: () => { if (application.payloadAt !== (makeProtocol5 ? 27 : 26)) throw new Error('The message is not told.'); },
	poll: () => {
		session.poll(0);
		send();
	},
});
