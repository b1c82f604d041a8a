// SPDX-License-Identifier: MIT
// What can be asked of a node, over MQTT (<base>/set/<name>) and on its serial line.
//
// Rule: the table below is all there is. A command is checked whole before anything changes; its outcome is one `result`, with
// the id it was asked with. Retained commands are ignored: they would be repeated with every subscription.
// Payload: {"id":"any text","value":…}, both optional.

import { FIELDS, refusal, type Config } from './config.js';
import { QUANTITIES } from './reading.js';
import { Text } from './text.js';

/** What commands act on; main provides it. */
export interface Controls {
	setIntervalMs(value: number): void;
	sample(): void;
	/** Sets the offset of the quantity with this index so that the last value would have been `milli`. Returns why not, or ''. */
	calibrate(quantity: number, milli: number): string;
	stop(): void;
	restart(): void;
	result(json: string): void;
	log(sentence: string): void;
}

export interface CommandHandler {
	onCommand(bytes: Uint8Array, nameAt: number, nameEnd: number, payloadAt: number, payloadEnd: number, retained: boolean): void;
}

interface Request {
	readonly id?: unknown;
	readonly value?: unknown;
}

export const COMMANDS: readonly string[] = Object.freeze(['interval', 'sample', 'calibrate', 'restart', 'stop']);
const ID_MAX = 40;
/** Keys that JSON.parse may make: XS never gives a property name back, so a stranger's names must not become some. */
const KEYS: readonly string[] = Object.freeze(['id', 'value', 'temperature', 'humidity']);

export class Commands implements CommandHandler {
	readonly #controls: Controls;

	constructor(controls: Controls) {
		this.#controls = controls;
	}

	onCommand(bytes: Uint8Array, nameAt: number, nameEnd: number, payloadAt: number, payloadEnd: number, retained: boolean): void {
		const name = ascii(bytes, nameAt, nameEnd);
		// An empty payload is how a retained command is cleared: nothing was asked.
		if (payloadAt === payloadEnd && nameEnd > nameAt && COMMANDS.indexOf(name) !== 1) return this.#controls.log(`an empty message on set/${name} is ignored`);
		if (retained) return this.#controls.log(`the retained command ${name} is ignored: send it without the retain flag`);
		let request: Request | undefined;
		try {
			request = payloadAt === payloadEnd ? {} : parse(ascii(bytes, payloadAt, payloadEnd));
		} catch {
			request = undefined;
		}
		if (typeof request !== 'object' || request === null) return this.answer(name, '', 'the payload is not a JSON object like {"id":"1","value":5000}');
		const id = typeof request.id === 'string' ? request.id.slice(0, ID_MAX) : typeof request.id === 'number' ? String(request.id) : '';
		this.answer(name, id, this.run(name, request.value));
	}

	/** A line typed at the console: the command's name, then its value as JSON. */
	onLine(line: string): void {
		const space = line.indexOf(' ');
		const name = space < 0 ? line : line.slice(0, space);
		let value: unknown;
		try {
			value = space < 0 ? undefined : parse(line.slice(space + 1));
		} catch {
			return this.#controls.log(`${name}: the value is not JSON`);
		}
		const error = this.run(name, value);
		this.#controls.log(error ? `${name}: ${error}` : `${name}: done`);
	}

	/** Does it, or returns why not in a sentence. */
	run(name: string, value: unknown): string {
		switch (name) {
			case 'interval':
				return this.interval(value);
			case 'calibrate':
				return this.#calibrate(value);
			case 'sample':
				this.#controls.sample();
				return '';
			case 'restart':
				this.#controls.restart();
				return '';
			case 'stop':
				this.#controls.stop();
				return '';
		}
		return `unknown command; known are ${COMMANDS.join(', ')}`;
	}

	private interval(value: unknown): string {
		const key: keyof Config = 'intervalMs';
		const error = refusal(FIELDS.find((field) => field.key === key)!, value);
		if (!error) this.#controls.setIntervalMs(value as number);
		return error;
	}

	#calibrate(value: unknown): string {
		if (typeof value !== 'object' || value === null) return 'value must be an object like {"temperature":21.3}, what a reference shows now';
		const references = value as Readonly<Record<string, unknown>>;
		let found = 0;
		for (let i = 0; i < QUANTITIES.length; i++) {
			const reference = references[QUANTITIES[i]];
			if (reference === undefined) continue;
			if (typeof reference !== 'number') return `${QUANTITIES[i]} must be a number`;
			const error = this.#controls.calibrate(i, Math.round(reference * 1000));
			if (error) return error;
			found++;
		}
		return found ? '' : `value must name one of ${QUANTITIES.join(', ')}`;
	}

	private answer(name: string, id: string, error: string): void {
		const text = new Text(new Uint8Array(RESULT_MAX)).put('{"id":').quoted(id).put(',"name":').quoted(name.slice(0, ID_MAX)).put(error ? ',"ok":false,"error":' : ',"ok":true');
		if (error) text.quoted(error.slice(0, ERROR_MAX));
		this.#controls.result(ascii(text.bytes, 0, text.put('}').length));
	}
}

const RESULT_MAX = 256;
const ERROR_MAX = 110;

function parse(text: string): Request {
	// XS takes the names to keep in place of a reviver; other engines ignore what is no function.
	return JSON.parse(text, KEYS as never) as Request;
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
	let text = '';
	for (let i = from; i < to; i++) text += String.fromCharCode(bytes[i]);
	return text;
}
