import { describe, expect, it } from 'vitest';
import { Auditor } from '../../simulator/audit/auditor.js';
import { MeasurementsJudge } from '../../simulator/campaign/measurements.js';
import { Storage } from '../../simulator/devices/storage.js';
import { OWN_RESTART } from '../../simulator/board/machine.js';
import type { SimulatedNode } from '../../simulator/board/simulated-node.js';

const AIR = { temperatureC: 20, humidityPct: 50, pressureHpa: 1_013.25 };

class Bench {
	now = 0;
	air = AIR;
	readonly node = {
		name: 'porch', counts: { boots: 1 }, ends: [] as string[], storage: new Storage(),
		parts: { twins: [{ trouble: 'none' }, { trouble: 'none' }], onAsked: (): void => {} },
	};
	readonly auditor = new Auditor('porch');
	readonly measurements: MeasurementsJudge;

	constructor(conversions = 15, sensors = 'tmp36,sht3x') {
		const around = { weather: { at: () => this.air }, startUnixMs: 1e12, timesGiven: [], conversions, sensors, now: () => this.now };
		this.measurements = new MeasurementsJudge(this.node as unknown as SimulatedNode, around, this.auditor);
	}

	measure(at: number): this {
		this.now = at;
		this.node.parts.onAsked();
		return this;
	}

	hear(leaf: string, content: object, at: number): this {
		this.auditor.heard({ topic: `telltale/porch/${leaf}`, payload: Buffer.from(JSON.stringify(content)), at } as Parameters<Auditor['heard']>[0]);
		return this;
	}

	/** Readings of these numbers, one each ten seconds. */
	live(boot: number, seqs: readonly number[], from = 0): this {
		for (const seq of seqs) {
			const at = from + seq * 10_000;
			this.measure(at).hear('readings', { seq, boot, time: 1e9 + at / 1_000, temperature: 20 }, at + 100);
		}
		return this;
	}

	health(boot: number, sampled: number, dropped = 0): this {
		return this.hear('health', { boot, uptime: 1, sampled, acknowledged: 0, waiting: sampled - dropped, dropped }, this.now);
	}

	losses(): string[] {
		this.auditor.concludeLosses((boot) => this.measurements.lossAllowed(boot));
		return this.auditor.violations;
	}
}

/** A node of one measurement at 10 s, in air of 20 °C and 50 %, and a reading that it published a second later. */
function judge(reading: object, conversions = 15): string[] {
	return new Bench(conversions).measure(10_000).hear('readings', { seq: 1, boot: 7, time: 1e9 + 10, ...reading }, 11_000).auditor.violations;
}

