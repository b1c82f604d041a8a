// Set-up mode as a phone sees it: the whole firmware, on XS and on both chips, in a world of its own.
import { afterEach, describe, expect, it } from 'vitest';
import { startVirtualSimulation, type VirtualSimulation } from '../../simulator/virtual.js';
import { AccessPoint } from '../../simulator/devices/access-point.js';
import { Phone } from '../support/phone.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

interface Stand {
	readonly simulation: VirtualSimulation;
	readonly lines: string[];
	readonly phone: Phone;
	run(ms: number): Promise<void>;
	heard(text: string | RegExp): boolean;
	/** Until it is so. */
	until(what: () => boolean, limitMs: number): Promise<void>;
}

const open: VirtualSimulation[] = [];
afterEach(() => open.splice(0).forEach((simulation) => simulation.end()));

/** A node that is told nothing but its name; around it "simulated", and what `around` says: name, passphrase, strength. */
async function begin({ settings = {}, board = 'nodemcu' as 'nodemcu' | 'esp32', engine = 'xs' as 'xs' | 'node', around = [] as readonly (readonly [string, string, number])[], ready = true } = {}): Promise<Stand> {
	const lines: string[] = [];
	const simulation = await startVirtualSimulation({
		seed: 'set-up', board, engine, onLine: (_node, line) => void lines.push(line), settings: { intervalMs: 2_000 },
		settingsOf: () => ({ ssid: '', passphrase: '', host: '', node: 'porch', ...settings }),
	});
	open.push(simulation);
	for (const [ssid, passphrase, rssi] of around) {
		const accessPoint = new AccessPoint(ssid, passphrase);
		accessPoint.rssi = rssi;
		simulation.world.accessPoint.others.push(accessPoint);
	}
	const heard = (text: string | RegExp): boolean => lines.some((line) => (typeof text === 'string' ? line.includes(text) : text.test(line)));
	const until = async (what: () => boolean, limitMs: number): Promise<void> => {
		const from = simulation.world.now();
		while (!what() && simulation.world.now() - from < limitMs) await simulation.run(100);
		expect(what(), lines.slice(-6).join('; ')).toBe(true);
	};
	if (ready) await until(() => heard('set-up: join the Wi-Fi network'), 10 * SECOND);
	// An ESP32 opens its sockets when its interface is there.
	if (ready) await simulation.run(1_200);
	return { simulation, lines, phone: new Phone(simulation, board === 'esp32' ? '192.168.4.1' : '4.3.2.1'), run: (ms) => simulation.run(ms), heard, until };
}

const WIFI = { ssid: 'simulated', other: '', passphrase: 'simulated air' };
const BROKER = { host: 'broker.test', port: '', user: '', password: '', node: 'porch' };

