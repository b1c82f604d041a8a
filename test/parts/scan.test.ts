// A scan of the bus against the twins of all parts: who is found, asleep or not, and that those in use go on.
import { describe, expect, it } from 'vitest';
import { board as nodemcu } from '../../hardware/nodemcu.js';
import { Bus, type I2COptions } from '../../sensors/io.js';
import { PARTS } from '../../sensors/parts.js';
import type { MakeTwin } from '../../sensors/twin.js';
import { NEVER } from '../../src/common/ports.js';
import { Text } from '../../src/common/text.js';
import { addressesOf, connect } from '../../src/parts/parts.js';
import { Scan, type PartsInUse } from '../../src/parts/scan.js';
import { Quality } from '../../src/readings/quality.js';
import { TwinBus } from '../support/twin-bus.js';

const makers = new Map<string, MakeTwin>();
for (const { name, folder, bus } of PARTS) if (bus === Bus.I2C && folder) makers.set(name, (await import(`../../sensors/${folder}/simulated.ts`)).simulated);

/** A bus with those on it, on which no address is opened twice, as on the chip. */
class Table extends TwinBus {
	readonly open = new Set<number>();
	readonly io: ConstructorParameters<typeof Scan>[0];
	/** What each look takes. */
	lookMs = 0;
	constructor(there: readonly (readonly [string, number])[]) {
		super();
		const { I2C, open } = this;
		const table = this;
		const Once = class extends I2C {
			readonly at: number;
			constructor(options: I2COptions) {
				if (open.has(options.address)) throw new RangeError('duplicate address');
				super(options);
				open.add(this.at = options.address);
			}
			override write(bytes: Uint8Array): unknown {
				table.now += table.lookMs;
				return super.write(bytes);
			}
			override close(): void {
				open.delete(this.at);
			}
		};
		this.io = { board: nodemcu, I2C: Once, pause: this.pause };
		for (const [name, address] of there) this.wire(makers.get(name)!, name, address);
	}

	scan(inUse?: PartsInUse): Scan {
		return new Scan(this.io, { now: () => this.now } as never, inUse);
	}

	/** Turns until it is done, and the longest of them. */
	run(scan: Scan): { turns: number; longestMs: number } {
		let [turns, longestMs] = [0, 0];
		while (!scan.isDone) {
			const from = this.now;
			const at = scan.poll(this.now);
			longestMs = Math.max(longestMs, this.now - from);
			this.now = Math.max(this.now, at < NEVER && !scan.isDone ? at : 0);
			expect(++turns).toBeLessThan(1_000);
		}
		return { turns, longestMs };
	}
}

function said(scan: Scan, max = 300): Record<string, unknown> {
	const text = new Text(new Uint8Array(400)).put('{"name":"scan"');
	scan.write(text, max - 1);
	text.put('}');
	expect(text.overflowed).toBe(false);
	expect(text.length).toBeLessThanOrEqual(max);
	return JSON.parse(new TextDecoder().decode(text.bytes.subarray(0, text.length))) as Record<string, unknown>;
}

const inUse = (parts: PartsInUse['parts'], addresses: readonly number[], more: Partial<PartsInUse> = {}): PartsInUse =>
	({ parts, indexAt: (address) => addresses.indexOf(address), isBusy: () => false, isJudged: () => true, quality: () => Quality.Ok, ...more });

