import { afterEach, describe, expect, it } from 'vitest';
import { endProbes, ENGINES, probe } from './probe.js';

afterEach(endProbes);

const LISTEN = `new WiFi(undefined, (message, code) => trace(message, ' ', code));`;
const JOIN = `WiFi.connect({ ssid: config.ssid, password: config.passphrase });`;
/** Runs its part once there is an address. */
const online = (script: string): string => `
	new WiFi({ ssid: config.ssid, password: config.passphrase }, (message) => { if (message === WiFi.gotIP) { ${script} } });`;

describe.each(ENGINES)('Wi-Fi on %s', (engine) => {
	it('joins, gets an address and knows itself', async () => {
		const { said, run } = await probe(engine, `
			trace(Net.get('IP'), ' ', Net.get('MAC'), ' ', Net.get('RSSI'), ' ', Net.get('DNS').length);
			${LISTEN} ${JOIN}
			trace('asked');
			Timer.set(() => trace(Net.get('IP'), ' ', Net.get('MAC'), ' ', Net.get('SSID'), ' ', Net.get('RSSI') < -40, ' ', Net.get('DNS').length), 6000);
		`, 5_000);
		expect(said).toEqual(['undefined undefined 31 0', 'asked', 'connect undefined', 'gotIP undefined']);
		await run(2_000);
		expect(said[4]).toBe('10.0.0.10 24:6F:28:00:00:10 simulated true 1');
	});

	it('says "start" first on ESP32', async () => {
		const { said } = await probe(engine, `trace(WiFi.mode); WiFi.mode = 1; ${LISTEN} ${JOIN} trace(WiFi.mode, ' ', Net.get('RSSI'));`, 5_000, { board: 'esp32' });
		expect(said).toEqual(['-5', '1 undefined', 'start undefined', 'connect undefined', 'gotIP undefined']);
	});

	it('is turned down for a wrong passphrase: again and again on ESP8266', async () => {
		const { said } = await probe(engine, `${LISTEN} WiFi.connect({ ssid: config.ssid, password: 'not this one' });`, 30_000);
		expect(said.length).toBeGreaterThan(3);
		expect(new Set(said)).toEqual(new Set(['disconnect -1']));
	});

	it('is turned down once on ESP32, after five more attempts', async () => {
		const { said, run } = await probe(engine, `${LISTEN} WiFi.connect({ ssid: config.ssid, password: 'not this one' });`, 15_000, { board: 'esp32' });
		expect(said).toEqual(['start undefined']);
		await run(60_000);
		expect(said).toEqual(['start undefined', 'disconnect -1']);
	});

	it('finds nobody with another name', async () => {
		const { said } = await probe(engine, `${LISTEN} WiFi.connect({ ssid: 'elsewhere' });`, 6_000);
		expect(said[0]).toBe('disconnect 0');
	});

	it('comes back by itself after a loss on ESP8266, not on ESP32', async () => {
		for (const board of ['nodemcu', 'esp32'] as const) {
			const { said, simulation, run } = await probe(engine, `${LISTEN} ${JOIN}`, 5_000, { board });
			simulation.world.accessPoint.up = false;
			await run(20_000);
			expect(said).toContain('disconnect 0');
			simulation.world.accessPoint.up = true;
			await run(20_000);
			expect(said.filter((line) => line === 'gotIP undefined')).toHaveLength(board === 'nodemcu' ? 2 : 1);
		}
	});

	it('says "disconnect" when it is told to leave, and stays away', async () => {
		const { said } = await probe(engine, `${LISTEN} ${JOIN} Timer.set(() => WiFi.disconnect(), 6000);`, 30_000);
		expect(said).toEqual(['connect undefined', 'gotIP undefined', 'disconnect 0']);
	});

	it('says "lostIP" on ESP8266 when nobody gives addresses', async () => {
		const { said, simulation, run } = await probe(engine, `${LISTEN} ${JOIN}`);
		simulation.world.accessPoint.dhcp = false;
		await run(30_000);
		expect(said).toEqual(['connect undefined', 'lostIP undefined']);
	});

	it('minds the lengths, and what is missing', async () => {
		const { said } = await probe(engine, `
			for (const options of [{}, { ssid: 'x'.repeat(33) }, { ssid: 'x', password: 'y'.repeat(65) }])
				try { WiFi.connect(options); } catch (fault) { trace(fault.message); }
		`);
		expect(said).toEqual(['ssid required', 'ssid too long - 32 bytes max', 'password too long - 64 bytes max']);
	});

	it('scans', async () => {
		const { said } = await probe(engine, `
			WiFi.mode = 1;
			WiFi.scan({}, (item) => trace(item ? item.ssid + item.authentication + item.bssid.byteLength : 'end'));
		`, 5_000);
		expect(said).toEqual(['simulatedwpa2_psk6', 'end']);
	});
});

