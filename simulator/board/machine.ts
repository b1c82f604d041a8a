// A simulated board: the chip with its devices and what is wired to it, for one boot.
//
// Rule: a machine lives as long as a boot. What survives (flash, preferences, parts, the air) is handed in; what a boot makes
// (sockets, pins, radio) goes with it. Messages to the guest wait in order and are worked out only when their turn has come.

import type { Board } from '../../sensors/parts.js';
import type { Clock } from '../world/clock.js';
import { AnalogDevice } from '../devices/analog.js';
import { CryptoDevice } from '../devices/crypto.js';
import { DeviceError, type Chip, type Device, type Operation } from '../devices/chip.js';
import type { ChipName } from '../engine/creation.js';
import { DigitalDevice, type Panel, type PinConstants } from '../devices/digital.js';
import { Heap, type Shortage } from '../devices/heap.js';
import { I2cDevice } from '../devices/i2c.js';
import { InboundDevice } from '../devices/inbound.js';
import { NamesDevice } from '../devices/names.js';
import type { Parts } from '../devices/parts.js';
import { PulseDevice } from '../devices/pulses.js';
import { SerialDevice } from '../devices/serial.js';
import { StorageDevice, type Storage } from '../devices/storage.js';
import type { Servers } from '../devices/surroundings.js';
import { TcpDevice } from '../devices/tcp.js';
import { ResourceDevice, TlsDevice, type Resources } from '../devices/tls.js';
import type { AccessPoint } from '../devices/access-point.js';
import { WifiDevice } from '../devices/wifi.js';
import { EngineStop } from '../engine/engine.js';
import { Random } from '../world/random.js';

/** The constants of hardware/<board>.ts. */
export interface BoardConstants extends Board {
	readonly chip: string;
	readonly led: PinConstants;
	readonly button: PinConstants;
}

/** What is there before and after a boot. */
export interface Surroundings {
	readonly board: BoardConstants;
	/** Of the node among its fellows, from 0. */
	readonly index: number;
	readonly clock: Clock;
	readonly seed: string;
	readonly accessPoint: AccessPoint;
	readonly servers: Servers;
	readonly storage: Storage;
	/** Files of the image, by name. */
	readonly resources: Resources;
	readonly parts: Parts;
	readonly panel: Panel;
	readonly onLine: (line: string) => void;
	/** Of the serial line, as they go out. */
	readonly onBytes: (bytes: Uint8Array) => void;
	readonly onTrace: (text: string) => void;
}

/** Reasons that a guest ends for, as its log names them. */
export const RESTART = 'restart';
/** As RESTART, but the firmware did it; simulated-node.ts tells the two apart. */
export const OWN_RESTART = 'restart by itself';
export const POWER_CUT = 'power cut';

export class Machine implements Chip {
	readonly name: ChipName;
	readonly random: Random;
	readonly heap: Heap;
	readonly wifi: WifiDevice;
	readonly inbound: InboundDevice;
	readonly bootedAt: number;
	/** Next message, or undefined. */
	readonly queue: (() => unknown[] | undefined)[] = [];
	/** The guest is busy until then. */
	busyUntil: number;
	/** During a turn time stands still but for the guest's own delays, as its ticks do: a slow host must not age what the guest has just begun. */
	turnAt: number | undefined;
	/** Set by the guest's timers; milliseconds since boot. */
	wakeAt: number | null = null;
	readonly #around: Surroundings;
	readonly #serial: SerialDevice;
	readonly #devices: readonly Device[];
	readonly #operations: Record<string, Operation> = Object.create(null);
	readonly #onWork: () => void;
	#alive = true;

