// npm run bench: the table of docs/budget.md, "MQTT on XS". Ends with status 1 when we cost more than a small part of what mqtt-packet
// needs to write and read alone.

import { packetFigures, sessionFigures, type Figures } from './figures.js';
import { SLOT_BYTES, type Cost } from './xs.js';

const number = (value: number) => value.toLocaleString('en-US');
const cost = (each?: Cost) => (each ? `${number(each.work)}, ${number(each.slots * SLOT_BYTES)} B` : '–');

const columns: [string, Figures][] = [
	['Session, 3.1.1', await sessionFigures(3)],
	['Session, 5.0', await sessionFigures(5)],
	['mqtt-packet 9.0.2', await packetFigures()],
];
const rows: [string, (figures: Figures) => string][] = [
	['PUBLISH out, QoS 0: send()', ({ send0 }) => cost(send0)],
	['PUBLISH out, QoS 1: send()', ({ send1 }) => cost(send1)],
	['the same, shorter than the one before', ({ resize1 }) => cost(resize1)],
	['PUBLISH out, QoS 0: publish(), peek(), wrote()', ({ publish0 }) => cost(publish0)],
	['PUBLISH out, QoS 1: publish(), peek(), wrote()', ({ publish1 }) => cost(publish1)],
	['PUBACK in', ({ acknowledge }) => cost(acknowledge)],
	['PUBLISH in, QoS 0', ({ message }) => cost(message)],
	['the same, of another topic than the one before', ({ other }) => cost(other)],
	['a turn of the loop with nothing to do', ({ poll }) => cost(poll)],
	['held', ({ held }) => `${number(held)} B`],
	['byte code', ({ code }) => `${number(code)} B`],
];

console.log(`| | ${columns.map(([name]) => name).join(' | ')} |`);
console.log(`|---${'|---'.repeat(columns.length)}|`);
for (const [name, of] of rows) console.log(`| ${name} | ${columns.map(([, figures]) => of(figures)).join(' | ')} |`);

/** How many times more of it mqtt-packet needs, at the least: in byte codes, and in slots with 60 more of its own. */
const WORK_TIMES = { publish0: 8, publish1: 8, acknowledge: 9, message: 8 };
const CODE_TIMES = 8;
const SLOTS_TIMES = 15;
const SLOTS_MORE = 60;
const [[, ours], , [, theirs]] = columns as [[string, Figures], [string, Figures], [string, Figures]];
const wrong: string[] = [];
for (const step of ['publish0', 'publish1', 'acknowledge', 'message'] as const) {
	if (theirs[step].work < WORK_TIMES[step] * ours[step].work) wrong.push(`${step}: ${ours[step].work} byte codes, where mqtt-packet needs ${theirs[step].work}`);
	if (step !== 'acknowledge' && theirs[step].slots < SLOTS_TIMES * ours[step].slots + SLOTS_MORE) wrong.push(`${step}: ${ours[step].slots} slots, where mqtt-packet needs ${theirs[step].slots}`);
}
if (theirs.code < CODE_TIMES * ours.code) wrong.push(`byte code: ${ours.code} B, where mqtt-packet has ${theirs.code} B`);
for (const sentence of wrong) console.error(`Too near to mqtt-packet: ${sentence}.`);
process.exitCode = wrong.length ? 1 : 0;
