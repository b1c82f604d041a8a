// Packets of mqtt-packet, mutated and cut by chance, fed to one session after another: any number of them, from one seed.
//
// Rule: whatever comes, the session takes it, asks for more, or closes once with its reason; it never throws, never tells more
// after it closed, and works on the next connection. `npm run fuzz -- --packets 1000000 --seed 1` runs it alone.

import { fileURLToPath } from 'node:url';
import type { Packet } from 'mqtt-packet';
import { Protocol5 } from '../../src/mqtt/v5/protocol5.js';
import { concat } from '../support/bytes.js';
import { random } from '../support/fakes.js';
import { Bench, encode } from './bench.js';

export interface Tally {
	packets: number;
	closed: number;
	connections: number;
}

const CORPUS: readonly object[] = [
	{ cmd: 'publish', topic: 'telltale/porch/set/interval', payload: '{"value":5000}', qos: 0 },
	{ cmd: 'publish', topic: 'a', payload: '', qos: 1, messageId: 7 },
	{ cmd: 'publish', topic: 'é/中', payload: 'x'.repeat(200), qos: 2, messageId: 300 },
	{ cmd: 'publish', topic: 'large', payload: 'y'.repeat(900), qos: 1, messageId: 9 },
	{ cmd: 'puback', messageId: 1 }, { cmd: 'pubrec', messageId: 2 }, { cmd: 'pubrel', messageId: 300 }, { cmd: 'pubcomp', messageId: 2 },
	{ cmd: 'suback', messageId: 3, granted: [1] }, { cmd: 'unsuback', messageId: 4, granted: [0] }, { cmd: 'pingresp' },
	{ cmd: 'connack', sessionPresent: false, returnCode: 0, reasonCode: 0 }, { cmd: 'disconnect', reasonCode: 0x8b },
];

export function feedMutants(count: number, seed: number, version: 4 | 5): Tally {
	const next = random(seed);
	const below = (n: number) => Math.floor(next() * n);
	const corpus = CORPUS.filter((each) => version === 5 || (each as Packet).cmd !== 'disconnect').map((each) => encode(each as never, version));
	const tally = { packets: 0, closed: 0, connections: 0 };
	let bench = new Bench(version === 5 ? { protocol5: new Protocol5() } : {}).connect();
	while (tally.packets < count) {
		const burst = Array.from({ length: 1 + below(3) }, () => mutate(corpus[below(corpus.length)]!, below));
		tally.packets += burst.length;
		const bytes = concat(burst);
		const step = 1 + below(bytes.length || 1);
		for (let at = 0; at < bytes.length; at += step) {
			bench.receive(bytes.subarray(at, at + step));
			bench.sentBytes();
		}
		const told = bench.told();
		const end = told.findIndex((line) => line.startsWith('closed'));
		if (end >= 0 && end !== told.length - 1) throw new Error(`Seed ${seed}: told "${told[end + 1]}" after "${told[end]}".`);
		if (bench.session.running !== end < 0) throw new Error(`Seed ${seed}: ${told.join(', ')}, and the session runs: ${bench.session.running}.`);
		if (end < 0 && tally.packets % 50) continue;
		tally.closed += end < 0 ? 0 : 1;
		tally.connections++;
		// A packet half taken when the connection ends must leave nothing behind.
		bench.reconnect(false);
		bench.receive(encode({ cmd: 'publish', topic: 'z', payload: '', qos: 0 } as never, version));
		if (!bench.told().includes('message z "" 0')) throw new Error(`Seed ${seed}: the next connection does not work.`);
	}
	return tally;
}

function mutate(packet: Uint8Array, below: (n: number) => number): Uint8Array {
	const list = [...packet];
	for (let times = below(4); times > 0; times--) {
		const at = below(list.length + 1);
		const kind = below(5);
		if (kind === 0) list.splice(at, 1);
		else if (kind === 1) list.splice(at, 0, below(256));
		else if (kind === 2) list.length = at;
		else list[at] = kind === 3 ? below(256) : (list[at] ?? 0) ^ (1 << below(8));
	}
	return Uint8Array.from(list, (byte) => byte ?? 0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const option = (name: string, initial: number) => Number(process.argv[process.argv.indexOf(`--${name}`) + 1] ?? NaN) || initial;
	const [packets, seed] = [option('packets', 100_000), option('seed', 1)];
	for (const version of [4, 5] as const) {
		const from = performance.now();
		const { closed, connections } = feedMutants(packets / 2, seed, version);
		const seconds = ((performance.now() - from) / 1_000).toFixed(1);
		console.log(`MQTT ${version === 4 ? '3.1.1' : '5.0'}: ${packets / 2} packets, seed ${seed}: ${closed} closed with their reason, ${connections} connections, none threw, in ${seconds} s`);
	}
}
