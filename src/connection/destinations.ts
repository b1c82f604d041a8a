// SPDX-License-Identifier: MIT
// The networks and the brokers of the settings, and which pair of them is tried next.
//
// Rule: what works is kept until it fails. When a useful link is lost, its pair is tried first; then, as after any
// failure, the most preferred pair that was not tried in this round. A network that fails spares all its brokers. When
// nothing is left, the round has failed. What is not of the first network and broker is read where it lies, in flash
// or in the image, whenever it is needed: nothing of it is kept in RAM.

import { ENTRIES, usualPort, type Config, type Setting } from '../settings/settings.js';

/** Where the settings lie. */
export interface SettingsSource {
	/** undefined: it is as usual. */
	setting(key: string): unknown;
}

export const enum Next {
	/** There is another pair, which was not tried in this round. */
	Other,
	/** The round begins anew. */
	Again,
	/** The same, and each broker that was reached in it turned us down for what we are. */
	Refused,
}

const enum Const {
	EACH = 3,
	/**
	 * Of `round`, which is one number since a field takes 16 B on XS: bit k, pair k was tried in this round; from bit 16 on,
	 * pair k is there; from bit 25 on, how many rounds in a row have failed.
	 */
	PAIRS = (1 << EACH * EACH) - 1,
	BROKERS = (1 << EACH) - 1,
	THERE = 16,
	ROUNDS = 25,
	ROUNDS_MAX = 63,
	/** The pair is tried next whatever became of it: it proved useful, or has not had its say. */
	SAME = 1 << 9,
	/** In this round some broker refused; some failed otherwise. */
	REFUSED = 1 << 10,
	OTHERWISE = 1 << 11,
}

export class Destinations {
	readonly config: Config;
	private readonly source: SettingsSource;
	/** The pair that is tried: broker + EACH × network, each from 0. */
	private pair = 0;
	private round = 0;

	/** `source`: what `config` was made of. */
	constructor(config: Config, source: SettingsSource) {
		this.config = config;
		this.source = source;
		for (let pair = 0; pair < Const.EACH * Const.EACH; pair++) if (this.isThere(pair)) this.round |= 1 << Const.THERE + pair;
	}

	/** How many pairs there are. */
	get pairs(): number {
		let count = 0;
		for (let there = this.round >> Const.THERE & Const.PAIRS; there > 0; there >>= 1) count += there & 1;
		return count;
	}

	/** How many rounds in a row have failed, each of all pairs that there are. */
	get rounds(): number { return this.round >> Const.ROUNDS; }

	/** From 0, in order of preference. */
	get network(): number { return (this.pair / Const.EACH) | 0; }
	get broker(): number { return this.pair % Const.EACH; }

	get ssid(): string { return this.ofNetwork('ssid'); }
	get passphrase(): string { return this.ofNetwork('passphrase'); }
	get address(): string { return this.ofNetwork('address'); }
	get gateway(): string { return this.ofNetwork('gateway'); }
	get nameServer(): string { return this.ofNetwork('nameServer'); }
	get host(): string { return this.ofBroker('host') as string; }
	get tls(): boolean { return this.ofBroker('tls') === true; }
	get port(): number { return this.ofBroker('port') as number || usualPort(this.tls); }
	get alpn(): string { return this.ofBroker('alpn') as string; }
	get user(): string { return this.ofBroker('user') as string; }
	get password(): string { return this.ofBroker('password') as string; }

	/** The link with this pair proved useful. */
	useful(): void {
		this.round = this.round & Const.PAIRS << Const.THERE | Const.SAME;
	}

	/** A new round, from the first pair on. */
	restart(): void {
		this.pair = 0;
		this.round = this.round & Const.PAIRS << Const.THERE | Const.SAME;
	}

	/** The pair came to nothing as it was asked, and is to be asked otherwise. */
	stay(refused: boolean): Next {
		this.round |= Const.SAME;
		return refused ? Next.Refused : Next.Again;
	}

	/** The pair came to nothing; `byNetwork`: with any other broker it would have. `again`: useful or not, it ends so each time. */
	failed(byNetwork: boolean, refused: boolean, again: boolean): Next {
		if (this.round & Const.SAME && !again) return Next.Again;
		this.round &= ~Const.SAME;
		this.round |= byNetwork ? Const.BROKERS << Const.EACH * this.network : 1 << this.pair;
		if (!byNetwork) this.round |= refused ? Const.REFUSED : Const.OTHERWISE;
		if (this.left !== 0) return Next.Other;
		if (this.rounds < Const.ROUNDS_MAX) this.round += 1 << Const.ROUNDS;
		return (this.round & (Const.REFUSED | Const.OTHERWISE)) === Const.REFUSED ? Next.Refused : Next.Again;
	}

	/** Comes to the pair that is to be tried now. True: it is in another network. */
	next(): boolean {
		const { network } = this;
		if (this.round & Const.SAME) this.round &= ~Const.SAME;
		else {
			if (this.left === 0) this.round &= Const.PAIRS << Const.THERE | Const.ROUNDS_MAX << Const.ROUNDS;
			const { left } = this;
			for (this.pair = 0; !(left >> this.pair & 1); ) this.pair++;
		}
		return this.network !== network;
	}

	/** Pairs that were not tried in this round, as bits. */
	private get left(): number {
		return this.round >> Const.THERE & ~this.round & Const.PAIRS;
	}

	private isThere(pair: number): boolean {
		this.pair = pair;
		const isThere = (this.network === 0 || this.ssid !== '') && (this.broker === 0 || this.host !== '');
		this.pair = 0;
		return isThere;
	}

	private ofNetwork(key: keyof Config): string {
		return this.of(key, this.network) as string;
	}

	private ofBroker(key: keyof Config): Setting {
		return this.of(key, this.broker);
	}

	private of(key: keyof Config, entry: number): Setting {
		return entry === 0 ? this.config[key] : this.source.setting(key + ENTRIES[entry]) as Setting | undefined ?? '';
	}
}
