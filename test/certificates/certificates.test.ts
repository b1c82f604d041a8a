// Certificates that were sent to an ESP32, in two generations beside the settings that name them: the power cut at every step.
import { spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caSentence, certificateProblem, clientSentence, keySentence } from '../../src/device/esp32/certificate-check.js';
import { CertificateSector } from '../../src/certificates/certificate-sector.js';
import { CertificateTransfer } from '../../src/certificates/certificate-transfer.js';
import { CERTIFICATE_SECTORS, NodeSettings } from '../../src/certificates/certificates.js';
import { Kept } from '../../src/certificates/kept.js';
import { Limit } from '../../src/common/limits.js';
import { Text } from '../../src/common/text.js';
import { TransferKind, TransferState } from '../../src/provisioning/transfer-packets.js';
import { crc32 } from '../../src/storage/crc32.js';
import { CertificateMaker, der, opensslMissing, type Made } from '../support/certificates.js';
import { FakeLog } from '../support/fakes.js';
import { FakeFlash, PowerCut } from '../support/flash.js';

const IMAGE = { ssid: 'attic', passphrase: 'secret of it', host: 'broker.lan' };
const GENERIC = {};
const SECTORS = 9;
/** How much a piece holds, which is no whole number of words. */
const PIECE = 77;

function newFlash(seed = 1): FakeFlash {
	const flash = new FakeFlash(SECTORS, 4_096, seed);
	flash.settingsSectors = Limit.SETTINGS_SECTORS + CERTIFICATE_SECTORS;
	return flash;
}

function copyOf(from: FakeFlash, seed: number): FakeFlash {
	const flash = newFlash(seed);
	flash.bytes.set(from.bytes);
	return flash;
}

/** As main.ts: what holds, and what is proposed over it. */
function boot(flash: FakeFlash, image: object = GENERIC): { store: NodeSettings; isOnTrial: boolean; log: FakeLog } {
	const log = new FakeLog();
	const store = new NodeSettings(flash, image as never);
	store.read(log);
	return { store, isOnTrial: store.begin(log) !== undefined, log };
}

let id = 0;

/** Sends it as a host does; returns the answer's error, '' where it was taken. */
function send(parcel: CertificateTransfer, kind: TransferKind, content: Uint8Array, damage?: (bytes: Uint8Array) => void): string {
	id = id % 255 + 1;
	const all = new Uint8Array(content.length + 4);
	all.set(content);
	new DataView(all.buffer).setInt32(content.length, crc32(content, 0, content.length));
	damage?.(all);
	for (let at = 0, turns = 0; at < all.length; turns++) {
		expect(turns).toBeLessThan(200);
		const piece = all.subarray(at, at + PIECE);
		const into = new Text(new Uint8Array(16));
		const bytes = Uint8Array.of(kind, id, all.length >> 8, all.length & 255, at >> 8, at & 255, ...piece);
		expect(parcel.put(bytes, 0, bytes.length, into)).toBe(true);
		if (into.bytes[2] !== TransferState.Good) return `state ${into.bytes[2]}`;
		at = into.bytes[3]! << 8 | into.bytes[4]!;
		if (parcel.asked) expect(parcel.work()).toBe(true);
	}
	const answer = JSON.parse(Buffer.from(parcel.answer!).toString()) as { ok: boolean; error?: string };
	return answer.ok ? '' : answer.error!;
}

const isWritten = (store: NodeSettings, kind: Kept): number[] | undefined => {
	const bytes = store.kept(kind)?.part(0);
	return bytes && [...bytes];
};

