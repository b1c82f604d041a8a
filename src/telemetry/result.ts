// SPDX-License-Identifier: MIT
// The result of a command as text: {"id":"any text","name":"interval","ok":true}; of one that puts settings on trial,
// also their number: "trial":8; and what it has to report.
//
// Rule: it is valid JSON and fits RESULT_MAX, whatever was asked: what does not fit is cut at a character, the id last.
// The id is given back as it came, which is JSON already; a number becomes a text.

import { cutText, endOfScalar, readObject, Type, type Member } from './json.js';
import { Limit } from '../common/limits.js';
import { Text } from '../common/text.js';
import type { Report } from './report.js';

const enum Const {
	/** Its name, its error as it stands in JSON, and all the rest but the id. */
	NAME_MAX = 40,
	ERROR_MAX = 128,
	FRAME_BYTES = 44,
	/** Of a buffer for an error: its quotes, and the character that does not fit any more. */
	ERROR_SLACK = 8,
}

const enum Ascii {
	QUOTE = 0x22,
}

/** The id is slot 0 of every command's table. */
export const ID: Member = Object.freeze({ key: 'id', type: Type.Label, slot: 0 });
const MEMBERS: readonly Member[] = Object.freeze([ID]);

/** `error`: a sentence, which may show any text that was sent; '' where there is none. `trial`: what is on trial then; 0: nothing. */
export const writeResult = (
	text: Text, bytes: Uint8Array, nameAt: number, nameEnd: number, payloadAt: number, payloadEnd: number, error: string, trial = 0, report?: Report,
): void => {
	const sentence = new Text(new Uint8Array(error ? Const.ERROR_MAX + Const.ERROR_SLACK : 0));
	if (error) sentence.quoted(error, Const.ERROR_MAX);
	const places = new Uint16Array(1);
	if (payloadAt < payloadEnd) readObject(bytes, payloadAt, payloadEnd, MEMBERS, places);
	writeId(text.put('{"id":'), bytes, places[0], Limit.RESULT_MAX - Const.FRAME_BYTES - Const.NAME_MAX - sentence.length);
	text.put(',"name":').quotedBytes(bytes, nameAt, nameEnd, Const.NAME_MAX).put(error ? ',"ok":false,"error":' : ',"ok":true');
	text.copy(sentence.bytes, 0, sentence.length);
	if (trial) text.put(',"trial":').whole(trial);
	if (report && !error) report.write(text, Limit.RESULT_MAX - 1);
	text.put('}');
};

const writeId = (text: Text, bytes: Uint8Array, at: number, max: number): void => {
	if (at === 0) return void text.put('""');
	const isText = bytes[at] === Ascii.QUOTE;
	const end = endOfScalar(bytes, at, bytes.length);
	const from = isText ? at + 1 : at;
	text.byte(Ascii.QUOTE).copy(bytes, from, cutText(bytes, from, isText ? end - 1 : end, max)).byte(Ascii.QUOTE);
};
