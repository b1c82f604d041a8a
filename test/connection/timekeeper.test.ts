import { describe, expect, it } from 'vitest';
import { NetworkState, TimeState, type TimeServer } from '../../src/common/ports.js';
import { Timekeeper } from '../../src/connection/timekeeper.js';
import { FakeLog, FakeNetwork } from '../support/fakes.js';

class FakeTimeServer implements TimeServer {
	state = TimeState.Idle;
	readonly asked: string[] = [];
	unix = 0;
	unixSeconds(): number {
		return this.unix;
	}
	ask(host: string): void {
		this.asked.push(host);
		this.state = TimeState.Asking;
	}
}

function setUp(host = 'time.lan') {
	const network = new FakeNetwork();
	const server = new FakeTimeServer();
	const log = new FakeLog();
	return { network, server, log, keeper: new Timekeeper(host, network, server, log) };
}

describe('the keeper of the date', () => {
	it('asks as soon as there is a network, and not before', () => {
		const { network, server, keeper } = setUp();
		expect(keeper.poll(0)).toBe(Infinity);
		network.state = NetworkState.Up;
		keeper.poll(5_000);
		expect(server.asked).toEqual(['time.lan']);
	});

	it('asks again after a minute when nobody answers, and says so', () => {
		const { network, server, log, keeper } = setUp();
		network.state = NetworkState.Up;
		keeper.poll(0);
		server.state = TimeState.Failed;
		expect(keeper.poll(25_000)).toBe(85_000);
		expect(log.last).toContain('time.lan does not answer');
		keeper.poll(85_000);
		expect(server.asked.length).toBe(2);
	});

	it('asks the server of the network first, and the one of the settings at once when that gives no date', () => {
		const { network, server, log, keeper } = setUp('pool.ntp.org');
		network.local = '10.0.0.5';
		network.state = NetworkState.Up;
		keeper.poll(0);
		server.state = TimeState.Stepped;
		expect(keeper.poll(300)).toBe(60_300);
		keeper.poll(60_300);
		server.state = TimeState.Failed;
		keeper.poll(85_000);
		expect(log.last).toBe('the time server of this network does not answer; readings carry their uptime');
		server.state = TimeState.Answered;
		keeper.poll(85_300);
		keeper.poll(85_300 + 6 * 3_600_000);
		server.state = TimeState.Disbelieved;
		keeper.poll(85_500 + 6 * 3_600_000);
		expect(server.asked).toEqual(['10.0.0.5', '10.0.0.5', 'pool.ntp.org', '10.0.0.5', 'pool.ntp.org']);
	});

	it('asks them in turn when both say nothing, and the network\'s no more when it is gone', () => {
		const { network, server, keeper } = setUp('pool.ntp.org');
		network.local = '10.0.0.5';
		network.state = NetworkState.Up;
		for (const now of [0, 60_000, 120_000, 180_000]) keeper.poll(now);
		network.local = '';
		for (const now of [240_000, 300_000]) keeper.poll(now);
		expect(server.asked).toEqual(['10.0.0.5', 'pool.ntp.org', '10.0.0.5', 'pool.ntp.org', 'pool.ntp.org', 'pool.ntp.org']);
	});

	it('asks nobody else than the server that somebody has set', () => {
		const { network, server, keeper } = setUp();
		network.local = '10.0.0.5';
		network.state = NetworkState.Up;
		keeper.poll(0);
		keeper.poll(60_000);
		expect(server.asked).toEqual(['time.lan', 'time.lan']);
	});

	it('asks anew when the client says neither yes nor no', () => {
		const { network, server, keeper } = setUp();
		network.state = NetworkState.Up;
		expect(keeper.poll(0)).toBe(60_000);
		keeper.poll(60_000);
		expect(server.asked.length).toBe(2);
	});

	it('asks again six hours after an answer', () => {
		const { network, server, keeper } = setUp();
		network.state = NetworkState.Up;
		keeper.poll(0);
		server.state = TimeState.Answered;
		expect(keeper.poll(300)).toBe(300 + 6 * 3_600_000);
		keeper.poll(6 * 3_600_000 - 1);
		expect(server.asked.length).toBe(1);
	});

	it.each([
		[TimeState.Stepped, 'the date is known'],
		[TimeState.Contradicted, 'the time server time.lan contradicts the date that is known; it is asked again'],
		[TimeState.Disbelieved, 'the time server time.lan is not synchronised, or says a date from before this firmware; it is not believed'],
	])('asks again a minute after an answer that is not final (%i), and says what it was', (state, line) => {
		const { network, server, keeper, log } = setUp();
		network.state = NetworkState.Up;
		keeper.poll(0);
		server.state = state;
		expect(keeper.poll(300)).toBe(60_300);
		expect(log.lines).toEqual([line]);
	});

	it('asks at once when the date is doubted, but not within a minute of the last answer', () => {
		const { network, server, keeper } = setUp();
		network.state = NetworkState.Up;
		keeper.poll(0);
		server.state = TimeState.Answered;
		keeper.poll(0);
		server.state = TimeState.Doubted;
		expect(keeper.poll(10_000)).toBe(60_000);
		keeper.poll(60_000);
		expect(server.asked.length).toBe(2);
		server.state = TimeState.Answered;
		keeper.poll(61_000);
		server.state = TimeState.Doubted;
		keeper.poll(3_600_000);
		expect(server.asked.length).toBe(3);
	});
});