describe.skipIf(opensslMissing)('Certificates in flash', () => {
	const maker = new CertificateMaker();
	let ca: Made, other: Made, leaf: Made, client: Made;
	let first: Uint8Array, second: Uint8Array, certificate: Uint8Array, key: Uint8Array;

	beforeAll(() => {
		ca = maker.make('ca', { ca: true, key: 'P-256' });
		other = maker.make('other', { ca: true, key: 'P-256' });
		leaf = maker.make('leaf', { by: ca, names: 'DNS:broker.lan', key: 'P-256' });
		client = maker.make('client', { by: ca });
		[first, second, certificate] = [der(ca.cert), der(other.cert), der(client.cert)];
		key = createPrivateKey(readFileSync(client.key)).export({ type: 'pkcs8', format: 'der' });
	});
	afterAll(() => maker.dispose());

	/** Brings a CA in, and settings that go with it to their end. */
	function established(flash: FakeFlash, content: Uint8Array, host: string, image: object = GENERIC): void {
		const { store } = boot(flash, image);
		expect(send(new CertificateTransfer(0, store, certificateProblem, undefined), TransferKind.Ca, content)).toBe('');
		expect(store.propose({ host })).toBe('');
		const next = boot(flash, image);
		expect(next.isOnTrial).toBe(true);
		expect(next.store.worked()).toBe(true);
	}

	it('go with the settings that are proposed next: on trial with them, and gone with them', () => {
		const flash = newFlash();
		established(flash, first, 'one');
		expect(isWritten(boot(flash).store, Kept.Ca)).toEqual([...first]);

		const { store } = boot(flash);
		expect(send(new CertificateTransfer(0, store, certificateProblem, undefined), TransferKind.Ca, second)).toBe('');
		expect([store.hasCa, isWritten(store, Kept.Ca)]).toEqual([true, [...first]]);
		expect(store.propose({ host: 'two' })).toBe('');
		const trial = boot(flash);
		expect([trial.isOnTrial, isWritten(trial.store, Kept.Ca)]).toEqual([true, [...second]]);
		trial.store.failed(5);
		expect(isWritten(boot(flash).store, Kept.Ca)).toEqual([...first]);
		// What failed is not taken up by the settings after it.
		const after = boot(flash).store;
		after.propose({ host: 'three' });
		const third = boot(flash);
		expect([third.isOnTrial, isWritten(third.store, Kept.Ca), third.store.setting('host')]).toEqual([true, [...first], 'three']);
	});

	it('stay with what commands keep, and no setting is called like them', () => {
		const flash = newFlash();
		established(flash, first, 'one');
		expect(boot(flash).store.keep({ intervalMs: 20_000 })).toBe('');
		const { store, log } = boot(flash);
		expect([isWritten(store, Kept.Ca), store.read(), log.lines]).toEqual([[...first], expect.objectContaining({ host: 'one', intervalMs: 20_000 }), []]);
		expect(Object.keys(store.read()).filter((each) => each.startsWith('#'))).toEqual([]);
	});

	it('give way to an image that brings a network or a broker of its own, once', () => {
		const flash = newFlash();
		established(flash, first, 'one');
		expect(boot(flash, IMAGE).store.hasCa).toBe(false);
		expect(boot(flash, GENERIC).store.hasCa).toBe(false);
	});

	it('are erased when the node forgets its settings, whatever is waiting', () => {
		const flash = newFlash();
		established(flash, first, 'one');
		const { store } = boot(flash);
		send(new CertificateTransfer(0, store, certificateProblem, undefined), TransferKind.Ca, second);
		expect(store.forget()).toBe('');
		for (let sector = SECTORS - 6; sector < SECTORS; sector++) expect(flash.bytes.subarray(sector * 4_096, (sector + 1) * 4_096).every((byte) => byte === 0xff)).toBe(true);
		expect(new NodeSettings(flash, GENERIC).hasCa).toBe(false);
	});

	it('are the old ones or the new ones, with their own settings, after a power cut at any step', () => {
		const from = newFlash();
		established(from, first, 'one');
		const change = (flash: FakeFlash) => {
			established(flash, second, 'two');
			// What is kept after it keeps them.
			boot(flash).store.keep({ intervalMs: 20_000 });
		};
		const whole = copyOf(from, 1);
		change(whole);
		let news = 0;
		// Within the contents one step is like another.
		for (let cut = 0; cut < whole.steps; cut += cut > 80 && cut < second.length ? 7 : 1) {
			const flash = copyOf(from, cut + 1);
			flash.cutAt = cut;
			expect(() => change(flash)).toThrow(PowerCut);
			flash.cutAt = Infinity;
			const { store, isOnTrial } = boot(flash);
			const found = { host: store.setting('host'), ca: isWritten(store, Kept.Ca) };
			expect([{ host: 'one', ca: [...first] }, { host: 'two', ca: [...second] }], `step ${cut}`).toContainEqual(found);
			if (found.host === 'two') news++;
			if (isOnTrial) store.failed(5);
			// And the node goes on from there.
			established(flash, second, 'three');
			expect(isWritten(boot(flash).store, Kept.Ca)).toEqual([...second]);
		}
		expect(whole.steps).toBeGreaterThan(second.length + 100);
		expect(news).toBeGreaterThan(50);
	});

	it('are all gone or belong together after a power cut while they are erased', () => {
		const from = newFlash();
		established(from, first, 'one');
		for (let cut = 0; ; cut++) {
			const flash = copyOf(from, cut + 1);
			flash.cutAt = cut;
			try {
				boot(flash).store.forget();
				break;
			} catch (fault) {
				if (!(fault instanceof PowerCut)) throw fault;
			}
			flash.cutAt = Infinity;
			const { store } = boot(flash);
			expect([['one', [...first]], [undefined, undefined]], `step ${cut}`).toContainEqual([store.setting('host'), isWritten(store, Kept.Ca)]);
		}
	});

	it('are not written while settings are on trial, nor over readings of an earlier firmware', () => {
		const flash = newFlash();
		const { store } = boot(flash);
		store.propose({ host: 'one' });
		const { steps } = flash;
		expect(send(new CertificateTransfer(0, store, certificateProblem, undefined), TransferKind.Ca, first)).toMatch(/^new settings are on trial;/);
		const fresh = newFlash();
		expect(send(new CertificateTransfer(0, boot(fresh).store, certificateProblem, { spares: () => false }), TransferKind.Ca, first)).toBe('readings of an earlier firmware wait in its place');
		const small = new FakeFlash(SECTORS, 4_096);
		small.settingsSectors = Limit.SETTINGS_SECTORS;
		expect(send(new CertificateTransfer(0, boot(small).store, certificateProblem, undefined), TransferKind.Ca, first)).toBe('there is no flash for settings');
		expect([flash.steps, fresh.steps, small.steps]).toEqual([steps, 0, 0]);
	});

	it('of the client come with their key, or do not hold', () => {
		const flash = newFlash();
		const { store } = boot(flash);
		const parcel = new CertificateTransfer(0, store, certificateProblem, undefined);
		const waits = () => [3, 4].map((sector) => new CertificateSector(flash, SECTORS - 8 + sector).serial).join();
		expect(send(parcel, TransferKind.Key, key)).toBe('the client certificate must come right before its key');
		expect(send(parcel, TransferKind.Certificate, certificate)).toBe('');
		expect(send(parcel, TransferKind.Key, key, (bytes) => (bytes[9]! ^= 1))).toBe('it came damaged: send the client certificate and its key again');
		expect(send(parcel, TransferKind.Key, key)).toBe('the client certificate must come right before its key');
		const stranger = createPrivateKey(spawnSync('openssl', ['genrsa', '2048']).stdout).export({ type: 'pkcs8', format: 'der' });
		expect(send(parcel, TransferKind.Certificate, certificate)).toBe('');
		expect(send(parcel, TransferKind.Key, stranger)).toBe('the key is not that of the client certificate');
		expect(waits()).toBe('0,0');
		expect(send(parcel, TransferKind.Certificate, certificate)).toBe('');
		expect(send(parcel, TransferKind.Key, key)).toBe('');
		store.propose({ host: 'one' });
		const trial = boot(flash);
		expect([trial.store.kept(Kept.Identity)!.part(0), trial.store.kept(Kept.Identity)!.part(1)]).toEqual([Uint8Array.from(certificate), Uint8Array.from(key)]);
	});

	it('that came damaged have to come again', () => {
		const parcel = new CertificateTransfer(0, boot(newFlash()).store, certificateProblem, undefined);
		expect(send(parcel, TransferKind.Ca, first, (bytes) => (bytes[40]! ^= 1))).toBe(`state ${TransferState.Damaged}`);
		expect(send(parcel, TransferKind.Ca, first)).toBe('');
	});

	it('that cannot serve are refused in a sentence, and nothing changes', () => {
		const flash = newFlash();
		established(flash, first, 'one');
		const { store } = boot(flash);
		const parcel = new CertificateTransfer(0, store, certificateProblem, undefined);
		const refusals = [
			[TransferKind.Ca, certificate, 'the CA is not allowed to sign others (CA:FALSE)'],
			[TransferKind.Ca, Uint8Array.of(1, 2, 3), 'the CA cannot be read (DER is cut off)'],
			[TransferKind.Ca, first.subarray(0, 200), 'the CA cannot be read (DER is cut off)'],
			[TransferKind.Ca, Buffer.concat(Array<Uint8Array>(5).fill(first)), 'the CA has 5 certificates; it must be 1 to 4'],
			[TransferKind.Ca, new Uint8Array(4_065), 'it has 4065 bytes, and there is room for 4064'],
			[TransferKind.Ca, new Uint8Array(65_000), 'it has 65000 bytes, and there is room for 4064'],
			[TransferKind.Certificate, der(leaf.cert), 'the client certificate is not of an RSA key of 2,048 to 4,096 bits'],
			[TransferKind.Certificate, Uint8Array.of(0x30), 'the client certificate cannot be read (DER is cut off)'],
		] as const;
		for (const [kind, content, sentence] of refusals) expect(send(parcel, kind, content)).toBe(sentence);
		expect([isWritten(store, Kept.Ca), store.propose({ host: 'one' })]).toEqual([[...first], '']);
		expect(isWritten(boot(flash).store, Kept.Ca)).toEqual([...first]);
	});

	it('may be the broker\'s own, as it is', () => {
		expect([caSentence(der(leaf.cert)), caSentence(der(ca.cert, other.cert))]).toEqual(['', '']);
	});

	it('never throw at bytes of any kind', () => {
		for (const content of [certificate, key, new Uint8Array(0), Uint8Array.of(0x30, 0x80), Uint8Array.of(0x30, 0)]) {
			for (let at = 0; at < content.length + 1; at += 13) {
				const bytes = Uint8Array.from(content);
				if (at < bytes.length) bytes[at]! ^= 0x55;
				for (const sentence of [caSentence(bytes), clientSentence(bytes), keySentence(bytes, certificate)]) expect(sentence).toMatch(/^$|^the (CA|client certificate|key) /);
			}
		}
	});
});