describe('the auditor and the judge of measurements', () => {
	it('lets a reading through that differs from the air by the parts\' errors', () => {
		expect(judge({ temperature: 22.9, humidity: 53.9 })).toEqual([]);
	});

	it('complains of one that differs by more', () => {
		expect(judge({ temperature: 23.9 })).toEqual(['porch: reading 1: 23.9 °C, where the air has 20.00']);
		expect(judge({ humidity: 54.1 })).toEqual(['porch: reading 1: 54.1 %, where the air has 50.0']);
	});

	it('knows the channels of any parts by the settings: what they cannot give, and what the node itself doubts, it leaves alone', () => {
		const sensors = '[{"part":"bme280"},{"part":"sht3x","name":"attic"},{"part":"dht11","name":"shed"}]';
		const judged = (values: object, air = AIR) => {
			const bench = new Bench(15, sensors);
			bench.air = air;
			return bench.measure(10_000).hear('readings', { seq: 1, boot: 7, time: 1e9 + 10, ...values }, 11_000).auditor.violations;
		};
		expect(judged({ temperature: 20.1, pressure: 1_012, attic_humidity: 51, shed_temperature: 20 })).toEqual([]);
		expect(judged({ pressure: 1_010 })).toEqual(['porch: reading 1: 1010 hPa, where the air has 1013.3']);
		expect(judged({ attic_humidity: 55 })).toEqual(['porch: reading 1: 55 %, where the air has 50.0']);
		expect(judged({ attic_humidity: 55, suspect: ['attic_humidity'] })).toEqual([]);
		const frost = { ...AIR, temperatureC: -30 };
		expect(judged({ shed_temperature: 0 }, frost)).toEqual([]);
		expect(judged({ attic_temperature: 0 }, frost)).toHaveLength(1);
	});

	it('allows for the noise of a reading of one conversion', () => {
		expect(judge({ temperature: 16.1 }, 1)).toEqual([]);
		expect(judge({ temperature: 13.9 }, 1)).toHaveLength(1);
	});

	it('takes a reading for any of those that were measured within its second, before and after the offset was changed', () => {
		const bench = new Bench().measure(10_000);
		bench.now = 10_500;
		bench.measurements.calibrate({ temperatureC: 25, humidityPct: 50 });
		bench.node.storage.onSetting('offsetMilliC', 5_000);
		bench.measure(11_000);
		expect(bench.hear('readings', { seq: 2, boot: 7, time: 1e9 + 10, temperature: 25 }, 12_000).auditor.violations).toEqual([]);
		expect(bench.hear('readings', { seq: 3, boot: 7, time: 1e9 + 10, temperature: 35 }, 12_000).auditor.violations).toHaveLength(1);
	});

	it('complains of a time at which nothing was measured', () => {
		expect(judge({ time: 1e9 + 60, temperature: 20 })[0]).toContain('has a time at which nothing was measured');
	});

	it('takes those for measured that a flood of commands asks for one behind the other', () => {
		const bench = new Bench();
		for (let at = 10_000; at <= 14_000; at += 200) bench.measure(at);
		expect(bench.hear('readings', { seq: 2, boot: 7, time: 1e9 + 14, temperature: 20 }, 14_100).auditor.violations).toEqual([]);
	});

	it('lets a boot that lost its power take with it what its RAM holds, and no more', () => {
		const lived = (last: number): Bench => new Bench().live(1, [1, last]).live(2, [1], last * 10_000).health(2, 1);
		expect(lived(300).losses()).toEqual([]);
		expect(lived(400).losses()).toEqual(['porch: 398 readings of boot 1 are lost, where no more than 320 can have been in RAM']);
	});

	it('lets one that was told to restart take nothing with it but what was turned down', () => {
		const bench = new Bench().live(1, [1, 3]);
		bench.node.ends.push(OWN_RESTART);
		bench.node.counts.boots = 2;
		bench.live(2, [1], 30_000).health(2, 1);
		expect(bench.losses()).toEqual(['porch: 1 readings of boot 1 are lost, where no more than 0 can have been in RAM']);
		bench.auditor.violations.splice(0);
		bench.auditor.refused('{"seq":2,"boot":1}', 0x87);
		expect(bench.losses()).toEqual([]);
	});

	it('lets one whose flash fails take what it measured from then on, and what its RAM held', () => {
		const bench = new Bench().live(1, [1]);
		bench.node.storage.onTrouble = () => 1;
		for (let at = 20_000; at < 10_000_000; at += 10_000) bench.measure(at);
		bench.live(1, [1_000]);
		bench.node.counts.boots = 2;
		bench.live(2, [1], 10_000_000).health(2, 1);
		expect(bench.losses()).toEqual([]);
	});

	it('complains when what was turned down is not counted as dropped', () => {
		const turnedDown = (dropped: number): string[] => {
			const bench = new Bench().live(1, [1, 3]).health(1, 3, dropped);
			bench.auditor.refused('{"seq":2,"boot":1}', 0x87);
			return bench.losses();
		};
		expect(turnedDown(1)).toEqual([]);
		expect(turnedDown(0)).toEqual(['porch: 1 readings of boot 1 were turned down, and health counts 0 as dropped']);
	});

	it('compares no value of a node that goes by settings that failing flash has not kept, until its next boot', () => {
		const said = (fails: boolean, boots: boolean): string[] => {
			const bench = new Bench().measure(10_000);
			if (fails) bench.node.storage.onTrouble = () => 1;
			bench.measurements.unkept(10_100);
			bench.node.storage.onTrouble = undefined;
			if (boots) bench.measurements.booted(60_000);
			return bench.measure(120_000).hear('readings', { seq: 1, boot: 1, time: 1e9 + 120, temperature: 26.5 }, 120_100).auditor.violations;
		};
		expect(said(true, false)).toEqual([]);
		expect(said(true, true)).toEqual(['porch: reading 1: 26.5 °C, where the air has 20.00']);
		expect(said(false, false)).toEqual(['porch: settings are not kept, though nothing is wrong with the flash']);
	});

	it('follows the offsets that a node keeps, and complains of one that no reference asked for', () => {
		const calibrated = (offset: number, temperature: number): string[] => {
			const bench = new Bench().measure(10_000);
			bench.measurements.calibrate({ temperatureC: 26 });
			bench.node.storage.onSetting('offsetMilliC', offset);
			return bench.measure(20_000).hear('readings', { seq: 1, boot: 1, time: 1e9 + 20, temperature }, 20_100).auditor.violations;
		};
		expect(calibrated(6_000, 26.5)).toEqual([]);
		expect(calibrated(6_000, 20.5)).toEqual(['porch: reading 1: 20.5 °C, where the air has 26.00']);
		expect(calibrated(-6_000, 14.5)).toEqual(['porch: calibrated at 10.0 s, 12.00 from what any reference asked for (temperatureC)']);
	});
});

