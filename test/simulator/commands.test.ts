// What strangers and operators send to a whole node on the chip's engine: it answers, goes on measuring, and never restarts for it.

import { afterEach, describe, expect, it } from 'vitest';
import { startVirtualSimulation, type VirtualSimulation } from '../../simulator/virtual.js';

let simulation: VirtualSimulation;
let lines: string[] = [];
afterEach(() => simulation.end());

async function start(settings: Record<string, unknown> = {}): Promise<void> {
	lines = [];
	simulation = await startVirtualSimulation({ engine: 'xs', seed: 'commands', settings: { node: 'porch', ...settings }, onLine: (_node, line) => lines.push(line) });
	await simulation.run(70_000);
}

const send = (name: string, payload: string | Buffer, qos: 0 | 1 | 2 = 1) => simulation.broker.publish(`telltale/porch/set/${name}`, payload, { qos });
const said = (leaf: string) => simulation.broker.published.filter(({ topic }) => topic === `telltale/porch/${leaf}`).map(({ payload }) => JSON.parse(payload.toString()));
const results = () => said('result');
const ids = () => results().map(({ id }) => id);
const seqs = () => said('readings').map(({ seq }) => seq as number);

async function expectWell(): Promise<void> {
	const before = seqs().length;
	send('sample', '{"id":"well"}');
	await simulation.run(20_000);
	expect(results().at(-1), lines.join('\n')).toEqual({ id: 'well', name: 'sample', ok: true });
	expect(seqs().length).toBeGreaterThan(before + 1);
	expect([simulation.nodes[0].counts.faults, simulation.nodes[0].ends]).toEqual([0, []]);
}

describe('a node on XS', () => {
	it.each([4, 5])('answers a command with the longest names and ids there are, and does not restart for it (MQTT %i)', async (protocol) => {
		await start({ protocol });
		const name = 'é'.repeat(20);
		for (const [topic, id] of [[name, name], ['\u0001"\\\u009b', '\0"\\'], ['a'.repeat(300), 'b'], ['sample', '😀'.repeat(80)]]) {
			send(topic, JSON.stringify({ id }));
			await simulation.run(1_000);
		}
		const [first, second, third, last] = results();
		expect(first).toMatchObject({ id: name, name, ok: false });
		expect(second).toMatchObject({ id: '\0"\\', name: '\u0001"\\\u009b' });
		expect(third).toMatchObject({ id: 'b', name: 'a'.repeat(40) });
		expect(last.id).toMatch(/^(😀){10,}$/u);
		await expectWell();
	});

	it('takes lists in lists and lists beside lists without running out of stack or memory', async () => {
		await start();
		for (const payload of ['['.repeat(173), '['.repeat(350), '{"value":'.repeat(38), `{"value":[${'[],'.repeat(110)}[]]}`, `{"value":[${'{},'.repeat(110)}{}]}`, `{"value":{${'"a":[],'.repeat(40)}"b":[]}}`]) {
			for (const name of ['interval', 'calibrate', 'fly']) send(name, payload);
		}
		await simulation.run(30_000);
		expect(results().length).toBe(18);
		expect(results().some(({ ok }) => ok)).toBe(false);
		await expectWell();
	});

	it.each([0, 1, 2] as const)('answers each of many commands at once, in order, some of them as busy (QoS %i)', async (qos) => {
		await start();
		for (let i = 0; i < 4; i++) send('interval', `{"id":"few ${i}","value":10000}`, qos);
		await simulation.run(3_000);
		expect(ids()).toEqual(['few 0', 'few 1', 'few 2', 'few 3']);
		const many = Array.from({ length: 60 }, (_, i) => `many ${i}`);
		for (const id of many) send('interval', `{"id":"${id}","value":10000}`, qos);
		await simulation.run(20_000);
		const answers = results().slice(4);
		expect(answers.map(({ id }) => id).sort()).toEqual([...many].sort());
		const kept = answers.filter(({ ok }) => ok).map(({ id }) => many.indexOf(id));
		expect(kept.length).toBeGreaterThan(5);
		expect(kept).toEqual([...kept].sort((one, other) => one - other));
		expect(answers.filter(({ ok }) => !ok).every(({ error }) => error.startsWith('busy'))).toBe(true);
		await expectWell();
	});

	it('measures on while its interval is set again and again', async () => {
		await start();
		const before = seqs().length;
		for (let i = 0; i < 10; i++) {
			send('interval', `{"value":${i % 2 ? 10_000 : 86_400_000}}`);
			await simulation.run(8_500);
		}
		expect(seqs().length - before).toBeGreaterThanOrEqual(3);
	});

	it('does not restart again and again, whoever asks for it, and says so', async () => {
		await start();
		for (let i = 0; i < 60; i++) {
			send('restart', `{"id":"${i}"}`);
			await simulation.run(2_000);
		}
		expect(simulation.nodes[0].counts.boots).toBeLessThanOrEqual(4);
		expect(simulation.nodes[0].counts.faults).toBe(0);
		expect(results().find(({ ok }) => !ok)!.error).toMatch(/^the node started \d+ s ago; it restarts 60 s after a start at the earliest$/);
		expect(new Set(ids()).size).toBeGreaterThanOrEqual(55);
	});

	it('writes nothing to flash for what does not change', async () => {
		await start();
		send('interval', '{"value":12000}');
		await simulation.run(5_000);
		let steps = 0;
		simulation.nodes[0].storage.onStep = () => void steps++;
		for (let i = 0; i < 5; i++) send('interval', '{"value":12000}');
		await simulation.run(5_000);
		expect([results().length, steps]).toEqual([6, 0]);
	});

	it('takes no commands where the settings say so, and measures on', async () => {
		await start({ commands: false });
		simulation.broker.publish('telltale/porch/set/sample', '{"id":"x"}', { qos: 1 });
		await simulation.run(5_000);
		expect([results().length, simulation.nodes[0].counts.faults]).toEqual([0, 0]);
		expect(seqs().length).toBeGreaterThan(5);
	});

	it('leaves commands that were stored for it alone in safe mode', async () => {
		await start();
		for (let i = 0; i < 5; i++) {
			await simulation.run(3_000);
			simulation.nodes[0].powerCut();
			await simulation.nodes[0].powerOn();
		}
		simulation.nodes[0].powerCut();
		send('interval', '{"id":"stored","value":5000}');
		await simulation.run(60_000);
		await simulation.nodes[0].powerOn();
		await simulation.run(60_000);
		expect(lines.join('\n')).toContain('safe mode');
		expect(lines.join('\n')).toContain('the broker begins a new session: what it has stored is left alone');
		expect(ids()).toEqual([]);
		send('interval', '{"id":"now","value":5000}');
		await simulation.run(5_000);
		expect(results()).toEqual([{ id: 'now', name: 'interval', ok: true }]);
	});

	it('lets no control character of a topic into its log', async () => {
		await start();
		send('x\r\nonline at nowhere:1\u001b[2J\u009b', '');
		await simulation.run(2_000);
		expect(lines.filter((line) => line.includes('nowhere'))).toEqual(['an empty message on set/x??online at nowhere:1?[2J?? is ignored']);
	});
});
