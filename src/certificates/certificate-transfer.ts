// SPDX-License-Identifier: MIT
// A CA, or the client's certificate and key, as they come over the serial line piece by piece: straight to flash.
//
// Rule: they are looked at when all has come and before they hold. What cannot be taken is acknowledged as a whole, so
// that no more is sent, and the answer says why. docs/serial.md has the packets.

import { Limit } from '../common/limits.js';
import type { Millis } from '../common/ports.js';
import { Text } from '../common/text.js';
import { Transfer } from '../provisioning/transfer.js';
import { TransferKind, TransferState } from '../provisioning/transfer-packets.js';
import type { SectorOwner } from '../settings/settings-store.js';
import { writeResult } from '../telemetry/result.js';
import type { CertificateWriter } from './certificate-sector.js';
import { Kept } from './kept.js';

/** Why what has come cannot serve, in a sentence; '' if it can. A key comes with its certificate. */
export type CertificateCheck = (kind: number, content: Uint8Array, certificate?: Uint8Array) => string;


/** Where they go. */
export interface CertificateStore {
	newCertificates(kind: Kept, owner: SectorOwner | undefined): CertificateWriter | string;
	take(kind: Kept, writer: CertificateWriter): string;
}

const enum Const {
	SUM_BYTES = 4,
	NAME_BYTES = 16,
}

/** What they are called in answers, by kind. */
const NAMES: readonly string[] = Object.freeze(['', 'ca', 'certificate', 'key']);
const NO_CERTIFICATE = 'the client certificate must come right before its key';
const DAMAGED = 'it came damaged: send the client certificate and its key again';

export class CertificateTransfer extends Transfer {
	private readonly store: CertificateStore;
	private readonly check: CertificateCheck;
	private readonly owner: SectorOwner | undefined;
	private kind: TransferKind = TransferKind.Command;
	private writer: CertificateWriter | undefined;
	/** The client's certificate, between it and its key. */
	private certificate: Uint8Array | undefined;
	private wanted = 0;
	private isOpen = false;

	constructor(now: Millis, store: CertificateStore, check: CertificateCheck, owner: SectorOwner | undefined) {
		super(now);
		this.store = store;
		this.check = check;
		this.owner = owner;
	}

	protected override takes(kind: number, total: number): boolean {
		return kind >= TransferKind.Ca && kind <= TransferKind.Key ? total > Const.SUM_BYTES : super.takes(kind, total);
	}

	protected override begin(kind: number, id: number, total: number): void {
		// Its certificate holds only together with the key that comes next.
		if (kind !== TransferKind.Key) this.certificate = undefined;
		super.begin(kind, id, kind === TransferKind.Command ? total : 0);
		this.kind = kind;
		if (kind === TransferKind.Command) return;
		this.total = total;
		this.bytes = undefined;
		this.wanted = 0;
		this.isOpen = false;
		this.asked = true;
	}

	/** The first piece comes twice: before the sector is ready, and then. */
	protected override take(bytes: Uint8Array, from: number, to: number): TransferState {
		if (this.kind === TransferKind.Command) return super.take(bytes, from, to);
		const { writer, total } = this;
		if (!writer || !this.isOpen) return TransferState.Good;
		for (let at = from; at < to; at++) {
			if (this.received++ < total - Const.SUM_BYTES) writer.put(bytes[at]);
			else this.wanted = this.wanted << 8 | bytes[at];
		}
		if (this.received < total) return TransferState.Good;
		// A certificate comes again by itself; a key has spoilt the sector that its certificate is in.
		if (!this.isSound && this.kind !== TransferKind.Key) return this.damaged();
		this.asked = true;
		return TransferState.Good;
	}

	/** Between conversations, where the stack is least in use: before the first byte, and after the last. */
	override work(): boolean {
		if (this.kind === TransferKind.Command) return false;
		this.asked = false;
		const problem = !this.isOpen ? this.open(this.kind, this.total - Const.SUM_BYTES) : this.isSound ? this.judge(this.writer!) : DAMAGED;
		if (problem || this.isOpen) this.end(problem);
		else this.isOpen = true;
		return true;
	}

	private get isSound(): boolean {
		return this.writer!.sumSoFar === this.wanted;
	}

	private open(kind: TransferKind, length: number): string {
		if (kind === TransferKind.Key) {
			if (!this.certificate || !this.writer?.isAtBegin) return NO_CERTIFICATE;
		} else {
			const writer = this.store.newCertificates(kind === TransferKind.Ca ? Kept.Ca : Kept.Identity, this.owner);
			this.writer = undefined;
			if (typeof writer === 'string') return writer;
			this.writer = writer;
		}
		const { room } = this.writer!;
		return length <= room ? '' : `it has ${length | 0} bytes, and there is room for ${room | 0}`;
	}

	/** What has come is used where it is sound; '' or why not. */
	private judge(writer: CertificateWriter): string {
		const content = writer.endPart();
		const problem = this.check(this.kind, content, this.certificate);
		if (problem) return problem;
		if (this.kind !== TransferKind.Certificate) return this.store.take(this.kind === TransferKind.Ca ? Kept.Ca : Kept.Identity, writer);
		this.certificate = content;
		return '';
	}

	/** All of it is acknowledged, and this is the answer. */
	private end(problem: string): void {
		this.received = this.total;
		if (problem || this.kind !== TransferKind.Certificate) this.writer = this.certificate = undefined;
		const name = new Text(new Uint8Array(Const.NAME_BYTES)).put(NAMES[this.kind]);
		const result = new Text(new Uint8Array(Limit.RESULT_MAX));
		writeResult(result, name.bytes, 0, name.length, name.length, name.length, problem);
		this.answered(result.bytes.subarray(0, result.length));
	}
}
