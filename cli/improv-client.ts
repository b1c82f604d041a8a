// Improv over serial from this side: asks a node, and hears its log lines in between. docs/serial.md has the packets.
//
// Rule: a request without an answer is sent again; where that changes nothing for the node, so that a packet that was lost or came twice
// is no fault. One request at a time. What goes wrong is one sentence.

import type { Duplex } from 'node:stream';
import { crc32 } from '../src/storage/crc32.js';
import { TransferId, TransferKind, TransferRpc, TransferState } from '../src/provisioning/transfer-packets.js';
import { safe } from '../viewer/safe.js';
import { Failure } from './failure.js';
import { Lines } from './logs.js';

const HEADER = Buffer.from('IMPROV\u0001');
const DATA_AT = 9;
const [STATE, ERROR, RPC, RESULT] = [1, 2, 3, 4];
const [WIFI, CURRENT_STATE, DEVICE, SCAN] = [1, 2, 3, 4];
const [PROVISIONING, PROVISIONED] = [3, 4];
const [BAD_RPC, UNKNOWN_COMMAND, UNABLE_TO_CONNECT] = [1, 2, 3];

/** Until a request is sent again. */
const ANSWER_MS = 1_000;
const TRIES = 4;
/** A board that was reset by opening its port has to boot first, and the boot ROM of an ESP8266 talks for a while. */
const FIND_MS = 400;
const FIND_TRIES = 20;
/** The node decides within 20 s, and tells the old network's end first. */
const JOIN_MS = 30_000;
const SCAN_MS = 25_000;
const RESULT_MS = 10_000;
const LOOK_MS = 25;
/** Of a transfer's piece: a packet has 100 B at most. */
const PIECE_BYTES = 80;
/** A name, a space and its payload. */
export const COMMAND_MAX = 420;
/** What a sector of the node's flash takes at once. */
const CONTENT_MAX = 4_064;

export interface Device {
	readonly firmware: string;
	readonly version: string;
	readonly chip: string;
	readonly node: string;
}

export interface Network {
	readonly ssid: string;
	readonly rssi: number;
	readonly open: boolean;
}

/** What a command of the node answers, as on MQTT. */
export interface CommandResult {
	readonly ok: boolean;
	readonly error?: string;
	/** Of settings that are on trial. */
	readonly trial?: number;
	/** Of a scan: who is at which address. */
	readonly found?: unknown;
}

interface Packet {
	readonly type: number;
	readonly data: Buffer;
}

export class ImprovClient {
	readonly #port: Duplex;
	readonly #lines: Lines;
	#rest = Buffer.alloc(0);
	#heard: ((packet: Packet) => void) | undefined;
	#gone = false;
	/** The last answer was that the request is wrong. */
	#refused = false;
	#lastId = Math.floor(Math.random() * 255);

	/** `onLine`: of the node's log, safe to print. */
	constructor(port: Duplex, onLine: (line: string) => void) {
		this.#port = port;
		this.#lines = new Lines(onLine);
		port.on('data', (bytes: Buffer) => this.#received(bytes)).on('error', () => {}).on('close', () => this.#end());
	}

	/** Who is there; throws if nobody answers. */
	async device(): Promise<Device> {
		const [firmware = '', version = '', chip = '', node = ''] = (await this.#ask(DEVICE, [], FIND_TRIES, FIND_MS)).map(String);
		return { firmware: safe(firmware), version: safe(version), chip: safe(chip), node: safe(node) };
	}

	/** Where the node's page is; '' where it has none, or no network. */
	async url(): Promise<string> {
		return this.#attempts(TRIES, ANSWER_MS, rpc(CURRENT_STATE), ({ type, data }) => {
			if (type === STATE) return data[0] === PROVISIONED ? undefined : '';
			if (type === RESULT && data[0] === CURRENT_STATE) return String(stringsOf(data)[0] ?? '');
			return undefined;
		});
	}

