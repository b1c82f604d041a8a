// SPDX-License-Identifier: MIT
// The settings of the node: what was changed in place, in two generations in flash, over those of the image.
//
// Rule: a change is written as a whole new generation into the sector that does not hold the newest, so a power cut at
// any moment leaves the old ones or the new ones. What a generation does not name comes from the image. One that cannot
// be used is refused whole, in a sentence. An image that brings a network or a broker, and is another than the one that
// the generation was made under, replaces it, once; an image without them never does. A generation on trial is tried
// in one boot: it holds once it has worked, and until then the one before it does.

import { Flags, Generation, GenerationState, GenerationWriter, Progress } from './generation.js';
import { changedBy, fieldOf, fingerprint, type Setting } from './settings.js';
import { Limit } from '../common/limits.js';
import type { Flash, Log } from '../common/ports.js';
import { Sectors, SectorState } from '../storage/sector.js';

export type Settings = Readonly<Record<string, unknown>>;

/** Who else uses the sectors. */
export interface SectorOwner {
	/** Nothing of the owner's waits in this sector, and nothing will. */
	spares(sector: number): boolean;
}

type Changes = Readonly<Record<string, Setting>>;
const NOTHING: Changes = Object.freeze({});
const NO_KEYS: readonly string[] = Object.freeze([]);

/** What the keys of entries begin with that are no settings. */
const NO_SETTING = '#';

/** In place of `base`. */
const enum Base {
	NONE = -1,
	UNKNOWN = -2,
}

export const NO_ROOM = 'there is no flash for settings';
export const HELD = 'readings of an earlier firmware wait in its place';
export const FAILED = 'the flash fails';
export const TOO_MUCH = 'all settings together are longer than a sector of flash';
const UNREADABLE = 'some are unreadable, damaged or cut short';
const NEWER = 'some are of a newer firmware';
const OTHERS = 'those before them hold';
const IMAGE = "the image's hold";
const UNDER_WAY = 'new settings are on trial; send it again when they have worked or failed';

/** Why a trial came to nothing, where it is none of the causes that causes.ts has words for. */
export const enum Failure {
	UNUSABLE = 0,
	POWER = 0xfe,
}

export class SettingsStore {
	protected readonly flash: Flash | undefined;
	private readonly image: Settings;
	/** The sector that holds what is changed next; NONE: the image alone; UNKNOWN before read(). */
	private base: number = Base.UNKNOWN;
	/** The sector that is on trial in this boot. */
	private trial: number = Base.NONE;

	/** `image`: the image's own settings. */
	constructor(flash: Flash | undefined, image: Settings) {
		this.flash = flash && flash.settingsSectors >= Limit.SETTINGS_SECTORS ? flash : undefined;
		this.image = image;
	}

	/**
	 * Those of the image with what was changed over them. What cannot be read is said in the log. Whether the values
	 * are allowed, and go together, the caller finds out, which has more stack; if not: refuse().
	 */
	read(log?: Log): Settings {
		const { flash, image } = this;
		this.base = Base.NONE;
		if (!flash) return image;
		let generation = new Generation(flash, flash.sectorCount - Limit.SETTINGS_SECTORS);
		let other = new Generation(flash, flash.sectorCount - 1);
		if (other.serial > generation.serial) [generation, other] = [other, generation];
		if (generation.state === GenerationState.OnTrial && this.isReplaced(generation)) return this.supersede(log);
		if (log) this.tellOfCut(generation, log);
		let found = generation.state === GenerationState.OnTrial ? '' : this.settingsIn(generation);
		let problem = typeof found === 'string' ? found : problemOf(other);
		if (typeof found === 'string') {
			generation = other;
			found = other.state === GenerationState.OnTrial ? '' : this.settingsIn(other);
			if (!problem && typeof found === 'string') problem = found;
		}
		const holds = typeof found !== 'string';
		if (problem) log?.line(`settings in flash: ${problem}; ${holds ? OTHERS : IMAGE}`);
		if (typeof found === 'string') return image;
		if (this.isReplaced(generation)) return this.supersede(log);
		this.base = generation.sector;
		return found;
	}

	/** What read() or begin() gave cannot be used, for this reason: those before a trial are left, or the image's. */
	refuse(problem: string, log: Log): Settings {
		if (this.trial >= 0) {
			this.failed(Failure.UNUSABLE);
			log.line(`new settings: ${problem} Those before them hold.`);
			return this.read();
		}
		this.base = Base.NONE;
		log.line(`settings in flash: ${problem} The image's hold.`);
		return this.image;
	}

	/** Something was changed in place and holds. */
	get changed(): boolean {
		return this.base >= 0;
	}

