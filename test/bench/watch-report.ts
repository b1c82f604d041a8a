// npm run watching: a hundred nodes at one reading a second for ten minutes, watched on a terminal and recorded; a month of one node opened;
// a record held against what simulated nodes have taken. Ends with status 1 where a figure is not what it must be.
// node --expose-gc --import tsx test/bench/watch-report.ts [SECONDS]

import { BROKERS } from '../support/brokers.js';
import { heldAgainstTruth } from './truth.js';
import { openMonth, watchFleet } from './watching.js';

const seconds = Number(process.argv[2] ?? 600);
const NODES = 100;
const kind = BROKERS.find(({ name, missing }) => name === 'mosquitto' && !missing) ?? BROKERS[0]!;
const wrong: string[] = [];
const must = (holds: boolean, sentence: string): void => void (holds || wrong.push(sentence));
const mega = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

const broker = await kind.make();
await broker.start();
const figures = await watchFleet(broker.url, NODES, seconds, 1_000, 30_000);
await broker.dispose();
const { received, missing, recorded, refused, cpuPercent, heapEarly, heapLate, frames } = figures;
console.log(`${NODES} nodes, one reading a second, ${seconds} s, ${kind.name}: ${received} readings, ${missing} missing, ${refused} refused, ${recorded} recorded`);
console.log(`terminal, merge and record: ${cpuPercent.toFixed(1)} % of a core, ${frames} frames; in use ${mega(heapEarly)} after a fifth, ${mega(heapLate)} at the end`);
must(received === NODES * seconds && !missing && !refused && recorded === received, 'not all readings arrived, or not all were recorded');
must(cpuPercent < 5, `the terminal view takes ${cpuPercent.toFixed(1)} % of a core; it must be below 5`);
must(heapLate < heapEarly + 8e6, `memory grows: ${mega(heapEarly)}, then ${mega(heapLate)}`);

const hasSqlite = process.getBuiltinModule?.('node:sqlite' as never) !== undefined;
for (const ending of ['.csv', '.ndjson', ...(hasSqlite ? (['.db'] as const) : [])] as const) {
	const { ms, cpuMs, count } = await openMonth(ending);
	console.log(`a month of one node at one a minute, ${ending}: ${Math.round(ms)} ms, ${Math.round(cpuMs)} ms of a core`);
	// Where others want the machine too, the clock says nothing.
	must(count === 43_200 && Math.min(ms, cpuMs) < 1_000, `a month takes ${Math.round(ms)} ms to open from ${ending}; it must be below 1000`);
}

const { readings, kinds, differences } = await heldAgainstTruth({ nodes: 5, count: 600 });
console.log(`a record of 5 simulated nodes over two outages, held against what they took: ${readings} readings in each of ${kinds.join(', ')}, ${differences.length} differ`);
must(readings > 0 && !differences.length, `the record differs from the truth: ${differences.slice(0, 3).join('; ')}`);

for (const sentence of wrong) console.error(`${sentence}.`);
process.exitCode = wrong.length ? 1 : 0;
process.exit();
