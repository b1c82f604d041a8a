// What commands change outlives everything: the whole node on the chip's engine, with the power cut at every step of the write.
import { describe, expect, it } from 'vitest';
import { withAir } from '../../simulator/simulation.js';
import type { Setting } from '../../src/settings/settings.js';
import { plant } from './planted.js';
import { MINUTE, SECOND, stage, type Stage } from './stage.js';

const BOARDS = ['nodemcu', 'esp32'] as const;

const ALL = [0, 0.5, 1];

async function online(board: (typeof BOARDS)[number], engine: 'xs' | 'node' = 'xs'): Promise<Stage> {
	const set = await stage({ engine, board, seed: `settings/${board}`, settings: { intervalMs: 10_000 } });
	await set.until(() => set.isOnline() && set.readings().length > 0, 2 * MINUTE);
	return set;
}

/** At QoS 0: what the power cuts short does not come again. */
const send = (set: Stage, name: string, value: unknown) => set.simulation.broker.publish(`telltale/porch/set/${name}`, JSON.stringify({ id: name, value }), { qos: 0 });

/** What the node says that it goes by, in milliseconds. */
const interval = (set: Stage) => 1_000 * (JSON.parse(set.texts('info').at(-1)!) as { interval: number }).interval;

/** Cut, and plugged in again: what it goes by now. */
async function again(set: Stage): Promise<number> {
	if (set.node.running) set.node.powerCut();
	const from = set.now;
	await set.node.powerOn();
	await set.until(() => set.texts('info', from).length > 0, MINUTE);
	return interval(set);
}

/** Does it with the power cut at each step that it takes in flash: before it, within it and behind it (`parts`). Returns how many cuts there were. */
async function cutEverywhere(set: Stage, parts: readonly number[], prepare: () => Promise<void>, act: () => void, check: (what: string) => Promise<void>): Promise<number> {
	for (let cut = 0; ; cut++) {
		// None of these boots is long; they are no loop.
		set.node.storage.preferences.get('telltale')!.set('boots', ['number', 0]);
		await prepare();
		let steps = Math.floor(cut / parts.length);
		const part = parts[cut % parts.length];
		set.node.storage.onStep = (step) => (step === 'preference' || steps-- > 0 ? undefined : part);
		act();
		await set.run(2 * SECOND);
		set.node.storage.onStep = undefined;
		if (set.node.running) return cut;
		await check(`cut ${cut}`);
	}
}

describe.each(BOARDS)('on %s', (board) => {
	it('an interval that is changed while the power goes is the old one or the new one, at every step of the write', async () => {
		const onChip = board === 'nodemcu';
		const set = await online(board, onChip ? 'xs' : 'node');
		let [old, young] = [10_000, 10_000];
		const parts = onChip ? [0.5] : ALL;
		const cuts = await cutEverywhere(set, parts, async () => {
			// One that is kept already, which was lost once.
			old = young === 20_000 ? 30_000 : 20_000;
			send(set, 'interval', old);
			await set.until(() => set.node.storage.settings.intervalMs === old, 10 * SECOND);
			young = old === 20_000 ? 40_000 : 50_000;
		}, () => send(set, 'interval', young), async (what) => {
			const found = await again(set);
			expect([old, young], what).toContain(found);
			expect(set.node.storage.settings, what).toEqual({ intervalMs: found });
			young = found;
		});
		// The old heading spoilt, erased, entries, heading.
		expect(cuts).toBe(4 * parts.length);
		expect(await again(set)).toBe(young);
		expect(set.node.ends.every((end) => end === 'power cut')).toBe(true);
		expect(set.heard(/settings in flash|cannot be kept/)?.text ?? 'settings in flash: some are unreadable, damaged or cut short; those before them hold').toMatch(/those before them hold$/);
	});
});

