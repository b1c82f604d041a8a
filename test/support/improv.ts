// Packets of Improv by the specification, written and read without the firmware's code.

export interface ImprovPacket {
	readonly type: number;
	readonly data: number[];
}

const HEADER = [...Buffer.from('IMPROV'), 1];

export function improvPacket(type: number, data: readonly number[]): number[] {
	const head = [...HEADER, type, data.length, ...data];
	return [...head, head.reduce((sum, byte) => sum + byte, 0) & 0xff];
}

/** A command (RPC) with its data. */
export function rpc(command: number, data: readonly number[] = []): number[] {
	return improvPacket(3, [command, data.length, ...data]);
}

/** What went out; throws unless each packet is whole, sound and between newlines, and what is between them are lines. */
export function packetsIn(bytes: readonly number[]): { packets: ImprovPacket[]; text: string } {
	const packets: ImprovPacket[] = [];
	let text = '';
	for (let at = 0; at < bytes.length; at++) {
		if (!HEADER.every((byte, index) => bytes[at + index] === byte)) {
			text += String.fromCharCode(bytes[at]!);
			continue;
		}
		const length = bytes[at + 8]!;
		const data = bytes.slice(at + 9, at + 9 + length);
		const whole = improvPacket(bytes[at + 7]!, data);
		if (JSON.stringify(bytes.slice(at, at + whole.length)) !== JSON.stringify(whole)) throw new Error(`A packet is damaged: ${bytes.slice(at, at + whole.length).join(' ')}`);
		if (bytes[at - 1] !== 0x0a || bytes[at + whole.length] !== 0x0a) throw new Error('A packet does not stand between newlines.');
		packets.push({ type: bytes[at + 7]!, data });
		at += whole.length - 1;
	}
	return { packets, text };
}

/** The strings of a result. */
export function stringsOf({ data }: ImprovPacket): Buffer[] {
	const strings: Buffer[] = [];
	for (let at = 2; at < data.length; at += 1 + data[at]!) strings.push(Buffer.from(data.slice(at + 1, at + 1 + data[at]!)));
	return strings;
}
