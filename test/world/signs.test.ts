// What can be seen of a node and asked of it without a cable, and what is asked of all nodes at once: the whole node; LED, button and date once on the chip's engine.

import { describe, expect, it } from 'vitest';
import { MINUTE, SECOND, stage, type Stage } from './stage.js';

const START_UNIX = Date.UTC(2026, 0, 1) / 1_000;

const send = (set: Stage, topic: string, payload: object = {}) => set.simulation.broker.publish(topic, JSON.stringify(payload), { qos: 1 });
const results = (set: Stage, from = 0) => set.texts('result', from).map((each) => JSON.parse(each) as { id: string; name: string; ok: boolean; error?: string });

/** When the LED changed, and to what. */
function watchLed(set: Stage): { at: number; isLit: boolean }[] {
	const changes: { at: number; isLit: boolean }[] = [];
	set.node.panel.onLight = (isLit) => void changes.push({ at: set.now, isLit });
	return changes;
}

async function hold(set: Stage, ms: number): Promise<void> {
	set.node.panel.isPressed = true;
	await set.run(ms);
	set.node.panel.isPressed = false;
	await set.run(SECOND);
}

const online = async (set: Stage) => set.until(() => set.isOnline() && set.readings().length > 0, 2 * MINUTE);

describe.each(['nodemcu', 'esp32'] as const)('the LED of a %s', (board) => {
	it('blinks while the node joins, is dark while it is online, shows where it is when asked, and is lit in trouble', async () => {
		const set = await stage({ engine: board === 'nodemcu' ? 'xs' : 'node', board, seed: `signs/${board}` });
		const changes = watchLed(set);
		await online(set);
		expect(changes.length).toBeGreaterThan(2);
		await set.run(5 * SECOND);
		changes.length = 0;
		await set.run(10 * SECOND);
		expect([changes, set.node.panel.isLit]).toEqual([[], false]);
		send(set, 'telltale/porch/set/identify', { id: 'where' });
		await set.run(12 * SECOND);
		expect(results(set)).toMatchObject([{ id: 'where', name: 'identify', ok: true }]);
		// Four times a second for ten seconds.
		expect(changes.length).toBeGreaterThanOrEqual(78);
		expect(changes.length).toBeLessThanOrEqual(82);
		expect(set.node.panel.isLit).toBe(false);
		set.simulation.world.accessPoint.up = false;
		await set.run(MINUTE);
		changes.length = 0;
		await set.run(MINUTE);
		expect([changes, set.node.panel.isLit]).toEqual([[], true]);
		set.simulation.world.accessPoint.up = true;
		await set.until(() => set.isOnline(), 2 * MINUTE);
		await set.run(SECOND);
		expect(set.node.panel.isLit).toBe(false);
		await set.expectWell();
	});
});

describe('the LED', () => {
	it('is lit while a part does not answer, though the node is online', async () => {
		const set = await stage({ seed: 'signs' });
		await online(set);
		set.node.part('sht3x').trouble = 'gone';
		await set.run(12 * SECOND);
		expect([set.isOnline(), set.node.panel.isLit]).toEqual([true, true]);
	});
});

