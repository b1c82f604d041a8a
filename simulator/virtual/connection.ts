// One TCP connection over the virtual network: windows, acknowledgements, and its end.
//
// Rule: packets go as virtual-pipe.ts has it. Acknowledgements go with what the peer says, or by themselves when it has had nothing
// to say for a while; a later one stands for those before it. RST is never sent again.

import type { Clock, Task } from '../world/clock.js';
import type { Conditions } from '../world/conditions.js';
import type { Link, Wire, WireEvents } from '../world/network.js';
import type { Random } from '../world/random.js';
import type { Accept, ServerEnd, Tap } from './ends.js';
import { Passage, Pipe, RTO_MAX_MS, RTO_MS } from './pipe.js';

const SYN_GIVE_UP_MS = 45_000;
/** lwIP's twelve retransmissions. */
const DATA_GIVE_UP_MS = 240_000;
/** With so much unacknowledged a peer waits no longer. */
const ACK_AT_BYTES = 1_460;

export class Connection implements Wire {
	tap: Tap | undefined;
	onGone: () => void = () => {};
	readonly #id: number;
	readonly #passage: Passage;
	readonly #events: WireEvents;
	readonly #toServer: Pipe;
	readonly #toNode: Pipe;
	#server: ServerEnd | undefined;
	/** The node's socket wants no events any more. */
	#deaf = false;
	/** The node has no such connection any more: whoever writes to it is answered with RST. */
	#aborted = false;
	/** Room in the node's window. */
	#window: number;
	#outbound: Uint8Array[] = [];
	#ending = false;
	/** Bytes sent to the server, those that it has, and those that the node knows it to have. */
	#sent = 0;
	#arrived = 0;
	#acknowledged = 0;
	#ackTimer: Task | undefined;
	#ackedAt = 0;
	#unsent: Uint8Array[] = [];
	#closing = false;

	constructor(id: number, clock: Clock, random: Random, conditions: Conditions, link: Link, windowBytes: number, events: WireEvents) {
		this.#id = id;
		this.#passage = new Passage(clock, random, conditions, link);
		this.#passage.onHopeless = () => this.#isUnheard && this.#fail();
		this.#toServer = new Pipe(this.#passage);
		this.#toNode = new Pipe(this.#passage);
		this.#window = windowBytes;
		this.#events = events;
	}

	freeze(): void {
		this.#passage.frozen = true;
	}

