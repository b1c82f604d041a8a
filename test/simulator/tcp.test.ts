import { afterEach, describe, expect, it } from 'vitest';
import type { ServerEnd } from '../../simulator/virtual/network.js';
import { endProbes, ENGINES, probe, type Probe, type ProbeOptions } from './probe.js';

afterEach(endProbes);

/** Opens a socket to the test's server once there is an address; `own` are options of it beside. */
const client = (own: string, before = ''): string => `
	const text = (buffer) => String.fromCharCode(...new Uint8Array(buffer));
	const attempt = (action) => { try { trace(String(action())); } catch (fault) { trace(fault.name, ' ', fault.message); } };
	new WiFi({ ssid: config.ssid, password: config.passphrase }, (message) => {
		if (message !== WiFi.gotIP) return;
		${before}
		globalThis.socket = new TCP({ address: '127.0.0.1', port: 7000, ${own} });
		attempt(() => socket.write(new Uint8Array(1)));
		trace('made');
	});`;

interface Served extends Probe {
	ends: ServerEnd[];
	received: string;
	pieces: number[];
	closed: number;
}

async function serve(engine: 'xs' | 'node', script: string, ms: number, options: ProbeOptions = {}, greet?: (end: ServerEnd) => void): Promise<Served> {
	const served = { ends: [] as ServerEnd[], received: '', pieces: [] as number[], closed: 0 };
	const started = await probe(engine, script, 0, options);
	started.simulation.network.listen('127.0.0.1', 7_000, (end) => {
		served.ends.push(end);
		end.onData = (bytes) => {
			served.received += Buffer.from(bytes).toString('latin1');
			served.pieces.push(bytes.length);
		};
		end.onClose = () => void served.closed++;
		greet?.(end);
	});
	const all = Object.assign(started, served);
	Object.defineProperties(all, Object.fromEntries((['received', 'closed'] as const).map((key) => [key, { get: () => served[key] }])));
	await started.run(ms);
	return all;
}

