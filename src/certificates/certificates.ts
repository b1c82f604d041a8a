// SPDX-License-Identifier: MIT
// On an ESP32: CAs, and the client's certificate with its key, that were sent to the node. Each
// in two generations, in sectors before those of the settings.
//
// Rule: a generation of settings names those that go with it, by their serials. So new ones are on trial with the
// settings that are, and the old settings go on with the old ones. Only what no settings that hold name is ever written
// over. What is named goes before what the image brings; where none are named, the image's hold.

import { Limit } from '../common/limits.js';
import type { Flash, Millis } from '../common/ports.js';
import type { ParcelMaker } from '../provisioning/improv.js';
import type { Setting } from '../settings/settings.js';
import { FAILED, HELD, NO_ROOM, SettingsStore, type SectorOwner, type Settings } from '../settings/settings-store.js';
import { Sectors, SectorState } from '../storage/sector.js';
import { CertificateSector, CertificateWriter } from './certificate-sector.js';
import { CertificateTransfer, type CertificateCheck } from './certificate-transfer.js';
import { Kept } from './kept.js';

/** Of flash, before the settings'. */
export const CERTIFICATE_SECTORS = 4;

const enum Const {
	KINDS = 2,
}

/** In a generation; no setting is called so. */
const KEYS: readonly string[] = Object.freeze(['#ca', '#identity']);

export class NodeSettings extends SettingsStore {
	/** Serials of those that came in this boot and go with the next settings that are proposed; 0: none. Undefined: nothing came. */
	private waiting: number[] | undefined;

	constructor(flash: Flash | undefined, image: Settings) {
		super(flash, image);
	}

	/** What this boot goes by; undefined: the image's. */
	kept(kind: Kept): CertificateSector | undefined {
		const { flash } = this;
		const serial = this.setting(KEYS[kind]);
		if (!flash || !serial) return undefined;
		for (let i = 0; i < 2; i++) {
			const found = new CertificateSector(flash, this.sectorOf(kind, i));
			if (found.serial === serial) return found;
		}
		return undefined;
	}

	/** The node has, or is about to have, a CA of its own. */
	get hasCa(): boolean {
		return (this.waiting?.[Kept.Ca] ?? 0) > 0 || this.kept(Kept.Ca) !== undefined;
	}

	/** Of this boot, where the image's are not meant. */
	get ca(): Uint8Array | undefined {
		return this.kept(Kept.Ca)?.part(0);
	}

	get clientCertificate(): Uint8Array | undefined {
		return this.kept(Kept.Identity)?.part(0);
	}

	get clientKey(): Uint8Array | undefined {
		return this.kept(Kept.Identity)?.part(1);
	}

	/** To be written to; or why not, in a sentence. */
	newCertificates(kind: Kept, owner: SectorOwner | undefined): CertificateWriter | string {
		const { flash } = this;
		if (!flash || flash.settingsSectors < Limit.SETTINGS_SECTORS + CERTIFICATE_SECTORS) return NO_ROOM;
		if (this.busy) return this.busy;
		this.mustBeRead();
		if (this.waiting) this.waiting[kind] = 0;
		const one = new CertificateSector(flash, this.sectorOf(kind, 0));
		const other = new CertificateSector(flash, this.sectorOf(kind, 1));
		const named = this.kept(kind)?.sector;
		// Never the one that holds; else the older, or where readings wait in that, the other.
		const [first, second] = one.serial <= other.serial ? [one, other] : [other, one];
		for (const { sector } of [first, second]) {
			if (sector !== named && !isHeld(flash, sector, owner)) return new CertificateWriter(flash, sector);
		}
		return HELD;
	}

	/** All has come and is sound: it goes with the next settings that are proposed. Returns why not, or ''. */
	take(kind: Kept, writer: CertificateWriter): string {
		const flash = this.flash!;
		let newest = (this.setting(KEYS[kind]) ?? 0) as number;
		for (let i = 0; i < 2; i++) {
			const { serial } = new CertificateSector(flash, this.sectorOf(kind, i));
			if (serial > newest) newest = serial;
		}
		if (!writer.commit(newest + 1)) return FAILED;
		(this.waiting ??= [0, 0])[kind] = newest + 1;
		return '';
	}

	override propose(changes: Readonly<Record<string, Setting>>, owner?: SectorOwner, remote = false): string {
		if (!this.waiting) return super.propose(changes, owner, remote);
		const all: Record<string, Setting> = {};
		for (const key of Object.keys(changes)) all[key] = changes[key];
		for (let i = 0; i < Const.KINDS; i++) if (this.waiting?.[i]) all[KEYS[i]] = this.waiting[i];
		const problem = super.propose(all, owner, remote);
		if (!problem) this.waiting = undefined;
		return problem;
	}

	override isChangedBy(changes: Readonly<Record<string, Setting>>): boolean {
		return this.waiting !== undefined || super.isChangedBy(changes);
	}

	/** The settings first: what none of them names is never used. */
	override forget(): string {
		const { flash } = this;
		const problem = super.forget();
		if (problem || !flash || flash.settingsSectors < Limit.SETTINGS_SECTORS + CERTIFICATE_SECTORS) return problem;
		this.waiting = undefined;
		const sectors = new Sectors(flash);
		for (let i = 0; i < CERTIFICATE_SECTORS; i++) {
			const sector = this.sectorOf(Kept.Ca, i);
			if (sectors.readHeading(sector) !== SectorState.Alive && !sectors.clear(sector)) return FAILED;
		}
		return '';
	}

	private sectorOf(kind: Kept, index: number): number {
		return this.flash!.sectorCount - Limit.SETTINGS_SECTORS - CERTIFICATE_SECTORS + 2 * kind + index;
	}
}

/** Lets certificates come in where Improv does. `check`: why what has come cannot serve. `owner`: who else uses the sectors. */
export const takeCertificates = (improv: { maker?: ParcelMaker }, store: SettingsStore, check: CertificateCheck, owner?: SectorOwner): void => {
	improv.maker = new CertificateTransfers(store as NodeSettings, check, owner);
};

class CertificateTransfers implements ParcelMaker {
	private readonly store: NodeSettings;
	private readonly check: CertificateCheck;
	private readonly owner: SectorOwner | undefined;

	constructor(store: NodeSettings, check: CertificateCheck, owner: SectorOwner | undefined) {
		this.store = store;
		this.check = check;
		this.owner = owner;
	}

	begin(now: Millis): CertificateTransfer {
		return new CertificateTransfer(now, this.store, this.check, this.owner);
	}
}

/** Readings of an earlier firmware wait in this sector, or will. */
const isHeld = (flash: Flash, sector: number, owner: SectorOwner | undefined): boolean => {
	if (new CertificateSector(flash, sector).serial) return false;
	return new Sectors(flash).readHeading(sector) === SectorState.Alive || (owner !== undefined && !owner.spares(sector));
};
