// telltale configure --from: many nodes from a table, and what mosquitto makes of the files for it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LEAVES } from '../../cli/mosquitto-files.js';
import { mosquitto } from '../../simulator/field/mosquitto.js';
import { startSimulation } from '../../simulator/simulation.js';
import { MOSQUITTO, mosquittoMissing } from '../support/brokers.js';
import { pace, patient, rest, until } from '../support/patience.js';
import { inside, Run } from './support.js';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'telltale-fleet-'))));
const closers: (() => unknown)[] = [];
afterEach(async () => {
	for (const close of closers.splice(0).reverse()) await close();
	rmSync(folder, { recursive: true });
});

const COMMON = ['--ssid', 'attic', '--host', '192.168.1.5'];
async function fleet(table: string | Buffer, ...words: string[]) {
	await writeFile(join(folder, 'nodes.csv'), table);
	return inside(['configure', '--from', 'nodes.csv', '--out', 'house', ...words], { cwd: folder });
}
const text = (name: string) => readFileSync(join(folder, 'house', name), 'utf8');
const json = (name: string) => JSON.parse(text(name)) as Record<string, unknown>;

describe('telltale configure --from', () => {
	it('writes a file for each node from the common file, the options and its row, for its owner alone', async () => {
		await writeFile(join(folder, 'common.json'), JSON.stringify({ ssid: 'attic', host: '192.168.1.5', intervalMs: 5000, sensors: 'tmp36' }));
		const { status, out, err } = await fleet('node,intervalMs,sensors\nporch,,\ncellar,60000,sht3x\n', '--common', 'common.json', '--sensors', 'tmp36,sht3x');
		expect([status, err]).toEqual([0, '']);
		expect(out.split('\n')).toEqual([
			'Wrote the settings of 2 nodes to house; only you can read them.',
			expect.stringMatching(/^Nodes that share a user, or have none, .*--passwords/),
			'Next: npx telltale flash --board nodemcu --config house/porch.json', '',
		]);
		expect(json('porch.json')).toEqual({ node: 'porch', ssid: 'attic', host: '192.168.1.5', intervalMs: 5000, sensors: 'tmp36,sht3x' });
		expect(json('cellar.json')).toEqual({ node: 'cellar', ssid: 'attic', host: '192.168.1.5', intervalMs: 60000, sensors: 'sht3x' });
		expect((await readdir(join(folder, 'house'))).sort()).toEqual(['.gitignore', 'README.txt', 'cellar.json', 'porch.json']);
		expect(statSync(join(folder, 'house')).mode & 0o777).toBe(0o700);
		expect(statSync(join(folder, 'house/porch.json')).mode & 0o777).toBe(0o600);
	});

	it.each([
		['of a spreadsheet: a mark, semicolons, CRLF', '\ufeffnode;ssid;passphrase\r\nporch;"a;b";"say ""hello"""\r\ncellar;attic;correct horse\r\n'],
		['with tabs, and without an end of the last line', 'node\tssid\tpassphrase\nporch\t"a;b"\t"say ""hello"""\ncellar\tattic\tcorrect horse'],
		['with commas and the ends of lines of an old Mac', 'node,ssid,passphrase\rporch,a;b,"say ""hello"""\rcellar,attic,correct horse\r'],
	])('takes a table %s', async (_what, table) => {
		const { status, err } = await fleet(table, '--host', 'broker');
		expect([status, err]).toEqual([0, '']);
		expect(json('porch.json')).toMatchObject({ ssid: 'a;b', passphrase: 'say "hello"' });
		expect(json('cellar.json')).toMatchObject({ ssid: 'attic', passphrase: 'correct horse' });
	});

	// By number, since some are long.
	it.each([
		['', 'nodes.csv is empty: its first line holds keys of settings, like node,ssid,host, and each line below it a node.'],
		['node,interval\nporch,5', /^nodes\.csv, line 1: unknown column "interval": did you mean "intervalMs"\?$/],
		['node,qos,node\nporch,1,x', 'nodes.csv, line 1: the column node stands there twice: leave one of them out.'],
		['node,qos\nporch,1\nnode,qos\ncellar,1', 'nodes.csv, line 3: the names of the columns stand there again: take the line out.'],
		['qos\n1', 'nodes.csv, line 1: the column node is missing: each node needs a name.'],
		['node,qos\n', 'nodes.csv holds no nodes: give each a line below the first.'],
		['node,qos\n,1', 'nodes.csv, line 2: node is missing: each needs a name.'],
		['node,qos\nporch,1\n,\ncellar,1', 'nodes.csv, line 3: the line is empty: take it out.'],
		['node,qos\nporch,1\n\n', 'nodes.csv, line 3: the line is empty: take it out.'],
		['node,qos\nporch,1,2', 'nodes.csv, line 2: there are 3 cells, and 2 columns: give each column one, empty where nothing is meant.'],
		['node,ssid\nporch,"a\r\nb"\ncellar,"x" y', 'nodes.csv, line 4: there is " " behind the quote that ends a cell: double a quote that is meant.'],
		['node,ssid\nporch,a "b"', 'nodes.csv, line 2: there is a quote within "a \\"b\\"": enclose the cell in quotes, and double each quote in it.'],
		['node,ssid\nporch, attic', 'nodes.csv, line 2: " attic" begins or ends with a space: take it out, or enclose the cell in quotes if it is meant.'],
		['node,ssid\nporch,"attic', 'nodes.csv, line 2: a quote is opened that nothing closes.'],
		['node,ssid\nporch,at\0tic', 'nodes.csv, line 2: there is a control character, which no CSV has: save it as "CSV UTF-8".'],
		['node,ssid\nporch,"a\nb"', 'nodes.csv, line 2: ssid is "a?b"; it must be at most 32 bytes, without control characters.'],
		['node,port\nporch,many', 'nodes.csv, line 2: port is "many"; it must be a whole number from 1 to 65535.'],
		['node,passphrase\nporch,short', /^nodes\.csv, line 2: passphrase is not usable; it must be [^\n]+\.$/],
		['node\nall', 'nodes.csv, line 2: node is "all", which stands for all nodes in the topics of commands; give it another.'],
		['node\nporch\nporch', 'nodes.csv, line 3: node is "porch", as in line 2: give each its own name.'],
		['node,clientId\nporch,\ncellar,telltale-porch', /^nodes\.csv, line 3: clientId is "telltale-porch", as in line 2: /],
		['node,base\nporch,\ncellar,telltale/porch', /^nodes\.csv, line 3: base is "telltale\/porch", as in line 2: /],
		['node,base\nporch,home\ncellar,home/cellar', 'nodes.csv, line 3: base is "home/cellar", which lies within that of line 2: give it another.'],
		['node,root,base\nporch,home,\ncellar,,home/all/x', 'nodes.csv, line 3: base is "home/all/x", which lies where the commands for all nodes are, home/all: give it another.'],
		['node,address\nporch,192.168.1.9/24\ncellar,192.168.1.9/16', /^nodes\.csv, line 3: address is "192\.168\.1\.9", as in line 2: only one of them/],
		['node,user,password\nporch,a,b\ncellar,a,c', /^nodes\.csv, line 3: user is "a", as in line 2: they could do each other's part/],
		['node,user,password\nporch,a,b\ncellar,,', /^nodes\.csv, line 3: user is missing, and other nodes have one: /],
		['node,user\nporch,a', /^nodes\.csv, line 2: password is missing, and other nodes have one: /],
		['node,user,password\nporch,a:b,c', /^nodes\.csv, line 2: user: "a:b" cannot stand in mosquitto's files: /],
		['node,password\nporch,secret', /^nodes\.csv, line 2: password is given without user: [^\n]+$/],
		[`node,user\nporch,${'u'.repeat(1_000_000)}`, /^nodes\.csv, line 2: user is "u{58}…; it must be at most 64 bytes, without control characters\.$/],
		[Buffer.from('node,ssid\nporch,caf\u00e9', 'latin1'), 'nodes.csv is not UTF-8: save it as "CSV UTF-8".'],
		[Buffer.alloc(100_000_000, 'node,'), 'nodes.csv has more than 16 MB: divide it into several files.'],
	] as const)('refuses table %#, in one sentence with its line, and writes nothing', async (table, sentence) => {
		const { status, out, err } = await fleet(table, ...COMMON);
		expect([status, out]).toEqual([1, '']);
		if (typeof sentence === 'string') expect(err).toBe(`${sentence}\n`);
		else expect(err.replace(/\n$/, '')).toMatch(sentence);
		expect(await readdir(folder)).toEqual(['nodes.csv']);
	});

	it('takes one address twice in two networks, and topics whose names only begin alike', async () => {
		const table = 'node,ssid,address,base\nporch,attic,192.168.1.9/24,home/a\ncellar,shed,192.168.1.9/24,home/ab\n';
		expect(await fleet(table, '--host', 'broker')).toMatchObject({ status: 0, err: '' });
	});

	it.each([
		[['--base', 'x'], 'base stands in the options for all nodes, and each needs its own: make it a column of the table, or leave it out.'],
		[['--passwords', '--user', 'u'], 'user stands in the options for all nodes, and each needs its own with --passwords: make it a column of the table, or leave it out.'],
		[['--operator', 'ann'], '--operator is given, and the nodes have no users of their own: add --passwords, or a column user.'],
		[['--passwords', '--viewer', 'porch'], '--viewer is "porch", a user that there is already: give another name.'],
		[['--passwords', '--operator', 'a b'], '--operator: "a b" cannot stand in mosquitto\'s files: use letters, digits, ".", "_", "@" and "-".'],
		[['--file', 'x.json'], '--file is of one node: leave it out with --from, which writes into the folder of --out.'],
		[['--out', 'nodes.csv', '--force'], 'nodes.csv is a file: name a folder with --out.'],
		[['--out', 'nowhere/house'], 'nowhere/house cannot be made: make the folder that it is in first.'],
	])('refuses %j in one sentence', async (words, sentence) => {
		const { out, err } = await fleet('node\nporch\n', ...COMMON, ...words);
		expect([out, err]).toEqual(['', `${sentence}\n`]);
	});

	it('says of what is no table, or stands without one, what is the matter', async () => {
		await mkdir(join(folder, 'sub'));
		const at = (...words: string[]) => inside(['configure', ...words], { cwd: folder });
		expect(await at('--from', 'sub', '--out', 'x')).toEqual({ status: 1, out: '', err: 'sub cannot be read, it is a folder: name a CSV file with --from.\n' });
		expect(await at('--from', 'no.csv', '--out', 'x')).toMatchObject({ status: 1, err: 'no.csv cannot be read, it is not there: name a CSV file with --from.\n' });
		expect(await at('--from', 'no.csv')).toMatchObject({ status: 2, err: '--out is missing: name the folder to make for the files.\n' });
		expect(await at(...COMMON, '--passwords')).toMatchObject({ status: 2, err: '--passwords goes with --from FILE only: name the table of the nodes with it, or leave it out.\n' });
	});

	it('finds the files of certificates from where they were named, and says whose are wrong', async () => {
		const { status, err } = await fleet('node,tls\nporch,true\n', ...COMMON, '--caFile', 'no.pem');
		expect([status, err]).toEqual([1, expect.stringMatching(/^nodes\.csv, line 2: caFile \S+no\.pem is not there: [^\n]+\n$/)]);
	});

	it('makes passwords, keeps them when it is run again with --force, and spares a folder that is not its own', async () => {
		const { out } = await fleet('node,user,password\nporch,,\ncellar,ada,lovelace\n', ...COMMON, '--passwords', '--operator', 'ann');
		const [porch, people] = [json('porch.json'), text('people.txt')];
		expect(porch).toMatchObject({ user: 'porch', password: expect.stringMatching(/^\w{16}$/) });
		expect(json('cellar.json')).toMatchObject({ user: 'ada', password: 'lovelace' });
		expect(people).toMatch(/^operator ann \w{16}\nviewer viewer \w{16}\n$/);
		// On the broker there are hashes alone, and on the terminal nothing.
		for (const secret of [porch['password'] as string, 'lovelace', ...people.match(/\w{16}/g)!]) for (const place of [text('passwords'), text('acl'), text('README.txt'), out]) expect(place).not.toContain(secret);
		expect(text('passwords')).toMatch(/^(\w+:\$7\$101\$[\w+/]{16}\$[\w+/]{86}==\n){4}$/);

		const again = await fleet('node\nporch\nshed\n', ...COMMON, '--passwords');
		expect(again).toEqual({ status: 1, out: '', err: 'house is there already: change it with --force, which keeps the passwords in it, or name another with --out.\n' });
		const more = await fleet('node\nporch\nshed\n', ...COMMON, '--passwords', '--force', '--operator', 'ann');
		expect(more.out).toContain('\nNo longer there: cellar.\n');
		expect([json('porch.json'), text('people.txt')]).toEqual([porch, people]);
		expect((await readdir(folder)).sort()).toEqual(['house', 'nodes.csv']);

		await writeFile(join(folder, 'house/mine.txt'), 'x');
		expect((await fleet('node\nporch\n', ...COMMON, '--force')).err).toBe('house holds "mine.txt", not only what this command has written: name another folder with --out.\n');
		await mkdir(join(folder, 'other'));
		await writeFile(join(folder, 'other/package.json'), '{}');
		expect((await fleet('node\nporch\n', ...COMMON, '--force', '--out', 'other')).err).toMatch(/^other holds other files, /);
		expect(readFileSync(join(folder, 'other/package.json'), 'utf8')).toBe('{}');
	});

	it('leaves nothing behind that it could not write whole', async () => {
		await writeFile(join(folder, 'nodes.csv'), 'node\nporch\ncellar\n');
		const words = [process.execPath, join(import.meta.dirname, '../../cli/telltale.mjs'), 'configure', '--from', 'nodes.csv', '--out', 'house', ...COMMON];
		const { status, stderr } = spawnSync('sh', ['-c', 'ulimit -f 0; exec "$@"', 'sh', ...words], { cwd: folder, encoding: 'utf8' });
		expect([status, stderr]).toEqual([1, 'house cannot be written: the disk is full.\n']);
		expect(await readdir(folder)).toEqual(['nodes.csv']);
	});

	it('writes a thousand nodes in five seconds, and nothing at Ctrl-C', async () => {
		const table = `node\n${Array.from({ length: 1_000 }, (_, index) => `n${index}\n`).join('')}`;
		const began = performance.now();
		expect((await fleet(table, ...COMMON, '--passwords')).status).toBe(0);
		expect(performance.now() - began).toBeLessThan(patient(5_000));
		expect((await readdir(join(folder, 'house'))).length).toBe(1_000 + 5);
		const run = new Run(['configure', '--from', 'nodes.csv', '--out', 'other', ...COMMON, '--passwords'], { cwd: folder });
		const beside = join(folder, `other.${run.process.pid}`);
		await until(() => existsSync(beside) || run.process.exitCode !== null, 20_000, () => run.err, 1);
		run.process.kill('SIGINT');
		expect(await run.ended).toEqual({ status: 130, out: '', err: 'Stopped before anything was written.\n' });
		expect((await readdir(folder)).sort()).toEqual(['house', 'nodes.csv']);
	});

	it('does what docs/fleet.md says', async () => {
		const page = readFileSync(join(import.meta.dirname, '../../docs/fleet.md'), 'utf8');
		await writeFile(join(folder, 'nodes.csv'), /```\n(node,[\s\S]*?)```/.exec(page)![1]!);
		const commands = [...page.matchAll(/^npx telltale (configure .*)$/gm)].map(([, words]) => [...words!.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!));
		// What goes to a board is tried in configure-port.test.ts.
		expect(commands.splice(2)).toEqual([['configure', '--port', '--file', 'house/porch.json']]);
		expect(commands.length).toBe(2);
		for (const words of commands) expect(await inside(words, { cwd: folder })).toMatchObject({ status: 0, err: '' });
		expect(json('roof-3.json')).toEqual({ node: 'roof-3', ssid: 'attic', passphrase: 'secret passphrase', host: '192.168.1.10', user: 'roof-3', password: expect.stringMatching(/^\w{16}$/), sensors: 'tmp36' });
		for (const line of text('README.txt').split('\n').filter((each) => /^ {8}\w/.test(each))) expect(page).toContain(`\n${line.trim()}\n`);
	});

	it('knows each topic that a node publishes', () => {
		const page = readFileSync(join(import.meta.dirname, '../../docs/topics.md'), 'utf8');
		expect([...LEAVES].sort()).toEqual([...page.matchAll(/^\| `<base>\/(\w+)` \|/gm)].map(([, leaf]) => leaf).sort());
	});
});

describe.skipIf(mosquittoMissing)('mosquitto with the files of telltale configure --from', () => {
	async function started(table: string) {
		expect(await fleet(table, ...COMMON, '--passwords')).toMatchObject({ status: 0, err: '' });
		const lines = ['allow_anonymous false', `acl_file ${join(folder, 'house/acl')}`, `password_file ${join(folder, 'house/passwords')}`];
		const server = await mosquitto.make({ lines });
		closers.push(() => server.dispose());
		await server.start();
		const passwords = new Map([...text('people.txt').matchAll(/^\S+ (\S+) (\S+)$/gm)].map(([, user, password]) => [user!, password!]));
		const client = async (username: string, password = passwords.get(username) ?? String(json(`${username}.json`)['password'])): Promise<MqttClient> => {
			const made = await connectAsync(`mqtt://127.0.0.1:${server.port}`, { username, password, protocolVersion: 5, reconnectPeriod: 0 });
			closers.push(() => made.endAsync(true));
			return made;
		};
		return { port: server.port, client };
	}

	it('lets each node and each person do their part and nothing else', async () => {
		const { client } = await started('node,root,base\nporch,,\ncellar,,\nattic,home,\nshed,,garden/shed\n');
		await expect(client('porch', 'wrong')).rejects.toThrow();
		await expect(client('nobody', 'wrong')).rejects.toThrow();
		const users = ['porch', 'cellar', 'attic', 'shed', 'operator', 'viewer'];
		const clients = new Map<string, MqttClient>();
		const heard = new Map<string, string[]>();
		for (const user of users) {
			const made = await client(user);
			clients.set(user, made);
			heard.set(user, []);
			made.on('message', (topic, payload) => heard.get(user)!.push(`${topic} of ${payload}`));
			// mosquitto grants any subscription, and holds each message against the list.
			await made.subscribeAsync(['#', '$SYS/#']);
		}
		const topics = ['telltale/porch/readings', 'telltale/porch/status', 'telltale/porch/set/stop', 'telltale/cellar/readings', 'telltale/cellar/set/stop', 'telltale/all/set/sample',
			'home/attic/set/stop', 'home/all/set/sample', 'garden/shed/info', 'garden/shed/set/stop', 'telltale/viewer/readings', 'telltale', 'elsewhere', '$SYS/x'];
		const may: Record<string, string[]> = {};
		for (const [user, { publishAsync }] of [...clients].map(([user, made]) => [user, { publishAsync: made.publishAsync.bind(made) }] as const)) {
			may[user] = [];
			for (const topic of topics) await publishAsync(topic, user, { qos: 1 }).then(() => may[user]!.push(topic), (fault: Error) => expect(fault.message).toMatch(/not authorized/i));
		}
		const sets = topics.filter((topic) => topic.includes('/set/'));
		expect(may).toEqual({
			porch: ['telltale/porch/readings', 'telltale/porch/status', 'telltale/porch/set/stop'],
			cellar: ['telltale/cellar/readings', 'telltale/cellar/set/stop'],
			attic: ['home/attic/set/stop'],
			shed: ['garden/shed/info', 'garden/shed/set/stop'],
			operator: sets, viewer: [],
		});
		// What was to come has come before this is answered.
		for (const each of clients.values()) await each.subscribeAsync('end');
		const from = (user: string, ...topics: string[]) => topics.map((topic) => `${topic} of ${user}`);
		const readings = [...from('porch', 'telltale/porch/readings', 'telltale/porch/status'), ...from('cellar', 'telltale/cellar/readings'), ...from('shed', 'garden/shed/info')];
		const commands = [...from('porch', 'telltale/porch/set/stop'), ...from('cellar', 'telltale/cellar/set/stop'), ...from('attic', 'home/attic/set/stop'), ...from('shed', 'garden/shed/set/stop'), ...from('operator', ...sets)];
		const sorted = (list: readonly string[]) => [...list].sort();
		expect(Object.fromEntries([...heard].map(([user, list]) => [user, sorted(list)]))).toEqual({
			porch: sorted([...from('porch', 'telltale/porch/status', 'telltale/porch/set/stop'), ...from('operator', 'telltale/porch/set/stop', 'telltale/all/set/sample')]),
			cellar: sorted([...from('cellar', 'telltale/cellar/set/stop'), ...from('operator', 'telltale/cellar/set/stop', 'telltale/all/set/sample')]),
			attic: sorted([...from('attic', 'home/attic/set/stop'), ...from('operator', 'home/attic/set/stop', 'home/all/set/sample')]),
			shed: sorted([...from('shed', 'garden/shed/set/stop'), ...from('operator', 'garden/shed/set/stop', 'telltale/all/set/sample')]),
			operator: sorted([...readings, ...commands]),
			viewer: sorted(readings),
		});
	});

	it('serves the firmware, which lacks nothing under that list', async () => {
		const { port, client } = await started('node\nporch\n');
		const viewer = await client('viewer');
		const operator = await client('operator');
		const heard: string[] = [];
		viewer.on('message', (topic, payload) => heard.push(`${topic} ${payload}`));
		await viewer.subscribeAsync('telltale/#');
		const lines: string[] = [];
		// In 5.0 the broker says what it does not allow.
		const { ssid: _ssid, host: _host, ...settings } = json('porch.json');
		const simulation = await startSimulation({ brokerUrl: `mqtt://127.0.0.1:${port}`, seed: 1, speed: pace(60), settings: { ...settings, protocol: 5, intervalMs: 1000 }, onLine: (_, line) => lines.push(line) });
		closers.push(() => simulation.stop());
		const comes = (...parts: string[]) => until(() => parts.every((part) => heard.some((each) => each.startsWith(part))), 20_000, () => [...heard, ...lines].join('\n'));
		await comes('telltale/porch/status online', 'telltale/porch/info ', 'telltale/porch/readings ', 'telltale/porch/health ');
		await operator.publishAsync('telltale/porch/set/interval', '{"id":"own","value":2000}', { qos: 1 });
		await operator.publishAsync('telltale/all/set/sample', '{"id":"everyone"}', { qos: 1 });
		await comes('telltale/porch/result {"id":"own","name":"interval","ok":true', 'telltale/porch/result {"id":"everyone","name":"sample","ok":true');
		await rest(1);
		expect(lines.join('\n')).not.toMatch(/left out|refus|not allowed|hang/i);
	});

	it('knows the passwords that mosquitto_passwd would write, in the same form', () => {
		const file = join(folder, 'theirs');
		const { status, error } = spawnSync('mosquitto_passwd', ['-b', '-c', file, 'porch', 'secret']);
		if (error) return;
		expect([status, MOSQUITTO]).toEqual([0, MOSQUITTO]);
		expect(readFileSync(file, 'utf8')).toMatch(/^porch:\$7\$\d+\$[\w+/]{16}\$[\w+/]{86}==\n$/);
	});
});