describe.each(ENGINES)('TCP on %s', (engine) => {
	it('is not ready before the first onWritable, which tells the room', async () => {
		const { said } = await serve(engine, client(`onWritable(count) { trace(this === socket, ' ', count); attempt(() => this.write(new Uint8Array(20))); }`), 4_000);
		// Then once more for the acknowledgement.
		expect(said.slice(0, 4)).toEqual(['Error not ready', 'made', 'true 2920', '2900']);
		expect(said[4]).toBe('true 2920');
	});

	it('takes a write whole or not at all, and copies it', async () => {
		const served = await serve(engine, client(`onWritable() {
			if (socket.done) return;
			socket.done = true;
			attempt(() => this.write(new Uint8Array(2921)));
			const bytes = new Uint8Array(2900).fill(97);
			attempt(() => this.write(bytes));
			bytes.fill(98);
			attempt(() => this.write(new Uint8Array(21)));
			attempt(() => this.write(Uint8Array.of(99, 99)));
			attempt(() => this.write(Uint16Array.of(1)));
			attempt(() => this.write('text'));
		}`), 4_000);
		expect(served.said.slice(2)).toEqual(['Error would block', '20', 'Error would block', '18', 'TypeError invalid buffer', 'TypeError invalid buffer']);
		expect(served.received).toBe('a'.repeat(2_900) + 'cc');
	});

	it('has a larger buffer on ESP32', async () => {
		const { said } = await serve(engine, client('onWritable: (count) => trace(count)'), 4_000, { board: 'esp32' });
		expect(said.at(-1)).toBe('8192');
	});

	it('gives what has arrived, on arrival only, and never more than there is', async () => {
		const { said } = await serve(engine, client(`onReadable(count) {
			trace(count);
			attempt(() => text(this.read(2)));
			attempt(() => this.read(100));
			attempt(() => this.read(0));
			const into = new Uint8Array(2);
			attempt(() => this.read(into) + text(into));
			attempt(() => this.read(new Uint8Array(50)));
		}`), 6_000, {}, (end) => end.write(Buffer.from('hello world')));
		expect(said).toEqual(['Error not ready', 'made', '11', 'he', 'Error invalid', 'Error invalid', '2ll', 'Error invalid']);
	});

	it('reads everything without an argument and undefined when there is nothing', async () => {
		const { said } = await serve(engine, client(`onReadable() { attempt(() => text(this.read())); attempt(() => this.read()); attempt(() => this.read(5)); }`), 6_000, {}, (end) => end.write(Buffer.from('hello')));
		expect(said.slice(2)).toEqual(['hello', 'undefined', 'undefined']);
	});

	it('reads bytes in format "number"', async () => {
		const { said } = await serve(engine, client(`format: 'number', onReadable() { trace(this.read(), ' ', this.read(), ' ', this.read(), ' ', this.format); }`), 6_000, {}, (end) => end.write(Buffer.from('hi')));
		expect(said.at(-1)).toBe('104 105 undefined number');
	});

	it('tells the end without an argument, after everything has been read', async () => {
		const { said, run, news } = await serve(engine, client(`
			onReadable(count) { trace('readable ', count); Timer.set(() => trace(text(this.read())), 1000); },
			onError(...values) { trace('error ', values.length); attempt(() => this.write(new Uint8Array(1))); this.close(); this.close(); trace('closed'); },
		`), 4_000, {}, (end) => {
			end.write(Buffer.from('bye'));
			end.end();
		});
		void news();
		await run(3_000);
		expect(said.slice(2)).toEqual(['readable 3', 'bye', 'error 0', 'Error not ready', 'closed']);
	});

	it('tells a reset and a refusal the same way', async () => {
		const reset = await serve(engine, client(`onWritable() {}, onError() { trace('error'); }`), 4_000);
		reset.ends[0].reset();
		await reset.run(1_000);
		expect(reset.said.at(-1)).toBe('error');
		const refused = await probe(engine, client(`onWritable: () => trace('no'), onError() { trace('error'); }`), 4_000);
		expect(refused.said.slice(2)).toEqual(['error']);
	});

	it('gives up a connection that nobody answers, in its own good time', async () => {
		const { said, simulation, run } = await serve(engine, client(`onError: () => trace('error ', Time.ticks > 40000)`), 0);
		simulation.world.conditions.tcp = 'silent';
		await run(90_000);
		expect(said.at(-1)).toBe('error true');
	});

	it('on ESP32 sends what was written before close, and calls nothing afterwards', async () => {
		const served = await serve(engine, client(`
			onWritable() { this.write(Uint8Array.of(98, 121, 101)); this.close(); trace('closed'); attempt(() => this.write(new Uint8Array(1))); },
			onReadable: () => trace('never'), onError: () => trace('never'),
		`), 0, { board: 'esp32' });
		served.simulation.network.listen('127.0.0.1', 7_000, (end) => {
			end.onData = (bytes) => {
				served.pieces.push(bytes.length);
				end.write(Buffer.from('late'));
			};
			end.onClose = () => served.pieces.push(-1);
		});
		await served.run(6_000);
		expect(served.pieces).toEqual([3, -1]);
		expect(served.said.slice(2)).toEqual(['closed', 'SyntaxError xsGetHostData: invalid host data']);
	});

	it('refuses names, wrong ports and callbacks that are none', async () => {
		const { said } = await probe(engine, `
			const attempt = (options) => { try { new TCP(options); trace('made'); } catch (fault) { trace(fault.name, ' ', fault.message); } };
			attempt({ address: 'localhost', port: 1 });
			attempt({ address: '127.0.0.1', port: 65536 });
			attempt({ address: '127.0.0.1' });
			attempt({ address: '127.0.0.1', port: 1, onError: 5 });
			attempt({ address: '127.0.0.1', port: 1, format: 'string' });
			attempt({ address: '127.0.0.1', port: 1 });
		`);
		expect(said).toEqual(['Error invalid address', 'RangeError invalid port', 'Error invalid', 'Error not a function', 'RangeError unimplemented', 'Error connect error']);
	});

	it('throws "no network" on ESP32 without an address', async () => {
		const { said } = await probe(engine, `try { new TCP({ address: '127.0.0.1', port: 1 }); } catch (fault) { trace(fault.message); }`, 0, { board: 'esp32' });
		expect(said).toEqual(['no network']);
	});

	it('hands a connection over', async () => {
		const served = await serve(engine, client(`onWritable() {
			const heir = new TCP({ from: this, onReadable() { trace('heir ', text(this.read())); } });
			attempt(() => this.write(new Uint8Array(1)));
			heir.write(Uint8Array.of(104, 105));
		}`), 4_000);
		served.ends[0].write(Buffer.from('for you'));
		await served.run(1_000);
		expect(served.received).toBe('hi');
		expect(served.said.slice(2)).toEqual(['SyntaxError xsGetHostData: invalid host data', 'heir for you']);
	});

	it('crashes the chip when the address of an ended connection is read', async () => {
		const { said, ends, run, simulation } = await serve(engine, client(`onWritable() { trace(this.remoteAddress, ':', this.remotePort); }, onError() { trace(this.remoteAddress); }`), 4_000);
		expect(said.at(-1)).toBe('127.0.0.1:7000');
		ends[0].reset();
		await run(300);
		expect(said.at(-1)).toMatch(/The node starts anew: crash/);
		expect(simulation.nodes[0].counts.faults).toBe(1);
	});

	it('keeps the peer waiting while the window is full', async () => {
		let sent = 0;
		const served = await serve(engine, client(`
			onReadable(count) { trace('has ', count); },
			onWritable() { if (!socket.timer) socket.timer = Timer.set(() => trace('read ', socket.read().byteLength), 5000); },
		`), 6_000, {}, (end) => {
			end.write(Buffer.alloc(5_000));
			sent = 5_000;
		});
		expect(sent).toBe(5_000);
		expect(served.said.filter((line) => line.startsWith('has')).at(-1)).toBe('has 2920');
		await served.run(4_000);
		expect(served.said).toContain('read 2920');
		expect(served.said.at(-1)).toBe('has 2080');
	});

	it('stands still without a link, and goes on when it is back', async () => {
		const served = await serve(engine, client(`onWritable(count) {
			trace('room ', count);
			if (!socket.timer) socket.timer = Timer.set(() => trace('left ', socket.write(Uint8Array.of(120))), 8000);
		}`), 8_000);
		served.simulation.world.accessPoint.up = false;
		await served.run(5_000);
		expect(served.said.at(-1)).toBe('left 2919');
		expect(served.received).toBe('');
		served.simulation.world.accessPoint.up = true;
		await served.run(10_000);
		expect(served.received).toBe('x');
		expect(served.said.at(-1)).toBe('room 2920');
	});

	it('hears nothing of a peer behind a frozen connection until it gives up', async () => {
		const served = await serve(engine, client(`onWritable() { if (!socket.timer) socket.timer = Timer.repeat(() => { try { socket.write(Uint8Array.of(120)); } catch {} }, 5000); }, onError: () => trace('error')`), 6_000);
		served.simulation.network.freeze();
		served.ends[0].end();
		await served.run(60_000);
		expect(served.said).not.toContain('error');
		await served.run(300_000);
		expect(served.said).toContain('error');
	});

	it('lets bytes trickle through a tiny window of the peer', async () => {
		const served = await serve(engine, client(`onWritable(count) { if (!socket.done) { socket.done = true; this.write(new Uint8Array(1000).fill(97)); } }`), 0);
		served.simulation.world.conditions.peerWindowBytes = 100;
		await served.run(8_000);
		expect(Math.max(...served.pieces)).toBe(100);
		expect(served.received).toBe('a'.repeat(1_000));
	});
});
