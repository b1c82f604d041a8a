// SPDX-License-Identifier: MIT
// Improv on a node that runs: another Wi-Fi network is tried beside all else, and readings go on.
//
// Rule: the link is paused while a network is tried, and goes on whatever comes of it: over the new one, which is kept in
// flash then, or over the one before. Made when somebody talks, and forgotten after it.

import { FIELDS, fieldProblem, forgetFurther, type Setting } from '../settings/settings.js';
import { NetworkState, type Log, type Millis, type PacketLine } from '../common/ports.js';
import type { Link } from '../connection/link.js';
import { State } from '../connection/states.js';
import type { Commands } from '../telemetry/commands.js';
import type { NodeDeps } from '../telemetry/node-publications.js';
import type { Report } from '../telemetry/report.js';
import { Improv, type Joiner } from './improv.js';
import { NetworkList } from './network-list.js';
import { Phase, type FoundNetwork } from './provisioner.js';

const enum Limit {
	/** Improv's peers wait for 30 s. */
	JoinMs = 20_000,
	/** Beside everything that a running node holds, a command under way among it. */
	Networks = 4,
}
const NO_SCAN = Object.freeze([]) as readonly FoundNetwork[];

/** Improv in normal mode, and in all that is like it: on trial, and safe. */
export class ImprovInPlace extends Improv {
	private readonly deps: NodeDeps;
	private readonly link: Link;
	private readonly commands: Commands;

	constructor(line: PacketLine & Log, deps: NodeDeps, link: Link, commands: Commands) {
		super(line);
		this.deps = deps;
		this.link = link;
		this.commands = commands;
	}

	get chip(): string {
		return this.deps.board.chip;
	}

	protected get proposed(): number {
		return this.deps.settingsStore.proposed;
	}

	get node(): string {
		return this.deps.config.node;
	}

	begin(): Joiner {
		return new InPlace(this.deps, this.link, this.commands);
	}

	protected obey(bytes: Uint8Array, nameAt: number, payloadAt: number, payloadEnd: number): string {
		return this.commands.obey(bytes, nameAt, payloadAt, payloadEnd);
	}

	protected override report(): Report | undefined {
		return this.commands.takeReport();
	}
}

/** Of commands.ts: some wait, and take the memory that a list of networks would need. */
export interface Waiting {
	readonly waiting: boolean;
}

export class InPlace implements Joiner {
	phase: Phase = Phase.Idle;
	problem = '';
	readonly isSetUp = false;
	private readonly deps: NodeDeps;
	private readonly link: Link;
	private ssid = '';
	private passphrase = '';
	private dueAt: Millis = 0;
	private list: NetworkList | undefined;
	private cannotScan = false;
	private readonly commands: Waiting;

	constructor(deps: NodeDeps, link: Link, commands: Waiting) {
		this.deps = deps;
		this.link = link;
		this.commands = commands;
	}

	get address(): string {
		return this.deps.network.address();
	}

	get networks(): readonly FoundNetwork[] | undefined {
		return this.cannotScan ? NO_SCAN : this.list?.networks;
	}

	join(ssid: string, passphrase: string, now: Millis): string {
		const { link, deps: { network, settingsStore } } = this;
		this.problem = problemOf('ssid', ssid) || problemOf('passphrase', passphrase);
		if (link.state === State.Parting || settingsStore.proposed) this.problem = 'The node is about to stop or restart.';
		else if (settingsStore.trying) this.problem = 'Other settings are on trial: ask again when that is over.';
		if (this.problem) return this.problem;
		this.ssid = ssid;
		this.passphrase = passphrase;
		link.pause(now);
		network.join(ssid, passphrase);
		this.dueAt = now + Limit.JoinMs;
		this.phase = Phase.Joining;
		return '';
	}

	scan(): void {
		this.list = new NetworkList(Limit.Networks);
		this.cannotScan = this.commands.waiting || !this.deps.network.scan(this.list);
	}

	step(now: Millis): void {
		if (this.phase !== Phase.Joining) return;
		const { state } = this.deps.network;
		if (state === NetworkState.Up) this.keep(now);
		else if (state === NetworkState.Refused) this.fail('refuses the passphrase.', now);
		else if (now < this.dueAt) return;
		else if (state === NetworkState.Joined) this.fail('takes us in but gives no address: is there a DHCP server?', now);
		else this.fail('does not let us in: out of reach, or the name or the passphrase is wrong.', now);
	}

	private keep(now: Millis): void {
		const { ssid, passphrase, deps: { config, settingsStore, queue, log } } = this;
		const changes: Record<string, Setting> = { ssid, passphrase };
		// An address of its own was for the network before.
		for (let i = 0; i < FIELDS.length; i++) {
			const { key, group } = FIELDS[i];
			if (group === 'network' && config[key] && changes[key] === undefined) changes[key] = '';
		}
		const problem = settingsStore.keep(changes, queue);
		if (problem) return this.fail(`lets us in, but cannot be kept: ${problem}.`, now);
		// What the link joins from now on: `config` takes from there what is not as usual.
		const settings = settingsStore.read();
		forgetFurther(settings);
		Object.setPrototypeOf(config, settings);
		this.phase = Phase.Joined;
		log.line(`joined Wi-Fi "${ssid}", which holds from now on`);
		this.link.resume(now, true);
	}

	private fail(why: string, now: Millis): void {
		this.problem = `Wi-Fi "${this.ssid}" ${why}`;
		this.phase = Phase.Failed;
		this.deps.log.line(this.problem);
		this.deps.network.leave();
		this.link.resume(now);
	}
}

const problemOf = (key: 'ssid' | 'passphrase', value: string): string => {
	const problem = fieldProblem(FIELDS.find((field) => field.key === key)!, value);
	return problem && `${problem}.`;
};
