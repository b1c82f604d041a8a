import { describe, expect, it } from 'vitest';
import { changedBy, completed, withDefaults, fieldOf, fingerprint, forgetFurther, FIELDS, FURTHER_KEYS, missingKey, settingsProblem, tlsKey } from '../../src/settings/settings.js';

describe('settings', () => {
	it('may all be left out but the network and the broker', () => {
		expect(settingsProblem({})).toBe('');
		expect(missingKey({})).toContain('ssid');
		expect(missingKey({ ssid: 'attic' })).toContain('host');
		expect(missingKey({ ssid: 'attic', host: 'broker.lan' })).toBe('');
	});

	it('have defaults that they themselves allow, and keys that fit the chip', () => {
		for (const { key, initial } of FIELDS) {
			expect(settingsProblem({ [key]: initial }), key).toBe('');
			expect(key.length, key).toBeLessThanOrEqual(15);
		}
	});

	it('derive client id and topics from the node', () => {
		expect(withDefaults({ node: 'porch' })).toMatchObject({ clientId: 'telltale-porch', base: 'telltale/porch', intervalMs: 10_000 });
		expect([withDefaults({}).port, withDefaults({ tls: true }).port, withDefaults({ tls: true, port: 443 }).port]).toEqual([1883, 8883, 443]);
		expect(withDefaults({ node: 'porch', base: 'home/porch', clientId: 'x' })).toMatchObject({ clientId: 'x', base: 'home/porch' });
	});

	it.each([
		[{ intervalMs: 5 }, 'intervalMs is 5; it must be a whole number from 1000 to 86400000.'],
		[{ intervalMs: '5000' }, 'intervalMs is "5000"; it must be a whole number from 1000 to 86400000.'],
		[{ intervalMs: 1000.5 }, 'intervalMs is 1000.5; it must be a whole number from 1000 to 86400000.'],
		[{ intervalMs: 1e300 }, 'intervalMs is a number beyond all bounds; it must be a whole number from 1000 to 86400000.'],
		[{ intervalMs: -0.25 }, 'intervalMs is -0.25; it must be a whole number from 1000 to 86400000.'],
		[{ intervalMs: 86_400_000_001 }, 'intervalMs is 86400000001; it must be a whole number from 1000 to 86400000.'],
		[{ intervalMs: null }, 'intervalMs is null; it must be a whole number from 1000 to 86400000.'],
		[{ sensors: ['tmp36'] }, 'sensors is a list; it must be names of parts divided by commas, like tmp36,sht3x, or a list as [{"part":"tmp36"}], of at most 600 bytes.'],
		[{ node: {} }, 'node is an object; it must be 1 to 23 of a-z, 0-9 and "-", beginning with a letter or digit.'],
		[{ port: 65536 }, 'port is 65536; it must be a whole number from 1 to 65535.'],
		[{ cleanSession: 1 }, 'cleanSession is 1; it must be true or false.'],
		[{ node: 'Porch' }, 'node is "Porch"; it must be 1 to 23 of a-z, 0-9 and "-", beginning with a letter or digit.'],
		[{ base: 'a/+/b' }, 'base is "a/+/b"; it must be at most 40 characters in levels of A-Z, a-z, 0-9, ".", "_", "-" divided by "/".'],
		[{ base: '/a' }, 'base is "/a"; it must be at most 40 characters in levels of A-Z, a-z, 0-9, ".", "_", "-" divided by "/".'],
		[{ base: '$SYS' }, 'base is "$SYS"; it must be at most 40 characters in levels of A-Z, a-z, 0-9, ".", "_", "-" divided by "/".'],
		[{ host: 'mqtt://x' }, 'host is "mqtt://x"; it must be a host name or an IPv4 address of at most 63 characters.'],
		[{ ssid: 'é'.repeat(17) }, `ssid is "${'é'.repeat(17)}"; it must be at most 32 bytes, without control characters.`],
		[{ user: `a\u0000${'b'.repeat(70)}` }, `user is "a?${'b'.repeat(56)}…; it must be at most 64 bytes, without control characters.`],
		[{ restartAfterMs: 1 }, 'restartAfterMs is 1; it must be a whole number from 900000 to 604800000, or 0 for never.'],
		[{ sensors: 'é' }, 'sensors is "é"; it must be names of parts divided by commas, like tmp36,sht3x, or a list as [{"part":"tmp36"}], of at most 600 bytes.'],
	])('refuse %j in one sentence', (settings, sentence) => {
		expect(settingsProblem(settings)).toBe(sentence);
	});

	it('let restartAfterMs be 0, for never, and nothing else below its least value', () => {
		expect([0, 900_000, 899_999].map((restartAfterMs) => settingsProblem({ restartAfterMs }) === '')).toEqual([true, true, false]);
		expect(withDefaults({ restartAfterMs: 0 }).restartAfterMs).toBe(0);
		expect(withDefaults({}).restartAfterMs).toBe(21_600_000);
	});

	it('never show a secret', () => {
		expect(settingsProblem({ passphrase: 'short' })).toBe('passphrase is not usable; it must be empty (open network), 8 to 63 ASCII characters, or 64 hexadecimal digits.');
		expect(settingsProblem({ user: 'me', password: 'a\u0000b' })).not.toContain('\u0000');
	});

	it('refuse an unknown key by naming the known ones', () => {
		expect(settingsProblem({ intervall: 5000 })).toMatch(/^Unknown setting "intervall": known are node, ssid, .*setUpCode\.$/);
	});

	it('refuse a password without a user, which MQTT 3.1.1 cannot send', () => {
		expect(settingsProblem({ password: 'x' })).toMatch(/^password is given without user/);
	});

	const ONE = { ssid: 'attic', host: 'broker.lan' };
	it.each([
		[{ ...ONE, ssid2: 'cellar', passphrase2: 'secret12', address2: '10.0.0.9/24', gateway2: '10.0.0.1', nameServer2: '10.0.0.2', ssid3: 'shed' }, ''],
		[{ ...ONE, host2: 'b', port2: 1884, tls2: true, alpn2: 'mqtt', user2: 'me', password2: 'x', host3: 'c' }, ''],
		[{ ...ONE, host3: 'c', ssid3: 'shed' }, ''],
		[{ ...ONE, port2: 1883, tls2: false, passphrase3: '', user2: '' }, ''],
		[{ ssid2: 'cellar' }, 'ssid2 is given without ssid: the first network has no digit behind its keys.'],
		[{ ssid: 'attic', host3: 'c' }, 'host3 is given without host: the first broker has no digit behind its keys.'],
		[{ ...ONE, passphrase2: 'secret12' }, 'passphrase2 is given without ssid2: that is what makes another network.'],
		[{ ...ONE, host2: 'b', user3: 'me' }, 'user3 is given without host3: that is what makes another broker.'],
		[{ ...ONE, host2: 'b', user: 'me', password2: 'x' }, 'password2 is given without user2: MQTT 3.1.1 sends none without the other (§3.1.2.9).'],
		[{ ...ONE, gateway: '10.0.0.1' }, 'gateway is given without address: without an own address both come from DHCP.'],
		[{ ...ONE, address: '10.0.0.9/24', ssid2: 'cellar', nameServer2: '10.0.0.1' }, 'nameServer2 is given without address2: without an own address both come from DHCP.'],
		[{ ...ONE, host2: 'mqtt://x' }, 'host2 is "mqtt://x"; it must be a host name or an IPv4 address of at most 63 characters.'],
		[{ ...ONE, ssid2: 'cellar', passphrase2: 'short' }, 'passphrase2 is not usable; it must be empty (open network), 8 to 63 ASCII characters, or 64 hexadecimal digits.'],
		[{ ...ONE, address: '10.0.0.9' }, 'address is "10.0.0.9"; it must be an IPv4 address with the length of its network, like 192.168.1.9/24.'],
	])('of several networks and brokers: %j', (settings, sentence) => {
		expect(settingsProblem(settings)).toBe(sentence);
	});

	it.each(['host1', 'host4', 'host22', 'node2', 'intervalMs2', '2', ''])('know no key %j', (key) => {
		expect(settingsProblem({ [key]: 'x' })).toMatch(/^Unknown setting/);
	});

	it('have a row for each key of a further network and broker', () => {
		expect(FURTHER_KEYS.length).toBe(2 * (5 + 6));
		for (const key of FURTHER_KEYS) {
			expect(fieldOf(key)!.key).toBe(key.slice(0, -1));
			expect(key.length).toBeLessThanOrEqual(15);
		}
	});

	it('of a further entry count in the fingerprint where they are not as usual', () => {
		const of = (more: object) => fingerprint({ ...ONE, ...more });
		expect(of({ host2: '', port2: 1883, tls2: false, passphrase3: '' })).toBe(of({}));
		expect(of({ tls2: true, port2: 8883 })).toBe(of({ tls2: true }));
		const different = [{}, { host2: 'b' }, { host3: 'b' }, { host2: 'b', port2: 1 }, { ssid2: 'b' }, { address: '10.0.0.9/24' }].map(of);
		expect(new Set(different).size).toBe(different.length);
	});

	it('of further entries are not kept in RAM but where the image has them', () => {
		const image = Object.freeze({ ssid: 'attic', host: 'broker.lan', host2: 'image.lan' });
		const changed = changedBy({ host2: 'b', password3: 'secret', port: 99 }, image);
		forgetFurther(changed);
		expect(Object.keys(changed)).toEqual(['port']);
		expect(changed.host2).toBe('image.lan');
	});

	it('tell which broker is to be reached by TLS', () => {
		expect([tlsKey({ tls: true, tls2: true }), tlsKey({ tls3: true }), tlsKey({ tls2: false })]).toEqual(['tls', 'tls3', '']);
	});

	it('refuse what stands for all nodes, as a name and as topics', () => {
		const sentence = (key: string, value: string) => `${key} is "${value}", which stands for all nodes in the topics of commands; give it another.`;
		expect(settingsProblem({ node: 'all' })).toBe(sentence('node', 'all'));
		expect(settingsProblem({ base: 'telltale/all' })).toBe(sentence('base', 'telltale/all'));
		expect(settingsProblem({ root: 'home', base: 'home/all/set' })).toBe(sentence('base', 'home/all/set'));
		for (const settings of [{ root: 'home', base: 'telltale/all' }, { base: 'telltale/allotment' }, { base: 'all' }, { root: 'all' }, { node: 'hall' }]) expect(settingsProblem(settings)).toBe('');
	});

	it('follow the root of all topics', () => {
		expect(withDefaults({ node: 'porch', root: 'home/lab' }).base).toBe('home/lab/porch');
		expect(withDefaults({ node: 'porch', root: '' })).toMatchObject({ root: 'telltale', base: 'telltale/porch' });
		expect(withDefaults(changedBy({ root: 'home' }, Object.freeze(completed({ node: 'porch' }))))).toMatchObject({ base: 'home/porch' });
	});

	it.each(['12345678', 'p'.repeat(63), 'aB3'.repeat(21) + 'f', ''])('take the passphrase %j', (passphrase) => {
		expect(settingsProblem({ passphrase })).toBe('');
	});

	it.each(['1234567', 'p'.repeat(64), 'schlüssel-wort', 'tab\there'])('do not take the passphrase %j', (passphrase) => {
		expect(settingsProblem({ passphrase })).not.toBe('');
	});

	it('that the image says are read from there: only what differs is kept in RAM', () => {
		const image = Object.freeze(completed({ node: 'porch', restartAfterMs: 0 }));
		expect(Object.keys(image).sort()).toEqual(FIELDS.map(({ key }) => key as string).sort());
		const config = withDefaults(Object.freeze(Object.create(image, { intervalMs: { value: 60_000, enumerable: true } })));
		expect(Object.keys(config)).toEqual([]);
		expect([config.intervalMs, config.clientId, config.restartAfterMs, config.cleanSession]).toEqual([60_000, 'telltale-porch', 0, false]);
	});

	it('have a fingerprint that changes with any of them', () => {
		const prints = [{}, { node: 'a' }, { node: 'b' }, { intervalMs: 1000 }, { intervalMs: 2000 }, { cleanSession: true }].map(fingerprint);
		expect(new Set(prints).size).toBe(prints.length);
		expect(prints.every((print) => Number.isInteger(print) && print === (print | 0))).toBe(true);
	});

	it('have the same fingerprint in an image, which says them all', () => {
		for (const settings of [{}, { node: 'porch', ssid: 'attic' }, { node: 'porch', base: 'home/porch', tls: true }]) {
			expect(fingerprint(completed(settings))).toBe(fingerprint(settings));
			expect(fingerprint(completed({ ...settings, keepAliveMs: 5_000 }))).not.toBe(fingerprint(settings));
		}
	});

	it('that follow from others follow anew from what is changed, unless they were given', () => {
		const image = Object.freeze(completed({ node: 'porch' }));
		const changed = changedBy({ node: 'attic', tls: true, intervalMs: 7_000 }, image);
		expect(withDefaults(changed)).toMatchObject({ node: 'attic', clientId: 'telltale-attic', base: 'telltale/attic', port: 8883, intervalMs: 7_000 });
		const given = Object.freeze(completed({ node: 'porch', clientId: 'x', port: 444 }));
		expect(withDefaults(changedBy({ node: 'attic', tls: true, base: 'b' }, given))).toMatchObject({ clientId: 'x', base: 'b', port: 444 });
		// Nothing but what differs takes room.
		expect(Object.keys(changedBy({ intervalMs: 7_000 }, image))).toEqual(['intervalMs']);
		expect(Object.keys(withDefaults(changedBy({ intervalMs: 7_000 }, image)))).toEqual([]);
	});

	it('keep the fingerprint that the first firmware gave them, though there are more by now', () => {
		// Made by that firmware (commit d715923).
		expect(fingerprint({})).toBe(761_673_926);
		expect(fingerprint({ node: 'porch', ssid: 'attic', host: 'broker.lan', intervalMs: 60_000, cleanSession: true })).toBe(734_148_257);
	});
});