	/**
	 * `isOwnRestart`: the firmware asked for this boot. `onWork`: there is a message, or the time to wake has changed. `onEmpty`: the chip's
	 * heap was too small for something.
	 */
	constructor(around: Surroundings, boot: number, isOwnRestart: boolean, onWork: () => void, onEmpty: (shortage: Shortage) => void) {
		this.#around = around;
		this.#onWork = onWork;
		this.name = around.board.chip as ChipName;
		this.random = new Random(`${around.seed}/machine/${boot}`);
		this.heap = new Heap(this.name, new Random(`${around.seed}/wifi`).next(), around.servers.conditions, onEmpty);
		this.bootedAt = Math.ceil(around.clock.now());
		this.busyUntil = this.bootedAt;
		this.wifi = new WifiDevice(this, around.accessPoint, around.index);
		this.#serial = new SerialDevice(this, around.onLine, around.onBytes);
		const tcp = new TcpDevice(this, around.servers, this.wifi);
		this.inbound = new InboundDevice(this, tcp, this.wifi);
		this.#devices = [
			this.wifi,
			this.inbound,
			this.#serial,
			new AnalogDevice(this, around.board.analog.pin, around.parts),
			new DigitalDevice(this, around.board.led, around.board.button, around.panel, around.parts),
			new I2cDevice(this, around.board.i2c, around.parts),
			new PulseDevice(this, around.parts),
			new StorageDevice(this.name, around.storage, () => {
				throw new EngineStop(POWER_CUT);
			}),
			tcp,
			new NamesDevice(this, around.servers, this.wifi),
			new ResourceDevice(around.resources),
			new TlsDevice(),
			new CryptoDevice(),
			this.#system(),
			{ operations: { 'reset.isOwn': () => isOwnRestart } },
		];
		for (const device of this.#devices) Object.assign(this.#operations, device.operations);
		around.parts.attach(this);
	}

	/** Answers the guest's question, in the guest's words. */
	readonly answer = (request: string): string | Promise<string> => answered(this.#operations, request);

	now(): number {
		return Math.max(this.turnAt ?? this.#around.clock.now(), this.busyUntil);
	}

	/** Whole milliseconds since boot, as the guest sees them. */
	ms(): number {
		return Math.max(0, Math.floor(this.now() - this.bootedAt + 1e-6));
	}

	after(ms: number, action: () => void): { cancelled: boolean } {
		return this.#around.clock.at(this.now() + Math.max(0, ms), () => {
			if (this.#alive) action();
		});
	}

	post(message: () => unknown[] | undefined): void {
		if (!this.#alive) return;
		this.queue.push(message);
		this.#onWork();
	}

	delay(ms: number): void {
		this.busyUntil = this.now() + Math.max(0, ms);
	}

	type(text: string): void {
		this.#serial.type(text);
	}

	send(bytes: Uint8Array): void {
		this.#serial.send(bytes);
	}

	down(orderly: boolean): void {
		this.#alive = false;
		this.queue.length = 0;
		for (const device of this.#devices) device.down?.(orderly);
		this.#around.parts.attach(undefined);
	}

	#system(): Device {
		return {
			operations: {
				delay: (ms: number) => {
					this.delay(ms);
					return this.ms();
				},
				wakeAt: (ms: number | null) => {
					this.wakeAt = ms;
					this.#onWork();
				},
				restart: () => {
					throw new EngineStop(RESTART);
				},
				deepSleep: () => {
					// Without the wire from GPIO 16 to RST nothing wakes an ESP8266; an ESP32's is an empty function.
					if (this.name === 'ESP8266') throw new EngineStop('deep sleep');
				},
				trace: (text: string) => void this.#around.onTrace(text),
				'time.set': () => {},
				// For stand-ins of C that takes memory for as long as a call lasts, and aborts where there is none.
				'heap.borrow': (what: string, bytes: number) => {
					const held = this.heap.take(what, bytes);
					if (!held) throw new EngineStop(`crash: no memory for ${what}`);
					held.release();
				},
			},
		};
	}
}

/** What these operations answer to a guest's question. */
export function answered(operations: Readonly<Record<string, Operation>>, request: string): string | Promise<string> {
	const [operation, ...values] = JSON.parse(request) as [string, ...never[]];
	try {
		const value = operations[operation](...values);
		return value instanceof Promise ? value.then(accepted, refused) : accepted(value);
	} catch (fault) {
		return refused(fault);
	}
}

function accepted(value: unknown): string {
	return ascii(JSON.stringify({ value }));
}

function refused(fault: unknown): string {
	if (!(fault instanceof DeviceError)) throw fault;
	return ascii(JSON.stringify({ error: [fault.kind, fault.message] }));
}

/** Escapes what two engines might write differently. */
export function ascii(text: string): string {
	return text.replace(/[\u007f-\uffff]/g, (unit) => '\\u' + unit.charCodeAt(0).toString(16).padStart(4, '0'));
}
