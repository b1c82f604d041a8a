// SPDX-License-Identifier: MIT
// SUBSCRIBE and UNSUBSCRIBE of several items at once: the session asks for each by itself, the application hears one answer.
//
// Rule: a request is told when its last item is answered, under the id that the application knows. MQTT 3.1.1 §3.8 to §3.11

import { Operation, type ControlMessage } from './options.js';

interface Request {
	readonly operation: number;
	readonly id: number;
	/** Packet ids, item by item; 0 once answered. */
	readonly ids: number[];
	readonly payload: number[];
	left: number;
}

export class Requests {
	readonly #list: Request[] = [];

	add(operation: number, id: number, ids: number[]): void {
		this.#list.push({ operation, id, ids, payload: [], left: ids.length });
	}

	/** Notes the answer to one item. Returns what is to be told if it was the last. */
	answer(packetId: number, code: number): ControlMessage | undefined {
		for (let i = 0; i < this.#list.length; i++) {
			const { operation, id, ids, payload } = this.#list[i];
			const index = ids.indexOf(packetId);
			if (index < 0) continue;
			ids[index] = 0;
			payload[index] = code;
			if (--this.#list[i].left > 0) return undefined;
			this.#list.splice(i, 1);
			return operation === Operation.Subscribe ? { operation: Operation.Suback, id, payload } : { operation: Operation.Unsuback, id };
		}
		return undefined;
	}
}
