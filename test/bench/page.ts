// npm run page: a hundred nodes at a reading a second for ten minutes (or as many seconds as are given), looked at in Chromium.
//
// Rule: what the page's main thread does is counted as the processor's time, whoever else wants it. It fails where a reading is lost, a task
// takes 100 ms, or memory grows.

import { PageServer } from '../../viewer/server/page-server.js';
import { openViewer } from '../../viewer/viewer.js';
import { openBrowser } from '../support/browser.js';
import { until } from '../support/patience.js';
import { testBroker } from '../cli/support.js';
import { Fleet } from '../system/replay.js';

const NODES = 100;
const SLICE = 20;
const seconds = Number(process.argv[2] ?? 600);
const broker = await testBroker();
const viewer = openViewer({ brokers: [broker.url] });
const server = await PageServer.open({ viewer, port: 0 });
await until(() => viewer.links[0]!.up, 10_000, () => 'not connected');
const fleet = new Fleet(await broker.client(), 'telltale', NODES);
await fleet.begin();
const browser = await openBrowser();
const page = await browser.newPage();
await page.goto(server.addressAt());
await page.locator('.card').nth(NODES - 1).waitFor();
const tools = await page.context().newCDPSession(page);
/** What is left of it when its garbage is gone. */
async function heap(): Promise<number> {
	await tools.send('HeapProfiler.collectGarbage');
	return (await tools.send('Runtime.getHeapUsage')).usedSize;
}
let [longest, total, first, last] = [0, 0, 0, 0];
for (let done = 0; done < seconds; done += SLICE) {
	const { longestMs, totalMs } = await fleet.measured(page, browser, Math.min(SLICE, seconds - done));
	[longest, total] = [Math.max(longest, longestMs), total + totalMs];
	last = await heap();
	first ||= last;
	console.log(`${done + SLICE} s: longest task ${longestMs.toFixed(1)} ms, main thread ${(totalMs / SLICE / 10).toFixed(1)} %, page ${(last / 1e6).toFixed(1)} MB, here ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB`);
}
await until(() => viewer.merge.received === NODES * fleet.seq, 10_000, () => `${viewer.merge.received} of ${NODES * fleet.seq} readings came`);
console.log(`${viewer.merge.received} readings, ${viewer.merge.missing} missing; longest task ${longest.toFixed(1)} ms, main thread ${(total / seconds / 10).toFixed(1)} % of a core.`);
await browser.close();
await server.close();
await viewer.close();
await broker.close();
process.exit(longest < 100 && viewer.merge.missing === 0 && last < 2 * first + 10e6 ? 0 : 1);
