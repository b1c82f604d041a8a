// What runs on XS in a benchmark: a list of steps, each called by its number, so that to call one costs the same as to call any other.

type Step = () => void;

/** The first step is for nothing: what it costs is not the others' cost. Step 255 tells the names. */
export function serve(steps: Record<string, Step>): void {
	const names = ['nothing', ...Object.keys(steps)];
	const list: Step[] = [() => {}, ...Object.values(steps)];
	const told = Uint8Array.from(names.join(' '), (character) => character.charCodeAt(0)).buffer;
	(globalThis as unknown as { handleCommand(request: ArrayBuffer): ArrayBuffer }).handleCommand = (request) => {
		const index = new Uint8Array(request)[0];
		if (index === 0x7e) return told;
		list[index - 0x20]();
		return request;
	};
}

/** 50 bytes as PUBLISH of QoS 0, which is a reading; of QoS 1 two bytes of payload go to the packet id. */
export const TOPIC = 'telltale/node/readings';
export const PAYLOAD_BYTES = 24;
export const payload = new Uint8Array(PAYLOAD_BYTES).fill(0x61);

/** The same, as it comes from the broker. */
export function publishPacket(): Uint8Array {
	const packet = new Uint8Array(50).fill(0x61);
	packet.set([0x30, 48, 0, TOPIC.length]);
	for (let i = 0; i < TOPIC.length; i++) packet[4 + i] = TOPIC.charCodeAt(i);
	return packet;
}
