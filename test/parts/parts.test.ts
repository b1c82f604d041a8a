import { describe, expect, it } from 'vitest';
import { board as esp32 } from '../../hardware/esp32.js';
import { board as nodemcu } from '../../hardware/nodemcu.js';
import type { PartIo } from '../../sensors/parts.js';
import type { OutputPin, Part } from '../../src/common/ports.js';
import { Limit } from '../../src/common/limits.js';
import { Text } from '../../src/common/text.js';
import { channelsFrom, givesOne, writeChannels } from '../../src/readings/channels.js';
import { connect, sensorsProblem, usedNames } from '../../src/parts/parts.js';
import { Bus, hex, measure, Pin, Wire } from '../support/bus.js';

type Entry = Readonly<Record<string, unknown>>;

function world(board: PartIo['board'] = nodemcu) {
	const pin = new Pin(board.analog.bits);
	const bus = new Bus();
	const powered: number[] = [];
	const supply: OutputPin = { write: () => {} };
	const io: PartIo = { board, Analog: pin.Analog, I2C: bus.I2C, Pulses: Wire, power: (gpio) => (powered.push(gpio), supply) };
	return { io, pin, bus, powered, supply };
}

const text = (list: readonly Entry[] | string) => (typeof list === 'string' ? list : JSON.stringify(list));
const namesOf = (part: Part) => part.row.quantities.filter((_each, k) => givesOne(part, k)).map((quantity) => (part.name === part.row.name ? quantity : `${part.name}_${quantity}`));
const written = (list: readonly Entry[]) => {
	const text = new Text(new Uint8Array(1_000));
	writeChannels(text, connect(JSON.stringify(list), world(esp32).io));
	return Buffer.from(text.bytes.subarray(0, text.length));
};
const given = (list: readonly Entry[] | string) => connect(text(list), world(esp32).io).map((part) => [part.name, ...namesOf(part)]);
const problem = (list: readonly Entry[] | string, board: PartIo['board'] = nodemcu) => sensorsProblem(text(list), board);