	/**
	 * Keeps these, which MUST be allowed by their fields, over what is kept already. Returns why not, or ''. Where
	 * nothing changes, nothing is written.
	 */
	keep(changes: Changes, owner?: SectorOwner): string {
		return this.store(changes, owner);
	}

	/**
	 * The same on trial: they hold from when worked() is told, in the boot that begins it. Until then nothing else is
	 * kept. `remote`: they came from the broker, so the node must be reached by it again.
	 */
	propose(changes: Changes, owner?: SectorOwner, remote = false): string {
		return this.store(changes, owner, remote ? Flags.ON_TRIAL_REMOTE : Flags.ON_TRIAL);
	}

	/** The number of what waits to be tried in the next boot; 0: nothing does. */
	get proposed(): number {
		const newest = this.newest();
		return newest !== undefined && isUntried(newest) && newest.sector !== this.trial ? newest.serial : 0;
	}

	/** What is proposed, which is on trial from now on; undefined: nothing is. */
	begin(log: Log): Settings | undefined {
		const generation = this.newest();
		if (!generation || !isUntried(generation)) return undefined;
		// What cannot be noted is not begun: it would be tried for ever.
		if (!generation.note(Progress.Tried, 0)) {
			log.line(`settings in flash: ${FAILED}; no new ones are tried`);
			return undefined;
		}
		const found = this.settingsIn(generation);
		if (typeof found === 'string') {
			generation.note(Progress.Outcome, Failure.UNUSABLE);
			log.line(`settings in flash: ${found || UNREADABLE}; ${OTHERS}`);
			return undefined;
		}
		this.trial = generation.sector;
		log.line(`settings number ${generation.serial | 0} are on trial`);
		return found;
	}

	/** Nothing else can be kept now, for this reason; '' if it can. */
	get busy(): string {
		return this.trying || this.proposed ? UNDER_WAY : '';
	}

	/** Something is on trial in this boot. */
	get trying(): boolean {
		return this.trial >= 0;
	}

	/** And came from the broker. */
	get triesRemote(): boolean {
		return this.trying && new Generation(this.flash!, this.trial).isRemote;
	}

	/** The number of that; 0: nothing is. */
	get tried(): number {
		return this.trying ? new Generation(this.flash!, this.trial).serial : 0;
	}

	/** What is on trial holds from now on. False: flash does not take it, so that the next boot takes it back. */
	worked(): boolean {
		const { trial } = this;
		if (trial < 0 || !new Generation(this.flash!, trial).note(Progress.Worked, 0)) return false;
		this.base = trial;
		this.trial = Base.NONE;
		return true;
	}

	/** What is on trial has come to nothing, for this reason: a number below POWER. The next boot goes by those before. */
	failed(outcome: number): void {
		if (this.trial >= 0) new Generation(this.flash!, this.trial).note(Progress.Outcome, outcome);
		this.trial = Base.NONE;
	}

	/** The newest generation, if it was on trial and that is over. */
	lastTrial(): Generation | undefined {
		const newest = this.newest();
		return newest !== undefined && newest.wasOnTrial && newest.sector !== this.trial && !isUntried(newest) ? newest : undefined;
	}

	private newest(): Generation | undefined {
		const { flash } = this;
		if (!flash) return undefined;
		const one = new Generation(flash, flash.sectorCount - Limit.SETTINGS_SECTORS);
		const other = new Generation(flash, flash.sectorCount - 1);
		return other.serial > one.serial ? other : one;
	}

	/** Once. */
	private tellOfCut(newest: Generation, log: Log): void {
		if (newest.state !== GenerationState.OnTrial || isUntried(newest) || newest.progress(Progress.Outcome) !== Flags.ERASED) return;
		newest.note(Progress.Outcome, Failure.POWER);
		log.line(`settings number ${newest.serial | 0} were on trial when the node was started anew; ${OTHERS}`);
	}

	private store(changes: Changes, owner: SectorOwner | undefined, flags?: number): string {
		if (!this.flash) return NO_ROOM;
		if (this.busy) return UNDER_WAY;
		return this.isChangedBy(changes) ? this.write(this.flash, changes, Object.keys(changes), owner, flags) : '';
	}

	/** Some of these are not what is kept already. */
	isChangedBy(changes: Changes): boolean {
		this.mustBeRead();
		const keys = Object.keys(changes);
		for (let i = 0; i < keys.length; i++) if (!this.holds(keys[i], changes[keys[i]])) return true;
		return false;
	}

	/** The setting is kept already, or is the image's. Without making a string of what is kept: the new one may be long. */
	private holds(key: string, value: Setting): boolean {
		const { flash, base } = this;
		const generation = base >= 0 ? new Generation(flash!, base) : undefined;
		while (generation?.next()) if (generation.isKey(key)) return generation.says(value);
		return (this.image[key] ?? fieldOf(key)?.initial) === value;
	}

