// Node's own engine as a guest's: nothing in it but the language.
//
// Rule: turns are synchronous, so that a world of thousands of them costs no more than its own work.

import { createContext, Script, type Context } from 'node:vm';
import type { Answer, Engine, Meter } from './engine.js';
import { EngineStop } from './stop.js';

/** Of the script that was loaded last and is long: every boot of every node loads the same. */
let lastCompiled: { readonly text: string; readonly script: Script } | undefined;

function compiled(text: string): Script {
	if (text.length < 10_000) return new Script(text);
	if (lastCompiled?.text !== text) lastCompiled = { text, script: new Script(text) };
	return lastCompiled.script;
}

/** Node looks each global of such a context up outside it, a hundred times slower than a constant of a script. Not Date: simulator/modules/time.ts takes its place. */
const BUILT_INS = [
	'Array', 'ArrayBuffer', 'Boolean', 'DataView', 'Error', 'Float32Array', 'Float64Array', 'Int8Array', 'Int16Array', 'Int32Array', 'JSON', 'Map', 'Math',
	'Number', 'Object', 'Promise', 'RangeError', 'Reflect', 'RegExp', 'Set', 'String', 'SyntaxError', 'TypeError', 'Uint8Array', 'Uint16Array', 'Uint32Array', 'WeakMap', 'WeakSet',
];
const constants = new Script(BUILT_INS.map((name) => `const ${name} = globalThis.${name};`).join('\n'));

export class NodeEngine implements Engine {
	readonly meter: Meter = { compute: 0, slots: 0 };
	readonly #context: Context;
	#gone = '';

	constructor(answer: Answer) {
		const hostCall = (request: string): string => {
			if (this.#gone) return JSON.stringify({ error: ['Error', this.#gone] });
			try {
				const text = answer(request);
				if (typeof text === 'string') return text;
				throw new EngineStop("TLS runs on the XS engine only: Node's own engine cannot wait for an answer.");
			} catch (stop) {
				if (!(stop instanceof EngineStop)) throw stop;
				this.#gone = stop.message;
				return JSON.stringify({ error: ['Error', stop.message] });
			}
		};
		this.#context = createContext({ hostCall });
		constants.runInContext(this.#context);
	}

	async load(script: string): Promise<void> {
		try {
			compiled(script).runInContext(this.#context);
		} catch (fault) {
			throw new EngineStop(String(fault));
		}
	}

	confine(): void {}

	turn(event: string): string {
		if (this.#gone) throw new EngineStop(this.#gone);
		const reply = this.#context.handleCommand(event) as string;
		if (this.#gone) throw new EngineStop(this.#gone);
		return reply;
	}

	async snapshot(): Promise<undefined> {
		return undefined;
	}

	async memory(): Promise<undefined> {
		return undefined;
	}

	kill(): void {
		this.#gone ||= 'killed';
	}
}