describe.each(['nodemcu', 'esp32'] as const)('A new %s', (board) => {
	it('leads a phone to its page, is told a network and a broker, and is online', async () => {
		const stand = await begin({ board });
		const { phone, simulation } = stand;
		const [node] = simulation.nodes;
		expect(node.ownNetwork).toEqual({ name: 'telltale-porch', password: '' });
		for (const [path, host] of [['/generate_204', 'connectivitycheck.gstatic.com'], ['/hotspot-detect.html', 'captive.apple.com'], ['/connecttest.txt', 'www.msftconnecttest.com']]) {
			const led = (await phone.get(path, host))!;
			expect(led.status).toBe(302);
			expect(led.head).toContain(`Location: http://${phone.host}/\r\n`);
			expect(led.body).toBe('');
		}
		const page = (await phone.get())!;
		expect(page.status).toBe(200);
		expect(page.body).toMatch(/^<!doctype html>.*value="simulated".*<\/main>$/);
		expect(page.ms).toBeLessThan(SECOND);
		expect((await phone.post({ ...WIFI, ...BROKER }))!.status).toBe(303);
		expect((await phone.get())!.body).toMatch(/http-equiv=refresh.*Trying to join <b><bdi>simulated/);
		await stand.until(() => stand.heard('set-up: joined "simulated"'), 20 * SECOND);
		await stand.until(() => stand.heard('online at broker.test'), MINUTE);
		expect(node.ownNetwork).toBeUndefined();
		await stand.until(() => stand.heard('work, and hold from now on'), MINUTE);
		expect(node.ends).toEqual(['restart by itself']);
		expect([node.counts.faults, node.shortages]).toEqual([0, []]);
		// It stays so without power.
		node.powerCut();
		stand.lines.length = 0;
		await node.powerOn();
		await stand.until(() => stand.heard('online at broker.test'), MINUTE);
		expect(stand.heard('set-up')).toBe(false);
	});

	it('says what is wrong with a network, is left open for another one, and stores none that did not work', async () => {
		const stand = await begin({ board, around: [['elsewhere', 'another passphrase', -70]] });
		const { phone } = stand;
		for (const [fields, sentence, ms] of [
			// An ESP32's library tries six times before it says so.
			[{ ...WIFI, passphrase: 'not this one' }, board === 'esp32' ? '&#34;simulated&#34; did not let the node in: is the passphrase right?' : '&#34;simulated&#34; refused the passphrase.', 25],
			[{ ssid: '', other: 'nobody here', passphrase: '' }, '&#34;nobody here&#34; was not found.', 25],
		] as const) {
			expect((await phone.post({ ...fields, ...BROKER, user: 'nodes', password: 'secret' }))!.status).toBe(303);
			await stand.run(ms * SECOND);
			const { body } = (await phone.get())!;
			expect(body).toContain(`role=alert>${sentence}</p>`);
			// What was typed is there, secrets are not.
			expect(body).toContain('value="broker.test"');
			expect(body).toContain('value="nodes"');
			for (const secret of ['secret', fields.passphrase]) if (secret) expect(body).not.toContain(secret);
		}
		const [node] = stand.simulation.nodes;
		expect([...node.storage.sectors.keys()].filter((name) => name.startsWith('storage'))).toEqual([]);
		expect((await phone.post({ ssid: 'elsewhere', passphrase: 'another passphrase', ...BROKER, host: '' }))!.status).toBe(303);
		await stand.until(() => stand.heard('set-up: joined "elsewhere"'), 20 * SECOND);
		await stand.run(5 * SECOND);
		expect((await phone.get())!.body).toMatch(/role=status>Joined &#34;elsewhere&#34;, address 10\.0\.0\.10\. Now the broker/);
		// Wi-Fi alone is kept, and the page is at the node's own address too.
		const computer = new Phone(stand.simulation, '10.0.0.10', 'station');
		expect((await computer.get())!.status).toBe(200);
		node.powerCut();
		await node.powerOn();
		await stand.run(30 * SECOND);
		expect((await phone.get())!.body).toContain('role=status>Joined &#34;elsewhere&#34;');
		expect(node.counts.faults).toBe(0);
	});
});

describe('Set-up mode', () => {
	it('comes back, and says why, when the broker does not work', async () => {
		const stand = await begin({ engine: 'node' });
		await stand.phone.post({ ...WIFI, ...BROKER, host: 'nobody.test' });
		await stand.until(() => stand.heard(/settings number \d+ do not work \(dns\)/), 6 * MINUTE);
		stand.lines.length = 0;
		await stand.until(() => stand.heard('set-up: join the Wi-Fi network'), 30 * SECOND);
		await stand.run(30 * SECOND);
		expect((await stand.phone.get())!.body).toContain('role=alert>The settings tried last did not work: the name of the broker was not found.</p>');
	});

	it('takes a form from its own page alone', async () => {
		const stand = await begin({ engine: 'node' });
		const { phone } = stand;
		for (const sent of [{ origin: 'http://evil.test' }, { origin: 'null' }, { host: 'evil.test' }, { host: 'evil.test', origin: 'http://4.3.2.1' }, { host: '4.3.2.1:8080', origin: '' }]) {
			const refused = (await phone.post({ ...WIFI, ...BROKER }, sent))!;
			expect([refused.status, refused.body], JSON.stringify(sent)).toEqual([403, 'This form was not sent by the page of this node.']);
		}
		expect((await phone.get('/', 'evil.test'))!.status).toBe(302);
		expect((await phone.get('/other'))!.status).toBe(404);
		expect(stand.heard('set-up: joining')).toBe(false);
		// Not every browser says where a form comes from.
		expect((await phone.post({ ...WIFI, ...BROKER, host: '' }, { origin: '' }))!.status).toBe(303);
	});

	it('refuses a field in one sentence, and does nothing', async () => {
		const stand = await begin({ engine: 'node' });
		for (const [changed, sentence] of [
			[{ ssid: '' }, 'ssid is missing: the name of the Wi-Fi network.'],
			[{ ssid: 'x'.repeat(33) }, 'ssid is &#34;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx&#34;; it must be at most 32 bytes, without control characters.'],
			[{ ssid: '\u0007' }, 'ssid is &#34;?&#34;; it must be at most 32 bytes, without control characters.'],
			[{ passphrase: 'short' }, 'passphrase is not usable; it must be'],
			[{ host: 'no host' }, 'host is &#34;no host&#34;; it must be a host name'],
			[{ host: '-'.repeat(64) }, 'host is &#34;'],
			[{ port: '0' }, 'port is 0; it must be a whole number from 1 to 65535'],
			[{ port: '65536' }, 'port is 65536'],
			[{ port: '18a3' }, 'port must be a whole number from 1 to 65535.'],
			[{ port: '-1' }, 'port must be a whole number from 1 to 65535.'],
			[{ password: 'secret' }, 'password is given without user'],
			[{ user: 'u'.repeat(65) }, 'user is &#34;'],
			[{ node: 'No Name' }, 'node is &#34;No Name&#34;; it must be 1 to 23 of a-z'],
			[{ node: '' }, 'node is &#34;&#34;; it must be'],
		] as readonly (readonly [Record<string, string>, string])[]) {
			const { status, body } = (await stand.phone.post({ ...WIFI, ...BROKER, ...changed }))!;
			expect(status).toBe(200);
			const alert = /role=alert>([^<]*)<\/p>/.exec(body)?.[1] ?? '';
			expect(alert, JSON.stringify(changed)).toContain(sentence);
			expect(alert).toMatch(/[.)]$/);
		}
		expect(stand.heard('set-up: joining')).toBe(false);
	});

	it('shows all of its page after a field of any length, to whoever comes next too', async () => {
		const stand = await begin({ engine: 'node' });
		for (const name of ['other', 'host', 'port', 'user', 'node']) for (const value of ['"'.repeat(460), 'x'.repeat(1_300)]) {
			const { status, body } = (await stand.phone.post({ ...BROKER, ssid: 'simulated', other: '', passphrase: '', [name]: value }))!;
			expect([status, body.slice(-7), /role=alert>([^<]*)/.exec(body)?.[1]], name).toEqual([200, '</main>', expect.stringMatching(/[.)]$/)]);
			expect((await stand.phone.get())!.body).toMatch(/<\/form><\/main>$/);
		}
		expect(stand.heard('set-up: joining')).toBe(false);
	});

	it('answers who asks for a name behind packets of nothing, which it lets go', async () => {
		const stand = await begin({ board: 'nodemcu' });
		const [node] = stand.simulation.nodes;
		const free = node.heapLeast;
		for (let round = 0; round < 10; round++) {
			for (let i = 0; i < 20; i++) node.inbound!.ask('accessPoint', 53, new Uint8Array(0), () => {});
			const question = Uint8Array.from([0xbe, 0xef, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 97, 0, 0, 1, 0, 1]);
			expect([...(await stand.phone.lookup(question))!.subarray(-4)]).toEqual([4, 3, 2, 1]);
		}
		expect(node.heapLeast).toBeGreaterThan(free - 3_000);
		expect([node.counts.faults, node.shortages]).toEqual([0, []]);
	});

	it('lists the strongest of each name, at most twelve, and none that is no text', async () => {
		const around = [['simulated', 'x2345678', -80], ['\udcff\udcfe', '', -30], ['cut \udcf0\udc9f', '', -31], ['bell\u0007', '', -32], ['', '', -33],
			...Array.from({ length: 14 }, (_, i) => [`net-${i}`, '', -60 - i] as const)] as const;
		const stand = await begin({ around });
		const { body } = (await stand.phone.get())!;
		const names = [...body.matchAll(/name=ssid value="([^"]*)"/g)].map(([, name]) => name);
		expect(names).toEqual(['simulated', ...Array.from({ length: 11 }, (_, i) => `net-${i}`)]);
		expect(stand.simulation.nodes[0].counts.faults).toBe(0);
	});

	it('looks again when it is asked to, and keeps what was typed', async () => {
		const stand = await begin({ engine: 'node' });
		stand.simulation.world.accessPoint.others.push(new AccessPoint('later', 'x2345678'));
		expect((await stand.phone.post({ ...BROKER, host: 'typed.test', scan: '1' }))!.status).toBe(303);
		expect((await stand.phone.get())!.body).toMatch(/http-equiv=refresh.*Looking for networks/);
		await stand.run(3 * SECOND);
		expect((await stand.phone.get())!.body).toMatch(/value="later".*value="typed\.test"/);
	});

	it('asks for the code that its serial line says, and closes its ears after five wrong ones', async () => {
		const stand = await begin({ engine: 'node', settings: { setUpCode: true } });
		const [, code] = /with the password and code ([a-z2-9]{8}) and open/.exec(stand.lines.at(-1)!)!;
		expect(stand.simulation.nodes[0].ownNetwork).toEqual({ name: 'telltale-porch', password: code });
		const form = { ...WIFI, ...BROKER, host: '' };
		for (const wrong of ['', 'aaaaaaaa', code.slice(0, 7), code.toUpperCase(), 'x']) {
			const { status, body } = (await stand.phone.post({ ...form, code: wrong }))!;
			expect([status, body.includes('The code is wrong'), body.includes(code)]).toEqual([200, true, false]);
		}
		expect((await stand.phone.post({ ...form, code }))!.body).toContain('Too many wrong codes: wait a minute.');
		expect(stand.heard('set-up: joining')).toBe(false);
		await stand.run(MINUTE);
		expect((await stand.phone.post({ ...form, code }))!.status).toBe(303);
	});

	it('is left after ten minutes without use where it was asked for, and never where something is missing', async () => {
		const stand = await begin({ engine: 'node', settings: { ssid: 'simulated', passphrase: 'simulated air', host: 'broker.test' }, ready: false });
		const [node] = stand.simulation.nodes;
		await stand.until(() => stand.heard('online'), MINUTE);
		node.powerCut();
		node.storage.preferences.get('telltale')!.set('setup', ['number', 1]);
		await node.powerOn();
		await stand.until(() => stand.heard('set-up: join the Wi-Fi network'), 10 * SECOND);
		await stand.run(9 * MINUTE);
		expect((await stand.phone.get())!.status).toBe(200);
		await stand.run(9 * MINUTE);
		expect(node.ownNetwork).toBeDefined();
		stand.lines.length = 0;
		await stand.run(2 * MINUTE);
		expect(node.ownNetwork).toBeUndefined();
		await stand.until(() => stand.heard('online'), MINUTE);
		const empty = await begin({ engine: 'node' });
		await empty.run(60 * MINUTE);
		expect(empty.simulation.nodes[0].ownNetwork).toBeDefined();
		expect(empty.simulation.nodes[0].counts.boots).toBe(1);
	});

	it('takes what is typed at its serial line, or comes by Improv: settings and a restart, and nothing that measures', async () => {
		const stand = await begin({ engine: 'node', around: [['air', '', -50]] });
		const type = async (line: string): Promise<string> => {
			stand.simulation.nodes[0].type(`${line}\n`);
			await stand.run(SECOND);
			return stand.lines.at(-1)!;
		};
		for (const name of ['sample', 'interval 2000', 'calibrate {"temperature":20}', 'stop']) expect(await type(name)).toMatch(/: the node is being set up: nothing is measured or sent$/);
		expect(await type('config {"host":"broker.test"}')).toBe('config: ssid is missing: the name of the Wi-Fi network.');
		expect(await type('config {"ssid":"air"}')).toBe('config: host is missing: the name or address of the broker.');
		expect(await type('config {"ssid":"air","passphrase":"short","host":"b"}')).toMatch(/^config: passphrase is not usable/);
		expect(await type('config {"wifi":{"ssid":"air"},"host":"broker.test"}')).toBe('config: done');
		await stand.until(() => stand.heard('online at broker.test'), MINUTE);
	});

	it('has no session, ring or journal, and fits the block at its fullest', async () => {
		const around = Array.from({ length: 12 }, (_, i) => [`${'"'.repeat(30)}${i}`, '', -60 - i] as const);
		const stand = await begin({ around });
		const [node] = stand.simulation.nodes;
		let most = 0;
		let leastFree = Infinity;
		for (let i = 0; i < 3; i++) {
			const dials = [node.inbound!.dial('accessPoint', 80, { data: () => {}, end: () => {}, reset: () => {} })!, node.inbound!.dial('accessPoint', 80, { data: () => {}, end: () => {}, reset: () => {} })!];
			for (const dial of dials) dial.write(Buffer.from(`POST / HTTP/1.1\r\nHost: 4.3.2.1\r\nContent-Length: 1500\r\n\r\n${'a'.repeat(1_499)}`));
			for (let turn = 0; turn < 8; turn++) {
				await stand.run(50);
				most = Math.max(most, (await node.memory())!.bytes);
			}
			for (const dial of dials) dial.write(Buffer.from('b'));
			for (let turn = 0; turn < 20; turn++) {
				await stand.run(20);
				most = Math.max(most, (await node.memory())!.bytes);
			}
			for (const dial of dials) dial.finish();
			await stand.run(SECOND);
			leastFree = Math.min(leastFree, node.heapLeast);
		}
		expect(leastFree).toBeGreaterThan(4_500);
		expect(stand.heard(/journal|session|boot \d/)).toBe(false);
		expect(stand.simulation.network.count).toBe(0);
		expect(most).toBeLessThan(16_000);
		expect([node.counts.faults, node.shortages]).toEqual([0, []]);
	});
});
