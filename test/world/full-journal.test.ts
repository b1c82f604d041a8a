// New settings that fail, on a node whose flash is full of readings: the old ones come back, and each reading is delivered or named.
import { describe, expect, it } from 'vitest';
import { audit } from '../support/audit.js';
import { MINUTE, SECOND, stage, type Stage } from './stage.js';

const SECTORS = 12;
const SECTOR_BYTES = 4_096;

/** The broker is away for so long that the oldest readings were thinned already. */
async function full(engine: 'xs' | 'node'): Promise<Stage> {
	const set = await stage({ engine, seed: 'full', settings: { intervalMs: 1_000 } });
	set.node.powerCut();
	set.node.storage.bytesMax = SECTORS * SECTOR_BYTES;
	await set.node.powerOn();
	await set.until(() => set.isOnline() && set.readings().length > 2, MINUTE);
	set.simulation.broker.kill();
	await set.run(25 * MINUTE);
	return set;
}

const copied = <Value>(from: ReadonlyMap<string, Value>, copy: (value: Value) => Value) => new Map([...from].map(([key, value]) => [key, copy(value)] as const));

/** The broker that the image names has heard of each, or that it was given up. */
async function expectAccounted(set: Stage): Promise<void> {
	const from = set.now;
	await set.until(() => set.texts('health', from).length > 0 && set.health().waiting! <= 2 && set.readings('backlog').length > 300, 8 * MINUTE);
	await set.run(5 * SECOND);
	const auditor = audit(set.simulation.broker.published, 'porch');
	expect([auditor.violations, auditor.missingOfAll()]).toEqual([[], []]);
}

/** Of the steps of flash from the command until the old settings are back. */
const CUTS = 4;

describe('settings that fail on a node whose flash is full of readings', () => {
	it('give way to the old ones, and no reading is lost unnamed, whenever the power goes', async () => {
		const set = await full('node');
		const { node: { storage }, simulation: { broker } } = set;
		set.node.powerCut();
		const [sectors, preferences, heard] = [copied(storage.sectors, (bytes) => bytes.slice()), copied(storage.preferences, (values) => new Map(values)), [...broker.published]];
		let steps = 0;
		/** From the same flash each time; returns whether the power went. */
		const tried = async (cutAt: number): Promise<boolean> => {
			for (const [name, bytes] of sectors) storage.sectors.set(name, bytes.slice());
			for (const [name, values] of preferences) storage.preferences.set(name, new Map(values));
			broker.kill();
			broker.published.splice(0, Infinity, ...heard);
			await set.node.powerOn();
			// What was measured is in memory alone yet: the command has it moved to flash.
			await set.run(50 * SECOND);
			let left = cutAt;
			steps = 0;
			storage.onStep = () => (steps++, left-- > 0 ? undefined : 0.5);
			const from = set.now;
			const isOver = () => !set.node.running || set.heard(/^settings number 1 do not work/, from) !== undefined;
			// Room is made first: until then it is refused.
			for (let tries = 0; tries < 6 && set.heard(/^settings number 1 /, from) === undefined && set.node.running; tries++) {
				set.node.type('config {"host":"nobody.test"}\n');
				await set.run(10 * SECOND);
			}
			await set.until(isOver, 3 * MINUTE);
			await set.run(SECOND);
			const isCut = !set.node.running;
			storage.onStep = undefined;
			if (isCut) await set.node.powerOn();
			await set.until(() => set.lines.some(({ at, text }) => at > from && text.startsWith('boot ')) && !set.lines.at(-1)!.text.includes('on trial'), MINUTE);
			broker.start();
			await set.until(() => set.isOnline(), 3 * MINUTE);
			await expectAccounted(set);
			set.node.powerCut();
			return isCut;
		};
		expect(await tried(Infinity)).toBe(false);
		const all = steps;
		expect(all).toBeGreaterThan(40);
		for (let cut = 0; cut < CUTS; cut++) expect(await tried(Math.floor(((cut + 0.5) / CUTS) * all)), `cut ${cut} of ${all} steps`).toBe(true);
	});
});
