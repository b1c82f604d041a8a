// What the world around the nodes is like; tests change it while a simulation runs.

export interface Conditions {
	/** Range of the way to a server, one direction. */
	latencyMs: readonly [low: number, high: number];
	/** Range of the pieces that a virtual network cuts the bytes into. */
	segmentBytes: readonly [low: number, high: number];
	/** The resolver: answers, answers "unknown", does not answer, or goes deaf: a question asked meanwhile, and all after it, are not answered until the chip's next boot. */
	dns: 'ok' | 'fails' | 'silent' | 'deaf';
	/** The time server: answers, does not, says that it has no time (a transmit timestamp of 0, leap indicator 3, stratum 16), or is told to go away (stratum 0). */
	time: 'ok' | 'silent' | 'zero' | 'leap 3' | 'stratum 16' | 'kiss of death';
	/** How wrong the time server is. */
	timeOffsetSeconds: number;
	/** A new connection over the virtual network: is accepted, refused, or gets no answer. */
	tcp: 'ok' | 'refused' | 'silent';
	/** The chip's own heap, beside XS: short of memory, neither sockets nor questions to servers can be made, and nothing is taken to be sent. */
	heap: 'ok' | 'short';
	/** Of the ESP8266's heap, for the radio: a range, in which each node has its place. */
	wifiBytes: readonly [low: number, high: number];
	/** The share of packets that are lost, in each direction of a virtual network; TCP sends them again. */
	lossRate: number;
	/** Nothing passes, and nobody is told: what is sent meanwhile is lost. */
	stalled: boolean;
	/** How long a peer in the virtual network waits with an acknowledgement for something to send along with it. */
	ackDelayMs: readonly [low: number, high: number];
	/** Bytes that a peer in the virtual network takes before it must acknowledge them. */
	peerWindowBytes: number;
}

export function calmConditions(): Conditions {
	return {
		latencyMs: [4, 30],
		segmentBytes: [536, 1_460],
		dns: 'ok',
		time: 'ok',
		timeOffsetSeconds: 0,
		tcp: 'ok',
		heap: 'ok',
		wifiBytes: [3_000, 4_000],
		lossRate: 0,
		stalled: false,
		ackDelayMs: [40, 40],
		peerWindowBytes: 65_535,
	};
}
