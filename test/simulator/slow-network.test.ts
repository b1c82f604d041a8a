// A slow network of real sockets: everything takes its time each way, and stays in its order when it becomes fast again.
import { createServer, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { Scheduler } from '../../simulator/world/clock.js';
import { Link, RealNetwork } from '../../simulator/world/network.js';
import { until } from '../support/patience.js';

it('A network that is made slow delays each way, and keeps the order when it is fast again', async () => {
	const server = createServer((socket) => void socket.on('error', () => {}).pipe(socket));
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const clock = new Scheduler(1);
	const network = new RealNetwork(clock, [], () => {});
	const running = clock.run();
	const link = new Link();
	link.set(true);
	let heard = '';
	let isOpen = false;
	const events = { connected: () => (isOpen = true), data: (bytes: Uint8Array) => void (heard += Buffer.from(bytes).toString()), sent() {}, finished() {}, failed() {} };
	const wire = network.connect(link, '127.0.0.1', (server.address() as AddressInfo).port, 1_000, events);
	try {
		await until(() => isOpen, 10_000, () => 'not connected');
		network.delayMs = 150;
		const from = clock.now();
		wire.send(Buffer.from('one '));
		wire.send(Buffer.from('two '));
		await until(() => heard === 'one two ', 10_000, () => heard);
		expect(clock.now() - from).toBeGreaterThanOrEqual(300);
		wire.send(Buffer.from('three '));
		network.delayMs = 0;
		wire.send(Buffer.from('four'));
		await until(() => heard.length === 'one two three four'.length, 10_000, () => heard);
		expect(heard).toBe('one two three four');
	} finally {
		wire.reset();
		clock.stop();
		network.close();
		server.close();
		await running;
	}
});
