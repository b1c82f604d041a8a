// SPDX-License-Identifier: MIT
// The topic filters that the session wants, and how far the broker has been told.
//
// Rule: the list outlives connections. Each filter is asked for in a SUBSCRIBE of its own, when it is new and when the
// broker has lost the session, or may have lost them with it kept; never again on the connection that granted it. A request without an answer
// is made again on the next connection. What the broker refuses is put off: asked for again a minute later, and after
// twice as long each time. What it did not answer on two connections, or what broke one (an answer against the
// protocol), is put off too, and not even a new session brings it forward: nothing else must suffer from it.
// Stored: packet id, wish, then as in the packet two bytes of length, the filter, the options byte. MQTT 3.1.1 §3.8 to
// §3.11

import { assert } from '../../common/assert.js';
import { Bound, type BoundOptions, type Millis } from './bounds.js';
import { Head, Packet, writeRequestHead } from '../codec/packets.js';
import { encodeText, isSame, isTopicFilter, isTopicName } from '../codec/topics.js';
import { readUint16, writeBytes, writeUint16 } from '../codec/wire.js';

const enum Const {
	/** Bytes of packet id and wish. */
	OWN = 3,
	/**
	 * Of the byte with the wish: the wish; whether a connection was ended for want of an answer; how often it was put off;
	 * whether it is its turn or, of what is granted, whether this connection was.
	 */
	WISH = 7,
	SILENCE = 8,
	COUNT_ONE = 16,
	COUNT_MASK = 7,
	DUE = 128,
	FRESH = DUE,
	/** 1 minute, 2, 4, 8, 16. */
	AGAIN_MS = 60_000,
	/** Then the next that was put off. */
	NEXT_MS = 5_000,
	DOUBLINGS_MAX = 4,
}

const SHARE = '$share/';

export const enum SubscriptionState {
	/** Nothing to be done. */
	None,
	/** SUBSCRIBE is to be sent, or was sent. */
	Ask,
	Asked,
	/** UNSUBSCRIBE is to be sent, or was sent. */
	Leave,
	Left,
	/** The broker did not grant it: SUBSCRIBE is to be sent again at `againAt`. (What is odd is to be sent now.) */
	PutOff = 6,
}

export class Filters {
	/** How many have a wish: none, most of the time. */
	requestCount = 0;
	/** When what was put off is to be asked for again; Infinity: nothing was. */
	againAt: Millis = Infinity;
	private readonly options: BoundOptions;
	private readonly bytes: Uint8Array;
	/** Its range of the bytes begins here, as long as the options say; the filters end there. */
	private readonly start: number;
	private end: number;

	constructor(options: BoundOptions, bytes: Uint8Array, start: number) {
		this.options = options;
		this.bytes = bytes;
		this.start = this.end = start;
	}

	/** Whether a request awaits its answer. */
	get awaited(): boolean { return this.requestCount > 0 && (this.first(SubscriptionState.Asked) >= 0 || this.first(SubscriptionState.Left) >= 0); }

	/** Where the request with that id lies that awaits an answer of that kind, or -1. */
	find(id: number, state: SubscriptionState): number {
		for (let at = this.start; at < this.end; at = this.next(at)) if (this.id(at) === id && this.state(at) === state) return at;
		return -1;
	}

	/** Whether the id belongs to a request that is not answered. */
	has(id: number): boolean {
		if (this.requestCount === 0) return false;
		for (let at = this.start; at < this.end; at = this.next(at)) if (this.id(at) === id && isOpen(this.state(at))) return true;
		return false;
	}

	/** Where the first filter with that wish lies, or -1. */
	first(state: SubscriptionState): number {
		for (let at = this.start; at < this.end; at = this.next(at)) if (this.state(at) === state) return at;
		return -1;
	}

	/** Where the first request lies that is to be made, behind the one at that place if it is given, or -1. */
	firstToAsk(behind = -1): number {
		for (let at = behind < 0 ? this.start : this.next(behind); at < this.end; at = this.next(at)) if ((this.state(at) & 1) === 1) return at;
		return -1;
	}

	/** Whether SUBSCRIBE is to be sent for it. */
	asks(at: number): boolean { return this.state(at) === SubscriptionState.Ask; }

	hasWildcard(at: number): boolean { return !isTopicName(this.bytes, at + Const.OWN + 2, this.next(at) - 1); }

	/** "$share/…" */
	isShared(at: number): boolean {
		for (let i = 0; i < SHARE.length; i++) if (this.bytes[at + Const.OWN + 2 + i] !== SHARE.charCodeAt(i)) return false;
		return true;
	}

	/** How many filters lie before that place. */
	index(entryAt: number): number {
		let index = 0;
		for (let at = this.start; at < entryAt; at = this.next(at)) index++;
		return index;
	}

	/** 0: none yet. */
	id(at: number): number { return readUint16(this.bytes, at); }