describe('the parts of a node', () => {
	it.each<[string | readonly Entry[], string[][]]>([
		['tmp36,sht3x', [['tmp36', 'temperature'], ['sht3x', 'humidity']]],
		['sht3x', [['sht3x', 'temperature', 'humidity']]],
		['tmp36', [['tmp36', 'temperature']]],
		['sht3x,tmp36', [['sht3x', 'temperature', 'humidity']]],
		['hih4030,sht3x', [['hih4030', 'humidity'], ['sht3x', 'temperature']]],
		['tmp36,hih4030,sht3x', [['tmp36', 'temperature'], ['hih4030', 'humidity']]],
		['sht3x,sht3x45', [['sht3x', 'temperature', 'humidity']]],
		[[{ part: 'tmp36' }, { part: 'sht3x' }], [['tmp36', 'temperature'], ['sht3x', 'humidity']]],
		[[{ part: 'sht3x', name: 'outside' }], [['outside', 'outside_temperature', 'outside_humidity']]],
		[[{ part: 'sht3x', name: 'outside', address: 69 }, { part: 'tmp36' }, { part: 'sht3x' }],
			[['outside', 'outside_temperature', 'outside_humidity'], ['tmp36', 'temperature'], ['sht3x', 'humidity']]],
	])('give what no part without a name before them gives, or all by their own name: %j', (setting, expected) => {
		expect(problem(setting, esp32)).toBe('');
		expect(given(setting)).toEqual(expected);
	});

	it('keep their channels when others come behind them', () => {
		const before = [{ part: 'sht3x', name: 'attic', address: 69 }, { part: 'tmp36' }];
		expect(given([...before, { part: 'sht3x' }, { part: 'hih4030', name: 'shed' }]).slice(0, 2)).toEqual(given(before));
	});

	it('count their channels through, whatever else a part collects', () => {
		const { io, bus } = world();
		bus.expect(0x44, hex`24 00`).respond(0x44, hex`66 66 93 BE EF 92`, 15.5);
		const [tmp36, sht3x] = connect('tmp36,sht3x', io);
		expect([tmp36!.channels, sht3x!.channels]).toEqual([channelsFrom(0, 0b01), channelsFrom(1, 0b10)]);
		expect(measure(sht3x!.sensor, 2, bus)).toEqual([25_000, 74_585]);
	});

	it('have the old name of an SHT3x at its other address, in the short form alone', () => {
		const { io, bus } = world();
		expect(connect('sht3x45', io).map(({ name, channels }) => [name, channels])).toEqual([['sht3x', channelsFrom(0, 0b11)]]);
		expect(bus.made).toMatchObject([{ address: 0x45 }]);
		expect(problem([{ part: 'sht3x45' }])).toContain('"sht3x45", which is not known');
	});

	it('do not even open the bus where nothing is left to give', () => {
		const { io, pin, bus } = world(esp32);
		connect('tmp36,hih4030,sht3x', io);
		expect(bus.made).toEqual([]);
		expect(pin.made.map((each) => each.pin)).toEqual([34, 35]);
	});

	it.each([nodemcu, esp32])('are on the pins of $name', (board) => {
		const { io, pin, bus } = world(board);
		connect('tmp36,sht3x', io);
		expect(pin.made.map((each) => each.pin)).toEqual([board.analog.pin]);
		expect(bus.made).toMatchObject([{ data: board.i2c.data, clock: board.i2c.clock, hz: 100_000, address: 0x44 }]);
	});

	it('are on the pins and at the addresses that they are given, else on the first that is free', () => {
		const { io, pin, bus } = world(esp32);
		connect(text([{ part: 'tmp36', pin: 35 }, { part: 'hih4030' }, { part: 'tmp36', name: 'wall' }, { part: 'sht3x', name: 'bath', address: 69 }]), io);
		expect(pin.made.map((each) => each.pin)).toEqual([35, 32, 34]);
		expect(bus.made.map(({ address }) => address)).toEqual([0x45]);
	});

	it('carry a policy of their own only where they are given one', () => {
		const { io, powered, supply } = world();
		const [plain, busy] = connect(text([
			{ part: 'sht3x' },
			{ part: 'sht3x', name: 'bath', address: 69, powerPin: 14, intervalMs: 60_000, deadBand: 0.25, heartbeatMs: 600_000, align: true, jitterMs: 500 },
		]), io);
		expect(Object.keys(plain!)).toEqual(['name', 'row', 'sensor', 'channels']);
		const { row: _row, sensor: _sensor, ...rest } = busy!;
		expect(rest).toEqual({
			name: 'bath', channels: channelsFrom(2, 0b11), power: supply,
			intervalMs: 60_000, deadBand: 250, heartbeatMs: 600_000, align: true, jitterMs: 500,
		});
		expect(powered).toEqual([14]);
		const [analog] = connect(text([{ part: 'tmp36', conversions: 3, align: false }]), world().io);
		expect([analog!.conversions, analog!.align]).toEqual([3, undefined]);
	});

	it('halve the HIH-4030 for the ESP32: 1.175 V at the pin are 50 %', () => {
		const { io, pin } = world(esp32);
		pin.counts = [Math.round((1_175 * 4095) / 2450)];
		const [hih4030] = connect('hih4030', io);
		const [milliRh] = measure(hih4030!.sensor, 1);
		expect(milliRh).toBeGreaterThan(49_930);
		expect(milliRh).toBeLessThan(50_010);
	});

	it('take compensation where a part wants it', () => {
		const connected = connect('tmp36,hih4030', world(esp32).io);
		expect(connected.map(({ sensor }) => typeof sensor.compensate)).toEqual(['undefined', 'function']);
	});
});

it.each([
	['sht3x,sht3x', 'sht3x'], ['tmp36,tmp36,sht3x', 'tmp36,sht3x'], ['sht3x45,sht3x', 'sht3x45'], ['si7021,htu21d,tmp36', 'si7021'],
	['tmp36,sht3x', 'tmp36,sht3x'], ['hih4030,sht3x', 'hih4030,sht3x'], ['nose,nose', 'nose,nose'], ['[{"part":"tmp36"},{"part":"tmp36"}]', '[{"part":"tmp36"},{"part":"tmp36"}]'],
])('of names that were kept, those stay that give something: %s', (kept, used) => {
	expect(usedNames(kept)).toBe(used);
	if (!kept.startsWith('[')) expect(sensorsProblem(used, esp32) !== '').toBe(kept === 'nose,nose');
});

