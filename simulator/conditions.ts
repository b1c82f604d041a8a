// What the world around the nodes is like; tests change it while a simulation runs.

export interface Conditions {
	/** Range of the way to a server, one direction. */
	latencyMs: readonly [low: number, high: number];
	/** Range of the pieces that a virtual network cuts the bytes into. */
	segmentBytes: readonly [low: number, high: number];
	/** The resolver: answers, answers "unknown", does not answer, or goes deaf: a question asked meanwhile, and all after it, are not answered until the chip's next boot. */
	dns: 'ok' | 'fails' | 'silent' | 'deaf';
	/** The time server. */
	time: 'ok' | 'silent';
	/** How wrong the time server is. */
	timeOffsetSeconds: number;
	/** A new connection over the virtual network: is accepted, refused, or gets no answer. */
	tcp: 'ok' | 'refused' | 'silent';
	/** The chip's own heap, beside XS: short of memory, neither sockets nor questions to servers can be made, and nothing is taken to be sent. */
	heap: 'ok' | 'short';
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
		peerWindowBytes: 65_535,
	};
}
