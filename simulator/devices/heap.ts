// The chip's own heap, beside the block of XS: what the radio, lwIP and the SDK's C hold of it.
//
// Rule: whoever takes says for what, and gives back what it took. What does not fit is refused, as malloc() refuses it, and
// said in a sentence that names what holds the rest: a heap that was empty is a fault, however well it was survived.
// Where each number is from: docs/decisions/0015-heap-beside-xs.md.

import { BLOCK_BYTES } from '../engine/creation.js';
import type { Conditions } from '../world/conditions.js';
import type { ChipName } from '../engine/creation.js';

/** Bytes of RAM, and of static RAM in an image (docs/budget.md), with 232 to spare. */
const RAM_BYTES = 81_920;
const STATIC_BYTES = 39_960;
/** Taken while the firmware sets itself up: timers, the listener to the radio, the serial line, the bus. */
const SET_UP_BYTES = 976;
/** Where memory is no question; far below what an ESP32 has. */
const ESP32_BYTES = 100_000;

/** A pbuf's head, the room before a segment's data (TCP, IP, Ethernet, the radio's own), and what describes the segment. */
const PBUF_BYTES = 20;
const HEADERS_BYTES = 20 + 20 + 14 + 36;
const SEGMENT_RECORD_BYTES = 20;

/** What umm_malloc takes of the heap: blocks of 8 bytes, 4 of them for the head. */
export function taken(bytes: number): number {
	return Math.ceil((bytes + 4) / 8) * 8;
}

/** A packet of so many bytes of payload above UDP or TCP. */
export function packetBytes(payload: number): number {
	return taken(Math.ceil((PBUF_BYTES + HEADERS_BYTES) / 4) * 4 + Math.ceil(payload / 4) * 4);
}

/** A segment is as large as segments may be, whatever is in it: LWIP_NETIF_TX_SINGLE_PBUF on ESP8266, TCP_WRITE_FLAG_MORE on ESP32. */
export function segmentBytes(mss: number): number {
	return packetBytes(mss) + taken(SEGMENT_RECORD_BYTES);
}

export const COSTS = {
	/** The connection of lwIP, and the SDK's record of it. */
	connection: taken(176),
	socket: taken(52),
	/** SYN, with the option that tells the MSS. */
	syn: packetBytes(4) + taken(SEGMENT_RECORD_BYTES),
	/** The head of a received packet (its bytes lie in the radio's own buffers), and the SDK's record of it. */
	received: taken(PBUF_BYTES) + taken(16),
	/** lwIP's record of a listener or of a UDP socket, and the SDK's. */
	listener: taken(32) + taken(48),
	udp: taken(32) + taken(48),
	/**
	 * Assumed: the vendor's library beside a station, its DHCP server and its queues for phones that sleep. Of the SDK's
	 * list of networks that were found each takes so much, and twice that while the library's own is there (assumed).
	 */
	accessPoint: 2_400,
	foundNetwork: 12 + 16,
	/** What the SDK posts to the firmware. */
	message: taken(20),
	/** While the interface is up, and while an address is asked for. */
	dhcp: taken(60),
	dhcpQuestion: packetBytes(308),
	/** The SDK's record of a name, without the name; and lwIP's packet with the question, which always has room for the longest. */
	name: 32,
	dnsQuestion: packetBytes(12 + 256 + 4),
	/** Socket, connection and timer of SNTP, and its packet. */
	sntp: taken(150) + taken(36) + taken(40),
	sntpQuestion: packetBytes(48),
} as const;

/** Received packets that the radio holds for who has not read them yet: Espressif's default where it can be set. */
export const PACKETS_MAX = { ESP8266: 7, ESP32: 32 } as const;

/** A piece of the heap, until it is given back. */
export interface Held {
	release(): void;
}

export interface Shortage {
	readonly what: string;
	readonly bytes: number;
	readonly sentence: string;
}

export class Heap {
	/** The least that was free. */
	lowest = Infinity;
	readonly #bytes: number;
	readonly #wifi: () => number;
	readonly #onEmpty: (shortage: Shortage) => void;
	readonly #held = new Map<string, { count: number; bytes: number }>();
	#heldBytes = 0;

	/** `wifi`: of this chip's radio, from 0 up to 1, where the conditions give a range. */
	constructor(chip: ChipName, wifi: number, conditions: Pick<Conditions, 'wifiBytes'>, onEmpty: (shortage: Shortage) => void) {
		this.#bytes = chip === 'ESP32' ? ESP32_BYTES : RAM_BYTES - STATIC_BYTES - BLOCK_BYTES - SET_UP_BYTES;
		this.#wifi = () => Math.round(conditions.wifiBytes[0] + wifi * (conditions.wifiBytes[1] - conditions.wifiBytes[0]));
		this.#onEmpty = onEmpty;
	}

	get free(): number {
		return this.#bytes - this.#wifi() - this.#heldBytes;
	}

	/** Undefined: there is not so much. */
	take(what: string, bytes: number): Held | undefined {
		if (bytes > this.free) {
			this.#onEmpty({ what, bytes, sentence: `${bytes} B for ${what} could not be had: ${this.free} B were free, ${this.holders()}` });
			return undefined;
		}
		this.#add(what, 1, bytes);
		this.lowest = Math.min(this.lowest, this.free);
		let open = true;
		return {
			release: () => {
				if (open) this.#add(what, -1, -bytes);
				open = false;
			},
		};
	}

	/** Who holds the rest, the largest first. */
	holders(): string {
		const held = [...this.#held].filter(([, { count }]) => count).sort(([, one], [, other]) => other.bytes - one.bytes);
		return [...held.map(([what, { count, bytes }]) => `${what} held ${bytes} (${count})`), `Wi-Fi ${this.#wifi()}`].join(', ');
	}

	#add(what: string, count: number, bytes: number): void {
		const held = this.#held.get(what) ?? { count: 0, bytes: 0 };
		held.count += count;
		held.bytes += bytes;
		this.#held.set(what, held);
		this.#heldBytes += bytes;
	}
}