	/** Whether so many filters more, of so many bytes together, have room. */
	fits(count: number, size: number): boolean {
		const { filtersMax = Bound.FILTERS_MAX, filterBytes = Bound.FILTER_BYTES } = this.options;
		return this.index(this.end) + count <= filtersMax && this.end + (Const.OWN + 3) * count + size <= this.start + filterBytes;
	}

	/** What is wished of the filter; -1 if it is not on the list. */
	stateOf(filter: Uint8Array): SubscriptionState | -1 {
		const at = this.atOf(filter);
		return at < 0 ? -1 : this.state(at);
	}

	/** Notes that the filter is wanted. Returns the id of the request, or -1 if it has no room or awaits an answer. */
	add(filter: string, options: number, id: number): number {
		const bytes = encodeText(filter);
		const is5 = this.options.protocol5 !== undefined;
		assert(isTopicFilter(bytes, 0, bytes.length), `"${filter}" is no topic filter: "#" ends it, "+" and "#" fill their level.`);
		assert(options >= 0 && options < (is5 ? 0x30 : 3) && (options & 3) < 3, 'The QoS of a subscription is 0, 1 or 2.');
		if (is5) checkShared(filter, bytes, options);
		let at = this.atOf(bytes);
		if (at >= 0 && this.awaits(at)) return -1;
		if (at < 0) at = this.append(bytes);
		if (at < 0) return -1;
		this.bytes[this.next(at) - 1] = options;
		this.request(at, SubscriptionState.Ask, id);
		return id;
	}

	/** Notes that the filter is not wanted any more. Returns the id of the request, or -1. */
	leave(filter: string, id: number): number {
		const at = this.atOf(encodeText(filter));
		if (at < 0 || this.awaits(at)) return -1;
		this.request(at, SubscriptionState.Leave, id);
		return id;
	}

	/** The request is answered: a filter that was asked for stays. */
	answered(at: number): void {
		this.setState(at, SubscriptionState.None);
		this.bytes[at + 2] = SubscriptionState.None | Const.FRESH;
	}

	/** The broker does not grant it. `harmful`: it did not answer, or the connection ended of it. */
	putOff(at: number, harmful: boolean, now: Millis): void {
		const { bytes } = this;
		this.setState(at, SubscriptionState.PutOff);
		bytes[at + 2] = harmful ? bytes[at + 2] | Const.SILENCE : bytes[at + 2] & ~Const.SILENCE;
		if (this.count(at) <= Const.DOUBLINGS_MAX) bytes[at + 2] += Const.COUNT_ONE;
		this.wait(at, now);
	}

	/** What was put off is asked for again no later than so long from now on. */
	private wait(at: number, now: Millis): void {
		this.againAt = Math.min(this.againAt, now + (Const.AGAIN_MS << this.count(at) - 1));
	}

	/** How often it was put off, as far as that matters. */
	private count(at: number): number { return this.bytes[at + 2] >> 4 & Const.COUNT_MASK; }

	/**
	 * Which SUBSCRIBE waits for its answer, the one that was sent first: where its filter lies in the order of
	 * subscribe(); -1: none does.
	 */
	get asked(): number {
		const at = this.first(SubscriptionState.Asked);
		return at < 0 ? -1 : this.index(at);
	}

	/**
	 * The broker hung up. If the first that it did not answer is the same for the second time in a row, or it is
	 * `proven` that the connection ended of it, it is put off: then the place where it lies, else -1.
	 */
	hungUp(proven: boolean, now: Millis): number {
		const at = this.first(SubscriptionState.Asked);
		if (at < 0) return -1;
		const again = proven || (this.bytes[at + 2] & Const.SILENCE) > 0;
		this.bytes[at + 2] |= Const.SILENCE;
		if (again) this.putOff(at, true, now);
		return again ? at : -1;
	}

	/** It is time: for one after the other, so that it is known which of them does harm. */
	askAgain(now: Millis): void {
		this.againAt = Infinity;
		let at = this.firstDue();
		if (at < 0) {
			for (at = this.start; at < this.end; at = this.next(at)) if (this.state(at) === SubscriptionState.PutOff) this.bytes[at + 2] |= Const.DUE;
			at = this.firstDue();
		}
		if (at < 0) return;
		this.request(at, SubscriptionState.Ask, 0);
		if (this.firstDue() >= 0) {
			this.againAt = now + Const.NEXT_MS;
			return;
		}
		// That was the last of them: whatever becomes of it, the others have their turn again.
		for (at = this.start; at < this.end; at = this.next(at)) if (this.state(at) === SubscriptionState.PutOff) this.wait(at, now);
	}

	private firstDue(): number {
		for (let at = this.start; at < this.end; at = this.next(at)) if (this.state(at) === SubscriptionState.PutOff && this.bytes[at + 2] >= Const.DUE) return at;
		return -1;
	}

	/** No answer came in time. True: nor did it on an earlier connection, to any of them. */
	noteSilence(): boolean {
		let known = true;
		for (let at = this.start; at < this.end; at = this.next(at)) {
			if (!this.awaits(at)) continue;
			if ((this.bytes[at + 2] & Const.SILENCE) === 0) known = false;
			this.bytes[at + 2] |= Const.SILENCE;
		}
		return known;
	}

