// SPDX-License-Identifier: MIT
// What commands and the button do to the node: the interval, the offsets, a reading out of turn, the date, stopping and
// starting anew.
//
// Rule: a change is kept with the settings in flash and outlives a reboot. When it cannot be kept, the log says so. What
// may cut the node off from its broker is put on trial instead (settings-store.ts). Stopping and restarting begin when
// every command before is answered. First the broker is told; then it happens, in a turn of its own, never inside a
// callback.

import type { NodePublications, NodeDeps } from './node-publications.js';
import { BootEvent, type BootMode } from '../settings/boot-mode.js';
import type { BrokerClient } from './broker-client.js';
import type { Actions } from './commands.js';
import { changedBy, fieldOf, fieldProblem, FURTHER_KEYS, missingKey, type Setting } from '../settings/settings.js';
import type { TrialJudge } from '../settings/trial.js';
import { Limit } from '../common/limits.js';
import { CAUSES, Cause } from '../connection/causes.js';
import type { Link } from '../connection/link.js';
import { State } from '../connection/states.js';
import { NEVER, type Millis, type Pollable } from '../common/ports.js';
import { Sign, type Signalled } from './indicator.js';
import { Calibration, Noise } from './calibrate.js';
import type { Report, Scanning } from './report.js';
import { applyCalibration } from '../readings/calibration.js';

const UNSAVED = 'readings wait that cannot be kept in flash: a restart would lose them';
const DEAF = 'commands is false: the node could not be reached from here any more; set it over the serial line';
const TOO_SOON = `s ago; it restarts ${(Limit.RESTART_UPTIME_MIN_MS / 1_000) | 0} s after a start at the earliest`;

const enum Ending {
	None,
	Stop,
	Restart,
	/** The same, into set-up mode. */
	SetUp,
	/** What was said last is on its way. */
	Restarting,
}

type Changes = Record<string, Setting>;

export class NodeActions implements Actions, Signalled, Pollable, TrialJudge {
	private readonly deps: NodeDeps;
	private readonly publications: NodePublications;
	private readonly client: BrokerClient;
	private readonly link: Link;
	private readonly mode: BootMode;
	private ends: Ending = Ending.None;
	/** By then it begins, answered or not; and not sooner than STOP_TIMEOUT_MS before that. Until it ends: see identify(). */
	private endsAt: Millis = 0;

	constructor(deps: NodeDeps, publications: NodePublications, client: BrokerClient, link: Link, mode: BootMode) {
		this.deps = deps;
		this.publications = publications;
		this.client = client;
		this.link = link;
		this.mode = mode;
	}

	get ending(): boolean {
		return this.ends !== Ending.None;
	}

	answered(all: boolean, now: Millis): Millis {
		if (this.ends === Ending.None || this.ends === Ending.Restarting) return NEVER;
		const at = all ? this.endsAt - Limit.STOP_TIMEOUT_MS : this.endsAt;
		if (now < at) return at;
		this.client.stop(now);
		return (this.endsAt = NEVER);
	}

	poll(now: Millis): Millis {
		if (this.ends === Ending.None) return this.lastResort(now);
		if (this.link.state !== State.Stopped) return NEVER;
		if (this.ends === Ending.Restart) {
			this.ends = Ending.Restarting;
			this.endsAt = now + Limit.LAST_WORDS_MS;
		}
		if (this.ends === Ending.Restarting && now < this.endsAt) return this.endsAt;
		if (this.ends === Ending.SetUp) this.bootIntoSetUp();
		else if (this.ends === Ending.Restarting) this.reboot();
		else this.deps.log.line('stopped');
		this.ends = Ending.None;
		this.endsAt = 0;
		return NEVER;
	}

	/**
	 * So long without a link, the chip itself may be at fault: what is deaf in it stays so until it restarts.
	 * Never with a socket open, whose end comes in time.
	 */
	private lastResort(now: Millis): Millis {
		const { publications, link } = this;
		const { config: { restartAfterMs }, log, safe } = this.deps;
		// Safe mode ends with a restart of its own.
		if (restartAfterMs === 0 || safe || link.state >= State.Opening) return NEVER;
		const at = link.unlinkedSince + restartAfterMs;
		if (now < at) return at;
		if (publications.handOver(link.unlinkedSince, link.cause)) this.reboot();
		else log.line('no link for long, and no restart: readings would be lost that cannot be kept in flash');
		// Where it does not come to a restart: as long again.
		link.unlinkedSince = now;
		return now;
	}

	setIntervalMs(value: number): string {
		const { sampler, clock, settingsStore } = this.deps;
		if (settingsStore.busy) return settingsStore.busy;
		const changed = sampler.intervalMs !== value;
		sampler.setIntervalMs(value, clock.now());
		this.keep({ intervalMs: value });
		if (changed) this.publications.infoChanged();
		return '';
	}

	sample(): string {
		this.deps.sampler.sampleNow();
		return '';
	}

	calibrate(bytes: Uint8Array, at: number): string | Report {
		const { sampler, settingsStore, config } = this.deps;
		if (settingsStore.busy) return settingsStore.busy;
		const calibration = new Calibration(sampler, settingsStore.setting('calibration') as string ?? '');
		const problem = calibration.read(bytes, at) || fieldProblem(fieldOf('calibration')!, calibration.text);
		if (problem) return problem;
		applyCalibration(calibration.text, sampler, [config.offsetMilliC, config.offsetMilliRh]);
		this.keep({ calibration: calibration.text });
		return calibration;
	}

	noise(bytes: Uint8Array, at: number): string | Report {
		const noise = new Noise(this.deps.sampler);
		return noise.read(bytes, at) || noise;
	}

