import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { EngineStop, type Engine, type EngineKind } from '../../simulator/engine/engine.js';
import { startEngine, startPreloaded } from '../../simulator/engine/start.js';
import { imageOf } from '../../simulator/engine/image.js';
import { endProbes, ENGINES, probe } from './probe.js';
import { rest } from '../support/patience.js';

const open: Engine[] = [];
afterEach(() => {
	for (const engine of open.splice(0)) engine.kill();
	endProbes();
});

function start(kind: EngineKind, answer: (request: string) => string = () => '', computeMax?: number): Engine {
	const engine = startEngine(kind, answer, computeMax);
	open.push(engine);
	return engine;
}

/** A guest that answers by itself, without the SDK's modules. */
const ECHO = `
	const ask = globalThis.hostCall ?? ((text) => new TextDecoder().decode(issueCommand(new TextEncoder().encode(text).buffer)));
	globalThis.handleCommand = (event) => {
		const text = typeof event === 'string' ? event : new TextDecoder().decode(event);
		const reply = text + ask(text) + ask('again');
		return typeof event === 'string' ? reply : new TextEncoder().encode(reply).buffer;
	};`;

describe.each(ENGINES)('the engine %s', (kind) => {
	it('answers each question before the guest goes on', async () => {
		const asked: string[] = [];
		const engine = start(kind, (request) => {
			asked.push(request);
			return `<${asked.length}>`;
		});
		await engine.load(ECHO);
		expect(await engine.turn('event')).toBe('event<1><2>');
		expect(asked).toEqual(['event', 'again']);
	});

	it('carries long texts', async () => {
		const engine = start(kind, (request) => request);
		await engine.load(ECHO);
		const long = 'x'.repeat(300_000);
		expect(await engine.turn(long)).toBe(`${long}${long}again`);
	});

	it('says why a script cannot be loaded', async () => {
		await expect(start(kind).load(`throw new TypeError('not like this')`)).rejects.toThrow('not like this');
	});

	it('ends the guest in the middle of a question when the host says so', async () => {
		let questions = 0;
		const engine = start(kind, () => {
			questions++;
			throw new EngineStop('power cut');
		});
		await engine.load(`${ECHO.replace("ask('again')", "(() => { try { return ask('again'); } catch { return ''; } })()")}`);
		await expect((async () => engine.turn('event'))()).rejects.toThrow('power cut');
		await expect((async () => engine.turn('event'))()).rejects.toThrow('power cut');
		expect(questions).toBe(1);
	});

	it('can be killed, and says so afterwards', async () => {
		const engine = start(kind);
		await engine.load(ECHO);
		engine.kill();
		await expect((async () => engine.turn('event'))()).rejects.toThrow('killed');
	});
});

describe('the engine xs', () => {
	it('bites like a watchdog when a turn does not end', async () => {
		const engine = start('xs', undefined, 1_000_000);
		await engine.load(`globalThis.handleCommand = () => { for (;;); };`);
		await expect(engine.turn('event')).rejects.toThrow(/watchdog/);
	});

	it('overflows its stack as the chip does, and the node starts anew', async () => {
		const { said, simulation } = await probe('xs', `trace('boot'); const deeper = () => 1 + deeper(); Timer.set(() => { try { deeper(); } catch { trace('caught'); } }, 100);`, 560);
		expect(said.filter((line) => line === 'boot')).toHaveLength(2);
		expect(said).not.toContain('caught');
		expect(said[1]).toMatch(/The node starts anew: stack overflow/);
		expect(simulation.nodes[0].counts.faults).toBe(1);
	});

	it('gives a node no more stack than the manifest does, and what the stand-ins take', async () => {
		const deep = (calls: number) => `const deeper = (left) => left && 1 + deeper(left - 1); Timer.set(() => trace(deeper(${calls})), 100);`;
		expect((await probe('xs', deep(20), 300)).said).toEqual(['20']);
		expect((await probe('xs', deep(35), 300)).said).toEqual([expect.stringContaining('stack overflow')]);
	});

	it('begins every guest of a script as the same image, and makes it once', async () => {
		const script = ECHO.replace('globalThis.handleCommand', "globalThis.count = 40; globalThis.handleCommand").replace('const reply = text', 'const reply = ++count + text');
		const guests = [];
		for (let i = 0; i < 3; i++) {
			const engine = await startPreloaded('xs', script, 'ESP8266', (request) => request);
			open.push(engine);
			guests.push(await engine.turn('?'), await engine.turn('?'));
		}
		expect(guests).toEqual(['41??again', '42??again', '41??again', '42??again', '41??again', '42??again']);
		expect(await imageOf(script, 'ESP8266')).toBe(await imageOf(script, 'ESP8266'));
	});

	it('says again what is wrong with a script that cannot be preloaded', async () => {
		for (let i = 0; i < 2; i++) await expect(startPreloaded('xs', `throw new TypeError('not like this')`, 'ESP8266', () => '')).rejects.toThrow('not like this');
	});

	it.each([
		['ends', 'process.exit(3)'],
		...(process.platform === 'linux' ? [['is killed', "process.kill(process.pid, 'SIGKILL')"]] : []),
	])('leaves no file behind when its process %s', (_how, end) => {
		const folder = mkdtempSync(join(tmpdir(), 'telltale-engine-test-'));
		try {
			const program = `import { startPreloaded } from '${new URL('../../simulator/engine/start.js', import.meta.url).href}';
				const engine = await startPreloaded('xs', 'globalThis.handleCommand = (event) => event', 'ESP8266', () => '');
				console.log(await engine.turn('lives'), (await engine.memory()).slots > 0); ${end};`;
			const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], { encoding: 'utf8', env: { ...process.env, TMPDIR: folder } });
			expect(stdout).toBe('lives true\n');
			expect(readdirSync(folder).filter((name) => name.startsWith('telltale'))).toEqual([]);
		} finally {
			rmSync(folder, { recursive: true });
		}
	});

	it('lets a node be killed at any moment of its boot', async () => {
		const { simulation, said } = await probe('xs', `trace('booted');`, 10);
		const [node] = simulation.nodes;
		for (const waitMs of [-1, 0, 2, 4, 8, 16]) {
			node.kill();
			const booting = node.boot();
			if (waitMs >= 0) await rest(waitMs);
			node.kill();
			await expect(booting).resolves.toBeUndefined();
		}
		await node.boot();
		await simulation.run(10);
		expect(said).toEqual(['booted', 'booted']);
	});

	it('meters its turns the same way each time', async () => {
		const meters: number[] = [];
		for (let i = 0; i < 2; i++) {
			const { simulation } = await probe('xs', `Timer.repeat(() => { for (let i = 0; i < 100; i++); }, 10);`, 200);
			meters.push(simulation.nodes[0].counts.compute);
		}
		expect(meters[0]).toBeGreaterThan(2_000);
		expect(meters[1]).toBe(meters[0]);
	});
});
