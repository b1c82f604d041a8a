// How many readings a boot has taken, by what its parts were asked: a second source beside the numbers that it gives them.
//
// Rule: a part that gives a result within its patience from the one before goes on with the same measurement. Each measurement ends up in
// one reading of each group of channels that the part has a channel in; parts that measure together share it. So `least` is what
// must have been taken in turns that are over, `most` what can have been. Settings are read as the node reads them.

import type { Board } from '../../sensors/parts.js';
import type { Twin } from '../../sensors/twin.js';
import { channelsOf, firstOf } from '../../src/readings/channels.js';
import { Group } from '../../src/readings/reading.js';
import { Limit } from '../../src/common/limits.js';
import { connect, sensorsProblem } from '../../src/parts/parts.js';

interface Place {
	/** "i2c 68" or "pin 17". */
	readonly key: string;
	readonly patienceMs: number;
	/** That it has channels in. */
	readonly groups: readonly number[];
	/** With a dead band nobody knows which values are left out. */
	readonly isSure: boolean;
	/** It has the node's interval, and so its turns. */
	readonly isRegular: boolean;
	/** When its last measurement gave its first result. */
	since: number;
	heardAt: number;
	/** Measurements, those of turns that are over, and results. */
	count: number;
	settled: number;
	results: number;
}

const i2cPlace = (address: number): string => `i2c ${address}`;
const pinPlace = (pin: number): string => `pin ${pin}`;

/** The boot of that name has taken so many readings at least, and at most so many. */
export type OnMeasured = (boot: string, least: number, most: number) => void;

export class Tally {
	readonly #places: readonly Place[];

	constructor(sensors: string, board: Board) {
		this.#places = sensorsProblem(sensors, board) ? [] : placesOf(sensors, board);
	}

	/** A part gives a result. */
	heard(key: string, now: number): void {
		const place = this.#places.find((each) => each.key === key);
		if (!place) return;
		if (now !== place.heardAt) place.results++;
		place.heardAt = now;
		if (now - place.since <= place.patienceMs) return;
		// Another turn has begun, whoever is still missing in the one before.
		if (place.count > place.settled) this.#settle();
		place.since = now;
		place.count++;
		if (this.#places.every((each) => !each.isRegular || each.count > each.settled)) this.#settle();
	}

	get least(): number {
		return this.#sum((places) => Math.max(0, ...places.filter(({ isSure }) => isSure).map(({ settled }) => settled)));
	}

	get most(): number {
		return this.#sum((places) => places.reduce((total, { results }) => total + results, 0));
	}

	#settle(): void {
		for (const each of this.#places) each.settled = each.count;
	}

	#sum(ofGroup: (places: readonly Place[]) => number): number {
		let sum = 0;
		for (let group = 0; group < Group.MAX; group++) sum += ofGroup(this.#places.filter(({ groups }) => groups.includes(group)));
		return sum;
	}
}

/** Of one node, boot after boot. */
export class BootTallies {
	readonly #onMeasured: OnMeasured | undefined;
	#now: Tally | undefined;
	/** What this boot calls itself, once it has said so. */
	#name = '';
	#before = 0;

	constructor(onMeasured: OnMeasured | undefined) {
		this.#onMeasured = onMeasured;
	}

	/** Of all boots. */
	get least(): number {
		return this.#before + (this.#now?.least ?? 0);
	}

	/** Another boot, which goes by that list of parts. */
	begin(sensors: string, board: Board): void {
		this.#before = this.least;
		this.#now = new Tally(sensors, board);
		this.#name = '';
	}

	name(name: string): void {
		if (this.#name) return;
		this.#name = name;
		this.#tell();
	}

	/** The twin gives a result, on that pin if it is on none of the bus. */
	heard(twin: Twin, pin: number, now: number): void {
		this.#now?.heard(twin.bus === 'i2c' ? i2cPlace(twin.address) : pinPlace(pin), now);
		if (this.#name) this.#tell();
	}

	#tell(): void {
		this.#onMeasured?.(this.#name, this.#now!.least, this.#now!.most);
	}
}

/** As the firmware makes its parts, of classes that only say where they are. */
function placesOf(sensors: string, board: Board): Place[] {
	const opened: string[] = [];
	class Anywhere {
		readonly resolution = 0;
		constructor(options: { readonly address?: number; readonly pin?: number }) {
			opened.push(options.address === undefined ? pinPlace(options.pin!) : i2cPlace(options.address));
		}
		read(): never {
			throw new Error('Nobody is to be asked yet.');
		}
		write(): never {
			throw new Error('Nobody is to be asked yet.');
		}
		low(): void {}
		capture(): number {
			return 0;
		}
		close(): void {}
	}
	const parts = connect(sensors, { board, Analog: Anywhere, I2C: Anywhere, Pulses: Anywhere } as Parameters<typeof connect>[1]);
	return parts.map((part, index) => {
		const channels = Array.from({ length: channelsOf(part) }, (_, i) => firstOf(part) + i);
		return {
			key: opened[index]!, patienceMs: part.row.patienceMs ?? Limit.MEASURING_MS,
			groups: [...new Set(channels.map((channel) => Math.floor(channel / Group.VALUES)))],
			isSure: part.deadBand === undefined, isRegular: part.intervalMs === undefined,
			since: -Infinity, heardAt: -Infinity, count: 0, settled: 0, results: 0,
		};
	});
}
