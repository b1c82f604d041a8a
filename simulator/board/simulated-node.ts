// One simulated node: a board with power that runs the firmware, boot after boot.
//
// Rule: one turn for each message, as the chip's main loop gives. What ends the firmware on the chip (an exception that nobody
// caught, no memory, restart) ends the boot here, is said in a line and counted, and the node boots again with the flash and
// the preferences that it had.

import type { Twin } from '../../sensors/twin.js';
import type { Task } from '../world/clock.js';
import type { Panel } from '../devices/digital.js';
import type { Heap } from '../devices/heap.js';
import type { InboundDevice } from '../devices/inbound.js';
import type { Parts } from '../devices/parts.js';
import type { Storage } from '../devices/storage.js';
import { EngineStop, type Engine, type EngineKind, type Linked } from '../engine/engine.js';
import { SLOT_BYTES } from '../engine/creation.js';
import { startPreloaded } from '../engine/start.js';
import { ascii, Machine, OWN_RESTART, POWER_CUT, RESTART, type Surroundings } from './machine.js';
import { BootTallies, type OnMeasured } from './tally.js';
import { withDefaults } from '../../src/settings/settings.js';
import { hash } from '../world/random.js';
import type { Memory } from '../engine/snapshot.js';

/** From reset to main on an ESP8266. */
const BOOT_MS = 450;
/** No turn is shorter, so a program that never waits still meets the clock. */
const TURN_MS = 0.1;
/** A node that lived so long was well; faults after so many boots that were not are for a person to look at. */
const WELL_MS = 60_000;
const FAULTS_IN_A_ROW_MAX = 20;
const CALLS_SHOWN = 3;
const SHORTAGES_SHOWN = 20;

export interface NodeOptions extends Surroundings {
	readonly name: string;
	readonly script: string;
	readonly config: Readonly<Record<string, unknown>>;
	readonly engine: EngineKind | Linked;
	/** Time.ticks at boot: near 2^31 a test meets the wrap soon. */
	readonly ticksAtBoot: number;
	readonly onMeasured?: OnMeasured;
}

/** What the guest holds beyond what preloading put into flash. */
export interface NodeMemory {
	slots: number;
	chunkBytes: number;
	/** As the chip would count: 16 bytes a slot, and the chunks. */
	bytes: number;
}

export interface Snapshots {
	readonly flash: Buffer;
	readonly now: Buffer;
}

export class SimulatedNode {
	readonly name: string;
	readonly counts = { boots: 0, faults: 0, turns: 0, compute: 0 };
	/** Each time that the chip's heap was too small for something, with who held it. */
	readonly shortages: string[] = [];
	/** Each reason that a boot ended for. */
	readonly ends: string[] = [];
	readonly #options: NodeOptions;
	#engine: Engine | undefined;
	#machine: Machine | undefined;
	/** What preloading and the settings take, which are in flash on a chip. */
	#flash: Memory | undefined;
	#due: Task | undefined;
	#booting: Task | undefined;
	#heapLeast = Infinity;
	#faultsInARow = 0;
	#inTurn = false;
	/** The last end was the firmware's own restart. */
	#isOwnRestart = false;
	/** What its boots have taken. */
	readonly #boots: BootTallies;
	#onceStopped: (() => void) | undefined;

	constructor(options: NodeOptions) {
		this.#options = options;
		this.name = options.name;
		this.#boots = new BootTallies(options.onMeasured);
		options.parts.onResult = (twin, pin) => this.#boots.heard(twin, pin, options.clock.now());
	}

	/** What is wired to it. */
	get parts(): Parts {
		return this.#options.parts;
	}

	/** The one of that name. */
	part(name: string): Twin {
		return this.parts.named(name);
	}

	/** Its LED and its button. */
	get panel(): Panel {
		return this.#options.panel;
	}

	get storage(): Storage {
		return this.#options.storage;
	}

	/** Who comes from outside, in this boot. */
	get inbound(): InboundDevice | undefined {
		return this.#machine?.inbound;
	}

	/** The node's own network: its name and password while it is open. */
	get ownNetwork(): { readonly name: string; readonly password: string } | undefined {
		const { own, ownPassword } = this.#machine?.wifi ?? {};
		return own === undefined ? undefined : { name: own, password: ownPassword! };
	}

	/** The chip's own heap, in this boot. */
	get heap(): Heap | undefined {
		return this.#machine?.heap;
	}