describe.each(ENGINES)('names on %s', (engine) => {
	it('resolves what is known, not from inside the call; a dotted address at once', async () => {
		const { said } = await probe(engine, online(`
			const told = (name, address) => trace(name, ' ', address);
			Net.resolve(config.host, told);
			Net.resolve('nowhere.test', told);
			Net.resolve('10.1.2.3', told);
			trace('asked');
		`), 6_000);
		expect(said).toEqual(['asked', 'broker.test 127.0.0.1', 'nowhere.test undefined', '10.1.2.3 10.1.2.3']);
	});

	it('takes a long time over a server that is silent, and no time over one that does not know', async () => {
		const { said, simulation, run } = await probe(engine, online(`const start = Time.ticks; Net.resolve(config.host, (name, address) => trace(address, ' ', Time.ticks - start > 5000));`));
		simulation.world.conditions.dns = 'silent';
		await run(30_000);
		expect(said).toEqual(['undefined true']);
		const other = await probe(engine, online(`const start = Time.ticks; Net.resolve(config.host, (name, address) => trace(address, ' ', Time.ticks - start > 5000));`));
		other.simulation.world.conditions.dns = 'fails';
		await other.run(30_000);
		expect(other.said).toEqual(['undefined false']);
	});

	it('has no answer without an address', async () => {
		const { said } = await probe(engine, `Net.resolve(config.host, (name, address) => trace(name, ' ', address));`, 30_000);
		expect(said).toEqual(['broker.test undefined']);
	});
});

describe.each(ENGINES)('SNTP on %s', (engine) => {
	it('tells the seconds once and does not set the date', async () => {
		const { said } = await probe(engine, online(`
			new SNTP({ host: 'pool.ntp.org' }, (message, value) => trace(message, ' ', value, ' ', new Date().getUTCFullYear()));
		`), 30_000);
		expect(said).toHaveLength(1);
		expect(said[0]).toMatch(/^1 17672256\d\d|^1 17672255\d\d/);
		expect(said[0]).toMatch(/ 1995$/);
	});

	it('asks four times more, then gives up, unless it is given another host', async () => {
		const { said, simulation, run } = await probe(engine, online(`
			let failures = 0;
			new SNTP({ host: 'pool.ntp.org' }, (message, value) => { trace(message, ' ', value); if (message === SNTP.error && !failures++) return 'localhost'; });
		`));
		simulation.world.conditions.time = 'silent';
		await run(120_000);
		const round = ['2 undefined', '2 undefined', '2 undefined', '2 undefined', '-1 no response from SNTP server'];
		expect(said).toEqual([...round, ...round]);
	});

	it('fails for an unknown host, and falls silent when closed', async () => {
		const { said } = await probe(engine, online(`
			new SNTP({ host: 'nowhere.test' }, (message, value) => trace(message, ' ', value));
			new SNTP({ host: 'pool.ntp.org' }, () => trace('never')).close();
		`), 30_000);
		expect(said).toEqual(['-1 cannot resolve nowhere.test']);
	});
});
