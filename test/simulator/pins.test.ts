import { afterEach, describe, expect, it } from 'vitest';
import { crc8 as checkSum } from '../../sensors/crc8.js';
import { endProbes, ENGINES, probe } from './probe.js';

afterEach(endProbes);

const crc8 = (bytes: readonly number[]): number => checkSum(Uint8Array.from(bytes), 0, bytes.length, 0xff);

/** Mean and spread of many conversions. */
const CONVERSIONS = `
	let sum = 0, low = Infinity, high = -Infinity;
	for (let i = 0; i < 200; i++) { const count = adc.read(); sum += count; low = Math.min(low, count); high = Math.max(high, count); }
	trace(sum / 200, ' ', high - low);
`;

describe.each(ENGINES)('analog on %s', (engine) => {
	it('reads a TMP36 at 25 °C through the divider of a NodeMCU', async () => {
		const { said } = await probe(engine, `const adc = new Analog({}); trace(adc.resolution); ${CONVERSIONS}`);
		const [mean, spread] = said[1].split(' ').map(Number);
		expect(said[0]).toBe('10');
		// 750 mV of 3200 mV full scale; a converter that cuts off lies half a count low.
		expect(mean).toBeGreaterThan(238.5);
		expect(mean).toBeLessThan(240.5);
		expect(spread).toBeGreaterThan(2);
		expect(spread).toBeLessThan(15);
	});

	it('reads it on the calibrated scale of an ESP32', async () => {
		const { said } = await probe(engine, `const adc = new Analog({ pin: board.analog.pin }); trace(adc.resolution); ${CONVERSIONS}`, 0, { board: 'esp32' });
		expect(said[0]).toBe('12');
		expect(Number(said[1].split(' ')[0]) * 2_450 / 4_095).toBeCloseTo(750, -0.5);
	});

	it('has one instance on ESP8266', async () => {
		const { said } = await probe(engine, `
			const first = new Analog({ pin: 3 });
			try { new Analog({ pin: 7 }); } catch (fault) { trace(fault.name, ' ', fault.message); }
			first.close();
			new Analog({});
			trace('again');
		`);
		expect(said).toEqual(['Error in use', 'again']);
	});

	it('knows which pins of an ESP32 are analog', async () => {
		const { said } = await probe(engine, `try { new Analog({ pin: 21 }); } catch (fault) { trace(fault.name, ' ', fault.message); }`, 0, { board: 'esp32' });
		expect(said).toEqual(['RangeError not analog pin']);
	});
});

const SHT3X = `const io = new I2C({ ...board.i2c, address: 0x44 });`;
const HEX = `const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');`;

