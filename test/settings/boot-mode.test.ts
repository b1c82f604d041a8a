import { describe, expect, it } from 'vitest';
import { BootEvent, BootMode, Mode, TABLE } from '../../src/settings/boot-mode.js';
import { FakeLog } from '../support/fakes.js';

interface Start {
	readonly proposed?: boolean;
	readonly missing?: boolean;
}

function chip() {
	const kept = new Map<string, number>();
	const store = { get: (key: string) => kept.get(key), set: (key: string, value: number) => (kept.set(key, value), true) };
	const log = new FakeLog();
	let restarts = 0;
	const boot = ({ proposed = false, missing = false }: Start = {}) => {
		const mode = new BootMode(store, () => restarts++);
		mode.begin(proposed, missing, log);
		return mode;
	};
	/** Ends within five minutes, so often. */
	const loop = (boots: number, start?: Start) => Array.from({ length: boots }, () => boot(start).mode);
	return { store, log, boot, loop, restarts: () => restarts };
}

const MODES = [Mode.Starting, Mode.Normal, Mode.Trial, Mode.Safe, Mode.SetUp, Mode.Restarting];
const EVENTS = [BootEvent.None, BootEvent.Missing, BootEvent.Loop, BootEvent.Proposed, BootEvent.Asked, BootEvent.Worked, BootEvent.Over];

describe('a loop of boots', () => {
	it('is answered at its sixth boot with safe mode, which says why', () => {
		const { boot, log } = chip();
		const safe = Array.from({ length: 6 }, () => {
			const mode = boot();
			mode.poll(299_999);
			return mode.safe;
		});
		expect(safe).toEqual([false, false, false, false, false, true]);
		expect(log.lines).toEqual(['safe mode: the last 5 boots ended within 5 minutes; nothing is measured for 10 minutes']);
	});

	it('is over once the node has lived five minutes', () => {
		const { boot, loop } = chip();
		loop(5);
		expect(boot().safe).toBe(true);
		const other = chip();
		other.loop(4);
		const survivor = other.boot();
		expect(survivor.poll(0)).toBe(300_000);
		expect(survivor.poll(300_000)).toBe(Infinity);
		expect(other.loop(5)).toEqual(Array(5).fill(Mode.Normal));
	});

	it('is not made of restarts that were asked for', () => {
		const { boot } = chip();
		for (let i = 0; i < 20; i++) {
			const mode = boot();
			expect(mode.safe).toBe(false);
			mode.reboot();
		}
	});

	it('ends safe mode after ten minutes by a restart, into a normal boot', () => {
		const { boot, loop, restarts } = chip();
		loop(5);
		const mode = boot();
		expect(mode.poll(0)).toBe(600_000);
		mode.poll(600_000);
		expect([restarts(), mode.mode, boot().mode]).toEqual([1, Mode.Restarting, Mode.Normal]);
	});

	it('that goes on in safe mode leaves what was changed in place out of it', () => {
		const { loop, store } = chip();
		loop(6);
		expect(new BootMode(store, () => {}).imageAlone).toBe(true);
		const sixth = chip();
		sixth.loop(5);
		expect(new BootMode(sixth.store, () => {}).imageAlone).toBe(false);
	});

	it('is not noticed, and nothing fails, when nothing can be stored', () => {
		const mode = new BootMode({ get: () => undefined, set: () => false }, () => {});
		mode.begin(false, false, new FakeLog());
		expect([mode.mode, mode.poll(300_000)]).toEqual([Mode.Normal, Infinity]);
	});
});

describe('a trial', () => {
	it('goes before safe mode, since it may be what ends the loop; and when its boot ends early too, safe mode is next', () => {
		const { boot, loop } = chip();
		loop(7);
		expect(boot({ proposed: true }).mode).toBe(Mode.Trial);
		expect(boot().mode).toBe(Mode.Safe);
	});

	it('that has worked is a normal boot, which counts as survived after its five minutes', () => {
		const { boot, loop, store } = chip();
		loop(3);
		const mode = boot({ proposed: true });
		mode.happened(BootEvent.Worked);
		expect([mode.mode, mode.poll(0), store.get('boots')]).toEqual([Mode.Normal, 300_000, 4]);
		expect([mode.poll(300_000), store.get('boots')]).toEqual([Infinity, 0]);
		const late = boot({ proposed: true });
		late.poll(300_000);
		late.happened(BootEvent.Worked);
		expect(late.poll(300_001)).toBe(Infinity);
	});

	it('that has failed restarts the node, and its boot counts towards no loop', () => {
		const { boot, restarts, store } = chip();
		boot({ proposed: true }).happened(BootEvent.Over);
		expect([restarts(), store.get('boots')]).toEqual([1, 0]);
	});
});

describe('set-up mode', () => {
	it('is there as long as a network or a broker is missing, loop or not', () => {
		const { boot, loop } = chip();
		expect(loop(9, { missing: true })).toEqual(Array(9).fill(Mode.SetUp));
		expect(boot({ missing: true }).poll(0)).toBe(Infinity);
		// Proposed, but with no broker: whoever sets it up judges it.
		expect(boot({ missing: true, proposed: true }).mode).toBe(Mode.SetUp);
	});

	it('that was asked for comes once, by a restart, and ends ten minutes after its last use', () => {
		const { boot, restarts } = chip();
		boot().requestSetUp();
		expect(restarts()).toBe(1);
		const mode = boot();
		expect([mode.mode, mode.poll(0)]).toEqual([Mode.SetUp, 600_000]);
		mode.used(400_000);
		expect(mode.poll(600_000)).toBe(1_000_000);
		mode.poll(1_000_000);
		expect([restarts(), boot().mode]).toEqual([2, Mode.Normal]);
	});

	it('that was asked for is left by a power cut', () => {
		const { boot } = chip();
		boot().requestSetUp();
		expect([boot().mode, boot().mode]).toEqual([Mode.SetUp, Mode.Normal]);
	});

	it('asked for in it changes nothing', () => {
		const { boot, restarts, store } = chip();
		const mode = boot({ missing: true });
		mode.requestSetUp();
		mode.used(5_000);
		expect([restarts(), mode.mode, store.get('setup'), mode.poll(6_000)]).toEqual([0, Mode.SetUp, undefined, Infinity]);
	});

	it('goes before a trial and before safe mode, where it was asked for', () => {
		const { boot, loop, store } = chip();
		loop(8);
		store.set('setup', 1);
		expect(boot({ proposed: true }).mode).toBe(Mode.SetUp);
	});
});

describe('the table of modes', () => {
	it('has a mode for each event in each mode, and no way out of a restart', () => {
		expect(TABLE.map((row) => row.length)).toEqual(MODES.map(() => EVENTS.length));
		expect(TABLE).toHaveLength(MODES.length);
		for (const event of EVENTS) expect(TABLE[Mode.Restarting]![event]).toBe(Mode.Restarting);
	});

	it('ends each mode but the first with a restart when its time is over, and knows no outage', () => {
		for (const mode of MODES) expect(TABLE[mode]![BootEvent.Over]).toBe(Mode.Restarting);
		expect(EVENTS).toHaveLength(7);
	});

	it('leads into set-up mode and safe mode from the start alone', () => {
		for (const mode of MODES) for (const event of EVENTS) {
			const next = TABLE[mode]![event]!;
			if (next === Mode.SetUp || next === Mode.Safe || next === Mode.Trial) expect([Mode.Starting, next]).toContain(mode);
		}
	});
});