describe('what the board cannot serve', () => {
	const sht3x = (name: string, address?: number): Entry => ({ part: 'sht3x', name, ...(address === undefined ? {} : { address }) });

	it.each<[string | readonly Entry[], string]>([
		['tmp36,hih4030', 'entry 2: hih4030 needs a second analog input: nodemcu has one only; use an ESP32 or a part on I2C.'],
		['tmp36,tmp36', 'entry 2: nodemcu has no analog input left for tmp36.'],
		[[{ part: 'tmp36' }, { part: 'tmp36', name: 'wall', pin: 17 }], 'entry 2: tmp36, entry 1, is on GPIO 17 already.'],
		[[{ part: 'tmp36', pin: 4 }], 'entry 1: tmp36 cannot be on GPIO 4: it can be on GPIO 17.'],
		[[{ part: 'sht3x', powerPin: 2 }], 'entry 1: powerPin cannot be GPIO 2: it can be GPIO 14, GPIO 12, GPIO 13 or GPIO 16.'],
		[[{ part: 'sht3x', powerPin: 14 }, { part: 'tmp36', powerPin: 14 }], 'entry 2: sht3x, entry 1, is on GPIO 14 already.'],
		[[sht3x('one'), sht3x('two')], 'entry 2: one, entry 1, is at address 68 already.'],
		['sht3x,sht3x', 'entry 2: sht3x, entry 1, is at address 68 already.'],
		[[{ part: 'sht3x', address: 70 }], 'entry 1: address is 70; sht3x is at 68 or 69.'],
		[[sht3x('one'), { part: 'tmp36', name: 'one' }], 'entry 2: entry 1 is called "one" already: channels and complaints need a name of its own.'],
		[[{ part: 'tmp36' }, sht3x('tmp36')], 'entry 2: entry 1 is called "tmp36" already: channels and complaints need a name of its own.'],
		[[sht3x('tmp36'), { part: 'tmp36' }], 'entry 2: entry 1 is called "tmp36" already: channels and complaints need a name of its own.'],
	])('is one sentence: %j', (list, sentence) => {
		expect(problem(list)).toBe(`sensors, ${sentence}`);
	});

	it.each<[string | readonly Entry[], string]>([
		['sht3x,tmp36', 'entry 2: tmp36'], [[{ part: 'tmp36' }, { part: 'sht3x' }, { part: 'bme280' }, { part: 'dht22' }], 'entry 4: dht22'], ['tmp36,sht3x', ''],
		[[{ part: 'sht3x' }, { part: 'tmp36', name: 'wall' }], ''],
	])('is a part that has nothing left to give, where the list is given now; a list that was kept holds with it: %j', (list, which) => {
		const idle = 'has nothing left to give, as entries before it give all that it can: give it a name, or leave it out.';
		expect([sensorsProblem(text(list), nodemcu, undefined, true), problem(list)]).toEqual([which && `sensors, ${which} ${idle}`, '']);
	});

	it('names pins as the board does where it is told how', () => {
		expect(sensorsProblem('[{"part":"tmp36","pin":5}]', nodemcu, (gpio) => (gpio === 17 ? 'A0' : 'D1'))).toBe('sensors, entry 1: tmp36 cannot be on D1: it can be on A0.');
	});

	it('is different on each board', () => {
		expect(problem('tmp36,hih4030', esp32)).toBe('');
		expect(problem([{ part: 'tmp36', pin: 33 }], esp32)).toBe('');
		expect(problem([{ part: 'tmp36', pin: 33 }])).not.toBe('');
		expect(problem('tmp36,tmp36,tmp36,tmp36,tmp36,tmp36', esp32)).toBe('');
		expect(problem('tmp36,tmp36,tmp36,tmp36,tmp36,tmp36,tmp36', esp32)).toBe('sensors, entry 7: esp32 has no analog input left for tmp36.');
	});

	it('is more than eight parts, twelve channels, or a list of channels that no message holds', () => {
		const named = (count: number, name = 'a') => Array.from({ length: count }, (_each, i) => ({ part: 'tmp36', name: `${name}${i}`, pin: [34, 35, 32, 33, 36, 39][i] }));
		const more = [sht3x('at-the-front', 69), sht3x('at-the-south')];
		expect(problem([...named(6), ...more], esp32)).toBe('');
		expect(problem([...named(6), ...more, { part: 'tmp36' }], esp32)).toBe('sensors names more than 8 parts, which are the most.');
		expect(problem([...named(6, 'balcony-nor'), ...more], esp32)).toMatch(/^sensors makes a list of channels of \d+ bytes; 384 are the most: give shorter names\.$/);
		const pairs = ['sht4x', 'shtc3', 'si7021', 'aht20', 'am2320', 'sht3x'].map((part, i) => ({ part, name: `a${i}`, ...(part === 'sht3x' ? { address: 69 } : {}) }));
		expect(problem(pairs)).toBe('');
		expect(problem([...pairs, { part: 'tmp36' }])).toBe('sensors makes 13 channels; 12 are the most: leave a part out.');
	});

	it('is that list exactly when its message has too many bytes', () => {
		const seen = new Set<boolean>();
		for (let length = 1; length <= 12; length++) {
			const list = ['sht4x', 'shtc3', 'si7021', 'aht20', 'am2320'].map((part, i) => ({ part, name: `n${i}${'x'.repeat(10)}`.slice(0, Math.max(length, 2)) }));
			const { length: bytes } = written(list);
			seen.add(bytes > Limit.PAYLOAD_MAX);
			expect(problem(list), `${bytes} bytes`).toBe(bytes > Limit.PAYLOAD_MAX ? `sensors makes a list of channels of ${bytes} bytes; 384 are the most: give shorter names.` : '');
		}
		expect(seen.size).toBe(2);
		expect(written([{ part: 'tmp36' }, { part: 'sht3x', name: 'outside' }]).toString()).toBe('{"temperature":["°C","tmp36"],"outside_temperature":["°C","sht3x"],"outside_humidity":["%","sht3x"]}');
	});
});
