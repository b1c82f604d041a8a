// The command `config`: settings are on trial until they have worked, and the node comes back whatever they are. On the chip's
// engine, in the world.
import { describe, expect, it } from 'vitest';
import { audit } from '../support/audit.js';
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

describe('settings that do not work', () => {
	it.each([
		['a passphrase that is wrong', { passphrase: 'not the right one' }, 'wifi'],
		['a network that is not there', { wifi: { ssid: 'nowhere', passphrase: 'some passphrase' } }, 'wifi'],
		['a host that nobody knows', { host: 'nobody.test' }, 'dns'],
		['a host where nobody listens', { broker: { host: '127.0.0.9' } }, 'tcp'],
		['a password that is refused', { password: 'a bad one' }, 'refused'],
	])('%s: the node says so, and is back with what it had', async (_what, value, why) => {
		const set = await online({ user: 'zoe', password: 'good one' }, why === 'wifi' ? 'xs' : 'node');
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