	/** The least that was free of it in any boot. */
	get heapLeast(): number {
		return Math.min(this.#heapLeast, this.heap?.lowest ?? Infinity);
	}

	get running(): boolean {
		return this.#machine !== undefined;
	}

	/** Power on: loads the firmware and runs its main function. Throws if the firmware cannot be preloaded. */
	async boot(): Promise<void> {
		if (this.running) return;
		this.#stayOff();
		const boot = ++this.counts.boots;
		const { storage, config, board } = this.#options;
		this.#boots.begin(String(storage.settings.sensors ?? withDefaults(config).sensors), board);
		const machine = new Machine(this.#options, boot, this.#isOwnRestart, () => this.#arm(), ({ sentence }) => this.#short(sentence));
		this.#machine = machine;
		try {
			await this.#preload(machine);
		} catch (fault) {
			// Ended meanwhile: by the plug, or by whoever ends the simulation.
			if (fault instanceof EngineStop && this.#machine !== machine) return;
			throw fault;
		}
		if (this.#machine !== machine) return;
		const { seed, ticksAtBoot } = this.#options;
		machine.queue.unshift(() => ['boot', machine.name, hash(`${seed}/guest/${boot}`), ticksAtBoot]);
		this.#arm();
	}

	async #preload(machine: Machine): Promise<void> {
		const { engine: kind, script } = this.#options;
		const engine = await startPreloaded(kind, script, machine.name, machine.answer);
		if (this.#machine !== machine) return engine.kill();
		this.#engine = engine;
		await engine.turn(this.#settingsTurn());
		this.#flash ??= await engine.memory();
		engine.confine(this.#flash);
	}

	/** The process is killed: its connections are reset, so that the broker publishes the will at once. */
	kill(): void {
		this.#end('killed', true);
	}

	/** The reset button: the peers of its connections hear nothing of it. */
	restart(reason = RESTART): void {
		this.#end(reason, false);
		this.#bootLater();
	}

	/** The plug is pulled; peers hear nothing. powerOn() puts it back. */
	powerCut(): void {
		this.#end(POWER_CUT, false);
	}

	async powerOn(): Promise<void> {
		this.parts.powerUp();
		await this.boot();
	}

	/** A person types at the serial console. */
	type(text: string): void {
		this.#machine?.type(text);
	}

	/** A program sends bytes on the serial line. */
	send(bytes: Uint8Array): void {
		this.#machine?.send(bytes);
	}

	/** Asks the firmware to stop; settles when it has said so in its log or the time (of the simulation) is over. */
	async stop(patienceMs = 10_000): Promise<void> {
		if (!this.running) return this.#stayOff();
		const stopped = new Promise<void>((resolve) => {
			this.#onceStopped = resolve;
			this.#options.clock.after(patienceMs, resolve);
		});
		this.type('stop\n');
		await stopped;
		this.#end('stopped', true);
	}

	/** To be called with each line of the node's log. */
	heard(line: string): void {
		if (/\bstopped\b/.test(line)) this.#onceStopped?.();
		const name = /\bboot (\d+)$/.exec(line)?.[1];
		if (name !== undefined) this.#boots.name(name);
	}

	/** Readings that it must have taken, by what its parts were asked. */
	get measurements(): number {
		return this.#boots.least;
	}

	/** The date jumps, as a chip's does that was disturbed. */
	stepDate(seconds: number): void {
		this.#machine?.post(() => ['clockStep', seconds * 1_000]);
	}

	/** Memory in use on XS; undefined on Node's engine or while the node is down. Not to be called during a turn. */
	async memory(): Promise<NodeMemory | undefined> {
		const now = await this.#engine?.memory();
		if (!now || !this.#flash) return undefined;
		const slots = now.slots - this.#flash.slots;
		const chunkBytes = now.chunkBytes - this.#flash.chunkBytes;
		return { slots, chunkBytes, bytes: slots * SLOT_BYTES + chunkBytes };
	}

	/** What is in flash and what is there now, as XS writes them; undefined as with memory(). */
	async snapshots(): Promise<Snapshots | undefined> {
		const { engine: kind, script } = this.#options;
		const now = await this.#engine?.snapshot();
		if (!now) return undefined;
		const asked = (): never => { throw new EngineStop('A guest that is to be looked at asks the board for something.'); };
		const preloaded = await startPreloaded(kind, script, this.#machine!.name, asked);
		try {
			await preloaded.turn(this.#settingsTurn());
			return { flash: (await preloaded.snapshot())!, now };
		} finally {
			preloaded.kill();
		}
	}

	/** The first, before main. */
	#settingsTurn(): string {
		return ascii(JSON.stringify([0, 'config', { telltale: this.#options.config }]));
	}

	/** Sees to it that the next message or the timer gets its turn. */
	#arm(): void {
		const machine = this.#machine;
		if (!machine || this.#inTurn) return;
		if (this.#due) this.#due.cancelled = true;
		const { clock } = this.#options;
		let at = machine.queue.length ? machine.busyUntil : Infinity;
		if (machine.wakeAt !== null) at = Math.min(at, Math.max(machine.bootedAt + machine.wakeAt, machine.busyUntil));
		this.#due = at === Infinity ? undefined : clock.at(Math.max(at, clock.now()), () => this.#work(machine));
	}

	#work(machine: Machine): void | Promise<void> {
		if (this.#machine !== machine) return;
		const message = machine.queue.length ? machine.queue.shift()!() : ['wake'];
		if (!message) return this.#arm();
		this.#inTurn = true;
		this.counts.turns++;
		machine.turnAt = machine.now();
		const event = JSON.stringify([machine.ms(), ...message]);
		try {
			const reply = this.#engine!.turn(event);
			if (typeof reply === 'string') return this.#turned(machine, reply);
			return reply.then(
				(text) => this.#turned(machine, text),
				(fault) => this.#stopped(machine, fault),
			);
		} catch (fault) {
			this.#stopped(machine, fault);
		}
	}

	#turned(machine: Machine, text: string): void {
		this.#inTurn = false;
		machine.turnAt = undefined;
		this.counts.compute += this.#engine?.meter.compute ?? 0;
		const reply = JSON.parse(text) as { wakeAt?: number | null; fault?: string; stack?: string };
		machine.busyUntil = machine.now() + TURN_MS;
		if (this.#machine !== machine) return;
		if (reply.fault) return this.#crash(`uncaught ${where(reply.fault, reply.stack)}`);
		machine.wakeAt = reply.wakeAt ?? null;
		this.#arm();
	}

	/** The guest is gone in the middle of a turn. */
	#stopped(machine: Machine, fault: unknown): void {
		this.#inTurn = false;
		machine.turnAt = undefined;
		if (!(fault instanceof EngineStop)) throw fault;
		if (this.#machine !== machine) return;
		if (fault.message === RESTART) this.restart(OWN_RESTART);
		else if (fault.message === POWER_CUT) this.powerCut();
		else if (fault.message === 'deep sleep') this.#end('deep sleep', false);
		else this.#crash(fault.message);
	}

	#short(sentence: string): void {
		if (this.shortages.length < SHORTAGES_SHOWN) this.shortages.push(`${(this.#options.clock.now() / 1_000).toFixed(1)} s: ${sentence}`);
	}

	#crash(reason: string): void {
		this.counts.faults++;
		this.#faultsInARow = this.#machine!.ms() < WELL_MS ? this.#faultsInARow + 1 : 1;
		this.#end(reason, false);
		const hopeless = this.#faultsInARow >= FAULTS_IN_A_ROW_MAX;
		this.#options.onLine(`The node ${hopeless ? `stays off after ${FAULTS_IN_A_ROW_MAX} faults in a row` : 'starts anew'}: ${reason}`);
		if (!hopeless) this.#bootLater();
	}

	#end(reason: string, orderly: boolean): void {
		// Also while it is off: the power may go before the chip is up again.
		this.#isOwnRestart = reason === OWN_RESTART;
		this.#stayOff();
		if (!this.#machine) return;
		this.ends.push(reason);
		if (this.#due) this.#due.cancelled = true;
		this.#heapLeast = this.heapLeast;
		this.#machine.down(orderly);
		this.#engine?.kill();
		this.#machine = undefined;
		this.#engine = undefined;
		this.#inTurn = false;
	}

	#bootLater(): void {
		this.#stayOff();
		this.#booting = this.#options.clock.after(BOOT_MS, () => this.boot());
	}

	#stayOff(): void {
		if (this.#booting) this.#booting.cancelled = true;
		this.#booting = undefined;
	}
}

/** A fault with the nearest calls, on one line. */
function where(fault: string, stack = ''): string {
	const calls = stack.split('\n').map((line) => line.trim()).filter((line) => line.startsWith('at '));
	return [fault, ...calls.slice(0, CALLS_SHOWN)].join(' ');
}