describe('the button', () => {
	it('held for 5 s asks for set-up mode: the node says that it stops, loses nothing, and the next boot finds the wish', async () => {
		const set = await stage({ engine: 'xs', seed: 'signs' });
		await online(set);
		const from = set.now;
		await hold(set, 4 * SECOND);
		expect([set.node.counts.boots, set.heard(/button/)]).toEqual([1, undefined]);
		await hold(set, 6 * SECOND);
		expect(set.heard(/^the node is asked to be set up$/, from)).toBeDefined();
		await set.until(() => set.node.counts.boots === 2, 15 * SECOND);
		expect(set.texts('status', from)).toContain('stopped');
		expect(set.node.ends).toEqual(['restart by itself']);
		await set.run(5 * SECOND);
		expect(set.heard(/^set-up: /)).toBeDefined();
		const changes = watchLed(set);
		await set.run(4 * SECOND);
		// Two flashes each two seconds.
		expect([changes.length, changes.filter(({ isLit }) => isLit).length]).toEqual([8, 4]);
		// There, too: back with the settings of the image, and in no set-up mode.
		await hold(set, 16 * SECOND);
		await set.until(() => set.node.counts.boots === 3, 15 * SECOND);
		await set.until(() => set.isOnline(), MINUTE);
	});

	it('held for 15 s forgets what was changed at the node, and not the readings', async () => {
		const set = await stage({ seed: 'signs', settings: { intervalMs: 10_000 } });
		await online(set);
		send(set, 'telltale/porch/set/interval', { value: 20_000 });
		await set.until(() => set.node.storage.settings.intervalMs === 20_000, 10 * SECOND);
		send(set, 'telltale/porch/set/interval', { value: 30_000 });
		await set.until(() => set.node.storage.settings.intervalMs === 30_000, 10 * SECOND);
		set.node.storage.preferences.get('telltale')!.set('spoken', ['number', 5]);
		await hold(set, 16 * SECOND);
		await set.until(() => set.node.counts.boots === 2, 15 * SECOND);
		const from = set.now;
		await set.until(() => set.texts('info', from).length > 0, MINUTE);
		expect(JSON.parse(set.texts('info').at(-1)!)).toMatchObject({ interval: 10 });
		expect(set.node.storage.settings).toEqual({});
		expect(set.node.storage.preferences.get('telltale')!.has('spoken')).toBe(false);
		await set.expectWell(2);
	});

	it('held since power-on does nothing, nor does one that sticks', async () => {
		const set = await stage({ seed: 'signs' });
		await online(set);
		set.node.powerCut();
		set.node.panel.isPressed = true;
		await set.node.powerOn();
		await set.run(20 * SECOND);
		set.node.panel.isPressed = false;
		await set.run(SECOND);
		await hold(set, 31 * SECOND);
		await set.run(30 * SECOND);
		expect(set.node.counts.boots).toBe(2);
		expect(set.node.ends).toEqual(['power cut']);
	});
});

describe('set-up, typed at the serial line', () => {
	it('opens set-up mode, and the node goes on by itself after ten minutes', async () => {
		const set = await stage({ seed: 'signs', settings: { intervalMs: 10_000 } });
		await online(set);
		set.node.type('set-up\n');
		await set.until(() => set.node.ownNetwork !== undefined, 20 * SECOND);
		await set.run(9 * MINUTE);
		expect(set.node.ownNetwork).toBeDefined();
		await set.until(() => set.node.ownNetwork === undefined, 2 * MINUTE);
		await set.expectWell(3);
	});
});

describe('forget', () => {
	it('is taken from the serial line and refused over MQTT', async () => {
		const set = await stage({ seed: 'signs', settings: { intervalMs: 10_000 } });
		await online(set);
		send(set, 'telltale/porch/set/interval', { value: 20_000 });
		await set.until(() => set.node.storage.settings.intervalMs === 20_000, 10 * SECOND);
		send(set, 'telltale/porch/set/forget', { id: 'f' });
		send(set, 'telltale/all/set/forget', { id: 'g' });
		await set.run(2 * SECOND);
		expect(results(set).slice(1).map(({ id, ok }) => [id, ok])).toEqual([['f', false], ['g', false]]);
		expect(set.node.storage.settings).toEqual({ intervalMs: 20_000 });
		set.node.type('forget\n');
		await set.until(() => set.node.counts.boots === 2, 15 * SECOND);
		expect(set.node.storage.settings).toEqual({});
		await set.expectWell(2);
	});

	it('leaves all of it or nothing when the power goes, at every step', async () => {
		const set = await stage({ seed: 'signs', settings: { intervalMs: 10_000 } });
		await online(set);
		// Of each generation the heading is spoilt, then its sector erased; what comes behind them is the journal's.
		for (let cut = 0; cut < 8; cut++) {
			for (const value of [20_000, 30_000]) {
				send(set, 'telltale/porch/set/interval', { value });
				await set.until(() => set.node.storage.settings.intervalMs === value, 10 * SECOND);
			}
			let steps = Math.floor(cut / 2);
			set.node.storage.onStep = (step) => (step === 'preference' || steps-- > 0 ? undefined : cut % 2);
			set.node.type('forget\n');
			await set.until(() => !set.node.running, 15 * SECOND);
			set.node.storage.onStep = undefined;
			await set.node.powerOn();
			set.node.storage.preferences.get('telltale')!.set('boots', ['number', 0]);
			const from = set.now;
			await set.until(() => set.texts('info', from).length > 0, MINUTE);
			const { interval } = JSON.parse(set.texts('info').at(-1)!) as { interval: number };
			expect(interval, `cut ${cut}`).toBe(cut < 5 ? 30 : 10);
		}
	});
});