describe('a scan', () => {
	it('finds each part of the table by its identity, those that sleep and refuse too, and leaves each as start() wants it', () => {
		for (const row of PARTS) {
			if (row.bus !== Bus.I2C || !row.folder) continue;
			for (const address of row.addresses) {
				const table = new Table([[row.name, address]]);
				const scan = table.scan();
				table.run(scan);
				expect(said(scan)).toEqual({ name: 'scan', found: { [address]: row.identify ? row.name : '?' } });
				expect(table.open.size).toBe(0);
				const sensor = row.make({ board: nodemcu, I2C: table.I2C } as never, { address } as never);
				table.now += 10;
				expect(table.complaint(sensor, row.quantities.length), row.name).toBe('');
			}
		}
	});

	it('finds several at once, shows what it does not know, and takes no turn for long', () => {
		const table = new Table([['sht4x', 0x44], ['sht3x', 0x45], ['am2320', 0x5c], ['shtc3', 0x70], ['bme280', 0x77], ['aht20', 0x38]]);
		table.wire(() => ({ bus: 'i2c', address: 0x20, trouble: 'none', measurements: 0, powerUp() {}, write: () => true, read: () => undefined }), '?', 0x20);
		const scan = table.scan();
		const { turns, longestMs } = table.run(scan);
		expect(said(scan)).toEqual({ name: 'scan', found: { 32: '?', 56: 'aht20', 68: 'sht4x', 69: 'sht3x', 92: 'am2320', 112: 'shtc3', 119: 'bme280' } });
		expect(turns).toBeGreaterThan(10);
		// Two kinds of AHT are told apart by a measurement each.
		expect(longestMs).toBeLessThanOrEqual(170);
	});

	it('finds nobody on an empty bus', () => {
		const table = new Table([]);
		const scan = table.scan();
		table.run(scan);
		expect([said(scan), scan.problem]).toEqual([{ name: 'scan', found: {} }, '']);
	});

	it('asks parts in use over their own bus, names who sits there in their place, and says how each is', () => {
		const table = new Table([['sht4x', 0x44], ['bme280', 0x76]]);
		const setting = '[{"part":"tmp36"},{"part":"sht3x"},{"part":"bme280","name":"outside"}]';
		const parts = connect(setting, { board: nodemcu, Analog: class { resolution = 10; read = () => 1; close() {} }, I2C: table.io.I2C, Pulses: undefined as never });
		const words = [Quality.Ok, Quality.NoAnswer, Quality.OutOfRange];
		const scan = table.scan(inUse(parts, addressesOf(setting, nodemcu), { quality: (index) => words[index]! }));
		table.run(scan);
		expect(said(scan)).toEqual({
			name: 'scan', found: { 68: 'sht4x', 118: 'bme280' }, parts: { tmp36: 'ok', sht3x: 'no answer', outside: 'out of range' },
		});
		expect([...table.open]).toEqual([0x44, 0x76]);
	});

	it('waits for a part that measures, which comes to its result, and not for ever', () => {
		const table = new Table([['bme280', 0x76]]);
		const parts = connect('bme280', { board: nodemcu, Analog: undefined as never, I2C: table.io.I2C, Pulses: undefined as never });
		const [{ sensor }] = parts as [(typeof parts)[0]];
		const values = new Int32Array(3);
		let ready = table.now + sensor.start();
		let isBusy = true;
		const collect = (): boolean => {
			if (!isBusy || table.now < ready) return isBusy;
			const again = sensor.collect(values, 0);
			ready = table.now + again;
			return (isBusy = again > 0);
		};
		const scan = table.scan(inUse(parts, [0x76], { isBusy: collect }));
		table.run(scan);
		expect([Math.round(values[0]! / 1_000), said(scan)['found']]).toEqual([21, { 118: 'bme280' }]);

		const began = table.now;
		const restless = table.scan(inUse(parts, [0x76], { isBusy: () => true }));
		table.run(restless);
		expect(said(restless)['found']).toEqual({ 118: 'bme280' });
		expect(table.now - began).toBeLessThan(4_000);
		const hung = table.scan(inUse(parts, [0x76], { isBusy: () => true, quality: () => Quality.NoAnswer }));
		table.run(hung);
		expect(said(hung)['found']).toEqual({});
	});

	it('ends where the bus hangs, or cannot be had, and says so', () => {
		const table = new Table([]);
		table.lookMs = 1_000;
		const scan = table.scan();
		table.run(scan);
		expect(scan.problem).toBe('the I2C bus hangs: check that data and clock are not swapped, and that both have a pull-up');
		expect(table.now).toBeLessThan(10_000);
		table.open.add(8);
		const taken = table.scan();
		table.run(taken);
		expect(taken.problem).toBe('the I2C bus cannot be had (RangeError: duplicate address)');
	});

	it('leaves out what has no room, counts it, and shows no part that has not measured yet', () => {
		const everywhere = new Table([]);
		everywhere.I2C.prototype.write = () => undefined;
		const full = everywhere.scan();
		everywhere.run(full);
		const { found, more } = said(full, 200) as { found: Record<string, string>; more: number };
		expect(Object.keys(found).length + more).toBe(112);

		const table = new Table([]);
		const parts = Array.from({ length: 8 }, (_, i) => ({ name: `a-long-name${i}`, sensor: { bus: new table.I2C({} as never) } })) as unknown as PartsInUse['parts'];
		for (let max = 60; max < 330; max += 9) {
			const scan = table.scan(inUse(parts, parts.map((_part, i) => 0x40 + i), { quality: () => Quality.OutOfRange, isJudged: (index) => index > 0 }));
			table.run(scan);
			const result = said(scan, max) as { parts?: Record<string, string>; more?: number };
			if (result.parts) expect(Object.keys(result.parts).length + (result.more ?? 0)).toBe(7);
			expect(result.parts ?? {}).not.toHaveProperty('a-long-name0');
		}
	});

	it('is kept for a moment for who asked, and then given up', () => {
		const table = new Table([]);
		const scan = table.scan();
		table.run(scan);
		const until = scan.poll(table.now);
		expect([until > table.now, scan.poll(until)]).toEqual([true, NEVER]);
	});
});
