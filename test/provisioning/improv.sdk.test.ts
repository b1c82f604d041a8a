// The published SDK of Improv (npm improv-wifi-serial-sdk), which web pages use, against the firmware on XS over a pseudo-terminal.
import { spawnSync } from 'node:child_process';
import { Readable } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { ImprovSerial } from 'improv-wifi-serial-sdk/dist/serial.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPort } from '../../cli/serial-port.js';
import { PseudoTerminal } from '../../simulator/pty.js';
import { startSimulation, type Simulation } from '../../simulator/simulation.js';
import { testBroker, type TestBroker } from '../cli/support.js';
import { pace, until } from '../support/patience.js';

const socatMissing = Boolean(spawnSync('socat', ['-V']).error);
if (socatMissing) console.log("socat is not installed: Improv's published SDK is not tried (Debian: apt install socat).");

const SPEED = 15;
const SILENT = { log() {}, error() {}, debug() {} };

describe.skipIf(socatMissing)("Improv's published SDK", () => {
	let broker: TestBroker;
	let terminal: PseudoTerminal;
	let simulation: Simulation;
	let port: ReadStream;
	let sdk: ImprovSerial;
	const lines: string[] = [];
	const online = (times: number) => until(() => lines.filter((line) => line.startsWith('online at')).length === times, 20_000, () => lines.join('\n'));

	beforeAll(async () => {
		broker = await testBroker();
		terminal = await PseudoTerminal.open((bytes) => simulation.nodes[0]!.send(bytes));
		simulation = await startSimulation({
			brokerUrl: broker.url, speed: pace(SPEED), seed: 1, settings: { node: 'kitchen', intervalMs: 1_000 },
			onLine: (_, line) => lines.push(line), onBytes: (_, bytes) => terminal.write(bytes),
		});
		port = openPort(terminal.path) as ReadStream;
		const writable = new WritableStream<Uint8Array>({ write: (bytes) => void port.write(bytes) });
		sdk = new ImprovSerial({ readable: Readable.toWeb(port), writable } as never, SILENT);
	});
	afterAll(async () => {
		port.destroy();
		await simulation.stop();
		terminal.close();
		await broker.close();
	});

	it('finds the node while it boots, and is told what it is', async () => {
		const info = await sdk.initialize(5_000);
		expect(info).toEqual({ firmware: 'Telltale', version: '0.1.0', name: 'kitchen', chipFamily: 'ESP8266', osName: null, osVersion: null });
	});

	it('sees that it has joined a network, scans, and reads a result of ten bytes', async () => {
		await online(1);
		await sdk.requestCurrentState();
		expect([sdk.state, sdk.nextUrl]).toEqual([4, '']);
		expect(await sdk.scan()).toEqual([{ name: 'simulated', rssi: -58, secured: true }]);
		// Its length would be 10: the SDK drops such a packet.
		expect(await sdk.getDeviceName()).toBe('kitchen');
		expect(await sdk.requestNetworkState()).toMatchObject({ online: true, supportsWifi: true, urls: [] });
	});

	it('is refused with a wrong passphrase, and the node goes on as before', async () => {
		await expect(sdk.provision('simulated', 'wrong passphrase')).rejects.toBe('UNABLE_TO_CONNECT');
		expect(lines).toContain('Wi-Fi "simulated" refuses the passphrase.');
		await online(2);
	});

	it('joins with the right one, and the node says where it is', async () => {
		await sdk.provision('simulated', 'simulated air');
		expect([sdk.state, sdk.nextUrl]).toEqual([4, '']);
		expect(lines).toContain('joined Wi-Fi "simulated", which holds from now on');
		await online(3);
		await expect(sdk.setHostname('attic')).rejects.toBe('BAD_HOSTNAME');
		expect(lines.filter((line) => /IMPROV|bug|boot /.test(line))).toEqual([expect.stringMatching(/^boot \d+$/)]);
	});
});
