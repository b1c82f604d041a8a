// What a bug of ours costs: a restart, and no reading.
import { expect, it } from 'vitest';
import { bundleOnce } from '../../simulator/engine/bundle.js';
import { MAIN } from '../../simulator/simulation.js';
import { startVirtualSimulation } from '../../simulator/virtual.js';
import { steadyWeather } from '../../simulator/world/weather.js';
import { audit } from '../support/audit.js';

/** The firmware with a part that throws at its 60th second. */
async function brokenFirmware(): Promise<string> {
	const script = await bundleOnce(MAIN, 'nodemcu');
	const broken = script.replace(/(var Timekeeper = class [^]*?poll\(\w+\) \{)/, '$1 if (arguments[0] >= 60000) throw new Error("of ours");');
	expect(broken).not.toBe(script);
	return broken;
}

it('a bug is said and restarts the node, and what waited in memory is in flash by then', async () => {
	const lines: string[] = [];
	const simulation = await startVirtualSimulation({
		engine: 'node', seed: 'bug', board: 'nodemcu', settings: { node: 'porch', intervalMs: 5_000 }, script: await brokenFirmware(),
		world: steadyWeather({ temperatureC: 20, humidityPct: 50 }), onLine: (_node, line) => lines.push(line),
	});
	const { broker } = simulation;
	await simulation.run(20_000);
	broker.kill();
	await simulation.run(60_000);
	expect(lines.filter((line) => line.startsWith('bug: Error: of ours'))).toHaveLength(1);
	broker.start();
	await simulation.run(25_000);
	const readings = broker.published.filter(({ topic }) => /\/(readings|backlog)$/.test(topic)).map(({ payload }) => JSON.parse(payload.toString()) as { seq: number; boot: number });
	const [{ boot }] = readings;
	const auditor = audit(broker.published, 'porch');
	expect([auditor.violations, auditor.missingOfAll()]).toEqual([[], []]);
	expect(auditor.boots.get(String(boot))!.readings.size).toBe(12);
	expect(readings.some((each) => each.boot !== boot)).toBe(true);
	simulation.end();
});
