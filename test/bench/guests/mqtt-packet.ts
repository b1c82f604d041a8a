// mqtt-packet, the parser and generator of MQTT.js, which has neither a session nor acknowledgements: the same packets written and read.

import { generate, parser as makeParser, type Packet } from 'mqtt-packet';
import { payload, PAYLOAD_BYTES, publishPacket, serve, TOPIC } from '../guest.js';

const message = Buffer.from(publishPacket());
const acknowledgement = Buffer.from([0x40, 2, 0, 7]);
const body = Buffer.from(payload);
const kept: { parser?: ReturnType<typeof makeParser>; packet?: Packet; bytes?: Uint8Array } = { parser: undefined, packet: undefined, bytes: undefined };
const publish = (qos: 0 | 1) => {
	const packet = { cmd: 'publish' as const, topic: TOPIC, payload: qos === 1 ? body.subarray(0, PAYLOAD_BYTES - 2) : body, qos, retain: false, dup: false, messageId: qos ? 7 : undefined };
	kept.bytes = generate(packet);
};

serve({
	make: () => {
		kept.parser = makeParser();
		kept.parser.on('packet', (packet) => { kept.packet = packet; });
	},
	publish0: () => publish(0),
	publish1: () => publish(1),
	acknowledge: () => { kept.parser!.parse(acknowledgement); },
	message: () => { kept.parser!.parse(message); },
	check: () => {
		const { packet, bytes } = kept;
		if (packet?.cmd !== 'publish' || packet.topic !== TOPIC || packet.payload.length !== PAYLOAD_BYTES) throw new Error('The message was not read.');
		if (bytes?.length !== 50) throw new Error('The message was not written.');
	},
});