describe('the auditor', () => {
	interface Said { seq: number; boot?: number; temperature?: number; dropped?: [number, number]; leaf?: string }
	/** What it says of these readings, and of health that counts so many as sampled, acknowledged, waiting and dropped. */
	function of(readings: readonly Said[], account?: readonly [number, number, number, number], forged?: ReadonlySet<string>): Auditor {
		const auditor = new Auditor('porch', { forged });
		const hear = (leaf: string, content: object): void => auditor.heard({ topic: `telltale/porch/${leaf}`, payload: Buffer.from(JSON.stringify(content)), at: 1 });
		for (const { leaf = 'readings', ...reading } of readings) hear(leaf, { boot: 7, time: 1e9 + reading.seq, temperature: 20, ...reading });
		if (account) hear('health', { boot: 7, uptime: 1, sampled: account[0], acknowledged: account[1], waiting: account[2], dropped: account[3] });
		return auditor;
	}

	it('misses a number that neither came nor was named, up to what the node has sampled and is not waiting', () => {
		expect(of([{ seq: 1 }, { seq: 5, dropped: [3, 4] }], [8, 5, 1, 2]).missingOfAll()).toEqual(['7/2', '7/6', '7/7']);
		expect(of([{ seq: 1, boot: 6 }, { seq: 3, boot: 6 }, { seq: 1 }], [1, 1, 0, 0]).missingOfAll()).toEqual(['6/2']);
		expect(of([{ seq: 1 }, { seq: 2, leaf: 'backlog' }], [3, 2, 1, 0]).missingOfAll()).toEqual([]);
	});

	it('counts a reading that was only given up as named, not as come', () => {
		const auditor = of([{ seq: 2, dropped: [1, 2] }], [2, 0, 0, 2]);
		expect([auditor.missingOfAll(), auditor.boots.get('7')!.readings.size]).toEqual([[], 0]);
	});

	it('complains of one number with two contents, and lets it come twice with one', () => {
		expect(of([{ seq: 1 }, { seq: 1, temperature: 21 }]).violations[0]).toContain('reading 1 of boot 7 came with two contents');
		const twice = of([{ seq: 1 }, { seq: 1, leaf: 'backlog' }]);
		expect([twice.violations, twice.duplicates, twice.late]).toEqual([[], 1, 1]);
	});

	it('complains of an account that does not add up, or claims more than came', () => {
		expect(of([{ seq: 1 }], [3, 1, 1, 0]).violations[0]).toContain('health does not add up');
		expect(of([{ seq: 1 }], [2, 2, 0, 0]).violations).toEqual(['porch: the node counts 2 acknowledged readings of boot 7, 1 came']);
	});

	it('asks for none that somebody else acknowledged', () => {
		const auditor = of([{ seq: 1 }], [2, 2, 0, 0], new Set(['7/2']));
		expect([auditor.missingOfAll(), auditor.violations]).toEqual([[], []]);
	});

	it('complains of what does not keep the contract', () => {
		expect(of([{ seq: 3, dropped: [3, 2] }]).violations[0]).toContain('does not keep the contract');
	});
});
