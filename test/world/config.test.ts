// The command `config`: settings are on trial until they have worked, and the node comes back whatever they are. On the chip's
// engine, in the world.
import { describe, expect, it } from 'vitest';
import { VirtualBroker } from '../../simulator/virtual/broker.js';
import { audit } from '../support/audit.js';
import { withAir } from '../../simulator/simulation.js';
import { FIELDS, type Setting } from '../../src/settings/settings.js';
import { plant } from './planted.js';
import { MINUTE, SECOND, stage, type Stage } from './stage.js';

async function online(settings: object = {}, engine: 'xs' | 'node' = 'node'): Promise<Stage> {
	const set = await stage({ engine, seed: 'config', settings: { intervalMs: 5_000, ...settings } });
	await set.until(() => set.isOnline() && set.readings().length > 0, 2 * MINUTE);
	return set;
}

const send = (set: Stage, value: unknown, name = 'config') => set.simulation.broker.publish(`telltale/porch/set/${name}`, JSON.stringify({ id: 'mine', value }), { qos: 1 });

const SECRETS = /not the right one|some passphrase|good one|bad one/;

interface Result {
	readonly name: string;
	readonly ok: boolean;
	readonly error?: string;
	readonly trial?: number;
}

const results = (set: Stage, from = 0) => set.texts('result', from).map((text) => JSON.parse(text) as Result);

/** Sends it, and waits for its result. */
async function config(set: Stage, value: unknown, name?: string): Promise<Result> {
	const from = set.now;
	send(set, value, name);
	await set.until(() => results(set, from).length > 0, 20 * SECOND);
	return results(set, from)[0]!;
}

const info = (set: Stage) => JSON.parse(set.texts('info').at(-1)!) as { settings?: object; interval: number; safeMode?: boolean };

/** Until the node, which was started anew, has said of itself what came of it. */
async function outcome(set: Stage, limitMs = 4 * MINUTE): Promise<object> {
	const from = set.now;
	await set.until(() => set.texts('info', from).length > 0 && set.isOnline() && info(set).settings !== undefined, limitMs);
	return info(set).settings!;
}

/** None of its readings is lost, in whatever boot. */
async function expectAccounted(set: Stage): Promise<void> {
	await set.run(70 * SECOND);
	await set.until(() => set.health().waiting! <= 1, MINUTE);
	await set.run(2 * SECOND);
	const auditor = audit(set.simulation.broker.published, 'porch');
	expect(auditor.violations).toEqual([]);
	expect(auditor.missingOfAll()).toEqual([]);
}

/** Another one, that is no cluster with the first. */
function secondBroker(set: Stage): VirtualBroker {
	set.simulation.network.names.set('other.test', '127.0.0.2');
	return new VirtualBroker(set.simulation.world.clock, set.simulation.network, '127.0.0.2', 1_883);
}

const saidBy = (broker: VirtualBroker, leaf: string) => broker.published.filter(({ topic }) => topic.endsWith(`/${leaf}`)).map(({ payload }) => payload.toString());

