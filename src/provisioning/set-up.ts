// SPDX-License-Identifier: MIT
// Set-up mode: the node's own network is open, and whoever asks for it is joined to another one, which is kept once it
// has worked. It makes no session, ring or journal.
//
// Rule: a network is stored when it gave an address, and not before; everything else goes on trial (settings-store.ts)
// and restarts the node. The access point stays open while a network is joined, so that whoever asked hears what came of
// it. What fails is said in one sentence, here and in the log.

import { Cause } from '../connection/causes.js';
import {
	NetworkState, NEVER, type AccessPoint, type Log, type Millis, type Network, type Pollable, type Random,
} from '../common/ports.js';
import { Progress, type Generation } from '../settings/generation.js';
import { changedBy, FIELDS, fieldProblem, missingKey, type Setting } from '../settings/settings.js';
import { Failure, type Settings, type SettingsStore } from '../settings/settings-store.js';
import { NetworkList } from './network-list.js';
import { Phase, type FoundNetwork, type Provisioner } from './provisioner.js';

const enum Time {
	/** A scan takes two to three seconds; a radio that never answers is not waited for. */
	LookMs = 6_000,
	/** Association, the handshake and DHCP. */
	JoinMs = 20_000,
	/** Until the answer to the one who asked has arrived. */
	RestartMs = 1_500,
	/** Until a phone has asked for the page once more, which may have lost the network meanwhile. */
	PageMs = 12_000,
	OpenAgainMs = 10_000,
}

const enum Bound {
	NetworksMax = 12,
}

const enum Usual {
	UsualNode = 'node',
}

const enum Secret {
	/** Without what looks alike; of 40 bits, and as long as a password of WPA must be. */
	CodeLetters = 'abcdefghjkmnpqrstuvwxyz23456789',
	CodeLength = 8,
}

/** What a trial came to. */
const outcomeOf = (outcome: number): string => {
	switch (outcome) {
		case Cause.None: return ': they could not be used';
		case Cause.Wifi: return ': the Wi-Fi network was not joined';
		case Cause.Dns: return ': the name of the broker was not found';
		case Cause.Tcp: return ': the broker did not answer, or refused the connection';
		case Cause.Refused: return ': the broker refused the user or the password';
		case Cause.Silence: return ': the broker did not answer in time';
		case Cause.Protocol: return ': what answered is no MQTT broker, or breaks its rules';
		case Cause.Tls: return ': the TLS connection to the broker was refused';
		case Failure.POWER: return ': the power went before they had worked';
	}
	return '';
};

/** The sentence about settings that were tried; '' if none were, or they worked. */
export const trialProblem = (trial: Generation | undefined): string => {
	if (!trial || trial.progress(Progress.Worked) === 0) return '';
	return `The settings tried last did not work${outcomeOf(trial.progress(Progress.Outcome))}.`;
};

/** For the access point's password and the page. */
export const makeCode = (random: Random): string => {
	let code = '';
	while (code.length < Secret.CodeLength) code += Secret.CodeLetters.charAt(random.below(Secret.CodeLetters.length));
	return code;
};

/** What set-up mode is made of. */
export interface SetUpParts {
	readonly settings: Settings;
	readonly store: SettingsStore;
	readonly preferences: Erased;
	readonly network: Network;
	readonly accessPoint: AccessPoint;
	readonly log: Log;
	/** The access point's password, and what the page asks for; '' for an open one. */
	readonly code: string;
	readonly mode: Restarter;
	/** Why settings cannot be used on this board, in a sentence; '' if they can. */
	readonly check: (settings: Settings, store: SettingsStore, isNewList?: boolean) => string;
}

/** The store of small numbers. */
export interface Erased {
	clear(): void;
}

/** Of boot-mode.ts. */
export interface Restarter {
	reboot(): void;
	used(now: Millis): void;
}

const ENDING = 'The node is about to restart.';

const enum Stage {
	Begin,
	Looking,
	Closed,
	Open,
}

