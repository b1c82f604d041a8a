// Long lists of parts over the serial line, where the node's memory is fullest: in MQTT 5.0, on the chip's engine.
import { describe, expect, it } from 'vitest';
import { answerOf, piecesOf } from '../support/improv-command.js';
import { MINUTE, SECOND, stage, type Stage } from './stage.js';

/** Parts that are not there: each keeps the sentence that says so. */
const SIX = JSON.stringify([
	{ part: 'tmp36' }, { part: 'sht3x' }, { part: 'bme280', name: 'outside', address: 118, intervalMs: 60_000 },
	{ part: 'dht22', name: 'cellar', pin: 14, intervalMs: 60_000 }, { part: 'dht22', name: 'attic', pin: 12, powerPin: 13, intervalMs: 60_000 },
	{ part: 'aht20', name: 'box', intervalMs: 30_000 },
]);
const TWO = '[{"part":"tmp36"},{"part":"sht3x","name":"outside","address":69}]';

/** As `telltale configure --port` does it. */
async function configure(set: Stage, sensors: string, id: number): Promise<void> {
	for (const piece of piecesOf(`config {"value":{"sensors":${sensors}}}`, id)) {
		set.node.send(piece);
		await set.run(50);
	}
	set.node.send(answerOf(id));
	await set.until(() => set.heard(new RegExp(`^settings number ${id} work`)) !== undefined, 2 * MINUTE);
}

describe('a list of six parts by Improv', () => {
	it('is taken, and so is another one after it: no part that does not answer takes the memory for that', async () => {
		const set = await stage({ engine: 'xs', seed: 'lists', settings: { intervalMs: 2_000, protocol: 5 } });
		await set.until(() => set.readings().length > 2, MINUTE);
		await configure(set, SIX, 1);
		await set.until(() => set.heard(/^sensor attic: DHT22 does not answer/) !== undefined, MINUTE);
		await set.run(20 * SECOND);
		await configure(set, TWO, 2);
		expect(set.node.ends).toEqual(['restart by itself', 'restart by itself']);
	});
});