describe('settings that do not work', () => {
	it.each([
		['a passphrase that is wrong', { passphrase: 'not the right one' }, 'wifi'],
		['a network that is not there', { wifi: { ssid: 'nowhere', passphrase: 'some passphrase' } }, 'wifi'],
		['a host that nobody knows', { host: 'nobody.test' }, 'dns'],
		['a host where nobody listens', { broker: { host: '127.0.0.9' } }, 'tcp'],
		['a password that is refused', { password: 'a bad one' }, 'refused'],
	])('%s: the node says so, and is back with what it had', async (what, value, why) => {
		const set = await online({ user: 'zoe', password: 'good one' }, what === 'a passphrase that is wrong' ? 'xs' : 'node');
		set.simulation.broker.requireCredentials('zoe', 'good one');
		const result = await config(set, value);
		expect(result).toEqual({ id: 'mine', name: 'config', ok: true, trial: 1 });
		expect(await outcome(set)).toEqual({ serial: 1, trial: 'failed', why });
		expect(set.heard(/^settings number 1 do not work \(/)?.text).toContain(`(${why}); those before them hold again`);
		expect(set.node.storage.settings).toEqual({});
		expect(JSON.stringify(set.lines)).not.toMatch(SECRETS);
		expect(JSON.stringify(set.texts('result'))).not.toMatch(SECRETS);
		await expectAccounted(set);
	});
});

describe('settings that work', () => {
	it('hold: another broker, with its own user, over a restart and over power cuts', async () => {
		const set = await online({ user: 'zoe', password: 'good one' });
		const other = secondBroker(set);
		other.requireCredentials('zoe 2', 'another good one');
		expect(await config(set, { broker: { host: 'other.test', user: 'zoe 2', password: 'another good one' } })).toMatchObject({ ok: true, trial: 1 });
		await set.until(() => saidBy(other, 'info').at(-1)?.includes('"trial"') === true, MINUTE);
		expect(JSON.parse(saidBy(other, 'info').at(-1)!)).toMatchObject({ settings: { serial: 1, trial: 'worked' } });
		expect(set.heard(/^settings number 1 work, and hold from now on$/)).toBeDefined();
		expect([set.texts('status').at(-1), set.node.storage.settings.host]).toEqual(['stopped', 'other.test']);
		for (let i = 0; i < 2; i++) {
			set.node.powerCut();
			const from = set.now;
			await set.node.powerOn();
			await set.until(() => other.published.some(({ at, topic, payload }) => at > from && topic.endsWith('/status') && payload.toString() === 'online'), MINUTE);
		}
		await set.run(40 * SECOND);
		// Two brokers that are no cluster: together they have heard all.
		const auditor = audit([...set.simulation.broker.published, ...other.published].sort((a, b) => a.at - b.at), 'porch');
		expect([auditor.violations, auditor.missingOfAll()]).toEqual([[], []]);
	});

	it('that are those that hold already are not written, and nothing restarts', async () => {
		const set = await online({ intervalMs: 5_000 });
		const { boots } = set.node.counts;
		for (const value of [{ intervalMs: 5_000 }, { ssid: 'simulated', passphrase: 'simulated air' }, { wifi: { ssid: 'simulated', passphrase: 'simulated air' } }, { user: '' }, { wifi2: {} }, { host2: '' }]) {
			expect(await config(set, value)).toEqual({ id: 'mine', name: 'config', ok: true });
		}
		await set.run(10 * SECOND);
		expect([set.node.counts.boots, set.node.storage.settings, info(set).settings]).toEqual([boots, {}, undefined]);
	});

	it('may be changed one after the other, each on top of the one before', async () => {
		const set = await online();
		expect(await config(set, { intervalMs: 6_000, base: 'other/porch' })).toMatchObject({ trial: 1 });
		expect(await outcome(set)).toEqual({ serial: 1, trial: 'worked' });
		expect(set.simulation.broker.published.at(-1)!.topic).toMatch(/^other\/porch/);
		await set.run(MINUTE);
		set.simulation.broker.publish('other/porch/set/config', JSON.stringify({ value: { base: 'telltale/porch', keepAliveMs: 20_000 } }), { qos: 1 });
		await set.until(() => set.texts('info').at(-1)!.includes('"serial":2'), MINUTE);
		expect([info(set), set.node.storage.settings]).toMatchObject([{ interval: 6, settings: { serial: 2, trial: 'worked' } }, { intervalMs: 6_000, base: 'telltale/porch', keepAliveMs: 20_000 }]);
	});

	it('work with a broker that takes QoS 0 alone once the link has lived for a minute', async () => {
		const set = await online({ qos: 0 });
		await config(set, { keepAliveMs: 20_000 });
		const from = set.now;
		expect(await outcome(set)).toEqual({ serial: 1, trial: 'worked' });
		expect(set.now - from).toBeGreaterThan(MINUTE);
	});
});

describe('while settings are on trial', () => {
	/** The node has just begun to try what works, but its broker says nothing. */
	async function trying(engine?: 'xs'): Promise<Stage> {
		const set = await online({}, engine);
		await config(set, { keepAliveMs: 20_000 });
		set.simulation.broker.faults.silent = true;
		await set.until(() => set.heard(/^settings number 1 are on trial/) !== undefined, 20 * SECOND);
		return set;
	}

	it('interval, calibrate and config are refused, typed too, and change nothing', async () => {
		const set = await trying();
		await set.run(6 * SECOND);
		for (const line of ['interval 7000', 'calibrate {"temperature":20}', 'config {"intervalMs":7000}']) {
			set.node.type(`${line}\n`);
			await set.run(SECOND);
			expect(set.lines.at(-1)!.text).toBe(`${line.split(' ')[0]}: new settings are on trial; send it again when they have worked or failed`);
		}
		set.simulation.broker.faults.silent = false;
		await outcome(set);
		expect([info(set).interval, set.node.storage.settings]).toEqual([5, { keepAliveMs: 20_000 }]);
	});

	it('a broker that dies ends the trial, and the node is back when it is', async () => {
		const set = await online();
		await config(set, { keepAliveMs: 20_000 });
		set.simulation.broker.kill();
		await set.until(() => set.heard(/^settings number 1 do not work \(tcp\)/) !== undefined, MINUTE);
		set.simulation.broker.start();
		expect(await outcome(set)).toEqual({ serial: 1, trial: 'failed', why: 'tcp' });
		await expectAccounted(set);
	});

	it('a broker that says nothing ends the trial within its time', async () => {
		const set = await trying();
		await set.until(() => set.heard(/^settings number 1 do not work \(silence\)/) !== undefined, 2 * MINUTE + 10 * SECOND);
		set.simulation.broker.faults.silent = false;
		expect(await outcome(set)).toEqual({ serial: 1, trial: 'failed', why: 'silence' });
	});

	it('a broker that says yes and hangs up has two minutes to show that it does not mean it', async () => {
		const set = await online();
		await config(set, { keepAliveMs: 20_000 });
		set.simulation.broker.faults.hangUpAfterConnack = true;
		const from = set.now;
		await set.until(() => set.heard(/^settings number 1 do not work \(tcp\)/) !== undefined, 3 * MINUTE);
		expect(set.now - from).toBeGreaterThan(2 * MINUTE);
		set.simulation.broker.faults.hangUpAfterConnack = false;
		expect(await outcome(set)).toEqual({ serial: 1, trial: 'failed', why: 'tcp' });
	});

	it('a broker that hangs up on what it does not allow is found out, and the settings work', async () => {
		const set = await online();
		await config(set, { base: 'telltale/porch2' });
		set.simulation.broker.faults.forbids = { publish: /^telltale\/porch2\/status/, reason: 0x87 };
		await set.until(() => set.heard(/^settings number 1 work/) !== undefined, 2 * MINUTE);
	});

	it('a broker that takes all but grants no commands any more ends the trial, where it had sent them', async () => {
		const set = await online();
		await config(set, { base: 'telltale/porch2' });
		set.simulation.broker.faults.subacks = { code: 0x80, once: false };
		await set.until(() => set.heard(/^settings number 1 do not work \(refused\); those before them hold again/) !== undefined, 3 * MINUTE);
		set.simulation.broker.faults.subacks = undefined;
		expect(await outcome(set)).toEqual({ serial: 1, trial: 'failed', why: 'refused' });
		set.node.type('config {"base":"telltale/porch2"}\n');
		set.simulation.broker.faults.subacks = { code: 0x80, once: false };
		await set.until(() => set.heard(/^settings number 2 work/) !== undefined, MINUTE);
	});

	it('a power cut ends the trial', async () => {
		const set = await trying();
		await set.run(5 * SECOND);
		set.node.powerCut();
		set.simulation.broker.faults.silent = false;
		await set.node.powerOn();
		expect(await outcome(set)).toEqual({ serial: 1, trial: 'failed', why: 'power' });
		expect(set.heard(/^settings number 1 were on trial when the node was started anew; those before them hold$/)).toBeDefined();
	});

	it('nobody who sends it again and again is obeyed twice', async () => {
		const set = await online();
		for (let i = 0; i < 3; i++) send(set, { keepAliveMs: 20_000 + i });
		await set.until(() => results(set).length === 3, 20 * SECOND);
		expect(results(set).map(({ ok, error }) => error ?? ok)).toEqual([true, 'the node is about to stop or restart', 'the node is about to stop or restart']);
		await outcome(set);
		expect(set.node.storage.settings).toEqual({ keepAliveMs: 20_000 });
	});
});

describe('config', () => {
	it('waits for no readings: those that wait are kept, and none is lost', async () => {
		const set = await online();
		set.simulation.broker.kill();
		await set.run(3 * MINUTE);
		set.node.type('config {"keepAliveMs":20000}\n');
		await set.until(() => set.heard(/^settings number 1 do not work/) !== undefined, MINUTE);
		await set.run(MINUTE);
		set.node.type('config {"keepAliveMs":25000}\n');
		await set.run(2 * SECOND);
		set.simulation.broker.start();
		expect(await outcome(set)).toMatchObject({ serial: 2 });
		await expectAccounted(set);
		expect(set.readings().length).toBeGreaterThan(48);
	});

	it('in safe mode ends it: the node tries what it was sent', async () => {
		const set = await online();
		set.node.powerCut();
		set.node.storage.preferences.get('telltale')!.set('boots', ['number', 5]);
		const from = set.now;
		await set.node.powerOn();
		await set.until(() => set.texts('info', from).length > 0, MINUTE);
		expect(info(set).safeMode).toBe(true);
		await config(set, { keepAliveMs: 20_000 });
		expect(await outcome(set)).toEqual({ serial: 1, trial: 'worked' });
		expect(info(set).safeMode).toBeUndefined();
		await expectAccounted(set);
	});

	it('that the image cannot speak, that the board has no part for, or that leaves nobody to go to, is refused and changes nothing', async () => {
		const set = await online();
		const refused = async (value: unknown) => {
			const { ok, error } = await config(set, value);
			expect(ok).toBe(false);
			return error;
		};
		expect(await refused({ host: '' })).toBe('host is missing: the name or address of the broker.');
		expect(await refused({ wifi: {} })).toBe('ssid is missing: the name of the Wi-Fi network.');
		expect(await refused({ tls: true })).toMatch(/^tls is true, but TLS does not fit an ESP8266/);
		expect(await refused({ sensors: 'thermometer' })).toMatch(/thermometer/);
		expect(await refused({ sensors: 'sht3x,tmp36' })).toMatch(/^sensors, entry 2: tmp36 has nothing left to give, /);
		expect(await refused({ password: 'good one' })).toMatch(/^password is given without user/);
		expect(await refused({ ssid2: 'b', passphrase3: 'some passphrase' })).toMatch(/^passphrase3 is given without ssid3/);
		expect(await refused({ commands: false })).toBe('commands is false: the node could not be reached from here any more; set it over the serial line');
		expect(await refused('host=other')).toBe('the payload cannot be used: "value" must be an object');
		expect(await refused(undefined)).toBe('value is missing; it must be an object of settings');
		expect([set.node.storage.settings, set.node.counts.boots]).toEqual([{}, 1]);
		expect(JSON.stringify([set.lines, set.texts('result')])).not.toMatch(SECRETS);
	});
});

describe('settings that follow others within a minute', () => {
	const TOO_SOON = /^new settings were sent less than a minute ago; send these again in (\d+) s$/;

	it('are refused where they came from the broker, with when to send them; those that change nothing are answered, and typed ones are taken', async () => {
		const set = await online();
		expect(await config(set, { keepAliveMs: 20_000 })).toMatchObject({ ok: true, trial: 1 });
		expect(await outcome(set)).toEqual({ serial: 1, trial: 'worked' });
		const from = set.now;
		const { error } = await config(set, { keepAliveMs: 21_000 });
		const again = Number(TOO_SOON.exec(error!)?.[1]) * SECOND;
		expect(again).toBeGreaterThan(40 * SECOND);
		expect(await config(set, { keepAliveMs: 20_000 })).toEqual({ id: 'mine', name: 'config', ok: true });
		expect((await config(set, { sensors: 'thermometer' })).error).toMatch(/thermometer/);
		expect([set.node.counts.boots, set.node.storage.settings]).toEqual([2, { keepAliveMs: 20_000 }]);
		await set.run(from + again - set.now);
		expect(await config(set, { keepAliveMs: 21_000 })).toMatchObject({ ok: true, trial: 2 });
		await outcome(set);
		set.node.type('config {"keepAliveMs":22000}\n');
		await set.until(() => set.heard(/^settings number 3 work/) !== undefined, MINUTE);
		await expectAccounted(set);
	});

	it('are refused too where those before came to nothing, but not once the node has run for long', async () => {
		const set = await online();
		await config(set, { host: 'nobody.test' });
		expect(await outcome(set)).toMatchObject({ trial: 'failed' });
		expect((await config(set, { keepAliveMs: 21_000 })).error).toMatch(TOO_SOON);
		await set.run(6 * MINUTE);
		set.node.powerCut();
		const from = set.now;
		await set.node.powerOn();
		await set.until(() => set.texts('info', from).length > 0, MINUTE);
		expect(await config(set, { keepAliveMs: 21_000 })).toMatchObject({ ok: true, trial: 2 });
	});

	it('each second for minutes restart the node once in each at the most, and no reading is lost', async () => {
		const set = await online();
		const { boots } = set.node.counts;
		for (let second = 0; second < 300; second++) {
			send(set, { keepAliveMs: 20_000 + second });
			await set.run(SECOND);
		}
		await set.run(2 * MINUTE);
		expect(set.node.counts.boots - boots).toBeLessThanOrEqual(5);
		expect(set.node.counts.boots - boots).toBeGreaterThan(2);
		expect(results(set).length).toBeGreaterThan(240);
		await expectAccounted(set);
	});
});

describe('a power cut at any step of a change', () => {
	/** Sends it, and cuts the power at step 0, 1, 2, … of what flash is to do, before it, within it or behind it, until it comes to its end. Returns how many cuts there were. */
	async function cutEverywhere(set: Stage, parts: readonly number[], value: (round: number) => object, check: (round: number) => void): Promise<number> {
		for (let round = 0; ; round++) {
			set.node.storage.preferences.get('telltale')!.set('boots', ['number', 0]).set('changed', ['number', 0]);
			let steps = Math.floor(round / parts.length);
			const part = parts[round % parts.length];
			set.node.storage.onStep = (step) => (step === 'preference' || steps-- > 0 ? undefined : part);
			const from = set.now;
			const cutsBefore = powerCuts(set);
			// At QoS 0: what the power cuts short does not come again.
			set.simulation.broker.publish('telltale/porch/set/config', JSON.stringify({ value: value(round) }), { qos: 0 });
			await set.until(() => powerCuts(set) > cutsBefore || set.heard(/^settings number \d+ (work|do not work)/, from) !== undefined, MINUTE);
			await set.run(SECOND);
			set.node.storage.onStep = undefined;
			if (powerCuts(set) === cutsBefore) return round;
			const again = set.now;
			await set.node.powerOn();
			// What was not begun is tried now, and decided.
			await set.until(() => set.texts('info', again).length > 0 && set.isOnline() && !set.lines.at(-1)!.text.includes('on trial'), 2 * MINUTE);
			await set.run(2 * SECOND);
			check(round);
		}
	}

	const powerCuts = (set: Stage) => set.node.ends.filter((end) => end === 'power cut').length;

	it.each(['xs', 'node'] as const)('leaves the old settings or the new ones, and a node that is online (%s)', async (engine) => {
		const set = await online({}, engine);
		let holds = 30_000;
		const news: number[] = [];
		const parts = engine === 'xs' ? [0.5] : [0, 1];
		const cuts = await cutEverywhere(set, parts, (round) => ({ keepAliveMs: 20_000 + round }), (round) => {
			const found = (set.node.storage.settings.keepAliveMs ?? 30_000) as number;
			expect([holds, 20_000 + round], `cut ${round}`).toContain(found);
			if (found !== holds) news.push(round);
			holds = found;
		});
		// The old heading spoilt, erased, entries, heading; tried; worked.
		expect(cuts).toBe(6 * parts.length);
		// When the heading is written but not yet noted that they are tried; and behind the note that they have worked.
		expect(news).toEqual(engine === 'xs' ? [4] : [7, 8, 11]);
	});

	it('that cuts the node off leaves the old settings, and a node that is online', async () => {
		const set = await online();
		const cuts = await cutEverywhere(set, [0.5], (round) => ({ host: `nobody-${round}.test` }), (round) => {
			expect(set.node.storage.settings, `cut ${round}`).toEqual({});
		});
		// The same, and at the end why it failed.
		expect(cuts).toBe(6);
		expect(await outcome(set)).toMatchObject({ trial: 'failed', why: 'dns' });
	});
});

/** Six channels. */
const PARTS_OF_600_BYTES = [
	{ part: 'tmp36', pin: 17, intervalMs: 10_000, conversions: 8, deadBand: 0.001, heartbeatMs: 86_400_000, jitterMs: 100, align: false },
	{ part: 'sht3x', address: 68, intervalMs: 10_000, deadBand: 0.001, heartbeatMs: 86_400_000, jitterMs: 1_000, align: true, powerPin: 16 },
	{ part: 'sht3x', name: 'at-the-north', address: 69, intervalMs: 10_000, deadBand: 0.001, heartbeatMs: 86_400_000, jitterMs: 1_000, align: true },
	{ part: 'shtc3', name: 'at-the-south', address: 112, intervalMs: 10_000, deadBand: 0.001, heartbeatMs: 86_400_000, align: true },
];

describe('beside the longest settings that there can be, in MQTT 5.0', () => {
	it('config has room, and what it proposes is tried', async () => {
		expect(JSON.stringify(PARTS_OF_600_BYTES).length).toBeGreaterThan(500);
		const settings = { intervalMs: 10_000, protocol: 5 };
		const set = await stage({ engine: 'xs', seed: 'config', settings });
		set.node.powerCut();
		const full: Record<string, Setting> = {
			offsetMilliC: 5, offsetMilliRh: 6, ssid: 'simulated', passphrase: 'simulated air', host: 'broker.test', user: 'u'.repeat(64), password: 'p'.repeat(64), clientId: 'c'.repeat(60), alpn: 'a'.repeat(32),
			base: 'b'.repeat(40), timeServer: 'pool.ntp.org', keepAliveMs: 20_000, conversions: 8, sensors: JSON.stringify(PARTS_OF_600_BYTES),
		};
		for (const { key, group, max, initial } of FIELDS) for (const entry of ['2', '3']) if (group && key !== 'tls') full[key + entry] = initial === '' ? longest(key, max) : 1_884;
		plant(set.node, full, withAir({ node: 'porch', host: 'broker.test', ...settings }));
		await set.node.powerOn();
		await set.until(() => set.readings().length > 2, MINUTE);
		const broker2 = { host: 'g'.repeat(63), user: 'v'.repeat(64), password: 'q'.repeat(64), port: 1_885 };
		set.simulation.broker.publish(`${full.base as string}/set/config`, JSON.stringify({ id: 'x', value: { broker2 } }), { qos: 1 });
		await set.until(() => set.heard(/^settings number 8 work/) !== undefined, MINUTE);
		expect([set.texts('result'), set.node.ends]).toEqual([['{"id":"x","name":"config","ok":true,"trial":8}'], ['power cut', 'restart by itself']]);
		expect(set.node.storage.settings).toEqual({ ...full, host2: broker2.host, user2: broker2.user, password2: broker2.password, port2: 1_885, alpn2: '', tls2: false });
	});

	const longest = (key: string, max: number): string => (key === 'address' ? '192.168.100.100/24' : /gateway|nameServer/.test(key) ? '192.168.100.101' : 'f'.repeat(max));
});

describe('a generic image', () => {
	it('reaches its broker by what is in flash, in safe mode too, and again when that ends too soon', async () => {
		const set = await stage({ seed: 'config', settings: { intervalMs: 5_000 }, settingsOf: () => ({ ssid: '', passphrase: '', host: '' }) });
		await set.run(MINUTE);
		expect(set.isOnline()).toBe(false);
		set.node.powerCut();
		plant(set.node, { ssid: 'simulated', passphrase: 'simulated air', host: 'broker.test' }, {});
		for (const [boots, safe] of [[0, undefined], [5, true], [6, true]] as const) {
			set.node.storage.preferences.get('telltale')!.set('boots', ['number', boots]);
			const from = set.now;
			await set.node.powerOn();
			await set.until(() => set.texts('info', from).length > 0, MINUTE);
			expect(info(set).safeMode, `boot ${boots}`).toBe(safe);
			set.node.powerCut();
		}
	});
});
