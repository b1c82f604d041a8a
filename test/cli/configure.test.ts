import { spawnSync } from 'node:child_process';
import { lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FIELDS } from '../../src/settings/settings.js';
import { inside, Run, telltale } from './support.js';

const root = join(import.meta.dirname, '../..');

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'telltale-'));
});
afterEach(() => rm(folder, { recursive: true }));

const configure = (...words: string[]) => inside(['configure', ...words], { cwd: folder });
const written = async (name = 'telltale.json') => JSON.parse(await readFile(join(folder, name), 'utf8'));
const WIFI = ['--ssid', 'attic', '--passphrase', 'correct horse', '--host', '192.168.1.5'];

describe('telltale configure, with every answer as an option', () => {
	it('writes what was given, of the right types, for its owner alone', async () => {
		const { status, out, err } = await telltale(['configure', ...WIFI, '--node', 'cellar', '--port', '1884', '--cleanSession', 'true', '--offsetMilliC', '-350'], { cwd: folder });
		expect([status, err]).toEqual([0, '']);
		expect(out).toMatch(/^Wrote telltale\.json/);
		expect(out).not.toContain('correct horse');
		expect(await written()).toEqual({ node: 'cellar', ssid: 'attic', passphrase: 'correct horse', host: '192.168.1.5', port: 1884, cleanSession: true, offsetMilliC: -350 });
		expect((await stat(join(folder, 'telltale.json'))).mode & 0o777).toBe(0o600);
	});

	it('has an option for every setting', async () => {
		const { out } = await configure('--help');
		for (const { key } of FIELDS) expect(out).toMatch(new RegExp(`--${key} [<[]`));
	});

	it('takes the keys of a second and third network and broker, which the help page names in one place, and shows those that are there', async () => {
		const { out } = await configure('--help');
		expect(out).toContain('--host2, --port2, --tls2');
		expect(out).not.toContain('--host2 <');
		const further = ['--ssid2', 'cellar', '--host2', 'b.lan', '--port2', '1884', '--user2', 'me', '--host3', '10.0.0.3'];
		const { status, err } = await inside(['configure', '--ssid', 'attic', '--host', 'broker', ...further], { cwd: folder, env: { TELLTALE_PASSWORD2: 'of two', TELLTALE_PASSWORD3: 'of nobody', TELLTALE_PASSPHRASE3: 'of nobody' } });
		expect([status, err]).toEqual([0, '']);
		expect(await written()).toEqual({ ssid: 'attic', host: 'broker', ssid2: 'cellar', host2: 'b.lan', port2: 1884, user2: 'me', password2: 'of two', host3: '10.0.0.3' });
		const shown = (await configure('--show')).out;
		expect(shown).toMatch(/^host2 +b\.lan$/m);
		expect(shown).toMatch(/^password2 +\*{8}$/m);
		expect(shown).not.toMatch(/^ssid3/m);
	});

	it('takes secrets from the environment too', async () => {
		await inside(['configure', '--ssid', 'attic', '--host', 'broker'], { cwd: folder, env: { TELLTALE_PASSPHRASE: 'from outside' } });
		expect(await written()).toMatchObject({ passphrase: 'from outside' });
	});

	it.each([
		[['--port', '99999'], 'port is 99999; it must be a whole number from 1 to 65535.'],
		[['--port', 'many'], 'port is "many"; it must be a whole number from 1 to 65535.'],
		[['--intervalMs', '1500.5'], 'intervalMs is 1500.5; it must be a whole number from 1000 to 86400000.'],
		[['--cleanSession', 'maybe'], 'cleanSession is "maybe"; it must be true or false.'],
		[['--passphrase', 'short'], 'passphrase is not usable; it must be empty (open network), 8 to 63 ASCII characters, or 64 hexadecimal digits.'],
		[['--host', 'a..b'], 'host is "a..b", which can be neither a host name nor an IPv4 address.'],
		[['--host', '256.1.1.1'], 'host is "256.1.1.1", which can be neither a host name nor an IPv4 address.'],
		[['--timeServer', '1.2.3'], 'timeServer is "1.2.3", which can be neither a host name nor an IPv4 address.'],
		[['--host', 'a-.b'], 'host is "a-.b", which can be neither a host name nor an IPv4 address.'],
		[['--host2', 'a..b'], 'host2 is "a..b", which can be neither a host name nor an IPv4 address.'],
		[['--passphrase2', 'long enough'], 'passphrase2 is given without ssid2: that is what makes another network.'],
		[['--password', 'p'], 'password is given without user: MQTT 3.1.1 sends none without the other (§3.1.2.9).'],
		[['--sensors', '[{"part":"tmp36","pin":"D9"}]'], 'sensors, entry 1: pin is "D9", which is no pin of a NodeMCU: it has A0, D0, D1, D2, D3, D4, D5, D6, D7, D8, RX, TX.'],
		[['--board', 'nodemcu', '--sensors', '[{"part":"sht3x","powerPin":"D4"}]'],
			'sensors, entry 1: powerPin cannot be D4 (the LED is on it, and it must be high at the start): it can be D5, D6, D7 or D0.'],
		[['--board', 'nodemcu', '--sensors', 'tmp36,hih4030'], 'sensors, entry 2: hih4030 needs a second analog input: nodemcu has one only; use an ESP32 or a part on I2C.'],
		[['--sensors', 'tmp63'], 'sensors names "tmp63", which is not known: known are tmp36, sht3x, hih4030, sht4x, shtc3, si7021, htu21d, aht10, aht20, am2320, bme280, dht22, dht11, hih5030, adc.'],
	])('refuses %j with one sentence and writes nothing', async (words, sentence) => {
		const { status, out, err } = await configure(...WIFI, ...words);
		expect([status, out, err]).toEqual([2, '', `${sentence}\n`]);
		await expect(written()).rejects.toThrow();
	});

	it('asks nothing without a terminal: what is missing is named', async () => {
		expect(await configure('--host', 'broker')).toEqual({ status: 2, out: '', err: 'ssid is missing: give the name of the Wi-Fi network with --ssid.\n' });
	});

	it('leaves a file that is there alone, and with --force changes only what is given', async () => {
		await configure(...WIFI, '--node', 'cellar');
		const again = await configure(...WIFI, '--node', 'attic');
		expect(again).toEqual({ status: 1, out: '', err: 'telltale.json is there already: change it with --force, or name another with --file.\n' });
		expect((await configure('--force', '--intervalMs', '5000')).status).toBe(0);
		expect(await written()).toMatchObject({ node: 'cellar', ssid: 'attic', intervalMs: 5000 });
		expect((await stat(join(folder, 'telltale.json'))).mode & 0o777).toBe(0o600);
	});

	it('leaves no file behind that it could not write whole, and the old one as it was', async () => {
		const limited = (...words: string[]) =>
			spawnSync('sh', ['-c', 'ulimit -f 0; exec "$@"', 'sh', process.execPath, join(root, 'cli/telltale.mjs'), 'configure', ...words], { cwd: folder, encoding: 'utf8' });
		const first = limited(...WIFI);
		expect([first.status, first.stderr]).toEqual([1, 'telltale.json cannot be written: the disk is full.\n']);
		expect(await readdir(folder)).toEqual([]);
		await configure(...WIFI);
		const before = await written();
		expect(limited('--force', '--node', 'attic').status).toBe(1);
		expect([await readdir(folder), await written()]).toEqual([['telltale.json'], before]);
	});

	it.each([['a file', 'real.json'], ['nothing yet', 'other.json']])('writes where a link leads to, %s, and leaves the link', async (_what, target) => {
		await configure(...WIFI, '--file', 'real.json');
		await symlink(target, join(folder, 'telltale.json'));
		expect((await configure(...WIFI, '--force', '--node', 'attic')).status).toBe(0);
		expect((await lstat(join(folder, 'telltale.json'))).isSymbolicLink()).toBe(true);
		expect(await written(target)).toMatchObject({ node: 'attic' });
	});

	it('is quiet when nobody reads what it shows any more', async () => {
		await configure(...WIFI);
		const run = new Run(['configure', '--show'], { cwd: folder });
		run.process.stdout.destroy();
		const { status, err } = await run.ended;
		expect([status, err]).toEqual([0, '']);
	});

	it('says what hinders it from writing', async () => {
		const { status, err } = await configure(...WIFI, '--file', 'nowhere/node.json');
		expect([status, err]).toEqual([1, 'nowhere/node.json cannot be written: make its folder first.\n']);
	});

	it('refuses a secret of the environment that is not UTF-8', async () => {
		const { status, err } = await inside(['configure', '--ssid', 'attic', '--host', 'broker'], { cwd: folder, env: { TELLTALE_PASSPHRASE: 'caf\ufffd caf\ufffd' } });
		expect([status, err]).toEqual([2, 'passphrase is not UTF-8: write it in that encoding.\n']);
	});

	it('says of a file what holds, and names the next command as a clone has it', async () => {
		const open = await configure('--ssid', 'attic', '--host', 'broker');
		expect(open.out).toBe('Wrote telltale.json; only you can read it.\nNext: npx telltale flash --board nodemcu\n');
		expect((await configure('--force', '--passphrase', 'correct horse')).out).toMatch(/^Wrote telltale\.json; only you can read it, since it holds secrets\.\n/);
	});

	it.each([
		['ELOOP', 'loop', /^loop cannot be read: its links lead in a circle\.\n$/],
		['ENAMETOOLONG', 'n'.repeat(5_000), /^n{20,}…n{20,} cannot be read: the name is too long\.\n$/],
		['ENOTDIR', 'real/file', /^real\/file cannot be read: a folder in its path is none\.\n$/],
	])('says of a file that cannot be read for %s what is the matter, in a short sentence', async (_code, name, sentence) => {
		await symlink('loop', join(folder, 'loop'));
		await writeFile(join(folder, 'real'), '{}');
		const read = await configure('--show', '--file', name);
		expect([read.status, read.out]).toEqual([1, '']);
		expect(read.err).toMatch(sentence);
		expect(read.err.length).toBeLessThan(300);
		for (const words of [['configure', ...WIFI, '--file', name], ['simulate', '--config', name], ['simulate', '--world', name], ['build', '--board', 'nodemcu', '--config', name]]) {
			const { status, err } = await inside(words, { cwd: folder });
			expect([status, err]).toEqual([1, expect.stringMatching(/^(?!Something)[^\n]{1,400}\n$/)]);
		}
	});

	it('shows a file without its secrets', async () => {
		await configure(...WIFI, '--user', 'me', '--password', 's3cret');
		const { status, out } = await configure('--show');
		expect(status).toBe(0);
		expect(out).toMatch(/^ssid +attic$/m);
		expect(out).toMatch(/^passphrase +\*{8}$/m);
		expect(out).toMatch(/^intervalMs +10000 {2}\(not in the file\)$/m);
		expect(out).not.toMatch(/s3cret|correct horse/);
	});
});

