import { afterEach, describe, expect, it } from 'vitest';
import { endProbes, ENGINES, probe } from './probe.js';

afterEach(endProbes);

const ATTEMPT = `const attempt = (action) => { try { trace(String(action())); } catch (fault) { trace(fault.name, ' ', fault.message); } };`;
const HEX = `const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');`;

describe.each(ENGINES)('preference on %s', (engine) => {
	it('keeps values of each kind over a restart', async () => {
		const { said } = await probe(engine, `${HEX}
			if (Preference.get('d', 'text') === undefined) {
				Preference.set('d', 'text', 'Zürich 😀');
				Preference.set('d', 'flag', true);
				Preference.set('d', 'number', -5);
				Preference.set('d', 'bytes', Uint8Array.of(1, 2, 255).buffer);
				Preference.set('d', 'gone', 1);
				Preference.delete('d', 'gone');
				Preference.delete('d', 'never');
				Timer.set(() => System.restart(), 10);
			} else {
				trace(Preference.get('d', 'text'), Preference.get('d', 'flag'), Preference.get('d', 'number'), hex(Preference.get('d', 'bytes')));
				trace(Preference.keys('d').join(), Preference.get('d', 'gone'), Preference.get('e', 'text'));
			}
		`, 1_000);
		expect(said).toEqual(['Zürich 😀true-50102ff', 'text,flag,number,bytesundefinedundefined']);
	});

	it('keeps the limits of an ESP8266', async () => {
		const { said } = await probe(engine, `${ATTEMPT}
			attempt(() => Preference.set('d', 'k', 'x'.repeat(62)));
			attempt(() => Preference.set('d', 'k', 'x'.repeat(63)));
			attempt(() => Preference.set('d', 'k', new ArrayBuffer(63)));
			attempt(() => Preference.set('d', 'k', new ArrayBuffer(64)));
			attempt(() => Preference.set('d', 'k'.repeat(32), 1));
			attempt(() => Preference.set('d', 'k', 1.5));
			attempt(() => Preference.set('d', 'k', 2 ** 31));
			attempt(() => Preference.set('d', 'k', new Uint8Array(1)));
			attempt(() => Preference.set('d', 'k', undefined));
			attempt(() => { for (let i = 0; i < 200; i++) Preference.set('d', 'key' + i, 'x'.repeat(60)); });
		`);
		expect(said).toEqual([
			'undefined', "Error can't save prefs", 'undefined', "Error can't save prefs", 'Error too long', 'Error float unsupported',
			'Error float unsupported', 'Error unsupported type', 'Error unsupported type', "Error can't save prefs",
		]);
	});

	it('keeps the limits of an ESP32', async () => {
		const { said } = await probe(engine, `${ATTEMPT}
			attempt(() => Preference.set('d', 'k'.repeat(15), 'x'.repeat(2000)));
			attempt(() => Preference.set('d', 'k'.repeat(16), 1));
			attempt(() => Preference.set('d'.repeat(16), 'k', 1));
		`, 0, { board: 'esp32' });
		expect(said).toEqual(['undefined', 'Error nvs set fail', 'Error nvs_open fail']);
	});

	it('loses a key when the power goes between the old value and the new one', async () => {
		const { said, simulation, run } = await probe(engine, `
			trace(Preference.get('d', 'k'));
			Timer.set(() => Preference.set('d', 'k', (Preference.get('d', 'k') ?? 0) + 1), 100);
		`, 200);
		const node = simulation.nodes[0];
		node.restart();
		await run(500);
		node.storage.onStep = () => 0;
		await run(200);
		expect(node.ends).toEqual(['restart', 'power cut']);
		node.storage.onStep = undefined;
		await node.powerOn();
		await run(50);
		expect(said).toEqual(['undefined', '1', 'undefined']);
	});
});