describe('the date by command', () => {
	it('is used where no time server answers, and gives way to the first that does', async () => {
		const set = await stage({ engine: 'xs', seed: 'signs', settings: { intervalMs: 5_000 } });
		set.simulation.world.conditions.time = 'silent';
		await online(set);
		expect(set.readings().at(-1)!.time).toBeUndefined();
		// A watch that is an hour slow.
		const told = START_UNIX - 3_600 + Math.floor(set.now / SECOND);
		send(set, 'telltale/porch/set/time', { id: 't', value: told });
		await set.run(11 * SECOND);
		expect(results(set)).toMatchObject([{ id: 't', name: 'time', ok: true }]);
		expect(Math.abs(set.readings().at(-1)!.time! - told - 8)).toBeLessThanOrEqual(6);
		await set.until(() => set.heard(/^the time server .* does not answer; the date that is known goes on$/) !== undefined, 2 * MINUTE);
		set.simulation.world.conditions.time = 'ok';
		await set.run(2 * MINUTE);
		expect(Math.abs(set.readings().at(-1)!.time! - START_UNIX - set.now / SECOND)).toBeLessThanOrEqual(6);
		send(set, 'telltale/porch/set/time', { value: told });
		await set.run(6 * SECOND);
		expect(results(set).at(-1)).toMatchObject({ ok: false, error: 'the date is known from a time server' });
		expect(Math.abs(set.readings().at(-1)!.time! - START_UNIX - set.now / SECOND)).toBeLessThanOrEqual(6);
	});

	it('is confirmed like a first date: one wrong answer of a time server does not stay', async () => {
		const set = await stage({ seed: 'signs', settings: { intervalMs: 5_000 } });
		Object.assign(set.simulation.world.conditions, { time: 'silent' });
		await online(set);
		send(set, 'telltale/porch/set/time', { value: START_UNIX + Math.floor(set.now / SECOND) });
		await set.run(2 * SECOND);
		Object.assign(set.simulation.world.conditions, { time: 'ok', timeOffsetSeconds: 86_400 });
		await set.until(() => Math.abs(set.readings().at(-1)!.time! - START_UNIX - set.now / SECOND) > 80_000, 3 * MINUTE);
		set.simulation.world.conditions.timeOffsetSeconds = 0;
		await set.run(90 * SECOND);
		expect(Math.abs(set.readings().at(-1)!.time! - START_UNIX - set.now / SECOND)).toBeLessThanOrEqual(6);
	});
});

describe('the time server that the network names', () => {
	it.each(['nodemcu', 'esp32'] as const)('is asked by an ESP32, whose IP stack knows it, and cannot be by an ESP8266 (%s)', async (board) => {
		const set = await stage({ board, seed: 'signs', settings: { host: '10.9.0.1', intervalMs: 5_000 } });
		const { accessPoint, conditions } = set.simulation.world;
		set.node.powerCut();
		accessPoint.timeServer = '10.0.0.1';
		// No other can be found.
		conditions.dns = 'fails';
		await set.node.powerOn();
		await set.run(40 * SECOND);
		expect(set.heard(/^the date is known$/) !== undefined).toBe(board === 'esp32');
	});
});

