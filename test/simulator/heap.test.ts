// What the SDK's C does when the chip's own heap is empty, and what of a connection an ESP8266 throws away when it closes it.
import { afterEach, describe, expect, it } from 'vitest';
import { COSTS } from '../../simulator/devices/heap.js';
import { endProbes, probe, type Probe } from './probe.js';

afterEach(endProbes);

/** A socket that says what happens to it, once there is an address. */
const SOCKET = `
	new WiFi({ ssid: config.ssid, password: config.passphrase }, (message) => {
		if (message !== WiFi.gotIP) return;
		globalThis.socket = new TCP({ address: '127.0.0.1', port: 7000, onWritable(count) { trace('room ', count); }, onReadable(count) { trace('has ', count); }, onError() { trace('error'); } });
	});
	globalThis.attempt = (action) => { try { trace(String(action())); } catch (fault) { trace(fault.name, ' ', fault.message); } };`;

async function connected(later: string, options = {}): Promise<Probe & { pieces: number[]; reset: () => void; write: (text: string) => void }> {
	const made = await probe('node', `${SOCKET} Timer.set(() => { ${later} }, 8000);`, 0, options);
	const pieces: number[] = [];
	let end: { reset(): void; write(bytes: Uint8Array): void } | undefined;
	made.simulation.network.listen('127.0.0.1', 7_000, (server) => {
		end = server;
		server.onData = (bytes) => void pieces.push(bytes.length);
		server.onClose = () => void pieces.push(-1);
	});
	await made.run(7_900);
	made.news();
	return Object.assign(made, { pieces, reset: () => end!.reset(), write: (text: string) => end!.write(Buffer.from(text)) });
}

/** Leaves so many bytes. */
const fill = ({ simulation }: Probe, left: number) => {
	const heap = simulation.nodes[0].heap!;
	return heap.take('the test', heap.free - left)!;
};

describe('with an empty heap', () => {
	it('a write ends the connection, as for the SDK it does', async () => {
		const set = await connected('attempt(() => socket.write(new Uint8Array(10)))');
		fill(set, 1_500);
		await set.run(1_000);
		expect(set.news()).toEqual(['undefined', 'error']);
		expect(set.simulation.nodes[0].shortages[0]).toMatch(/^8\.0 s: 1600 B for segments could not be had: 1500 B were free, the test held \d+ \(1\), connections held 184 \(1\), DHCP held 64 \(1\), sockets held 56 \(1\), Wi-Fi \d+$/);
	});

	it('a message that cannot be posted leaves the socket deaf, and what it holds is never freed', async () => {
		const set = await connected('socket.close()');
		const held = fill(set, COSTS.message - 1);
		set.reset();
		await set.run(90);
		held.release();
		await set.run(60_000);
		expect(set.news()).toEqual([]);
		expect(set.simulation.nodes[0].heap!.holders()).toMatch(/sockets held 56 \(1\)/);
	});

	it('what arrives is kept by lwIP, and offered again', async () => {
		const set = await connected('attempt(() => socket.read())');
		const held = fill(set, COSTS.received - 1);
		set.write('hello');
		await set.run(90);
		expect(set.news()).toEqual([]);
		held.release();
		await set.run(1_000);
		expect(set.news()).toEqual(['undefined', 'has 5']);
	});

	it('an answer of the resolver that cannot be posted silences it until the chip starts anew', async () => {
		const ask = (name: string, ms: number): string => `Timer.set(() => Net.resolve('${name}', (host, address) => trace(host, ' ', address)), ${ms});`;
		const set = await probe('node', `new WiFi({ ssid: config.ssid, password: config.passphrase }, () => {}); ${ask('localhost', 8_000)} ${ask('127.0.0.1', 12_000)}`, 7_900);
		set.simulation.world.conditions.latencyMs = [200, 200];
		await set.run(300);
		const held = fill(set, COSTS.message - 1);
		await set.run(2_000);
		held.release();
		await set.run(60_000);
		expect(set.said).toEqual([]);
	});

	it('neither a socket nor a question can be made', async () => {
		const set = await connected(`
			attempt(() => new TCP({ address: '127.0.0.1', port: 7000 }));
			attempt(() => Net.resolve('localhost', () => {}));
			attempt(() => new SNTP({ host: 'localhost' }, () => {}));`);
		fill(set, 8);
		await set.run(1_000);
		expect(set.news()).toEqual(['RangeError no socket', 'Error out of memory', 'Error no socket']);
	});
});

describe('close()', () => {
	const close = 'socket.write(new Uint8Array(3)); Timer.set(() => { socket.write(new Uint8Array(4)); socket.close(); }, 1);';

	it('on an ESP8266 is close and abort: what waits for an acknowledgement of what is before it never leaves', async () => {
		const set = await connected(close);
		await set.run(5_000);
		expect(set.pieces.filter((length) => length === 4)).toEqual([]);
		expect(set.pieces.at(-1)).toBe(-1);
	});

	it('on an ESP8266 sends nothing again that was lost', async () => {
		const set = await connected('socket.write(new Uint8Array(3)); Timer.set(() => socket.close(), 500)');
		set.simulation.world.conditions.stalled = true;
		await set.run(5_000);
		set.simulation.world.conditions.stalled = false;
		await set.run(300_000);
		expect(set.pieces).toEqual([]);
	});

	it('on an ESP32 sends what was written before', async () => {
		const set = await connected(close, { board: 'esp32' });
		await set.run(5_000);
		expect(set.pieces).toEqual([3, 4, -1]);
	});

	it('gives back all that the connection held', async () => {
		const set = await connected(close);
		await set.run(5_000);
		expect(set.simulation.nodes[0].heap!.holders()).toMatch(/^DHCP held 64 \(1\), Wi-Fi \d+$/);
	});
});