	protected mustBeRead(): void {
		if (this.base === Base.UNKNOWN) this.read();
	}

	/**
	 * Erases what is kept, the older first: a power cut leaves all of the newer, or nothing. The image's hold from the
	 * next boot on. Returns why not, or ''.
	 */
	forget(): string {
		const { flash } = this;
		if (!flash) return '';
		const last = flash.sectorCount - 1;
		const newest = new Generation(flash, last).serial > new Generation(flash, last - 1).serial ? last : last - 1;
		// Of last and the one before it, the other.
		const older = 2 * last - 1 - newest;
		return erased(flash, older) && erased(flash, newest) ? '' : FAILED;
	}

	/** The generation gives way to one that names nothing. */
	private supersede(log?: Log): Settings {
		log?.line('settings in flash: this image brings its own, which replace them');
		this.write(this.flash!, NOTHING, NO_KEYS);
		return this.image;
	}

	private isReplaced({ image }: Generation): boolean {
		const ownNetworkOrBroker = this.image.ssid || this.image.host;
		return ownNetworkOrBroker ? image !== fingerprint(this.image) : false;
	}

	/** The image's with what this one names over them; or why it cannot be used, '' where there is none. */
	private settingsIn(generation: Generation): Settings | string {
		if (generation.state < GenerationState.OnTrial) return problemOf(generation);
		const changes: Record<string, Setting> = {};
		while (generation.next()) {
			const { key } = generation;
			// It names what goes with these settings.
			if (key.charAt(0) === NO_SETTING) continue;
			const value = generation.value();
			if (!fieldOf(key) || value === undefined) return NEWER;
			changes[key] = value;
		}
		return generation.complete ? changedBy(changes, this.image) : UNREADABLE;
	}

	/** What the settings of this boot say, those on trial if some are; undefined where neither they nor the image name it. */
	setting(key: string): unknown {
		return this.named(key, this.trial >= 0 ? this.trial : this.base);
	}

	/** What the generation in that sector says, or else the image. */
	private named(key: string, sector: number): unknown {
		const { flash, image } = this;
		const generation = sector >= 0 ? new Generation(flash!, sector) : undefined;
		while (generation?.next()) if (generation.isKey(key)) return generation.value();
		return image[key];
	}

	/** One generation at a time is looked at: memory is short while a command changes settings. */
	private write(flash: Flash, changes: Changes, keys: readonly string[], owner?: SectorOwner, flags?: number): string {
		const serial = this.newest()!.serial + 1;
		const target = this.target(flash, owner);
		if (target === Base.NONE) return HELD;
		const writer = new GenerationWriter(flash, target);
		if (this.base >= 0) copyOthers(writer, new Generation(flash, this.base), keys);
		for (let i = 0; i < keys.length; i++) writer.add(keys[i], changes[keys[i]]);
		if (!writer.commit(serial, fingerprint(this.image), flags)) return writer.isFull ? TOO_MUCH : FAILED;
		if (flags === undefined) this.base = target;
		return '';
	}

	/** Never the sector that holds; else the older one, or where readings wait in that, the other. NONE: they wait in both. */
	private target(flash: Flash, owner: SectorOwner | undefined): number {
		const last = flash.sectorCount - 1;
		const holding = this.base >= 0 ? this.base : this.newest()!.sector;
		// Of last and the one before it, the other.
		const other = 2 * last - 1 - holding;
		if (!isHeld(flash, new Generation(flash, other), owner)) return other;
		return this.base >= 0 || isHeld(flash, new Generation(flash, holding), owner) ? Base.NONE : holding;
	}
}

const copyOthers = (writer: GenerationWriter, old: Generation, keys: readonly string[]): void => {
	while (old.next()) if (!keys.some(isKeyOf, old)) writer.copy(old);
};

/** Not a closure. */
function isKeyOf(this: Generation, key: string): boolean {
	return this.isKey(key);
}

const isUntried = (generation: Generation): boolean =>
	generation.state === GenerationState.OnTrial && generation.progress(Progress.Tried) === Flags.ERASED;

const problemOf = ({ state }: Generation): string =>
	state === GenerationState.Newer ? NEWER : state === GenerationState.Unreadable ? UNREADABLE : '';

/** Unless readings of an earlier firmware lie there, which are no settings. */
const erased = (flash: Flash, sector: number): boolean => {
	const sectors = new Sectors(flash);
	return sectors.readHeading(sector) === SectorState.Alive || sectors.clear(sector);
};

/** Readings wait in this sector, or will. */
const isHeld = (flash: Flash, { sector, state }: Generation, owner: SectorOwner | undefined): boolean => {
	if (state >= GenerationState.OnTrial) return false;
	return new Sectors(flash).readHeading(sector) === SectorState.Alive || (owner !== undefined && !owner.spares(sector));
};
