// SPDX-License-Identifier: MIT
// The commands `calibrate` and `noise`: what channels show beside a reference, and how quietly.
//
// Rule: both go by the last readings of a channel as they were measured, never by one: its noise would stay in the offset for good.
// A calibration is checked whole before anything changes, and kept as a text (readings/calibration.ts). The spread is in the
// answer, so that whoever was too early sees it.

import type { Part } from '../common/ports.js';
import type { Text } from '../common/text.js';
import { gainOf, Points, pointsOf, withPoints } from '../readings/calibration.js';
import { channelCount, channelName, partOf, placeOf, quantityOf, writeChannelName } from '../readings/channels.js';
import { QUANTITIES, QUANTITY_MAXIMA, QUANTITY_MINIMA, Value } from '../readings/reading.js';
import type { Sampler } from '../readings/sampler.js';
import { milliBits } from '../readings/statistics.js';
import { decimalAt, describeValue, isWord } from './json.js';
import { Ascii, endOfValue, nextName, textAt, valueOf } from './json-members.js';
import type { Report } from './report.js';

/** By quantity, in milli-units: an offset that is larger is a fault of the wiring; two references lie further apart than that. */
const OFFSET_MAX: readonly number[] = Object.freeze([10_000, 20_000, 50_000, 1_000_000]);
const APART_MIN: readonly number[] = Object.freeze([5_000, 10_000, 10_000, 100]);
const POINTS = 'points';
const NO_REFERENCE = 'value must name a channel, as {"temperature":21.3}';

const enum Const {
	/** Of an entry of a report: {"sigma":,"counts":,"bits":,"readings":}, and its numbers. */
	NOISE_BYTES = 72,
	SPREAD_BYTES = 16,
	NUMBER_MAX = 999_999_999,
}

const channelNamed = (parts: readonly Part[], name: string): number => {
	for (let channel = channelCount(parts) - 1; channel >= 0; channel--) if (channelName(parts, channel) === name) return channel;
	return -1;
};

const unknownChannel = (parts: readonly Part[], name: string): string => {
	let known = '';
	for (let channel = 0, end = channelCount(parts); channel < end; channel++) known += `${channel ? ', ' : ''}${channelName(parts, channel)}`;
	return `there is no channel "${name.slice(0, 24)}"; there are ${known || 'none'}`;
};

/** Names channels as bits, and writes what is said of each. */
abstract class ChannelReport implements Report {
	protected readonly sampler: Sampler;
	protected channels = 0;

	constructor(sampler: Sampler) {
		this.sampler = sampler;
	}

	protected abstract readonly key: string;
	protected abstract readonly entryBytes: number;
	protected abstract writeOne(text: Text, channel: number): void;

	write(text: Text, max: number): void {
		const { parts } = this.sampler;
		let left = 0;
		text.put(this.key);
		for (let channel = 0, rest = this.channels; rest; channel++, rest >>= 1) {
			if ((rest & 1) === 0) continue;
			if (text.length + channelName(parts, channel).length + this.entryBytes > max) {
				left++;
				continue;
			}
			writeChannelName(text.byte(Ascii.QUOTE), parts, channel);
			this.writeOne(text.put('":'), channel);
			text.byte(Ascii.COMMA);
		}
		if (text.bytes[text.length - 1] === Ascii.COMMA) text.length--;
		text.put('}');
		if (left) text.put(',"more":').whole(left);
	}
}

/** A calibration that is asked for. */
export class Calibration extends ChannelReport {
	/** The setting as it becomes. */
	text: string;
	protected readonly key = ',"spread":{';
	protected readonly entryBytes = Const.SPREAD_BYTES;
	private readonly points = new Int32Array(Points.TWO);

	constructor(sampler: Sampler, text: string) {
		super(sampler);
		this.text = text;
	}

	/** Takes the references of the object that begins at `at`. Returns why it cannot, or ''. */
	read(bytes: Uint8Array, at: number): string {
		const wanted = this.readNumberOfPoints(bytes, at);
		if (wanted === 0) return 'points must be 1 or 2';
		for (let nameAt = nextName(bytes, at + 1); nameAt >= 0; nameAt = nextName(bytes, at)) {
			const valueAt = valueOf(bytes, nameAt);
			at = endOfValue(bytes, valueAt);
			const name = textAt(bytes, nameAt) ?? '';
			const problem = name === POINTS ? '' : this.readReference(bytes, valueAt, name, wanted);
			if (problem) return problem;
		}
		return this.channels ? '' : NO_REFERENCE;
	}