export class SetUp implements Provisioner, Pollable {
	readonly isSetUp = true;
	readonly node: string;
	problem: string;
	/** The network that was asked for last, or that is stored. */
	ssid: string;
	/** Of the access point; '' until it is opened. */
	name = '';
	/** It restarts soon. */
	isRestarting = false;
	/** A page waits to be told so. */
	isAwaited = false;
	private readonly parts: SetUpParts;
	private stage = Stage.Begin;
	private join_: Phase = Phase.Idle;
	private passphrase: string;
	/** This network is in the settings already. */
	private isStored: boolean;
	/** Of the scan that was begun last. */
	private list: NetworkList | undefined;
	private wantsScan = false;
	private dueAt: Millis = NEVER;
	private restartAt: Millis = NEVER;

	constructor(parts: SetUpParts) {
		const { settings } = parts;
		this.parts = parts;
		this.node = (settings.node as string) || Usual.UsualNode;
		this.problem = trialProblem(parts.store.lastTrial());
		this.ssid = (settings.ssid as string) || '';
		this.passphrase = (settings.passphrase as string) || '';
		this.isStored = this.ssid !== '';
	}

	get phase(): Phase {
		return this.join_ === Phase.Joined && this.parts.network.state !== NetworkState.Up ? Phase.Idle : this.join_;
	}

	get address(): string {
		return this.parts.network.address();
	}

	get networks(): readonly FoundNetwork[] | undefined {
		return this.list?.networks;
	}

	/** The same network with the same passphrase, which is not told. */
	joinAgain(now: Millis): string {
		return this.join(this.ssid, this.passphrase, now);
	}

	join(ssid: string, passphrase: string, now: Millis): string {
		const problem = ssid === '' ? 'ssid is missing: the name of the Wi-Fi network' : problemOf('ssid', ssid) || problemOf('passphrase', passphrase);
		if (problem) return `${problem}.`;
		if (this.isRestarting) return ENDING;
		this.parts.mode.used(now);
		this.isStored = this.isStored && ssid === this.ssid && passphrase === this.passphrase;
		this.ssid = ssid;
		this.passphrase = passphrase;
		this.problem = '';
		this.join_ = Phase.Joining;
		this.dueAt = now + Time.JoinMs;
		this.parts.log.line(`set-up: joining "${ssid}"`);
		this.parts.network.join(ssid, passphrase);
		return '';
	}

	configure(changes: Readonly<Record<string, Setting>>): string {
		const { check, store } = this.parts;
		if (this.isRestarting) return ENDING;
		if (store.busy) return `Not stored: ${store.busy}.`;
		const hasList = changes.sensors !== undefined;
		const settings = changedBy(changes, store.read());
		const problem = check(settings, store, hasList) || missingKey(settings);
		if (problem) return problem;
		const refused = store.propose(settings as Readonly<Record<string, Setting>>);
		return refused ? `Not stored: ${refused}.` : this.restart();
	}

	restart(): string {
		this.isRestarting = true;
		return '';
	}

	/** Erases what the node keeps, and restarts: the image's settings hold then. */
	forget(): string {
		const { log, preferences, store } = this.parts;
		const problem = store.forget();
		if (problem) return problem;
		preferences.clear();
		log.line('all settings that were kept here are erased');
		return this.restart();
	}

	/** The number of what is tried after the restart; 0: nothing is. */
	get proposed(): number {
		return this.parts.store.proposed;
	}

	scan(now: Millis): void {
		this.parts.mode.used(now);
		this.wantsScan = true;
	}

	poll(now: Millis): Millis {
		if (this.isRestarting && this.restartAt > now + Time.RestartMs) this.restartAt = this.restartsAt(now);
		if (now >= this.restartAt) {
			this.parts.accessPoint.close();
			this.restartAt = NEVER;
			this.parts.mode.reboot();
		}
		if (this.stage !== Stage.Open) this.begin(now);
		else if (this.join_ === Phase.Joining && this.joining(now)) return now;
		// While it joins, the radio has no time to look around.
		if (this.wantsScan && this.join_ !== Phase.Joining && this.stage === Stage.Open) this.look();
		return this.dueAt < this.restartAt ? this.dueAt : this.restartAt;
	}