describe.each(ENGINES)('flash on %s', (engine) => {
	it('is erased to ones by the sector and only loses bits by writing', async () => {
		const { said } = await probe(engine, `${HEX}
			const flash = new Flash('storage');
			trace(flash.blockSize, ' ', flash.byteLength);
			flash.write(4094, 4, Uint8Array.of(0xf0, 0xcc, 0x0f, 0x55));
			flash.write(4094, 1, Uint8Array.of(0x3f));
			trace(hex(flash.read(4092, 8)));
			flash.erase(0);
			trace(hex(flash.read(4092, 8)));
		`);
		expect(said).toEqual([`4096 ${0x2f9000}`, 'ffff30cc0f55ffff', 'ffffffff0f55ffff']);
	});

	it.each([
		['nodemcu', ['Error unknown partition', 'Error invalid sector', 'Error invalid offset', 'Error invalid length', 'Error invalid', 'Error unsupported']],
		['esp32', ["Error can't find partition", 'Error erase failed', 'Error read failed', 'Error read failed', 'Error invalid', 'undefined']],
	] as const)('stays within its partition (%s)', async (board, words) => {
		const { said } = await probe(engine, `${ATTEMPT}
			const flash = new Flash('storage');
			attempt(() => new Flash('nothing'));
			attempt(() => flash.erase(flash.byteLength / 4096));
			attempt(() => flash.read(flash.byteLength, 1));
			attempt(() => flash.read(flash.byteLength - 1, 2));
			attempt(() => flash.write(0, 4, Uint8Array.of(1)));
			attempt(() => void flash.map());
		`, 0, { board });
		expect(said).toEqual(words);
	});

	it('reads what was never written as blank, within the partition, and takes no room for it', async () => {
		const { said, simulation, run } = await probe(engine, `${HEX} ${ATTEMPT}
			const flash = new Flash('storage'), other = new Flash('xs');
			attempt(() => flash.read(flash.byteLength, 1));
			attempt(() => flash.read(flash.byteLength - 1, 2));
			attempt(() => flash.read(-1, 2));
			attempt(() => flash.read(0, 0));
			trace(hex(flash.read(flash.byteLength - 2, 2)), hex(flash.read(8190, 4)), hex(other.read(0, 1)));
			Timer.set(() => {
				flash.write(8191, 2, Uint8Array.of(1, 2));
				trace(hex(flash.read(8190, 4)), hex(flash.read(4095, 2)), hex(other.read(8191, 1)));
			}, 100);
		`, 50);
		expect(simulation.nodes[0].storage.sectors.size).toBe(0);
		await run(100);
		expect(said.splice(0)).toEqual(['Error invalid offset', 'Error invalid length', 'Error invalid offset', 'Error invalid length', 'ffffffffffffff', 'ff0102ffffffff']);
		simulation.nodes[0].restart();
		await run(500);
		expect(said[4]).toBe('ffffff0102ffff');
	});

	it('has written a part when the power goes in the middle, and keeps it', async () => {
		const { said, simulation, run } = await probe(engine, `${HEX}
			const flash = new Flash('storage');
			trace(hex(flash.read(0, 6)));
			Timer.set(() => { try { flash.write(0, 4, Uint8Array.of(1, 2, 3, 4)); } catch {} trace('never'); }, 100);
		`);
		const node = simulation.nodes[0];
		node.storage.onStep = (step) => (step === 'write' ? 0.5 : undefined);
		await run(200);
		expect(node.running).toBe(false);
		node.storage.onStep = undefined;
		await node.powerOn();
		await run(50);
		expect(said).toEqual(['ffffffffffff', '0102ffffffff']);
	});

	it('may fail, with a part done and an exception, for as long as it is in trouble', async () => {
		const { said, simulation, run } = await probe(engine, `${HEX} ${ATTEMPT}
			const flash = new Flash('storage');
			Timer.repeat(() => {
				attempt(() => flash.write(0, 4, Uint8Array.of(1, 2, 3, 4)));
				trace(hex(flash.read(0, 4)));
				attempt(() => flash.erase(0));
				trace(hex(flash.read(0, 4)));
			}, 100);
		`);
		simulation.nodes[0].storage.onTrouble = (step) => (step === 'write' ? 0.5 : 0);
		await run(150);
		simulation.nodes[0].storage.onTrouble = undefined;
		await run(100);
		expect(said).toEqual(['Error write failed', '0102ffff', 'Error erase failed', '0102ffff', 'undefined', '01020304', 'undefined', 'ffffffff']);
	});
});
