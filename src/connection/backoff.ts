// SPDX-License-Identifier: MIT
// How long to wait before the next attempt: a floor plus a random part of a doubling span ("full jitter").
//
// Rule: nothing but useful() ends the doubling. A broker that accepts and hangs up at once is not useful, so a loop
// of kicks backs off like any other failure. Refused credentials get a longer cap: they do not heal within seconds.

import type { Millis, Random } from '../common/ports.js';
import { Limit } from '../common/limits.js';

export class Backoff {
	private readonly random: Random;
	private spanMs = Limit.BACKOFF_SPAN_MS;

	constructor(random: Random) {
		this.random = random;
	}

	/** The delay after an attempt that failed, 1 s to the cap; the next one's span is twice as long. */
	failed(refused: boolean): Millis {
		const capMs = refused ? Limit.BACKOFF_REFUSED_CAP_MS : Limit.BACKOFF_CAP_MS;
		const spanMs = this.spanMs;
		this.spanMs = spanMs * 2 < Limit.BACKOFF_REFUSED_CAP_MS ? spanMs * 2 : Limit.BACKOFF_REFUSED_CAP_MS;
		// Beyond its cap a refused node keeps to it: at most 12 attempts an hour, their phase spread by the delays
		// before.
		if (refused && spanMs >= capMs) return capMs;
		const spanMaxMs = capMs - Limit.BACKOFF_FLOOR_MS;
		return Limit.BACKOFF_FLOOR_MS + this.random.below((spanMs < spanMaxMs ? spanMs : spanMaxMs) + 1);
	}

	/** The delay before another network or broker is tried: a herd that has lost one shall not come to the next at once. */
	other(): Millis {
		return Limit.BACKOFF_FLOOR_MS + this.random.below(Limit.BACKOFF_SPAN_MS);
	}

	/** The delay while another client seems to take our place; the doubling stays where it is. */
	takenOver(): Millis {
		return Limit.TAKEOVER_DELAY_MS + this.random.below(Limit.TAKEOVER_SPAN_MS);
	}

	/** The link proved useful: the next failure begins with the shortest span. */
	useful(): void {
		this.spanMs = Limit.BACKOFF_SPAN_MS;
	}
}