describe.each(ENGINES)('I2C on %s', (engine) => {
	it('measures with an SHT3x: no answer before its time, then six bytes with check sums, then nothing more', async () => {
		const { said } = await probe(engine, `
			${SHT3X} ${HEX}
			const read = () => { try { trace(hex(io.read(6))); } catch (fault) { trace(fault.name, ' ', fault.message); } };
			Timer.set(() => { io.write(Uint8Array.of(0x24, 0x00)); read(); Timer.set(() => { read(); read(); }, 16); }, 10);
		`, 100);
		expect(said[0]).toBe('Error i2c read failed');
		expect(said[2]).toBe('Error i2c read failed');
		const bytes = Buffer.from(said[1], 'hex');
		expect(crc8([bytes[0], bytes[1]])).toBe(bytes[2]);
		expect(crc8([bytes[3], bytes[4]])).toBe(bytes[5]);
		expect(-45 + 175 * bytes.readUInt16BE(0) / 0xffff).toBeCloseTo(25, 0);
		expect(100 * bytes.readUInt16BE(3) / 0xffff).toBeCloseTo(50, 0);
	});

	it('reads the status by a repeated start, and fills a buffer that is given', async () => {
		const { said } = await probe(engine, `
			${SHT3X} ${HEX}
			const into = new Uint8Array(3);
			trace(io.writeRead(Uint8Array.of(0xf3, 0x2d), into), ' ', hex(into));
		`, 10);
		expect(said).toEqual(['3 0010' + crc8([0, 0x10]).toString(16)]);
	});

	it.each([['nodemcu', 'i2c write failed', 'i2c read failed'], ['esp32', 'write failed', 'read failed']] as const)('throws when nobody answers (%s), but for a write of nothing', async (board, write, read) => {
		const { said } = await probe(engine, `
			const io = new I2C({ ...board.i2c, address: 0x45 });
			const attempt = (action) => { try { trace(String(action())); } catch (fault) { trace(fault.name, ' ', fault.message); } };
			attempt(() => io.write(Uint8Array.of(1)));
			attempt(() => io.read(1));
			attempt(() => io.writeRead(Uint8Array.of(1), 1));
			attempt(() => io.write(new ArrayBuffer(0)));
			attempt(() => new I2C({ ...board.i2c, address: 0x44 }).write(new ArrayBuffer(0)));
		`, 10, { board });
		expect(said).toEqual([`Error ${write}`, `Error ${read}`, 'Error writeRead failed', '1', 'undefined']);
	});

	it('insists on its options', async () => {
		const { said } = await probe(engine, `
			const attempt = (options) => { try { new I2C(options); trace('fine'); } catch (fault) { trace(fault.name, ' ', fault.message); } };
			attempt({ clock: 5, address: 1, hz: 1 });
			attempt({ data: 4, clock: 5, address: 1 });
			attempt({ data: 4, clock: 5, address: 128, hz: 1 });
			attempt({ data: 4, clock: 5, address: 1, hz: 100000 });
			attempt({ data: 4, clock: 5, address: 1, hz: 100000 });
			attempt({ data: 5, clock: 4, address: 1, hz: 100000 });
		`);
		expect(said).toEqual([
			'RangeError data required', 'RangeError invalid hz', 'RangeError invalid address', 'fine', 'RangeError duplicate address', 'fine',
		]);
	});

	it('finds nobody when the wires are swapped', async () => {
		const { said } = await probe(engine, `
			const { data, clock, hz } = board.i2c;
			trace(new I2C({ data: clock, clock: data, hz, address: 0x44 }).write(new ArrayBuffer(0)));
		`, 10);
		expect(said).toEqual(['1']);
	});

	it('takes typed arrays of bytes only', async () => {
		const { said } = await probe(engine, `
			${SHT3X}
			try { io.write(Uint16Array.of(0x2400)); } catch (fault) { trace(fault.name, ' ', fault.message); }
		`);
		expect(said).toEqual(['TypeError invalid buffer']);
	});

	it('garbles, sticks, talks nonsense or is gone when told to', async () => {
		const { said, simulation, run } = await probe(engine, `
			${SHT3X} ${HEX}
			Timer.repeat(() => {
				try { io.write(Uint8Array.of(0x24, 0x16)); } catch { return trace('gone'); }
				Timer.set(() => trace(hex(io.read(6))), 5);
			}, 100);
		`, 110);
		const sht3x = simulation.nodes[0].part('sht3x');
		for (const trouble of ['garbled', 'stuck', 'stuck', 'nonsense', 'gone'] as const) {
			sht3x.trouble = trouble;
			await run(100);
		}
		const valid = (text: string): boolean => crc8([...Buffer.from(text, 'hex').subarray(0, 2)]) === Buffer.from(text, 'hex')[2];
		expect(said.slice(0, 5).map(valid)).toEqual([true, false, true, true, true]);
		expect(said[3]).toBe(said[2]);
		expect(said[4]).not.toBe(said[3]);
		expect(said[5]).toBe('gone');
	});
});

