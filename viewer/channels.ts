// The channels of one node: what each measures and with which part, its last value, and the values before.
//
// Rule: as many as a node may have, twice: what is beyond is not kept. A live value is the last one, whatever date it has; a late one
// finds its place by its date.

import { CHANNELS_MAX, type ChannelInfo, type Reading } from './payload.js';

export interface ChannelView {
	readonly name: string;
	/** "°C"; '' while not known. */
	readonly unit: string;
	/** The part that measures it; '' while not known. */
	readonly part: string;
	/** The value that was taken last; undefined while none came. */
	readonly value: number | undefined;
	/** The node itself doubts it. */
	readonly suspect: boolean;
	/** When it was taken, Unix seconds; undefined where nobody can know. */
	readonly time: number | undefined;
	/** When it came, in the caller's milliseconds. */
	readonly at: number;
	/** The last values, in the order in which they were taken. */
	readonly recent: readonly number[];
}

/** For a line of them. */
export const RECENT_MAX = 32;
/** Nodes of before channels were listed, and nodes that were told to measure something else. */
const KEPT_MAX = 2 * CHANNELS_MAX;
const UNITS: ReadonlyMap<string, string> = new Map([['temperature', '°C'], ['humidity', '%'], ['pressure', 'hPa'], ['voltage', 'V']]);

/** What nodes measure that do not say in what. */
export function unitOf(channel: string): string {
	return UNITS.get(channel.slice(channel.lastIndexOf('_') + 1)) ?? '';
}

class Channel implements ChannelView {
	readonly name: string;
	unit: string;
	part = '';
	value: number | undefined;
	suspect = false;
	time: number | undefined;
	at = 0;
	readonly recent: number[] = [];
	/** Beside each of these, when it was taken. */
	readonly #times: number[] = [];

	constructor(name: string) {
		this.name = name;
		this.unit = unitOf(name);
	}

	take(value: number, suspect: boolean, time: number | undefined, at: number, late: boolean): void {
		const taken = time ?? at / 1_000;
		let place = this.recent.length;
		if (late) while (place > 0 && this.#times[place - 1]! > taken) place--;
		const isLast = place === this.recent.length;
		this.recent.splice(place, 0, value);
		this.#times.splice(place, 0, taken);
		if (this.recent.length > RECENT_MAX) {
			this.recent.shift();
			this.#times.shift();
		}
		if (isLast) Object.assign(this, { value, suspect, time, at });
	}
}

export class Channels {
	readonly #channels = new Map<string, Channel>();
	#order: readonly string[] = [];
	#said = '';

	/** Whether the list is another one than before. What is no longer on it is forgotten. */
	listed(channels: Readonly<Record<string, ChannelInfo>>): boolean {
		const said = JSON.stringify(channels);
		if (said === this.#said) return false;
		this.#said = said;
		this.#order = Object.keys(channels);
		if (this.#order.length) for (const name of this.#channels.keys()) if (!Object.hasOwn(channels, name)) this.#channels.delete(name);
		for (const [name, info] of Object.entries(channels)) {
			const channel = this.#channel(name);
			if (channel) [channel.unit, channel.part] = [info.unit, info.part];
		}
		return true;
	}

	take({ values, suspect }: Reading, time: number | undefined, at: number, late: boolean): void {
		for (const [name, value] of Object.entries(values)) {
			// Readings of before a change of the settings keep the names that they had.
			if (late && this.#order.length && !this.#order.includes(name)) continue;
			this.#channel(name)?.take(value, suspect?.includes(name) ?? false, time, at, late);
		}
	}

	all(): ChannelView[] {
		const others = [...this.#channels.keys()].filter((name) => !this.#order.includes(name));
		return [...this.#order, ...others].flatMap((name) => this.#channels.get(name) ?? []);
	}

	#channel(name: string): Channel | undefined {
		const known = this.#channels.get(name);
		if (known || this.#channels.size >= KEPT_MAX) return known;
		const channel = new Channel(name);
		this.#channels.set(name, channel);
		return channel;
	}
}