describe('what is asked of all nodes', () => {
	it('each does and answers for itself, and restarts are spread over a minute', async () => {
		const set = await stage({ seed: 'signs', nodes: 3, settings: { intervalMs: 10_000 } });
		const { nodes, broker } = set.simulation;
		await set.until(() => nodes.every(({ name }) => broker.isConnected(`telltale-${name}`)), 2 * MINUTE);
		await set.run(65 * SECOND);
		send(set, 'telltale/all/set/interval', { id: 'i', value: 20_000 });
		send(set, 'telltale/all/set/calibrate', { id: 'c', value: { temperature: 21 } });
		await set.run(3 * SECOND);
		const answers = broker.published.filter(({ topic }) => topic.endsWith('/result')).map(({ topic, payload }) => [topic, JSON.parse(payload.toString()).id, JSON.parse(payload.toString()).ok]);
		expect(answers.sort()).toEqual(nodes.flatMap(({ name }) => [[`telltale/${name}/result`, 'c', false], [`telltale/${name}/result`, 'i', true]]).sort());
		expect(nodes.map(({ storage }) => storage.settings.intervalMs)).toEqual([20_000, 20_000, 20_000]);
		const from = set.now;
		send(set, 'telltale/all/set/restart', { id: 'r' });
		await set.run(3 * SECOND);
		expect(results(set, from).map(({ id, ok }) => [id, ok])).toEqual([['r', true], ['r', true], ['r', true]]);
		const turns = nodes.map(({ counts }) => counts.turns);
		send(set, 'telltale/all/set/sample', { id: 'late' });
		await set.run(SECOND);
		// One may have restarted already.
		const refused = results(set, from).slice(3);
		expect(refused.length).toBeGreaterThan(0);
		expect(new Set(refused.map(({ id, error }) => `${id}: ${error}`))).toEqual(new Set(['late: the node is about to stop or restart']));
		expect(nodes.every(({ counts }, i) => counts.turns - turns[i]! < 30)).toBe(true);
		await set.run(70 * SECOND);
		expect(nodes.map(({ counts }) => counts.boots)).toEqual([2, 2, 2]);
		const stops = broker.published.filter(({ topic, payload, at }) => at >= from && topic.endsWith('/status') && payload.toString() === 'stopped').map(({ at }) => at - from);
		expect(stops.length).toBe(3);
		expect(Math.max(...stops)).toBeLessThanOrEqual(61 * SECOND);
		expect(Math.max(...stops) - Math.min(...stops)).toBeGreaterThan(5 * SECOND);
	});

	it('is below the root of the settings, and nothing that was retained there is done', async () => {
		const set = await stage({ seed: 'signs', settings: { root: 'home/lab', intervalMs: 10_000 } });
		set.simulation.broker.publish('home/lab/all/set/interval', '{"id":"old","value":77000}', { qos: 1, retain: true });
		await set.until(() => set.isOnline(), MINUTE);
		await set.run(5 * SECOND);
		expect(set.simulation.broker.published.some(({ topic }) => topic === 'home/lab/porch/status')).toBe(true);
		for (const topic of ['telltale/all/set/interval', 'home/lab/all/set/a/b', 'home/laball/set/interval', 'home/lab/all/set']) send(set, topic, { id: topic, value: 60_000 });
		send(set, 'home/lab/all/set/interval', { id: 'new', value: 15_000 });
		await set.run(3 * SECOND);
		expect(results(set).map(({ id }) => id)).toEqual(['new']);
		expect(set.node.storage.settings).toEqual({ intervalMs: 15_000 });
		expect(set.heard(/^a retained command .* set\/interval is ignored$/)).toBeDefined();
	});

	it('may be forbidden: the node names the filter, goes on without, and still hears its own commands', async () => {
		const set = await stage({ seed: 'signs' });
		set.simulation.broker.faults.forbids = { subscribe: /\/all\//, reason: 0x87 };
		await set.run(5 * MINUTE);
		expect(set.heard(/upon SUBSCRIBE to telltale\/all\/set\/\+/)).toBeDefined();
		expect(set.heard(/another client/)).toBeUndefined();
		expect(set.packets('connect').length).toBeLessThan(8);
		send(set, 'telltale/porch/set/sample', { id: 'own' });
		await set.run(2 * SECOND);
		expect(results(set).at(-1)).toMatchObject({ id: 'own', ok: true });
		await set.expectWell();
	});

	it('is not asked for with the setting commands false', async () => {
		const set = await stage({ seed: 'signs', settings: { commands: false } });
		await online(set);
		expect(JSON.stringify(set.packets('subscribe'))).not.toContain('/set/');
	});

	it('fits with the longest topics that there are', async () => {
		const set = await stage({ seed: 'signs', settings: { root: 'r'.repeat(16), base: 'b'.repeat(40) } });
		await set.until(() => set.readings().length > 1, MINUTE);
		send(set, `${'r'.repeat(16)}/all/set/sample`, { id: 'long' });
		await set.run(2 * SECOND);
		expect(results(set)).toMatchObject([{ id: 'long', ok: true }]);
	});
});