	/** 0: it can be none. */
	private readNumberOfPoints(bytes: Uint8Array, at: number): number {
		for (let nameAt = nextName(bytes, at + 1); nameAt >= 0; nameAt = nextName(bytes, at)) {
			const valueAt = valueOf(bytes, nameAt);
			at = endOfValue(bytes, valueAt);
			// With the quotes.
			if (!isWord(bytes, nameAt + 1, nameAt + 1 + POINTS.length, POINTS) || bytes[nameAt + 1 + POINTS.length] !== Ascii.QUOTE) continue;
			const points = decimalAt(bytes, valueAt, 0, true);
			return points === 1 || points === 2 ? points : 0;
		}
		return 1;
	}

	private readReference(bytes: Uint8Array, at: number, name: string, wanted: number): string {
		const { sampler, points } = this;
		const channel = channelNamed(sampler.parts, name);
		if (channel < 0) return unknownChannel(sampler.parts, name);
		if (this.channels >> channel & 1) return `${name} stands twice`;
		this.channels |= 1 << channel;
		if (bytes[at] === Ascii.LOWER_N) {
			this.text = withPoints(this.text, name, points, 0);
			return '';
		}
		const reference = decimalAt(bytes, at, 3, false);
		const quantity = quantityOf(partOf(sampler.parts, channel), placeOf(partOf(sampler.parts, channel), channel));
		// What is no number compares so, too.
		const can = reference >= QUANTITY_MINIMA[quantity] && reference <= QUANTITY_MAXIMA[quantity];
		if (!can) return `${name} is ${describeValue(bytes, at)}; no ${QUANTITIES[quantity]} is like that`;
		if (sampler.count(channel) === 0 || sampler.last(channel) === Value.ABSENT) return `no ${name} is measured now`;
		return this.enter(name, quantity, reference, Math.round(sampler.mean(channel)), wanted);
	}

	private enter(name: string, quantity: number, reference: number, measured: number, wanted: number): string {
		const { points } = this;
		const had = wanted === 2 ? pointsOf(this.text, name, points) : 0;
		if (wanted === 2 && had === 0) return `${name} has no first point: calibrate it with one before`;
		// Of two that there are, the later one.
		if (had === Points.TWO) points.copyWithin(0, Points.ONE, Points.TWO);
		const at = wanted === 2 ? Points.ONE : 0;
		points[at] = reference;
		points[at + 1] = measured;
		const gain = gainOf(points, at + Points.ONE);
		if (wanted === 2 && Math.abs(points[2] - points[0]) < APART_MIN[quantity]) return `${name}: the two references must lie further apart`;
		if (gain === undefined) return `${name}: these two points make no gain from 0.5 to 2: check its wiring`;
		if (Math.abs(reference - measured) > OFFSET_MAX[quantity]) return `${name} is too far off for an offset: check its wiring`;
		this.text = withPoints(this.text, name, points, at + Points.ONE);
		return '';
	}

	protected writeOne(text: Text, channel: number): void {
		text.milli(Math.round(this.sampler.sigma(channel)));
	}
}

/** The command `noise`. */
export class Noise extends ChannelReport {
	protected readonly key = ',"noise":{';
	protected readonly entryBytes = Const.NOISE_BYTES;

	/** Of the channel whose name is the text that begins there; 0: of all. Returns why it cannot, or ''. */
	read(bytes: Uint8Array, at: number): string {
		const { parts } = this.sampler;
		const name = at > 0 ? bytes[at] === Ascii.QUOTE ? textAt(bytes, at) ?? '' : describeValue(bytes, at) : '';
		const only = at > 0 ? channelNamed(parts, name) : -1;
		if (at > 0 && only < 0) return unknownChannel(parts, name);
		for (let channel = 0, end = channelCount(parts); channel < end; channel++) {
			if ((at === 0 || channel === only) && this.sampler.count(channel) > 1) this.channels |= 1 << channel;
		}
		return this.channels ? '' : 'there are not two readings yet';
	}

	protected writeOne(text: Text, channel: number): void {
		const { sampler } = this;
		const part = partOf(sampler.parts, channel);
		const k = placeOf(part, channel);
		const sigma = sampler.sigma(channel);
		text.put('{"sigma":').milli(Math.round(sigma));
		const { perCount } = part.sensor;
		if (perCount) text.put(',"counts":').milli(Math.min(Math.round(sigma * 1_000 / Math.abs(perCount)), Const.NUMBER_MAX));
		if (sigma > 0) text.put(',"bits":').milli(Math.round(milliBits((part.row.maxima[k] - part.row.minima[k]) / sigma) / 100) * 100);
		text.put(',"readings":').whole(sampler.count(channel)).byte(Ascii.CLOSE_OBJECT);
	}
}
