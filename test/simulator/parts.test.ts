// How a chip meets the parts that are wired to it: who answers where, on whose supply, and what pulses become.

import { describe, expect, it } from 'vitest';
import { board as esp32 } from '../../hardware/esp32.js';
import { board as nodemcu } from '../../hardware/nodemcu.js';
import type { Twin, TwinWorld } from '../../sensors/twin.js';
import { wiresOf } from '../../simulator/board/wiring.js';
import type { Chip } from '../../simulator/devices/chip.js';
import { DigitalDevice, Panel } from '../../simulator/devices/digital.js';
import { Parts, type Wire } from '../../simulator/devices/parts.js';
import { PulseDevice } from '../../simulator/devices/pulses.js';
import { sensorsProblem } from '../../src/parts/parts.js';
import { startVirtualSimulation } from '../../simulator/virtual.js';
import { Random } from '../../simulator/world/random.js';

const AIR = { temperatureC: 20, humidityPct: 50, pressureHpa: 1_000 };
const anyTwin = { trouble: 'none' as const, measurements: 0, powerUp() {} };

class Bench {
	now = 1_000;
	readonly worlds: TwinWorld[] = [];
	readonly chip = { name: 'ESP8266', random: new Random('parts'), now: () => this.now, delay: (ms: number) => void (this.now += ms) } as unknown as Chip;
	readonly parts: Parts;

	constructor(wires: readonly (Partial<Wire> & { readonly twin: object })[]) {
		let made = 0;
		this.parts = new Parts(
			wires.map(({ twin: _twin, ...wire }, index) => ({ name: `part ${index}`, row: 'any', address: 0, pin: -1, ...wire })),
			{ now: () => this.now, air: () => AIR, fullScaleMv: 3_300, random: (name) => new Random(name) },
			(_wire, world) => {
				this.worlds.push(world);
				return { ...anyTwin, ...wires[made++]!.twin } as Twin;
			},
		);
		this.parts.attach(this.chip);
	}
}

const i2c = (address: number, says: number[] | undefined) => ({ bus: 'i2c', address, write: () => says !== undefined, read: () => says && Uint8Array.from(says) });

describe('parts on one bus', () => {
	it('answer each at its address, and nobody at another', () => {
		const { parts } = new Bench([{ twin: i2c(0x44, [1, 2]) }, { twin: i2c(0x45, [3, 4]) }, { twin: i2c(0x46, undefined) }]);
		expect([0x44, 0x45, 0x46, 0x47].map((address) => [parts.write(address, Uint8Array.of(1)), parts.read(address, 2)])).toEqual([
			[true, Uint8Array.of(1, 2)], [true, Uint8Array.of(3, 4)], [false, undefined], [false, undefined],
		]);
	});

	it('pull the line low together where two are at one address', () => {
		const { parts } = new Bench([{ twin: i2c(0x44, [0b1100, 0xff]) }, { twin: i2c(0x44, [0b0110, 0x0f]) }]);
		expect(parts.read(0x44, 2)).toEqual(Uint8Array.of(0b0100, 0x0f));
	});

	it('are heard of when they are asked, not when somebody looks whether they are there', () => {
		const { parts } = new Bench([{ twin: i2c(0x44, []) }]);
		let asked = 0;
		parts.onAsked = () => void asked++;
		parts.write(0x44, new Uint8Array(0));
		expect(asked).toBe(0);
		parts.write(0x44, Uint8Array.of(1));
		parts.write(0x50, Uint8Array.of(1));
		expect(asked).toBe(2);
	});
});