describe.each(ENGINES)('serial on %s', (engine) => {
	const WRITE = `const bytes = (text) => Uint8Array.from(text, (each) => each.charCodeAt(0));`;

	it('makes lines of bytes', async () => {
		const { said } = await probe(engine, `${WRITE}
			const serial = new Serial({ baud: 115200 });
			serial.write(bytes('one\\r\\ntw'));
			serial.write(bytes('o\\n'));
			serial.format = 'number';
			for (const byte of bytes('3\\n')) serial.write(byte);
		`);
		expect(said).toEqual(['[one]', '[two]', '[3]']);
	});

	it('refuses what does not fit and says when there is room', async () => {
		const { said } = await probe(engine, `${WRITE}
			const serial = new Serial({ baud: 115200, onWritable(count) { trace(this === serial, ' ', count, ' ', Time.ticks); } });
			trace('opened');
			Timer.set(() => {
				serial.write(new Uint8Array(100));
				try { serial.write(new Uint8Array(29)); } catch (fault) { trace(fault.name, ' ', fault.message); }
				serial.write(new Uint8Array(28));
			}, 100);
		`, 1_000);
		// 128 bytes at 11.52 a millisecond: 16 are left after 9.7 ms.
		expect(said).toEqual(['opened', 'true 128 0', 'Error output full', 'true 112 109']);
	});

	it('delivers what is typed', async () => {
		const { said, simulation, run, news } = await probe(engine, `
			const serial = new Serial({ baud: 115200, onReadable(count) {
				const first = new Uint8Array(serial.read(1));
				const into = new Uint8Array(10);
				const rest = serial.read(into);
				trace(count, ' ', first[0], ' ', rest, ' ', into[0], ' ', serial.read());
			} });
			trace(serial.read());
		`, 10);
		expect(said).toEqual(['undefined']);
		news();
		simulation.nodes[0].type('stop');
		await run(10);
		expect(news()).toEqual(['4 115 3 116 undefined']);
	});

	it('loses what the FIFO cannot take', async () => {
		const { simulation, run, news } = await probe(engine, `const serial = new Serial({ baud: 115200, onReadable: (count) => trace(count) });`, 10);
		simulation.nodes[0].type('x'.repeat(200));
		await run(10);
		expect(news()).toEqual(['128']);
	});

	it('needs pins on ESP32', async () => {
		const { said } = await probe(engine, `
			try { new Serial({ baud: 115200 }); } catch (fault) { trace(fault.message); }
			const serial = new Serial({ baud: 115200, port: 0, transmit: 1, receive: 3, onWritable: (count) => trace(count) });
		`, 10, { board: 'esp32' });
		expect(said).toEqual(['invalid', '128']);
	});
});

describe.each(ENGINES)('digital pins on %s', (engine) => {
	it('light the LED and hear the button, each with its own level', async () => {
		const set = await probe(engine, `
			const led = new Digital({ ...board.led, mode: Digital.Output });
			const button = new Digital({ ...board.button, mode: Digital.InputPullUp, edge: Digital.Rising | Digital.Falling, target: 'me',
				onReadable(pins) { trace(this.target, ' ', pins, ' ', this.read()); led.write(this.read()); } });
			trace(button.read());
		`, 10);
		const { panel } = set.simulation.nodes[0]!;
		const lit: boolean[] = [];
		panel.onLight = (isLit) => void lit.push(isLit);
		panel.isPressed = true;
		await set.run(10);
		panel.isPressed = false;
		await set.run(10);
		expect(set.said).toEqual(['0', 'me 1 1', 'me 1 0']);
		expect(lit).toEqual([true, false]);
	});

	it('tell only the edge that was asked for, to each that has one', async () => {
		const set = await probe(engine, `
			const heard = (name) => ({ onReadable() { trace(name); } });
			new Digital({ pin: 12, mode: Digital.Input, edge: Digital.Rising, ...heard('other') });
			new Digital({ ...board.button, mode: Digital.Input, edge: Digital.Rising, ...heard('pressed') });
			new Digital({ pin: 13, mode: Digital.Input, edge: Digital.Rising, ...heard('another') });
		`, 10);
		for (const isPressed of [true, false, true, false]) {
			set.simulation.nodes[0]!.panel.isPressed = isPressed;
			await set.run(10);
		}
		expect(set.said).toEqual(['pressed', 'pressed']);
	});

	it('have one owner each, and are written or read', async () => {
		const { said } = await probe(engine, `
			const attempt = (action) => { try { action(); trace('fine'); } catch (fault) { trace(fault.name, ' ', fault.message); } };
			const led = new Digital({ ...board.led, mode: Digital.Output });
			attempt(() => new Digital({ ...board.led, mode: Digital.Output }));
			attempt(() => led.read());
			attempt(() => new Digital({ ...board.button, mode: Digital.Input }).write(1));
			attempt(() => new Digital({ pin: 14, mode: 7 }));
			attempt(() => new Digital({ pin: 14, mode: Digital.Input, onReadable() {} }));
			led.close();
			attempt(() => new Digital({ ...board.led, mode: Digital.Output }));
			attempt(() => led.write(1));
		`);
		expect(said).toEqual(['Error in use', "Error can't read output", "Error can't write input", 'RangeError invalid mode', 'RangeError invalid edges', 'fine', 'SyntaxError xsGetHostData: invalid host data']);
	});
});
