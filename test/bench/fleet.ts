// A fleet that is only messages: so many nodes that publish as nodes do, for measuring who watches them. Runs as a process of its own:
// node --import tsx test/bench/fleet.ts URL NODES READINGS EVERY_MS

import { connectAsync } from 'mqtt';
import { rest } from '../support/patience.js';

const [url, nodes, readings, everyMs] = [process.argv[2]!, ...process.argv.slice(3).map(Number)] as [string, number, number, number];
const client = await connectAsync(url, { reconnectPeriod: 0 });
const begun = Date.now();
const names = Array.from({ length: nodes }, (_, index) => `node-${index + 1}`);
const say = (topic: string, content: object | string, retain = false): Promise<unknown> =>
	client.publishAsync(`telltale/${topic}`, typeof content === 'string' ? content : JSON.stringify(content), { qos: 1, retain });

/** Each tenth loses its link for five readings in thirty, and sends them late, but for the end. */
function publish(index: number, seq: number): Promise<unknown>[] {
	const name = names[index]!;
	const reading = (number: number): object => ({ seq: number, boot: 7, time: Math.floor((begun + number * everyMs) / 1_000), temperature: Math.round(20_000 + 3_000 * Math.sin(number / 60 + index)) / 1_000, humidity: 40 + (index % 20) });
	const isAway = index % 10 === 0 && seq % 30 >= 10 && seq % 30 < 15 && seq - (seq % 30) + 15 <= readings;
	if (isAway) return [];
	const late = index % 10 === 0 && seq % 30 === 15 ? [5, 4, 3, 2, 1].map((back) => seq - back) : [];
	const messages = [say(`${name}/readings`, reading(seq)), ...late.map((number) => say(`${name}/backlog`, reading(number)))];
	if (seq % 60 === 1) messages.push(say(`${name}/health`, { boot: 7, uptime: seq, rssi: -60, sampled: seq, acknowledged: seq, waiting: 0, dropped: 0 }));
	return messages;
}

for (const name of names) {
	await say(`${name}/status`, 'online', true);
	await say(`${name}/info`, { version: '0.1.0', topics: 3, interval: 1, boot: 7 }, true);
	await say(`${name}/channels`, { temperature: ['°C', 'tmp36'], humidity: ['%', 'sht3x'] }, true);
}
const from = performance.now();
for (let seq = 1; seq <= readings; seq++) {
	await Promise.all(names.flatMap((_, index) => publish(index, seq)));
	const restMs = from + seq * everyMs - performance.now();
	if (restMs > 0) await rest(restMs);
}
await client.endAsync();