describe('the supply of a part', () => {
	const supplied = () => {
		const ups: number[] = [];
		const bench = new Bench([
			{ powerPin: 16, twin: { ...i2c(0x44, [7]), powerUp: () => ups.push(bench.now) } }, { pin: 17, twin: { bus: 'analog', millivolts: () => 700, powerUp: () => ups.push(-bench.now) } },
		]);
		const digital = new DigitalDevice(bench.chip, nodemcu.led, nodemcu.button, new Panel(), bench.parts).operations;
		return { ups, bench, digital, isThere: () => bench.parts.read(0x44, 1) !== undefined };
	};

	it('comes from its pin: it is there while that is driven high, and powered up anew each time', () => {
		const { ups, bench, digital, isThere } = supplied();
		expect(isThere()).toBe(false);
		const id = digital['digital.open'](16, 8, false, 1, 0);
		expect([isThere(), ups]).toEqual([true, [1_000]]);
		digital['digital.write'](id, 1);
		bench.now = 2_000;
		digital['digital.write'](id, 0);
		expect(isThere()).toBe(false);
		digital['digital.write'](id, 1);
		expect([isThere(), ups]).toEqual([true, [1_000, 2_000]]);
	});

	it('is all that helps a part that hangs: nobody hears of it before', () => {
		const { bench, digital, isThere } = supplied();
		const id = digital['digital.open'](16, 8, false, 1, 0);
		const [onPin, onBoard] = bench.parts.twins;
		onPin!.trouble = onBoard!.trouble = 'hung';
		expect([isThere(), bench.parts.millivolts(17)]).toEqual([false, 0]);
		digital['digital.write'](id, 1);
		expect(isThere()).toBe(false);
		digital['digital.write'](id, 0);
		expect(isThere()).toBe(false);
		digital['digital.write'](id, 1);
		expect([isThere(), bench.parts.millivolts(17)]).toEqual([true, 0]);
		bench.parts.powerUp();
		expect([isThere(), bench.parts.millivolts(17)]).toEqual([true, 700]);
	});

	it('goes when the chip lets go of the pin, and when the chip is reset', () => {
		const { bench, digital, isThere } = supplied();
		const id = digital['digital.open'](16, 8, true, 0, 0);
		expect(isThere()).toBe(true);
		digital['digital.close'](id);
		expect(isThere()).toBe(false);
		digital['digital.open'](16, 8, false, 1, 0);
		bench.parts.attach(bench.chip);
		expect(isThere()).toBe(false);
	});

	it('is the board\'s without a pin, from the time on that the chip began to start', () => {
		const { ups, bench } = supplied();
		expect(bench.parts.millivolts(17)).toBe(700);
		bench.now = 5_000;
		let seen = 0;
		bench.parts.powerUp();
		expect(ups).toEqual([-5_000]);
		const other = new Bench([{ twin: { ...i2c(0x44, [7]), powerUp: () => void (seen = other.worlds[0]!.now()) } }]);
		other.parts.powerUp();
		expect(seen).toBe(550);
		expect(other.worlds[0]!.now()).toBe(1_000);
	});
});

describe('pulses on a wire', () => {
	/** As a DHT answers: 80 and 80, 40 bits, a last low. */
	const train = (bits: string): number[] => [30, 80, 80, ...[...bits].flatMap((bit) => [50, bit === '1' ? 70 : 26]), 50];
	const wired = (levels: (lowUs: number) => number[]) => {
		const bench = new Bench([{ pin: 14, twin: { bus: 'pulse', answer: levels } }]);
		const pulses = new PulseDevice(bench.chip, bench.parts).operations;
		const capture = (pin: number, most = 41) => Buffer.from(pulses['pulses.capture'](pin, most), 'hex');
		return { bench, pulses, capture };
	};

	it('are taken in pairs from the first low on, each within a microsecond, while the chip does nothing else', () => {
		const bits = '10'.repeat(20);
		const { bench, pulses, capture } = wired(() => train(bits));
		pulses['pulses.low'](14);
		bench.now += 20;
		const from = bench.now;
		const taken = capture(14);
		expect(taken).toHaveLength(82);
		const lengths = train(bits).slice(1, 83);
		lengths.forEach((us, i) => expect(Math.abs(taken[i]! - us), String(i)).toBeLessThanOrEqual(1));
		expect(bench.now - from).toBeCloseTo([30, ...lengths].reduce((sum, us) => sum + us) / 1_000, 6);
	});

	it('come after the low that the part was asked with, whose length it is told', () => {
		const told: number[] = [];
		const { bench, pulses, capture } = wired((lowUs) => (told.push(lowUs), []));
		pulses['pulses.low'](14);
		bench.now += 1.5;
		expect(capture(14)).toHaveLength(0);
		expect(told).toEqual([1_500]);
		// Not asked a second time.
		expect(capture(14)).toHaveLength(0);
		expect(told).toHaveLength(1);
	});

	it('end with what fits, with a level that never ends, and after 6 ms; what is longer than a byte is 255', () => {
		const { pulses, capture } = wired(() => train('1'.repeat(40)));
		pulses['pulses.low'](14);
		expect(capture(14, 3)).toHaveLength(6);
		const endless = wired(() => [30, 80, 80, 50, 70]);
		endless.pulses['pulses.low'](14);
		expect(endless.capture(14)).toHaveLength(2);
		const slow = wired(() => [30, 400, 300, 4_000, 500, 1_000, 70, 50]);
		slow.pulses['pulses.low'](14);
		expect([...slow.capture(14)]).toEqual([255, 255, 255, 255]);
		slow.pulses['pulses.low'](14);
		expect(slow.capture(12)).toHaveLength(0);
	});
});