	/** Not later than it was said before. */
	private restartsAt(now: Millis): Millis {
		if (!this.isAwaited) return now + Time.RestartMs;
		return this.restartAt === NEVER ? now + Time.PageMs : this.restartAt;
	}

	/** Looks around first: an ESP8266 that only is an access point cannot, and one that does both leaves phones alone meanwhile. */
	private begin(now: Millis): void {
		if (this.stage === Stage.Begin) {
			this.look();
			this.stage = Stage.Looking;
			this.dueAt = now + Time.LookMs;
		}
		if (this.stage === Stage.Looking ? this.networks !== undefined || now >= this.dueAt : now >= this.dueAt) this.open(now);
	}

	/** What was found before stays where the radio has no time for it. */
	private look(): void {
		const list = new NetworkList(Bound.NetworksMax);
		if (!this.parts.network.scan(list)) return;
		this.list = list;
		this.wantsScan = false;
	}

	private open(now: Millis): void {
		const { accessPoint, code, log } = this.parts;
		this.name = `telltale-${this.node === Usual.UsualNode ? accessPoint.id : this.node}`;
		this.stage = Stage.Closed;
		this.dueAt = now + Time.OpenAgainMs;
		try {
			accessPoint.open(this.name, code);
		} catch (fault) {
			return log.line(`set-up: the access point could not be opened (${fault as Error})`);
		}
		this.stage = Stage.Open;
		this.dueAt = NEVER;
		const password = code ? ` with the password and code ${code}` : '';
		log.line(`set-up: join the Wi-Fi network ${this.name}${password} and open http://${accessPoint.address()}/`);
		if (this.problem) log.line(`set-up: ${this.problem}`);
		const { problem } = this;
		if (!this.isStored) return;
		this.joinAgain(now);
		this.problem = problem;
	}

	/** True: it is decided, and whoever waits for it has its turn. */
	private joining(now: Millis): boolean {
		const { network } = this.parts;
		if (network.state === NetworkState.Up) this.joined();
		else if (network.state === NetworkState.Refused) this.failed(`"${this.ssid}" refused the passphrase.`);
		else if (now < this.dueAt) return false;
		else if (network.state === NetworkState.Joined) this.failed(`"${this.ssid}" gave no address.`);
		else if (this.isFound()) this.failed(`"${this.ssid}" did not let the node in: is the passphrase right?`);
		else this.failed(`"${this.ssid}" was not found.`);
		return true;
	}

	private isFound(): boolean {
		const networks = this.networks ?? [];
		for (let i = 0; i < networks.length; i++) if (networks[i].ssid === this.ssid) return true;
		return false;
	}

	private joined(): void {
		const { log, network, settings, store } = this.parts;
		this.join_ = Phase.Joined;
		this.dueAt = NEVER;
		log.line(`set-up: joined "${this.ssid}", address ${network.address()}`);
		if (this.isStored) return;
		const changes: Record<string, Setting> = { ssid: this.ssid, passphrase: this.passphrase };
		// An address of its own was for the network before.
		for (let i = 0; i < FIELDS.length; i++) {
			const { key, group } = FIELDS[i];
			if (group === 'network' && changes[key] === undefined && settings[key]) changes[key] = '';
		}
		const problem = store.keep(changes);
		this.isStored = problem === '';
		if (problem) this.problem = `"${this.ssid}" works, but is not stored: ${problem}.`;
	}

	/** No more attempts: they would take the radio from the access point's channel. */
	private failed(problem: string): void {
		this.join_ = Phase.Failed;
		this.dueAt = NEVER;
		this.problem = problem;
		this.parts.network.leave();
		this.parts.log.line(`set-up: ${problem}`);
	}
}

/** Of one field: a sentence without its full stop; '' if there is none. */
export const problemOf = (key: string, value: Setting): string => {
	for (let i = 0; i < FIELDS.length; i++) if (FIELDS[i].key === key) return fieldProblem(FIELDS[i], value);
	return `${key} is no setting`;
};