	async networks(): Promise<Network[]> {
		const found: Network[] = [];
		await this.#attempts(1, SCAN_MS, rpc(SCAN), ({ type, data }) => {
			if (type !== RESULT || data[0] !== SCAN) return undefined;
			const [ssid, rssi, secured] = stringsOf(data).map(String);
			if (ssid === undefined) return true;
			found.push({ ssid, rssi: Number(rssi), open: secured === 'NO' });
			return undefined;
		});
		return found;
	}

	/** '' when the node has joined the network and keeps it; else why not, in a sentence. */
	async join(ssid: string, passphrase: string): Promise<string> {
		const [name, secret] = [Buffer.from(ssid), Buffer.from(passphrase)];
		const request = rpc(WIFI, [name.length, ...name, secret.length, ...secret]);
		// First that it has begun, then what came of it.
		let joined: boolean | undefined;
		const outcome = ({ type, data }: Packet): boolean | undefined => {
			if (type === RESULT && data[0] === WIFI) return true;
			return type === ERROR && data[0] === UNABLE_TO_CONNECT ? false : undefined;
		};
		const begun = await this.#attempts(TRIES, ANSWER_MS, request, (packet) => {
			joined = outcome(packet);
			return joined !== undefined || (packet.type === STATE && packet.data[0] === PROVISIONING) ? true : undefined;
		});
		if (begun && joined === undefined) joined = await this.#attempts(1, JOIN_MS, undefined, outcome);
		return joined ? '' : safe(await this.#answer(TransferId.Problem)) || `Wi-Fi "${safe(ssid)}" was not joined.`;
	}

	/** Has the node carry out a command of docs/topics.md; throws if its answer is not to be had. */
	async command(name: string, payload = ''): Promise<CommandResult> {
		const text = Buffer.from(payload ? `${name} ${payload}` : name);
		if (text.length > COMMAND_MAX) throw new Failure(`The command ${name} has ${text.length} bytes, and the node takes ${COMMAND_MAX} at once: give fewer settings at a time.`);
		return this.#transfer(TransferKind.Command, text, name);
	}

	/** Sends a CA, a client's certificate or its key, in DER, which go with the settings that the node is given next. */
	async certificate(kind: TransferKind.Ca | TransferKind.Certificate | TransferKind.Key, name: string, content: Uint8Array): Promise<CommandResult> {
		if (content.length > CONTENT_MAX) throw new Failure(`${name} has ${content.length} bytes, and the node has room for ${CONTENT_MAX}: leave out what is not needed of it.`);
		return this.#transfer(kind, content, name);
	}

	async #transfer(kind: TransferKind, bytes: Uint8Array, name: string): Promise<CommandResult> {
		const sum = Buffer.alloc(4);
		sum.writeInt32BE(crc32(bytes, 0, bytes.length));
		const id = (this.#lastId = 1 + (this.#lastId + 1) % 255);
		await this.#put(kind, id, Buffer.concat([bytes, sum]));
		const answer = await this.#answer(id);
		try {
			return JSON.parse(answer) as CommandResult;
		} catch {
			throw new Failure(`The node's answer to ${name} is not what it should be: ${safe(answer.slice(0, 100))}.`);
		}
	}

	async #put(kind: TransferKind, id: number, content: Buffer): Promise<void> {
		let restarts = 0;
		for (let at = 0; at < content.length; ) {
			const head = [kind, id, content.length >> 8, content.length & 0xff, at >> 8, at & 0xff];
			const [reply] = await this.#ask(TransferRpc.Put, [...head, ...content.subarray(at, at + PIECE_BYTES)]);
			const state = reply?.[1];
			const next = state === TransferState.Good ? reply!.readUInt16BE(2) : 0;
			if (state === TransferState.Unknown && at > 0 && at + PIECE_BYTES >= content.length) throw new Restarted();
			if (next <= at && ++restarts > TRIES) throw new Failure('The serial line loses too much: use another cable or port, and end other programs that use it.');
			at = next;
		}
	}

	/** Of a command, or why the last join came to nothing. */
	async #answer(id: number): Promise<string> {
		let answer = Buffer.alloc(0);
		for (const until = performance.now() + RESULT_MS; ; ) {
			const [piece] = await this.#ask(TransferRpc.Get, [id, answer.length >> 8, answer.length & 0xff]);
			const state = piece?.[1];
			if (!piece || state === TransferState.Unknown) throw new Restarted();
			if (state === TransferState.Good && piece.length >= 6 && piece.readUInt16BE(4) === answer.length) {
				answer = Buffer.concat([answer, piece.subarray(6)]);
				if (answer.length >= piece.readUInt16BE(2)) return answer.toString();
			} else {
				if (performance.now() > until) throw new Failure('The node does not answer the command: try again.');
				await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
			}
		}
	}

	/** The strings of a command's result. */
	async #ask(command: number, data: readonly number[], tries = TRIES, ms = ANSWER_MS): Promise<Buffer[]> {
		return this.#attempts(tries, ms, rpc(command, data), (packet) => (packet.type === RESULT && packet.data[0] === command ? stringsOf(packet.data) : undefined));
	}

	/** Sends the request, and again each time that no answer comes, until `take` makes something of a packet. */
	async #attempts<Answer>(tries: number, ms: number, request: Buffer | undefined, take: (packet: Packet) => Answer | undefined): Promise<Answer> {
		for (let attempt = 0; attempt < tries; attempt++) {
			const answer = await this.#once(ms, request, take);
			if (answer !== undefined) return answer.value;
		}
		if (this.#refused) throw new Failure('The node does not take this request: its firmware is older, or its settings cannot be used; flash one of this version first.');
		throw new Failure('The board does not answer: is there Telltale on it, and no other program at its port?');
	}

	#once<Answer>(ms: number, request: Buffer | undefined, take: (packet: Packet) => Answer | undefined): Promise<{ value: Answer } | undefined> {
		this.#refused = false;
		return new Promise((resolve, reject) => {
			const end = () => {
				clearTimeout(timer);
				this.#heard = undefined;
				this.#port.off('close', away);
			};
			const away = () => {
				end();
				reject(new Failure('The board went away: connect it again and try once more.'));
			};
			const timer = setTimeout(() => {
				end();
				resolve(undefined);
			}, ms);
			if (this.#gone) return away();
			this.#port.on('close', away);
			this.#heard = (packet) => {
				const value = take(packet);
				if (value !== undefined) {
					end();
					resolve({ value });
				} else if (packet.type === ERROR && packet.data[0] === UNKNOWN_COMMAND) {
					end();
					reject(new Failure("The node's firmware does not know this request: flash one of this version first."));
				} else if (packet.type === ERROR && packet.data[0] === BAD_RPC) {
					// Damaged on the way: sent again at once.
					this.#refused = true;
					end();
					resolve(undefined);
				}
			};
			if (request) this.#port.write(request);
		});
	}

	#received(bytes: Buffer): void {
		this.#rest = Buffer.concat([this.#rest, bytes]);
		for (;;) {
			const at = this.#rest.indexOf(HEADER);
			if (at < 0) break;
			this.#text(this.#rest.subarray(0, at));
			this.#rest = this.#rest.subarray(at);
			if (this.#rest.length <= DATA_AT) return;
			const sumAt = DATA_AT + this.#rest[DATA_AT - 1]!;
			if (this.#rest.length <= sumAt) return;
			const packet = this.#rest.subarray(0, sumAt);
			const sound = (packet.reduce((sum, byte) => sum + byte, 0) & 0xff) === this.#rest[sumAt];
			this.#rest = this.#rest.subarray(sound ? sumAt + 1 : HEADER.length);
			if (sound) this.#heard?.({ type: packet[HEADER.length]!, data: Buffer.from(packet.subarray(DATA_AT)) });
		}
		// The beginning of a header may be all that has come of it.
		let held = Math.min(HEADER.length - 1, this.#rest.length);
		while (held > 0 && !HEADER.subarray(0, held).equals(this.#rest.subarray(this.#rest.length - held))) held--;
		this.#text(this.#rest.subarray(0, this.#rest.length - held));
		this.#rest = this.#rest.subarray(this.#rest.length - held);
	}

	#text(bytes: Buffer): void {
		if (bytes.length) this.#lines.push(bytes);
	}

	#end(): void {
		this.#gone = true;
		this.#lines.end();
	}
}

/** It may have carried the command out before. */
export class Restarted extends Failure {
	constructor() {
		super('The node was started anew before it had answered: try again.');
	}
}

function rpc(command: number, data: readonly number[] = []): Buffer {
	const head = Buffer.from([...HEADER, RPC, data.length + 2, command, data.length, ...data]);
	return Buffer.concat([head, Buffer.from([head.reduce((sum, byte) => sum + byte, 0) & 0xff, 0x0a])]);
}

function stringsOf(data: Buffer): Buffer[] {
	const strings: Buffer[] = [];
	for (let at = 2; at < data.length; at += 1 + data[at]!) strings.push(data.subarray(at + 1, at + 1 + data[at]!));
	return strings;
}