	/** Takes the first filter with that wish off the list; returns the id of its request, 0 if there is none. */
	takeOff(state: SubscriptionState): number {
		const at = this.first(state);
		if (at < 0) return 0;
		const id = this.id(at);
		this.remove(at);
		return id;
	}

	remove(at: number): void {
		const next = this.next(at);
		this.setState(at, SubscriptionState.None);
		this.bytes.copyWithin(at, next, this.end);
		this.end -= next - at;
	}

	/** The broker may know none of them: all are to be asked for, but for those that it granted in this connection, and those that do harm. */
	renew(): void {
		for (let at = this.start; at < this.end; at = this.next(at)) {
			const state = this.state(at);
			const isHarmful = (this.bytes[at + 2] & Const.SILENCE) > 0;
			const isFresh = (this.bytes[at + 2] & Const.FRESH) > 0;
			if (state === SubscriptionState.None && !isFresh || state === SubscriptionState.PutOff && !isHarmful) this.request(at, SubscriptionState.Ask, 0);
		}
	}

	/** No answer can come any more: requests are to be made again. */
	lost(): void {
		for (let at = this.start; at < this.end; at = this.next(at)) {
			if (this.awaits(at)) this.setState(at, this.state(at) - 1);
			if (this.state(at) === SubscriptionState.None) this.bytes[at + 2] &= ~Const.FRESH;
		}
	}

	/** At most that many bytes are written by write(). */
	requestSize(at: number): number { return Head.MAX + 1 + this.next(at) - at - Const.OWN; }

	/** Writes the SUBSCRIBE or UNSUBSCRIBE that is waiting at that place, under that id. */
	write(entryAt: number, bytes: Uint8Array, at: number, id: number): number {
		const asks = this.state(entryAt) === SubscriptionState.Ask;
		const from = entryAt + Const.OWN;
		const size = this.next(entryAt) - from - (asks ? 0 : 1);
		this.request(entryAt, this.state(entryAt) + 1, id);
		at = writeRequestHead(bytes, at, asks ? Packet.Subscribe : Packet.Unsubscribe, id, size, this.options.protocol5 !== undefined);
		for (let i = 0; i < size; i++) bytes[at + i] = this.bytes[from + i];
		return at + size;
	}

	private append(filter: Uint8Array): number {
		const { protocol5, controlBytes = protocol5 ? Bound.CONTROL_BYTES_5 : Bound.CONTROL_BYTES } = this.options;
		const at = this.end;
		const end = at + Const.OWN + 2 + filter.length + 1;
		if (!this.fits(1, filter.length)) return -1;
		if (Head.MAX + 1 + end - at - Const.OWN > controlBytes - Bound.RESERVE) return -1;
		writeBytes(this.bytes, writeUint16(this.bytes, at + Const.OWN, filter.length), filter, filter.length);
		this.bytes[at + 2] = SubscriptionState.None;
		this.end = end;
		return at;
	}

	private atOf(filter: Uint8Array): number {
		for (let at = this.start; at < this.end; at = this.next(at)) {
			if (isSame(this.bytes, at + Const.OWN + 2, this.next(at) - 1, filter)) return at;
		}
		return -1;
	}

	private awaits(at: number): boolean { return this.state(at) === SubscriptionState.Asked || this.state(at) === SubscriptionState.Left; }

	private state(at: number): SubscriptionState { return this.bytes[at + 2] & Const.WISH; }

	private setState(at: number, state: SubscriptionState): void {
		this.requestCount += (isOpen(state) ? 1 : 0) - (isOpen(this.state(at)) ? 1 : 0);
		this.bytes[at + 2] = this.bytes[at + 2] & ~Const.WISH | state;
	}

	private request(at: number, state: SubscriptionState, id: number): void {
		writeUint16(this.bytes, at, id);
		this.setState(at, state);
		this.bytes[at + 2] &= ~Const.DUE;
	}

	private next(at: number): number { return at + Const.OWN + 3 + readUint16(this.bytes, at + Const.OWN); }
}
Object.freeze(Filters.prototype);

/** Something is to be said, or was said and is not answered. */
const isOpen = (state: SubscriptionState): boolean =>
	state !== SubscriptionState.None && state !== SubscriptionState.PutOff;

/** "$share/name/filter" has a name without wildcards and a filter, and no No Local (MQTT 5.0 §4.8.2-1, -2, §3.8.3-4). */
const checkShared = (filter: string, bytes: Uint8Array, options: number): void => {
	if (filter.slice(0, 7) !== SHARE) return;
	let end = 7;
	while (end < bytes.length && bytes[end] !== 0x2f) end++;
	assert(isTopicName(bytes, 7, end) && end + 1 < bytes.length, `"${filter}" shares nothing: it is "$share/", a name, "/" and a filter.`);
	assert((options & 4) === 0, 'A shared subscription cannot have No Local.');
};