describe('on a node', () => {
	it('both channels of a calibration are kept, or neither, at every step of the write', async () => {
		const set = await online('nodemcu', 'node');
		let count = 0;
		const cuts = await cutEverywhere(set, ALL, async () => {}, () => send(set, 'calibrate', { temperature: 20 + ++count / 10, humidity: 40 + count / 10 }), async (what) => {
			await again(set);
			await set.until(() => set.readings().length > 0 && set.isOnline(), MINUTE);
			await set.run(11 * SECOND);
			const { calibration = 'temperature=0:0,humidity=0:0' } = set.node.storage.settings;
			const [, reference, measured] = /^temperature=(\d+):(\d+),humidity=\d+:\d+$/.exec(calibration as string)!;
			const offset = (Number(reference) - Number(measured)) / 1_000;
			expect(Math.abs(set.readings().at(-1)!.temperature! - (21 + offset)), what).toBeLessThan(3);
		});
		expect(cuts).toBeGreaterThanOrEqual(4 * 3);
		expect(Object.keys(set.node.storage.settings)).toEqual(['calibration']);
	});

	it('what an older firmware kept in the preferences holds on, and has moved', async () => {
		const set = await online('nodemcu', 'node');
		set.node.powerCut();
		const preferences = set.node.storage.preferences.get('telltale')!;
		preferences.set('intervalMs', ['number', 25_000]).set('offsetMilliC', ['number', 500]);
		expect(await again(set)).toBe(25_000);
		expect([set.node.storage.settings, preferences.has('intervalMs'), preferences.has('offsetMilliC')]).toEqual([{ intervalMs: 25_000, offsetMilliC: 500 }, false, false]);
		send(set, 'interval', 35_000);
		await set.run(2 * SECOND);
		expect(await again(set)).toBe(35_000);
	});

	it('safe mode goes by what holds, and by the image alone where that ends too soon as well; it keeps what is changed in it with the rest', async () => {
		const set = await online('nodemcu', 'node');
		send(set, 'interval', 25_000);
		await set.until(() => set.node.storage.settings.intervalMs === 25_000, 10 * SECOND);
		set.node.storage.preferences.get('telltale')!.set('boots', ['number', 5]);
		expect(await again(set)).toBe(25_000);
		expect(set.heard(/^safe mode/)).toBeDefined();
		expect(await again(set)).toBe(10_000);
		expect(JSON.parse(set.texts('info').at(-1)!)).toMatchObject({ safeMode: true });
		send(set, 'interval', 10_000);
		await set.run(2 * SECOND);
		expect(set.node.storage.settings).toEqual({ intervalMs: 10_000 });
	});

	it('the RAM that they take is that of what they name', async () => {
		const weigh = async (changes?: Readonly<Record<string, Setting>>): Promise<number> => {
			const set = await stage({ engine: 'xs', seed: 'settings', settings: { host: 'broker.test', intervalMs: 10_000 } });
			set.node.powerCut();
			if (changes) plant(set.node, changes, withAir({ node: 'porch', host: 'broker.test', intervalMs: 10_000 }));
			await set.node.powerOn();
			await set.until(() => set.readings().length > 1, MINUTE);
			await set.run(15 * SECOND);
			return (await set.node.memory())!.bytes;
		};
		const without = await weigh();
		// An object, and a slot for each; and of a text its bytes, with a head.
		expect(await weigh({ intervalMs: 9_000 }) - without).toBe(16 + 16);
		expect(await weigh({ user: 'u'.repeat(60), alpn: 'a'.repeat(32) }) - without).toBeLessThanOrEqual(16 + 2 * 16 + 60 + 32 + 2 * 16);
	});

	it('parts that an older firmware kept twice do not cost the node all else that it kept', async () => {
		const set = await stage({ engine: 'xs', seed: 'settings', settings: { host: 'broker.test', intervalMs: 10_000 } });
		set.node.powerCut();
		plant(set.node, { intervalMs: 25_000, sensors: 'sht3x,tmp36,sht3x' }, withAir({ node: 'porch', host: 'broker.test', intervalMs: 10_000 }));
		expect(await again(set)).toBe(25_000);
		expect(set.heard(/^settings in flash/)).toBeUndefined();
		await set.until(() => set.texts('channels').length > 0, MINUTE);
		expect(JSON.parse(set.texts('channels').at(-1)!)).toEqual({ temperature: ['°C', 'sht3x'], humidity: ['%', 'sht3x'] });
	});

	it('a flash of which every sector was written once is no more to look at than a blank one', async () => {
		const set = await stage({ engine: 'xs', seed: 'settings', settings: { intervalMs: 10_000 } });
		set.node.powerCut();
		for (let sector = 0; sector < 759; sector++) set.node.storage.sectors.set(`storage/${sector}`, new Uint8Array(4_096));
		expect(await again(set)).toBe(10_000);
		expect(set.node.counts.faults).toBe(0);
	});

	it('an image that brings a broker of its own replaces what was kept under another', async () => {
		const set = await stage({ seed: 'settings', settings: { intervalMs: 10_000 } });
		set.node.powerCut();
		plant(set.node, { intervalMs: 25_000 }, { ssid: 'elsewhere' });
		expect(await again(set)).toBe(10_000);
		expect(set.heard(/^settings in flash: this image brings its own/)).toBeDefined();
		const from = set.now;
		expect(await again(set)).toBe(10_000);
		expect(set.heard(/^settings in flash/, from)).toBeUndefined();
	});
});
