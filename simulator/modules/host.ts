// The door between a guest (the firmware and the SDK's modules, on XS or on Node's engine) and its board on the host.
//
// Rule: call() asks the host and gets the answer before it returns; the host speaks first only through handleCommand, one
// event at a time, and each event is one turn. Texts on the wire are JSON in ASCII, so that no engine's own idea of
// strings matters. Few calls deep and little garbage, since the guest's stack and memory are judged. What the chip does not have is taken away before the firmware's modules are evaluated.

type Json = string | number | boolean | null | undefined;
export type Handler = (...values: never[]) => void;

interface XsGlobals {
	issueCommand?(request: ArrayBuffer): ArrayBuffer;
	/** Set by the host where the engine is Node's: answers at once. */
	hostCall?(request: string): string;
	handleCommand?(event: unknown): unknown;
}

const globals = globalThis as unknown as XsGlobals & Record<string, unknown>;
const TOO_EARLY = "nothing on the chip can be touched before main's function runs.";
/** A call takes no more arguments than the stack has room for; where there is no decoder, that is a chip's. */
const AT_ONCE = 32;
const stringify = JSON.stringify;
const parse = JSON.parse;
const hasCoders = typeof TextDecoder !== 'undefined';
/** The XS worker's own coders; this build of XS has no ArrayBuffer.fromString. */
const encoder = hasCoders ? new TextEncoder() : undefined;
const decoder = hasCoders ? new TextDecoder() : undefined;
const encode = (text: string): ArrayBuffer => encoder!.encode(text).buffer as ArrayBuffer;
const decode = (bytes: ArrayBuffer): string => decoder!.decode(bytes);
const transport = makeTransport(globals.issueCommand, globals.hostCall);
const handlers: Record<string, Handler> = {};
const afterTurn: { wakeAt: () => number | null } = { wakeAt: () => null };

/** What every module may look at; changed by the host's events only. */
export const board = {
	/** False while modules are being preloaded: then nothing may touch the device. */
	running: false,
	inTurn: false,
	chip: 'ESP8266' as 'ESP8266' | 'ESP32',
	/** Milliseconds since boot, whole, not wrapping; stands still within a turn but for Timer.delay(). */
	ms: 0,
	/** Added to `ms` for Time.ticks, so that a test can begin just before the wrap. */
	ticksAtBoot: 0,
};

for (const name of [
	'setImmediate', 'print', 'issueCommand', 'gc', 'hostCall', 'performance', 'currentMeterLimit', 'resetMeter', 'TextEncoder',
	'TextDecoder', 'Base64', 'harden', 'lockdown', 'Compartment', 'ModuleSource', 'Intl', 'WebAssembly', 'console', 'SharedArrayBuffer',
]) delete globals[name];

Object.defineProperty(globalThis, 'handleCommand', { value: handle, configurable: false, enumerable: false });

/** What the firmware's own C is on a chip: xsc replaces `native("…")` by it. */
const NATIVE: Record<string, (...values: never[]) => unknown> = {
	xs_address_fix: (address: number) => call('wifi.fix', address),
	xs_address_free: () => call('wifi.free'),
	xs_radio_join: (ssid: string, passphrase: string) => call('wifi.joinBeside', ssid, passphrase),
	xs_radio_place: () => call('wifi.placeAccessPoint'),
	xs_telltale_accept_time_server: () => call('dhcp.acceptTimeServer'),
	xs_telltale_time_server: () => call('dhcp.timeServer'),
};
globals.native = (name: string) => NATIVE[name];

/** Stands in for one more function of the firmware's C. */
export function native(name: string, stand: (...values: never[]) => unknown): void {
	NATIVE[name] = stand;
}

/** Asks the board. Throws what the board throws. */
export function call<Answer>(operation: string, ...values: Json[]): Answer {
	if (!board.running) throw new Error(`${operation} is used while modules are being preloaded: ${TOO_EARLY}`);
	values.unshift(operation);
	const answer = parse(transport(stringify(values)));
	if (answer.error) throw makeError(answer.error[0], answer.error[1]);
	return answer.value;
}

/** The one receiver of a kind of event. */
export function on(kind: string, handler: Handler): void {
	handlers[kind] = handler;
}

/** With the settings, before main: what is made now may change, and is none of the memory that main's program takes. */
export function prepare(): void {
	handlers['prepare']?.();
}

/** Says when the next timer is due (milliseconds since boot), asked at the end of each turn. */
export function onTurnEnd(wakeAt: () => number | null): void {
	afterTurn.wakeAt = wakeAt;
}

/** A timer was set outside a turn (in a promise's job): the host must hear of it now. */
export function timersChanged(): void {
	if (board.running && !board.inTurn) call('wakeAt', afterTurn.wakeAt());
}

/** Of ASCII. On XS a text that grew would be copied each time, and every copy is garbage. */
export function textOf(bytes: Uint8Array<ArrayBuffer>): string {
	if (decoder) return decode(bytes.buffer);
	let text = '';
	for (let i = 0; i < bytes.length; i += AT_ONCE) text += String.fromCharCode.apply(undefined, bytes.subarray(i, i + AT_ONCE) as unknown as number[]);
	return text;
}

/** Of a text in ASCII. */
export function bytesOf(text: string): Uint8Array {
	if (encoder) return encoder.encode(text);
	const bytes = new Uint8Array(text.length);
	for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
	return bytes;
}

function handle(event: unknown): unknown {
	return typeof event === 'string' ? turn(event) : encode(turn(decode(event as ArrayBuffer)));
}

function turn(text: string): string {
	const event = parse(text);
	board.ms = event[0];
	board.inTurn = true;
	try {
		const handler = handlers[event[1]];
		// The deepest of all, boot and wake, without a call more on the stack.
		if (event.length === 2) handler();
		else if (event.length === 5) handler(event[2] as never, event[3] as never, event[4] as never);
		else handler.apply(undefined, event.slice(2) as never[]);
		return '{"wakeAt":' + afterTurn.wakeAt() + '}';
	} catch (fault) {
		return ascii(stringify({ fault: String(fault), stack: (fault as Error)?.stack }));
	} finally {
		board.inTurn = false;
	}
}

function makeTransport(issue: XsGlobals['issueCommand'], hostCall: XsGlobals['hostCall']): (request: string) => string {
	if (hostCall) return (request) => hostCall(ascii(request));
	return (request) => {
		let bytes = encoder!.encode(request);
		// Nearly always it is ASCII: then nothing else is made.
		if (bytes.length !== request.length) bytes = encoder!.encode(ascii(request));
		return decoder!.decode(issue!(bytes.buffer as ArrayBuffer));
	};
}

function makeError(name: string, message: string): Error {
	if (name === 'RangeError') return new RangeError(message);
	if (name === 'TypeError') return new TypeError(message);
	if (name === 'SyntaxError') return new SyntaxError(message);
	return new Error(message);
}

/** The expression is made for each text: one that is preloaded cannot remember where it is. */
function ascii(text: string): string {
	return text.replace(/[\u007f-\uffff]/g, escaped);
}

function escaped(unit: string): string {
	return '\\u' + unit.charCodeAt(0).toString(16).padStart(4, '0');
}
