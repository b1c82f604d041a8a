// npm run bench: the table of docs/budget.md, "MQTT on XS".

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
