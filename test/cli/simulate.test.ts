import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pace, patient, rest } from '../support/patience.js';
import { inside, Run, telltale, testBroker, type Outcome, type TestBroker } from './support.js';

const SPEED = ['--speed', String(pace(20))];
const readingsIn = (out: string) => [...out.matchAll(/^(\S+) +.* +[\d.]+ °C +[\d.]+ %.* {2}#(\d+)/gm)].map(([, node, seq]) => `${node}#${seq}`);

describe('telltale simulate', () => {
	let folder: string;
	beforeEach(async () => {
		folder = await mkdtemp(join(tmpdir(), 'telltale-'));
	});
	afterEach(() => rm(folder, { recursive: true }));

	it('shows readings of the real engine through a broker of its own, sums up and ends with 0', async () => {
		const { status, out, err } = await telltale(['simulate', '--for', '1m', '--speed', 'max', '--seed', '7']);
		expect([status, err]).toEqual([0, '']);
		expect(out).toMatch(/^Simulating 1 nodemcu node at the greatest speed, seed 7\.\n/);
		expect(out).toMatch(/^World: +simulator\/weather\/office-climate\.csv/m);
		const port = /^Broker: +mqtt:\/\/127\.0\.0\.1:(\d+), running until this ends$/m.exec(out)![1];
		expect(out).toContain(`mosquitto_sub -h 127.0.0.1 -p ${port} -t 'telltale/#' -v`);
		expect(out).toMatch(/^Readings: +one every 2 s/m);
		expect(out).toMatch(/^node: Telltale \d+\.\d+\.\d+ on ESP8266/m);
		const readings = readingsIn(out);
		expect(readings.length).toBeGreaterThan(20);
		expect(new Set(readings).size).toBe(readings.length);
		expect(out).toMatch(new RegExp(`\\n${readings.length} readings from 1 node, none missing\\. Ran for 1 min`));
		expect(out).toMatch(/^node is stopped$/m);
	});

	it.each(['mqtt://10.1.2.3', 'mqtt://broker.example:1883'])('reaches for no broker but one on this machine, as %s is not', async (url) => {
		const { status, out, err } = await inside(['simulate', '--broker', url, '--for', '1s']);
		expect([status, out]).toEqual([2, '']);
		expect(err).toMatch(/^The broker \S+ is not on this machine: simulated nodes talk to 127\.0\.0\.1 or localhost only\.\n$/);
	});

	it('publishes to a broker that is named, where any subscriber sees the same', async () => {
		const broker = await testBroker();
		try {
			const heard: string[] = [];
			const subscriber = await broker.client();
			await subscriber.subscribeAsync('telltale/+/+', { qos: 1 });
			subscriber.on('message', (topic, payload) => {
				const [, node, leaf] = topic.split('/');
				if (leaf === 'readings' || leaf === 'backlog') heard.push(`${node}#${JSON.parse(payload.toString()).seq}`);
			});
			const { status, out } = await telltale(['simulate', '--broker', broker.url, '--nodes', '2', '--for', '30s', '--speed', 'max']);
			expect(status).toBe(0);
			expect(readingsIn(out).sort()).toEqual([...new Set(heard)].sort());
			expect(new Set(heard.map((each) => each.split('#')[0]))).toEqual(new Set(['node-1', 'node-2']));
		} finally {
			await broker.close();
		}
	});

	it('says how many of many nodes have booted, and how much memory it takes', async () => {
		const { status, out } = await telltale(['simulate', '--nodes', '11', '--for', '12s', '--speed', 'max']);
		expect(status).toBe(0);
		expect(out.match(/^\d+ of \d+ nodes have booted$/gm)).toEqual(['10 of 11 nodes have booted', '11 of 11 nodes have booted']);
		expect(out).toMatch(/\n\d+ readings from 11 nodes, none missing\./);
		expect((await inside(['simulate', '--help'])).out).toMatch(/It takes \d+ MB of memory, and [\d.]+ MB for each node/);
	});

	it("takes a node's own settings", async () => {
		await writeFile(join(folder, 'cellar.json'), JSON.stringify({ node: 'cellar', base: 'home/cellar', intervalMs: 5_000, sensors: 'tmp36', host: 'x', ssid: 'y' }));
		const { status, out } = await telltale(['simulate', '--config', 'cellar.json', '--for', '1m', '--speed', 'max'], { cwd: folder });
		expect(status).toBe(0);
		expect(out).toMatch(/^Readings: +one every 5 s$/m);
		expect(out).toContain("-t 'home/cellar/#'");
		expect(out).toMatch(/^cellar {2}.* °C {2}#3$/m);
		expect(out).not.toContain(' %  #');
		expect(Number(/^(\d+) readings/m.exec(out)![1])).toBeLessThan(15);
	});

	describe('with a broker of the test', () => {
		let broker: TestBroker;
		beforeEach(async () => {
			broker = await testBroker();
		});
		afterEach(() => broker.close());

		it('asks the nodes to stop at Ctrl-C, sums up and ends with 0', async () => {
			const run = new Run(['simulate', '--broker', broker.url]);
			await run.until(({ out }) => readingsIn(out).length >= 1);
			run.process.kill('SIGINT');
			const { status, out, err } = await run.ended;
			expect([status, err]).toEqual([0, '']);
			expect(out).toMatch(/^node is stopped$/m);
			expect(out).toMatch(/^\d+ readings? from 1 node, none missing\. Ran for \d+ m?s\.$/m);
			expect(out).not.toContain('offline');
		});

		it('ends at Ctrl-C also while the nodes are booting', async () => {
			const run = new Run(['simulate', '--broker', broker.url]);
			await broker.subscribed('telltale/#');
			run.process.kill('SIGINT');
			expect((await run.ended).out).toMatch(/^(0 readings from 0 nodes|[1-9]\d* readings? from 1 node, none missing)\. Ran for |^0 readings from 0 nodes\.$/m);
		});

		/** The broker takes every reading, and forwards only some of them. Resolves when it took this one. */
		const forwarding = (passes: (seq: number) => boolean, last = 1) => new Promise<void>((resolve) => {
			broker.aedes.authorizeForward = (_client, packet) => {
				if (!/\/(readings|backlog)$/.test(packet.topic)) return packet;
				const { seq } = JSON.parse(packet.payload.toString());
				if (seq >= last) resolve();
				return passes(seq) ? packet : null;
			};
		});
		/** Until Ctrl-C, which comes when it is so. */
		const simulated = async (isSo: (run: Run) => Promise<void>): Promise<Outcome> => {
			const run = new Run(['simulate', '--broker', broker.url, ...SPEED]);
			await isSo(run);
			run.process.kill('SIGINT');
			return run.ended;
		};

		it('fails when nothing arrived of what its nodes took, and says that it is missing', async () => {
			const taken = forwarding(() => false, 3);
			const { status, out, err } = await simulated(() => taken);
			expect(status).toBe(1);
			expect(out).toMatch(/^0 readings from 1 node, (\d+) missing \(node 1-\1\)\. Ran for /m);
			// Once the nodes have published their counts, it is known that the broker acknowledged.
			const why = '(the nodes are online, and the broker passes none of their readings on|the broker acknowledged them and did not pass them on)';
			expect(err).toMatch(new RegExp(`^No reading arrived: ${why}: does its access list let the node publish and us subscribe\\?\n$`));
		});

		it('names the access list where the node counts as acknowledged what did not arrive', async () => {
			void forwarding(() => false);
			const { status, err } = await telltale(['simulate', '--broker', broker.url, '--speed', 'max', '--for', '3m']);
			expect([status, err]).toEqual([1, 'No reading arrived: the broker acknowledged them and did not pass them on: does its access list let the node publish and us subscribe?\n']);
		});

		it('counts its nodes against what they took, the first and the last too, and fails when something is missing', async () => {
			const taken = forwarding((seq) => seq > 2 && seq <= 7, 9);
			const { status, out, err } = await simulated(async (run) => {
				await taken;
				await run.until(() => readingsIn(run.out).length === 5);
			});
			expect(status).toBe(1);
			expect(out).toMatch(/^5 readings from 1 node, \d+ missing \(node 1-2, 8-\d+\)\. Ran for \d+ (s|min) /m);
			expect(err).toMatch(/^\d+ readings that the nodes took did not arrive: /);
		});

		it('says of a node that a command stops that it holds what it takes since, and ends with 0', async () => {
			const { status, out, err } = await simulated(async (run) => {
				// On a busy machine the first ones wait for the link and come behind others: a stop before that would hold them, too.
				await run.until(() => {
					const numbers = new Set(readingsIn(run.out).map((each) => Number(each.replace('node#', ''))));
					return numbers.size > 2 && Math.max(...numbers) <= numbers.size + 1;
				});
				const person = await broker.client();
				await person.publishAsync('telltale/node/set/stop', '{"id":"1"}', { qos: 1 });
				await run.until(() => /^node is stopped$/m.test(run.out));
				// In these ten seconds of its own time it takes five, and nobody hears of them.
				await rest(patient(500));
			});
			expect([status, err]).toEqual([0, '']);
			expect(out).toMatch(/^\d+ readings? from 1 node, none missing\. node was stopped by a command and holds [1-9]\d* readings?\. Ran for /m);
		});

		it('counts nothing that others say under the names of its nodes, nor what was retained', async () => {
			const stranger = await broker.client();
			const said = (seq: number, boot: number) => JSON.stringify({ seq, boot, time: 1_795_301_835, temperature: 1 });
			await stranger.publishAsync('telltale/node/readings', said(9_000_000, 77), { qos: 1, retain: true });
			await stranger.publishAsync('telltale/node/status', 'offline', { qos: 1, retain: true });
			const { status, out } = await simulated(async (run) => {
				await run.until(() => /^node: Telltale/m.test(run.out));
				await stranger.publishAsync('telltale/node/readings', said(9_000_001, 77), { qos: 1 });
				await stranger.publishAsync('telltale/porch/readings', said(3, 78), { qos: 1 });
				// What is published later comes later.
				const before = readingsIn(run.out).length;
				await run.until(() => readingsIn(run.out).length > before + 1);
			});
			expect(status).toBe(0);
			expect(out).toMatch(/^\d+ readings from 1 node, none missing\. 2 readings of others left aside\. Ran for \d+ (s|min) /m);
			expect(readingsIn(out)).not.toContain('node#9000000');
			expect(out).not.toMatch(/is offline|porch/);
		});
	});

	it.each([
		[['--broker', 'mqtt://127.0.0.1:1'], 1, /^No broker answers at mqtt:\/\/127\.0\.0\.1:1: start one, or name another with --broker\.$/],
		[['--config', 'nowhere.json'], 1, /^nowhere\.json is not there: make it with /],
		[['--world', 'nowhere.csv'], 1, /^nowhere\.csv is not there: give --world a CSV file with the columns /],
		[['--world', 'broken.csv'], 1, /^broken\.csv, line 1: the columns must be "time,temperature_c,humidity_pct" or "time,temperature_c,humidity_pct,pressure_hpa", not "a\\u001b\[2J,b"\.$/],
		[['--world', 'binary.csv'], 1, /^binary\.csv is no CSV file, since it is not text: /],
		[['--world', '.'], 1, /^\. is a folder: give --world a CSV file with the columns /],
		[['--world', '/dev/zero'], 1, /^\/dev\/zero is no file: /],
		[['--board', 'esp8266'], 2, /^The board "esp8266" is not known: did you mean "nodemcu"\?$/],
		[['--board', 'esp23'], 2, /^The board "esp23" is not known: did you mean "esp32"\?$/],
		[['--speed', 'fast'], 2, /^--speed is "fast"; it must be a number above 0, /],
		[['--for', '20'], 2, /^--for is "20"; it must be a length of time above 0, like /],
		[['--nodes', '0'], 2, /^--nodes is "0"; it must be a whole number from 1 to 100\.$/],
		[['--seed', '-1'], 2, /^--seed is "-1"; it must be a whole number from 0 to /],
	])('%j is answered with one sentence', async (words, expected, sentence) => {
		await writeFile(join(folder, 'broken.csv'), 'a\u001b[2J,b\n');
		await writeFile(join(folder, 'binary.csv'), Buffer.of(0x89, 0x50, 0x4e, 0x47));
		const { status, out, err } = await inside(['simulate', '--for', '1s', ...(words as string[])], { cwd: folder });
		expect(status).toBe(expected);
		expect(err).toMatch(/^[^\n]+\n$/);
		expect(err.trimEnd()).toMatch(sentence as RegExp);
		if (words.includes('--world')) expect(out).toBe('');
	});
});