describe('A settings file', () => {
	const shown = async (text: string) => {
		await writeFile(join(folder, 'node.json'), text);
		const { status, out, err } = await configure('--show', '--file', 'node.json');
		expect([status, out]).toEqual([1, '']);
		return err;
	};

	it.each([
		['{\n\t"node": "cellar",\n\t"port": 1883,,\n}', 'node.json is not JSON: unexpected "," in line 3, column 15.\n'],
		['{"node": "cellar"', 'node.json is not JSON: the text ends too early in line 1, column 18.\n'],
		["{'node': 1}", 'node.json is not JSON: unexpected "\'" in line 1, column 2.\n'],
		['', 'node.json is not JSON: the text ends too early in line 1, column 1.\n'],
		['["cellar"]', 'node.json holds no settings: it must be one JSON object like {"node":"cellar","ssid":"…"}.\n'],
		['{\n"hots": "broker"\n}', 'node.json, line 2: unknown setting "hots": did you mean "host"?\n'],
		['{"xyzzy": 1}', /^node\.json, line 1: unknown setting "xyzzy": known are node, ssid, .*restartAfterMs, .*\.\n$/],
		['{\n\n"port": "1883"}', 'node.json, line 3: port is "1883"; it must be a whole number from 1 to 65535.\n'],
		['{"host": "a",\n"port": 1,\n"host": "b"}', 'node.json, line 3: "host" stands there twice: leave one of them out.\n'],
		['{"host": "a", "\\u0068ost": "b"}', 'node.json, line 1: "host" stands there twice: leave one of them out.\n'],
		['{"host": "256.1.1.1"}', 'node.json, line 1: host is "256.1.1.1", which can be neither a host name nor an IPv4 address.\n'],
		['{"password": "s3cret"}', /^node\.json: password is given without user: [^\n]+\n$/],
	])('%j is refused with its name, the place and one sentence', async (text, sentence) => {
		const err = await shown(text);
		if (typeof sentence === 'string') expect(err).toBe(sentence);
		else expect(err).toMatch(sentence);
	});

	it.each(['x', '(['])('with an unknown key of 100 KB, of %j, is refused in a short sentence with its line', async (unit) => {
		const key = unit.repeat(100_000 / unit.length);
		expect(await shown(`{"node": "a",\n"${key}": 1}`)).toMatch(/^node\.json, line 2: unknown setting "[x(\[]{59}…": known are [^\n]{1,400}\n$/);
	});

	it('that is no UTF-8 is refused', async () => {
		await writeFile(join(folder, 'node.json'), Buffer.from('{"ssid":"caf\u00e9"}', 'latin1'));
		expect(await configure('--show', '--file', 'node.json')).toEqual({ status: 1, out: '', err: 'node.json is not UTF-8: save it as such.\n' });
	});

	it('that is not there is one sentence too', async () => {
		const { status, err } = await configure('--show', '--file', 'other.json');
		expect([status, err]).toEqual([1, 'other.json is not there: make it with "npx telltale configure --file other.json".\n']);
	});
});
