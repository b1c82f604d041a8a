import { afterEach, describe, expect, it } from 'vitest';
import { endProbes, ENGINES, probe } from './probe.js';

afterEach(endProbes);

describe.each(ENGINES)('timer and time on %s', (engine) => {
	it('fires once, with the timer as argument, and is dead then', async () => {
		const { said } = await probe(engine, `
			const timer = Timer.set((it) => {
				trace(it === timer, ' ', Time.ticks);
				Timer.set(() => {
					Timer.clear(timer);
					Timer.clear(undefined);
					Timer.clear(null);
					try { Timer.schedule(timer, 10); } catch (fault) { trace(fault.name); }
				});
			}, 100);
			trace('main ', Time.ticks);
		`, 500);
		expect(said).toEqual(['main 0', 'true 100', 'SyntaxError']);
	});

	it('repeats without drift although a callback waits', async () => {
		const { said } = await probe(engine, `
			let left = 4;
			Timer.repeat((it) => { trace(Time.ticks); Timer.delay(30); if (!--left) Timer.clear(it); }, 100);
		`, 1_000);
		expect(said).toEqual(['100', '200', '300', '400']);
	});

	it('is dead after a one-shot fired even if its callback scheduled it anew', async () => {
		const { said } = await probe(engine, `
			Timer.set((it) => { trace('fired'); Timer.schedule(it, 50); }, 50);
		`, 1_000);
		expect(said).toEqual(['fired']);
	});

	it('stays alive when it is unscheduled in its callback, and may be scheduled again', async () => {
		const { said } = await probe(engine, `
			const timer = Timer.set((it) => { trace('fired ', Time.ticks); Timer.schedule(it); }, 50, 50);
			Timer.set(() => Timer.schedule(timer, 20, 0), 300);
		`, 1_000);
		expect(said).toEqual(['fired 50', 'fired 320']);
	});

	it('takes Infinity for 0, as the chip converts it', async () => {
		const { said } = await probe(engine, `Timer.set(() => trace(Time.ticks), Infinity);`, 100);
		expect(said).toEqual(['0']);
	});

	it('lets timers made in a pass wait for the next', async () => {
		const { said } = await probe(engine, `
			Timer.set(() => { trace('a'); Timer.set(() => trace('c'), 0); }, 10);
			Timer.set(() => trace('b'), 10);
		`, 100);
		expect(said).toEqual(['a', 'b', 'c']);
	});

	it('waits in Timer.delay while the clock goes on', async () => {
		const { said } = await probe(engine, `trace(Time.ticks); Timer.delay(250); trace(Time.ticks); Timer.set(() => trace(Time.ticks), 10);`, 1_000);
		expect(said).toEqual(['0', '250', '260']);
	});

	it('wraps the ticks at 2^31 and tells differences across the wrap', async () => {
		const { said } = await probe(engine, `
			const start = Time.ticks;
			Timer.set(() => trace(start, ' ', Time.ticks, ' ', Time.delta(start), ' ', Time.delta(start, Time.ticks)), 1000);
		`, 2_000, { ticksAtBoot: 2 ** 31 - 500 });
		expect(said).toEqual([`${2 ** 31 - 500} ${-(2 ** 31) + 500} 1000 1000`]);
	});

	it.each([['nodemcu', 819_195_899], ['esp32', 0]] as const)('does not know the date at boot (%s) until it is set', async (board, seconds) => {
		const { said } = await probe(engine, `
			trace(Math.floor(Date.now() / 1000), ' ', Math.floor(new Date().getTime() / 1000));
			Time.set(1767225600);
			Timer.set(() => trace(new Date().toISOString(), ' ', new Date(0).toISOString(), ' ', new Date() instanceof Date), 1500);
		`, 2_000, { board });
		expect(said).toEqual([`${seconds} ${seconds}`, '2026-01-01T00:00:01.500Z 1970-01-01T00:00:00.000Z true']);
	});

	it('begins with the time zone of California', async () => {
		const { said } = await probe(engine, `trace(Time.timezone, ' ', Time.dst); Time.timezone = 0; trace(Time.timezone);`);
		expect(said).toEqual(['-28800 3600', '0']);
	});
});

describe.each(ENGINES)('the life of a node on %s', (engine) => {
	it('starts anew after an exception that nobody caught, and counts it', async () => {
		const { said, simulation } = await probe(engine, `
			trace('boot');
			Timer.set(() => { throw new Error('out of luck'); }, 100);
		`, 600);
		expect(said[0]).toBe('boot');
		expect(said[1]).toMatch(/^\[The node starts anew: uncaught Error: out of luck/);
		expect(said[2]).toBe('boot');
		expect(simulation.nodes[0].counts).toMatchObject({ boots: 2, faults: 1 });
	});

	it('stays off after twenty faults in a row', async () => {
		const { said, simulation } = await probe(engine, `throw new Error('no way');`, 60_000);
		expect(said).toHaveLength(20);
		expect(said[19]).toMatch(/^\[The node stays off after 20 faults in a row: uncaught Error: no way/);
		expect(simulation.nodes[0].running).toBe(false);
	});

	it('does nothing after System.restart()', async () => {
		const { said } = await probe(engine, `
			trace('boot');
			Timer.set(() => { try { System.restart(); } finally { trace('still here'); } }, 5_000);
		`, 6_000);
		expect(said).toEqual(['boot', 'boot']);
	});

	it('has nothing but what the chip has', async () => {
		const { said } = await probe(engine, `
			for (const name of ['console', 'setTimeout', 'setImmediate', 'TextEncoder', 'process', 'require', 'print', 'issueCommand', 'Intl', 'hostCall', 'performance'])
				if (typeof globalThis[name] !== 'undefined') trace(name);
			trace('looked');
		`);
		expect(said).toEqual(['looked']);
	});

	it('draws the same chances from the same seed, other ones after a reboot', async () => {
		const script = `trace(Math.random()); Timer.set(() => System.restart(), 100);`;
		const first = (await probe(engine, script, 600)).said;
		const second = (await probe(engine, script, 600)).said;
		const other = (await probe(engine, script, 600, { seed: 'another' })).said;
		expect(first).toHaveLength(2);
		expect(second).toEqual(first);
		expect(first[1]).not.toBe(first[0]);
		expect(other[0]).not.toBe(first[0]);
	});
});