	stop(): string {
		return this.end(Ending.Stop);
	}

	restart(spread: boolean): string {
		const { clock, queue, boot } = this.deps;
		const uptimeMs = clock.now();
		// The number of the boot was drawn by chance.
		if (uptimeMs >= Limit.RESTART_UPTIME_MIN_MS) return queue.save() ? this.end(Ending.Restart, spread ? boot % Limit.RESTART_SPREAD_MS : 0) : UNSAVED;
		return `the node started ${Math.floor(uptimeMs / 1_000) | 0} ${TOO_SOON}`;
	}

	configure(changes: Changes, remote = false): string {
		const { check, settingsStore, queue, clock } = this.deps;
		if (settingsStore.busy) return settingsStore.busy;
		if (remote && changes.commands === false) return DEAF;
		const hasList = changes.sensors !== undefined;
		const settings = changedBy(changes, this.settingsAround(changes));
		const problem = check(settings, settingsStore, hasList) || missingKey(settings);
		if (problem) return problem;
		if (!settingsStore.isChangedBy(settings as Changes)) return '';
		const waitMs = remote && this.mode.isChanged ? Limit.CONFIG_UPTIME_MIN_MS - clock.now() : 0;
		if (waitMs > 0) return `new settings were sent less than a minute ago; send these again in ${Math.ceil(waitMs / 1_000) | 0} s`;
		if (!queue.save()) return UNSAVED;
		const refusal = settingsStore.propose(settings as Changes, queue, remote);
		if (refusal) return refusal;
		if (remote) this.mode.noteChange();
		return this.end(Ending.Restart);
	}

	/** Those of this boot. Of further networks and brokers, which are kept in flash alone, only such as are to be changed: all would not have room here. */
	private settingsAround(changes: Changes): Readonly<Record<string, unknown>> {
		const { config, settingsStore } = this.deps;
		const around: Record<string, unknown> = {};
		const keys = Object.keys(changes);
		for (let i = 0; i < FURTHER_KEYS.length; i++) {
			const key = FURTHER_KEYS[i];
			if (changes[key] === undefined && keys.some(isOfSameEntry, key)) around[key] = settingsStore.setting(key);
		}
		return Object.setPrototypeOf(around, config) as Record<string, unknown>;
	}

	get proposed(): number {
		return this.deps.settingsStore.proposed;
	}

	trialWorked(): void {
		const { settingsStore, log } = this.deps;
		const serial = settingsStore.tried;
		if (!settingsStore.worked()) return log.line('the new settings work, but the flash fails: the next boot goes by those before them');
		this.mode.happened(BootEvent.Worked);
		log.line(`settings number ${serial | 0} work, and hold from now on`);
		this.publications.infoChanged();
	}

	trialFailed(): void {
		const { settingsStore, log } = this.deps;
		// A link that is good, but hears no commands: the broker does not grant them.
		const cause = this.link.useful ? Cause.Refused : this.link.cause || Cause.Silence;
		log.line(`settings number ${settingsStore.tried | 0} do not work (${CAUSES[cause]}); those before them hold again`);
		settingsStore.failed(cause);
		if (!this.ending) this.end(Ending.Restart);
	}

	identify(): string {
		// A node that ends is not looked for.
		this.endsAt = this.deps.clock.now() + Limit.IDENTIFY_MS;
		return '';
	}

	get identifyUntil(): Millis {
		return this.ends === Ending.None ? this.endsAt : 0;
	}

	beginScan(): Scanning {
		const { board, clock, sampler } = this.deps;
		return board.newScan(clock, sampler);
	}

	setDate(seconds: number): string {
		return this.deps.clock.tellDate(seconds);
	}

	forget(): string {
		const { settingsStore, store, log } = this.deps;
		const problem = settingsStore.forget();
		if (problem) return problem;
		store.clear();
		log.line('all settings that were kept here are erased');
		return this.end(Ending.Restart);
	}

	askSetUp(): void {
		this.deps.log.line('the node is asked to be set up');
		this.end(Ending.SetUp);
	}

	/** What the LED tells. Attempts count from the last useful link on. */
	get shown(): Sign {
		const { link, deps: { safe, sampler } } = this;
		if (this.ends !== Ending.None || link.state >= State.Parting) return Sign.Online;
		if (safe || sampler.failing >= 0) return Sign.Trouble;
		if (link.state === State.Online) return Sign.Online;
		return link.attempts > 1 || link.attempts > 0 && link.state === State.Waiting ? Sign.Trouble : Sign.Joining;
	}

	/** Nothing is lost that can be kept. */
	private reboot(): void {
		this.deps.queue.save();
		this.mode.reboot();
	}

	private bootIntoSetUp(): void {
		this.deps.queue.save();
		this.mode.requestSetUp();
	}

	private end(ending: Ending, delayMs = 0): string {
		this.ends = ending;
		this.endsAt = this.deps.clock.now() + delayMs + Limit.STOP_TIMEOUT_MS;
		return '';
	}

	/** All of it or nothing. */
	private keep(changes: Changes): void {
		const { settingsStore, queue, log } = this.deps;
		const problem = settingsStore.keep(changes, queue);
		if (problem) log.line(`${Object.keys(changes).join(', ')} cannot be kept: ${problem}; it holds until the next restart`);
	}
}

/** Of the same network or broker, by their digit. Not a closure. */
function isOfSameEntry(this: string, key: string): boolean {
	return key.charCodeAt(key.length - 1) === this.charCodeAt(this.length - 1) && fieldOf(key)?.group === fieldOf(this)?.group;
}
