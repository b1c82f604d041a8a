// Hostile input against whole nodes on XS: what has broken one once, and a bounded part of the campaign; npm run hostile has any number.
// And the campaign's judges, which must be able to say no.
import { describe, expect, it } from 'vitest';
import { bundleOnce } from '../../simulator/engine/bundle.js';
import { command } from '../../simulator/hostile/commands.js';
import type { Input, Version } from '../../simulator/hostile/input.js';
import { publish } from '../../simulator/hostile/packets.js';
import { groupOf, GROUPS_IN_A_BLOCK, type Group } from '../../simulator/hostile/plan.js';
import { runGroups, type Outcome } from '../../simulator/hostile/run.js';
import type { SituationName } from '../../simulator/hostile/situations.js';
import { MAIN } from '../../simulator/simulation.js';

const BASE = 'telltale/porch';
/** Of a seed whose first blocks have this base. */
const SEED = 5;

function message(name: string, payload: string | Buffer, id = ''): Input {
	return command(`${BASE}/set/${name}`, name, id.slice(0, id.indexOf(':') + 1), { kind: 'told', bytes: Buffer.from(payload as string), id }, 1);
}

/** A command with an id of its own. */
function asked(name: string, number: number, more: string, value?: string): Input {
	const id = `t${number}:${more}`;
	return message(name, `{"id":${JSON.stringify(id)}${value === undefined ? '' : `,"value":${value}`}}`, id);
}

function raw(bytes: Buffer, polite = true): Input {
	return { kind: 'packet: told', raw: { bytes, polite } };
}

function groups(inputs: readonly (readonly Input[])[], first = 0, situation: SituationName = 'calm'): Group[] {
	return inputs.map((each, i) => ({ seed: `told/${i}`, number: first + i, situation, inputs: each, gapMs: 0 }));
}

function given(inputs: readonly (readonly Input[])[], version: Version = 4, more: Partial<Parameters<typeof runGroups>[0]> = {}): Promise<Outcome> {
	const first = version === 5 ? GROUPS_IN_A_BLOCK : 0;
	return runGroups({ seed: SEED, first, count: inputs.length, groups: groups(inputs, first), ...more });
}

/** The commands that repeat what was wrong, each with what it was. */
function told({ failures }: Outcome): string[] {
	return failures.map(({ what, sentence, shown, command: repeat }) => [`${what}: ${sentence}`, ...shown, repeat].join('\n'));
}

const long = (unit: string, bytes: number): string => unit.repeat(Math.floor(bytes / Buffer.byteLength(unit)));

describe.concurrent('a node on XS goes on as if nothing had been after', () => {
	it.each<[what: string, inputs: readonly (readonly Input[])[]]>([
		['a name and an id of many bytes, in any script', [[asked('é'.repeat(20), 0, 'é'.repeat(20))], [asked(long('😀', 160), 1, long('😀', 150))], [asked('€'.repeat(40), 2, long('é', 200))]]],
		['names and ids of control characters, quotes and backslashes', [[asked('\r'.repeat(200), 0, '')], [asked('length', 1, '\n'.repeat(32))], [asked('"\\'.repeat(60), 2, '"\\'.repeat(40))]]],
		['JSON as deep as a packet is long', [[message('interval', '['.repeat(173))], [message('nothing', '['.repeat(360))], [message('calibrate', `{"value":${'{"a":'.repeat(60)}`)], [message('sample', `{"id":${'['.repeat(150)}${']'.repeat(150)}}`)]]],
		['more lists and objects than there is memory for', [[message('interval', `{"value":[${'[],'.repeat(110)}[]]}`)], [message('interval', `{"value":[${'{},'.repeat(110)}{}]}`)], [message('calibrate', `{${'"":[],'.repeat(60)}"":0}`)]]],
		['many commands at once', [Array.from({ length: 40 }, (_, i) => asked('sample', i, ''))]],
		['a calibration of which one value is good', [[asked('calibrate', 0, '', '{"temperature":21,"humidity":999}')]]],
		['the interval set again and again', [Array.from({ length: 10 }, (_, i) => asked('interval', i, '', i % 2 ? '86400000' : '60000'))]],
		['lines forged in a name', [[message('\r\nFORGED stopped', '')], [message('x\nFORGED', '{"id":"t1:"}', 't1:')], [message('\x1b[2JFORGED', '')]]],
	])('%s', async (_what, inputs) => expect(told(await given(inputs))).toEqual([]));

	it('commands on topics that it never asked for', async () => {
		const before = BASE.length + 4;
		const topics = [`${'x'.repeat(before)}/stop`, `${'a/'.repeat(before / 2)}/restart`, `${'é'.repeat(before / 2)}/sample`];
		expect(told(await given(topics.map((topic) => [raw(publish(4, topic, '{"id":"foreign"}'))])))).toEqual([]);
	});

	it('many commands behind a stop', async () => {
		const behind = Array.from({ length: 60 }, (_, i) => asked('nothing-known-here-at-all-xxxxxxxxxxxxx', 20 + i, 'x'.repeat((i * 37) % 150)));
		const inputs = [...Array.from({ length: 8 }, (_, i) => asked('sample', i, '')), asked('stop', 9, ''), ...behind];
		// A packet is half out when more commands come; they are answered at once.
		const group: Group = { seed: 's', number: 0, situation: 'a socket that takes little', inputs, gapMs: 1 };
		expect(told(await given([inputs], 4, { groups: [group] }))).toEqual([]);
	});

	it('reasons of a broker of MQTT 5.0 that would be lines of their own', async () => {
		const reason = Buffer.from('\nFORGED online\x1b[2J');
		const property = Buffer.concat([Buffer.of(0x1f, 0, reason.length), reason]);
		const disconnect = Buffer.concat([Buffer.of(0xe0, property.length + 2, 0x8b, property.length), property]);
		expect(told(await given([[raw(disconnect, false)]], 5))).toEqual([]);
	});
});