	open(accept: () => Accept | undefined): void {
		this.#toServer.carry(SYN_GIVE_UP_MS, () => {
			if (this.#deaf) return;
			const server = accept();
			if (this.#passage.conditions.tcp === 'silent') return void this.#passage.clock.after(SYN_GIVE_UP_MS, () => this.#fail());
			if (!server || this.#passage.conditions.tcp === 'refused') return this.#toNode.carry(SYN_GIVE_UP_MS, () => this.#fail());
			this.#server = this.#makeServerEnd();
			this.#toNode.carry(SYN_GIVE_UP_MS, () => this.#tell(() => this.#events.connected()));
			server(this.#server);
		});
	}

	written(bytes: Uint8Array): void {
		this.tap?.sent(this.#id, bytes);
	}

	read(bytes: Uint8Array): void {
		this.tap?.arrived(this.#id, bytes);
	}

	refused(): void {
		this.tap?.lost(this.#id);
	}

	send(bytes: Uint8Array): void {
		for (const piece of this.#cut(bytes)) this.#unsent.push(piece);
		this.#pushToServer();
	}

	consumed(count: number): void {
		this.#window += count;
		this.#pushToNode();
	}

	close(): void {
		this.#deaf = true;
		this.#closing = true;
		this.#pushToServer();
	}

	/** What is being carried may come before RST or after it, which is too late. */
	abort(): void {
		if (this.#toServer.waiting) this.#toServer.clear();
		this.#breakOff();
	}

	reset(): void {
		this.#toServer.clear();
		this.#breakOff();
	}

	vanish(): void {
		this.#deaf = true;
		this.freeze();
		this.onGone();
	}

	#breakOff(): void {
		this.#deaf = true;
		this.#aborted = true;
		this.#toServer.reliable = false;
		this.#unsent = [];
		this.#sayReset();
	}

	#sayReset(): void {
		this.#passage.clock.after(this.#passage.latency(), () => {
			if (!this.#passage.over && !this.#passage.frozen && this.#passage.passes()) this.#closeServer();
		});
	}

	#makeServerEnd(): ServerEnd {
		return {
			id: this.#id,
			write: (bytes) => {
				// What is written in one go leaves together, as far as it fits.
				this.#outbound.push(bytes);
				this.#passage.clock.after(0, () => this.#pushToNode());
			},
			end: () => {
				this.#ending = true;
				this.#passage.clock.after(0, () => this.#pushToNode());
			},
			reset: () => {
				this.#outbound = [];
				this.#server = undefined;
				this.#toNode.carry(DATA_GIVE_UP_MS, () => this.#fail());
			},
			onData: () => {},
			onClose: () => {},
		};
	}

	#pushToServer(): void {
		// What is cut up is one packet to chance.
		let fragile = true;
		const { peerWindowBytes } = this.#passage.conditions;
		const underWay = (): number => this.#sent - this.#acknowledged;
		// A piece waits for room for the whole of it, or for an empty window that it fills.
		while (this.#unsent.length && underWay() + Math.min(this.#unsent[0].length, peerWindowBytes) <= peerWindowBytes) {
			let piece = this.#unsent.shift()!;
			const room = peerWindowBytes - underWay();
			if (piece.length > room) {
				this.#unsent.unshift(piece.subarray(room));
				piece = piece.subarray(0, room);
			}
			this.#carryPiece(piece, fragile);
			fragile = false;
		}
		if (this.#closing && this.#unsent.length === 0) {
			this.#closing = false;
			this.#toServer.carry(DATA_GIVE_UP_MS, () => this.#closeServer());
		}
	}

	#carryPiece(piece: Uint8Array, fragile: boolean): void {
		this.#sent += piece.length;
		this.#toServer.carry(DATA_GIVE_UP_MS, () => {
			this.#arrived += piece.length;
			this.#oweAck();
			this.#server?.onData(piece);
		}, fragile);
	}

	/** The peer has something to acknowledge: at once if it is much, else with what it says next, or after its delay. */
	#oweAck(): void {
		if (this.#arrived - this.#ackedAt >= Math.min(ACK_AT_BYTES, this.#passage.conditions.peerWindowBytes)) return this.#acknowledge();
		this.#ackTimer ??= this.#passage.clock.after(this.#passage.random.between(...this.#passage.conditions.ackDelayMs), () => this.#acknowledge());
	}

	/** How far the peer is when it says something now. */
	#ackNow(): number {
		if (this.#ackTimer) this.#ackTimer.cancelled = true;
		this.#ackTimer = undefined;
		return (this.#ackedAt = this.#arrived);
	}

	/** An acknowledgement that is lost comes again when the node has sent its data again, if no later one stands for it. */
	#acknowledge(rtoMs = RTO_MS, giveUpAt = this.#passage.clock.now() + DATA_GIVE_UP_MS): void {
		const position = this.#ackNow();
		const again = (waitMs: number): void => void this.#passage.clock.after(waitMs, () => {
			if (!this.#passage.over && this.#acknowledged < position) this.#acknowledge(Math.min(2 * rtoMs, RTO_MAX_MS), giveUpAt);
		});
		this.#passage.clock.after(this.#passage.latency(), () => {
			if (this.#passage.over || this.#acknowledged >= position) return;
			if (this.#passage.frozen) return this.#passage.loseHopeAt(giveUpAt);
			if (!this.#passage.link.up) return this.#passage.onceLinked(giveUpAt, () => again(0));
			if (this.#passage.passes()) return this.#hear(position);
			if (this.#passage.clock.now() + rtoMs > giveUpAt) this.#fail();
			else again(rtoMs);
		});
	}

	#hear(position: number): void {
		const count = position - this.#acknowledged;
		if (count <= 0) return;
		this.#acknowledged = position;
		this.#tell(() => this.#events.sent(count));
		this.#pushToServer();
	}

	#pushToNode(): void {
		if (this.#outbound.length > 1) this.#outbound = [Buffer.concat(this.#outbound)];
		if (this.#outbound.length && this.#window > 0) {
			const bytes = this.#outbound[0];
			const count = Math.min(bytes.length, this.#window);
			this.#outbound = count < bytes.length ? [bytes.subarray(count)] : [];
			this.#window -= count;
			this.#cut(bytes.subarray(0, count)).forEach((piece, i) => this.#carryToNode(() => this.#events.data(piece), i === 0));
		}
		if (this.#ending && this.#outbound.length === 0) {
			this.#ending = false;
			this.#carryToNode(() => this.#finish());
		}
	}

	#carryToNode(event: () => void, fragile = true): void {
		const position = this.#ackNow();
		this.#toNode.carry(DATA_GIVE_UP_MS, () => {
			if (this.#aborted) return this.#sayReset();
			this.#hear(position);
			this.#tell(event);
		}, fragile);
	}

	#finish(): void {
		this.tap?.lost(this.#id);
		this.#events.finished();
	}

	/** The node waits for something of the server's. */
	get #isUnheard(): boolean {
		return this.#sent > this.#acknowledged || !this.#server;
	}

	#fail(): void {
		if (this.#passage.over) return;
		this.#tell(() => {
			this.tap?.lost(this.#id);
			this.#events.failed();
		});
		this.#passage.over = true;
		this.onGone();
	}

	#closeServer(): void {
		const server = this.#server;
		this.#server = undefined;
		this.#passage.over = true;
		this.onGone();
		server?.onClose();
	}

	#tell(event: () => void): void {
		if (!this.#deaf && !this.#passage.over) event();
	}

	#cut(bytes: Uint8Array): Uint8Array[] {
		const pieces: Uint8Array[] = [];
		const [low, high] = this.#passage.conditions.segmentBytes;
		for (let at = 0; at < bytes.length; ) {
			const size = low + this.#passage.random.below(high - low + 1);
			pieces.push(bytes.slice(at, at + size));
			at += size;
		}
		return pieces;
	}
}
