// What preloading makes of modules on the chip: flash, which cannot be written.
//
// Rule: the bundler has each firmware module hand over its top-level bindings. Classes, functions and tables are frozen
// deeply; what cannot be frozen (and on the chip would throw at the first change) is refused with a sentence. After the last
// module the built-in objects are frozen too, and JSON.stringify refuses preloaded objects as XS does.

import { board } from './host.js';
import { start } from './system.js';

/** Only until the last module is done: a node need not carry it. */
let preloaded: WeakSet<object> | undefined = new WeakSet();
const stringify = JSON.stringify;
const NEEDED = 'main.ts must be "export default function () { … }".';
const IN_FLASH = "on the chip it lies in flash and cannot be changed: make it in a constructor or in main's function.";
/** Frozen once, after the last module; until then they may still be needed open. */
const builtInObjects = new Set<unknown>(builtIns());

/** Called at the end of each firmware module. */
export function preload(file: string, bindings: Record<string, unknown>): void {
	for (const name of Object.keys(bindings)) freezeDeeply(bindings[name], file, name);
}

/** Called after the last module: from here on the program runs. */
export function finish(main: unknown): void {
	if (typeof main !== 'function') throw new Error(`The entry module has no default export that is a function: ${NEEDED}`);
	preloaded = undefined;
	Object.freeze(main);
	JSON.stringify = stringifyAsXs;
	freezeBuiltIns();
	start.main = main as () => void;
	board.running = true;
}

function freezeDeeply(value: unknown, file: string, path: string): void {
	if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return;
	if (preloaded!.has(value)) return;
	const kind = unfreezable(value);
	if (kind) {
		throw new Error(`${file}: ${path} is ${kind} made while modules are preloaded; ${IN_FLASH}`);
	}
	preloaded!.add(value);
	Object.freeze(value);
	for (const key of Reflect.ownKeys(value)) {
		const property = Object.getOwnPropertyDescriptor(value, key)!;
		const where = `${path}.${String(key)}`;
		for (const part of [property.value, property.get, property.set]) if (!builtInObjects.has(part)) freezeDeeply(part, file, where);
	}
}

function unfreezable(value: object): string {
	if (ArrayBuffer.isView(value)) return value instanceof DataView ? 'a DataView' : 'a typed array';
	if (value instanceof ArrayBuffer) return 'an ArrayBuffer';
	if (value instanceof Map || value instanceof WeakMap) return 'a Map';
	if (value instanceof Set || value instanceof WeakSet) return 'a Set';
	if (value instanceof Date) return 'a Date';
	return '';
}

function builtIns(): object[] {
	const names = [
		'Object', 'Function', 'Array', 'String', 'Number', 'Boolean', 'Symbol', 'BigInt', 'Error', 'AggregateError', 'EvalError', 'RangeError',
		'ReferenceError', 'SyntaxError', 'TypeError', 'URIError', 'RegExp', 'Date', 'Map', 'Set', 'WeakMap', 'WeakSet', 'WeakRef', 'ArrayBuffer',
		'DataView', 'Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'Float32Array',
		'Float64Array', 'BigInt64Array', 'BigUint64Array', 'Promise', 'Proxy', 'FinalizationRegistry', 'Reflect', 'Math', 'JSON', 'Atomics',
	];
	const found: object[] = [];
	const globals = globalThis as unknown as Record<string, { prototype?: object } | undefined>;
	for (const name of names) {
		const builtIn = globals[name];
		if (!builtIn) continue;
		found.push(builtIn);
		if (builtIn.prototype) found.push(builtIn.prototype);
	}
	const typedArray = Object.getPrototypeOf(Uint8Array) as { prototype: object };
	found.push(typedArray, typedArray.prototype);
	return found;
}

function freezeBuiltIns(): void {
	for (const builtIn of builtIns()) {
		Object.freeze(builtIn);
		for (const key of Reflect.ownKeys(builtIn)) {
			const property = Object.getOwnPropertyDescriptor(builtIn, key)!;
			for (const part of [property.value, property.get, property.set]) if (typeof part === 'function') Object.freeze(part);
		}
	}
}

/** xsJSON.c: an object in read-only memory throws TypeError "read only value". Here it is one that is frozen. */
function stringifyAsXs(value: unknown, replacer?: never, space?: never): string {
	refusePreloaded(value, 0);
	return stringify(value, replacer, space);
}

function refusePreloaded(value: unknown, depth: number): void {
	if (value === null || typeof value !== 'object' || depth > 20) return;
	if (Object.isFrozen(value)) throw new TypeError('read only value');
	for (const key of Object.keys(value)) refusePreloaded((value as Record<string, unknown>)[key], depth + 1);
}