describe.concurrent('hostile input from a seed', () => {
	// One node for each version.
	const GROUPS = 32;
	it.each([[4, 0], [5, GROUPS_IN_A_BLOCK]] as const)('leaves a node of version %i well', async (_version, first) => {
		const outcome = await runGroups({ seed: SEED, first, count: GROUPS });
		expect(told(outcome)).toEqual([]);
		expect(outcome.inputs).toBeGreaterThan(200);
		expect(Object.keys(outcome.situations).length).toBeGreaterThan(8);
		expect(outcome.memoryMax).toBeGreaterThan(10_000);
	});

	it('is the same each time, and a group is the same whatever came before it', () => {
		expect(groupOf(SEED, 17)).toEqual(groupOf(SEED, 17));
		expect(groupOf(SEED, 17)).not.toEqual(groupOf(SEED + 1, 17));
	});
});

/** The firmware with a fault. `$1` is what the pattern has found; what is put behind it may use the names that it has caught. */
async function planted(pattern: RegExp, fault: string): Promise<string> {
	const script = await bundleOnce(MAIN, 'nodemcu');
	const broken = script.replace(pattern, `$1 ${fault}`);
	expect(broken).not.toBe(script);
	return broken;
}

const MESSAGE = /(var BrokerClient = class [^]*?\bonMessage\((\w+), (\w+), (\w+), (\w+), (\w+)[^)]*\) \{)/;
const SAMPLER = /(var Sampler = class [^]*?\bpoll\((\w+)\) \{)/;
const PUT = /(var ReadingQueue = class [^]*?\bput\(()\) \{)/;
const LINE = /(var DeviceSerial = class [^]*?\bput\((\w+)\) \{)/;
/** Whether the payload begins with "!". */
const MARKED = '$2[$5] === 0x21';

describe('the campaign complains of a firmware that', () => {
	const harmless = Array.from({ length: 3 }, (_, i) => [asked('nothing', i, '')]);
	const marked = [[asked('nothing', 0, '')], [message('nothing', '!')]];

	it.each<[what: string, pattern: RegExp, fault: string, inputs: readonly (readonly Input[])[], complaint: RegExp]>([
		['throws at a message', MESSAGE, `if (${MARKED}) throw new Error("planted");`, marked, /^boot: the node ended: uncaught Error: planted/m],
		['restarts at a message', MESSAGE, `if (${MARKED}) System.restart();`, marked, /^boot: the node restarted, and nobody had asked for it/m],
		['goes deaf', MESSAGE, `if (${MARKED}) this.deaf = true; if (this.deaf) return;`, marked, /^deaf: the node is online and does not answer/m],
		['carries out what it is told twice', MESSAGE, 'if (!this.again) { this.again = true; this.onMessage(...arguments); this.again = false; }', harmless, /^result: a command was answered 2 times/m],
		['answers some commands and not others', MESSAGE, 'if ($2[$5 + 7] === 0x74) return;', harmless, /^result: 1 commands got no result/m],
		['stops sampling', SAMPLER, 'if ($2 > 10_000 && $2 < 600_000) return 600_000;', [...harmless, ...harmless], /^sampling: nothing was measured for [\d.]+ s, at an interval of 5 s/m],
		['loses a reading', PUT, 'if (this.reading.seq === 2) return;', harmless, /^lost: /m],
		['lets control characters through to its log', LINE, 'this.byte(7);', harmless, /^log: a log line was forged or has control characters/m],
	])('%s', async (_what, pattern, fault, inputs, complaint) => {
		const script = await planted(pattern, fault);
		const outcome = await given(inputs, 4, { script, engine: 'node', weighEvery: 1 });
		expect(told(outcome).join('\n')).toMatch(complaint);
	});

	it('holds more and more memory', async () => {
		// By the clock, not by turns of the loop, so that it grows as much whatever else the node does. And the limit must not be met first.
		const script = await planted(SAMPLER, 'if ($2 >= (this.leakAt ??= 0)) { this.leakAt += 40_000; (this.leak ??= []).push(new Uint8Array(8)); }');
		const outcome = await given(Array.from({ length: 8 }, (_, i) => [asked('nothing', i, '')]), 4, { script, weighEvery: 1, memoryMax: Infinity });
		expect(told(outcome).join('\n')).toMatch(/^memory: the node holds \d+ bytes more than at first/m);
	});

	it('falls by one of many inputs, and names that one', async () => {
		// Only a byte order mark begins so; of what is taken whole.
		const isMarked = (each: Input['message']): boolean => each?.payload[0] === 0xff && each.payload[1] === 0xfe && each.topic.startsWith(`${BASE}/set/`) && each.topic.length + each.payload.length < 340;
		const script = await planted(MESSAGE, `if ($2[$5] === 0xff && $2[$5 + 1] === 0xfe) throw new Error("planted");`);
		const number = Array.from({ length: 4_000 }, (_, i) => i).find((i) => {
			const { situation, inputs } = groupOf(SEED, i);
			return situation === 'calm' && inputs.length > 4 && inputs.length < 60 && inputs.filter(({ message: each }) => isMarked(each)).length === 1;
		});
		const place = groupOf(SEED, number!).inputs.findIndex(({ message: each }) => isMarked(each));
		const { failures } = await runGroups({ seed: SEED, first: number!, count: 1, minimise: true, script, engine: 'node' });
		expect(failures[0]).toMatchObject({ only: [place], command: `npm run hostile -- --seed ${SEED} --group ${number} --only ${place}` });
		expect(failures[0]!.sentence).toContain('planted');
	});
});