describe('what is wired', () => {
	it('is at the places that the list names, else at the first that are free', () => {
		const wires = wiresOf('[{"part":"tmp36"},{"part":"sht3x","name":"outside","address":69,"powerPin":25},{"part":"sht3x"},{"part":"hih4030"},{"part":"tmp36","pin":36}]', esp32);
		expect(wires.map(({ name, row, address, pin, powerPin }) => [name, row, address, pin, powerPin])).toEqual([
			['tmp36', 'tmp36', 0, 34, undefined], ['outside', 'sht3x', 69, -1, 25], ['sht3x', 'sht3x', 68, -1, undefined],
			['hih4030', 'hih4030', 0, 35, undefined], ['tmp36 2', 'tmp36', 0, 36, undefined],
		]);
	});

	it('is not at the pin that a part before gets its supply from', () => {
		const sensors = '[{"part":"sht3x","powerPin":25},{"part":"dht22"}]';
		expect(sensorsProblem(sensors, esp32)).toBe('');
		expect(wiresOf(sensors, esp32).map(({ pin }) => pin)).toEqual([-1, 26]);
	});

	it('is nothing of which nobody knows what it is', () => {
		expect(wiresOf('tmp36,nose', nodemcu).map(({ name }) => name)).toEqual(['tmp36']);
		expect(wiresOf('[{"part":"tmp36"', nodemcu)).toEqual([]);
	});

	it('stays as it is in the world, whatever the settings say: a part that is not there, or elsewhere, is complained of', async () => {
		const lines: string[] = [];
		const simulation = await startVirtualSimulation({
			engine: 'node', seed: 'wired', wired: '[{"part":"sht3x"},{"part":"shtc3","name":"attic"}]',
			settings: { sensors: '[{"part":"shtc3","name":"loft"},{"part":"sht3x","address":69}]', intervalMs: 2_000 }, onLine: (_node, line) => void lines.push(line),
		});
		await simulation.run(30_000);
		simulation.nodes[0]!.type('config {"sensors":"tmp36,sht3x"}\n');
		await simulation.run(60_000);
		simulation.end();
		const node = simulation.nodes[0]!;
		expect([node.counts.boots, node.parts.names]).toEqual([2, ['sht3x', 'attic']]);
		expect(() => node.part('tmp36')).toThrow('No part tmp36 is wired; there are: sht3x, attic.');
		const complaints = lines.filter((line) => line.startsWith('sensor ')).map((line) => line.replace(/\d+ mV/, 'some mV').replace(/: check.*/, ''));
		expect([...new Set(complaints)]).toEqual(['sensor sht3x: SHT3x does not answer', 'sensor tmp36: TMP36 gives some mV, less than it can']);
		const said = simulation.broker.published.filter(({ topic }) => topic.endsWith('/readings')).map(({ payload }) => JSON.parse(payload.toString()) as object);
		expect([said[0], said.at(-1)].map((each) => Object.keys(each!).slice(3))).toEqual([['loft_temperature', 'loft_humidity'], ['humidity']]);
	});
});
