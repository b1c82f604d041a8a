// A command of the node in Improv's packets, as `telltale configure --port` sends it, without the firmware's code.
//
// Rule: the caller sends each piece, and lets time pass.

import { crc32 } from 'node:zlib';
import { rpc } from './improv.js';

const PIECE_BYTES = 80;
const uint16 = (value: number) => [value >> 8, value & 0xff];

/** The packets of its pieces. */
export function piecesOf(command: string, id: number): Uint8Array[] {
	const text = Buffer.from(command);
	const sum = Buffer.alloc(4);
	sum.writeUInt32BE(crc32(text));
	const content = Buffer.concat([text, sum]);
	const pieces: Uint8Array[] = [];
	for (let at = 0; at < content.length; at += PIECE_BYTES) {
		pieces.push(Uint8Array.from(rpc(0xe0, [0, id, ...uint16(content.length), ...uint16(at), ...content.subarray(at, at + PIECE_BYTES)])));
	}
	return pieces;
}

/** The packet that asks for its answer. */
export const answerOf = (id: number, from = 0): Uint8Array => Uint8Array.from(rpc(0xe1, [id, ...uint16(from)]));
