import { describe, expect, it } from 'vitest';
import { readObject, Type } from '../../src/telemetry/json.js';
import { readChanges } from '../../src/telemetry/changes.js';
import { FIELDS, type Setting } from '../../src/settings/settings.js';

const MEMBERS = [{ key: 'value', type: Type.Object, slot: 0 }];

/** What a value that is this JSON changes, or why it cannot be used. */
function read(json: string): Record<string, Setting> | string {
	const bytes = new Uint8Array(Buffer.from(`{"value":${json}}`));
	const places = new Uint16Array(1);
	expect(readObject(bytes, 0, bytes.length, MEMBERS, places)).toBe('');
	const changes: Record<string, Setting> = {};
	return readChanges(bytes, places[0]!, changes) || changes;
}

describe('settings as they are sent', () => {
	it('are patches by their keys, of every type', () => {
		expect(read('{"ssid":"Zo\\u00eb \u{1f600}","port":1884,"tls":true,"retain":false,"protocol":"auto","offsetMilliC":-3e2}')).toEqual({
			ssid: 'Zoë 😀', port: 1_884, tls: true, retain: false, protocol: 'auto', offsetMilliC: -300,
		});
		expect(read('{"host2":"other.lan","password3":"x","protocol":5,"user":""}')).toEqual({ host2: 'other.lan', password3: 'x', protocol: 5, user: '' });
	});

	it('may be the list of parts, which is kept as its text', () => {
		const list = '[{"part":"tmp36"}, {"part":"sht3x","name":"outside","address":69}]';
		expect(read(`{"sensors":${list},"intervalMs":5000}`)).toEqual({ sensors: list, intervalMs: 5_000 });
		expect(read(`{"sensors":${JSON.stringify(list)}}`)).toEqual({ sensors: list });
		expect(read('{"host":["a"]}')).toBe('host is a list; it must be a host name or an IPv4 address of at most 63 characters');
		expect(read('{"sensors":7}')).toMatch(/^sensors is 7; it must be names of parts divided by commas/);
		expect(read('{"sensors":[1],"sensors":[2]}')).toBe('sensors stands twice');
		expect(read('{"wifi":{"ssid":["a"]}}')).toMatch(/^ssid is a list; it must be/);
	});

	it('may be one entry of a group, which is replaced whole', () => {
		expect(read('{"wifi":{"ssid":"attic"}}')).toEqual({ ssid: 'attic', passphrase: '', address: '', gateway: '', nameServer: '' });
		expect(read('{"wifi3":{}}')).toEqual({ ssid3: '', passphrase3: '', address3: '', gateway3: '', nameServer3: '' });
		expect(read('{"broker":{"host":"new.lan","user":"zoe"}}')).toEqual({ host: 'new.lan', port: 1_883, tls: false, alpn: '', user: 'zoe', password: '' });
		expect(read('{"intervalMs":5000,"broker2":{"tls":true,"host":"new.lan"}}')).toEqual({
			intervalMs: 5_000, host2: 'new.lan', port2: 8_883, tls2: true, alpn2: '', user2: '', password2: '',
		});
		expect(read('{"broker":{"port":99,"host":"a","tls":true},"wifi2":{"ssid":"b","passphrase":"12345678"}}')).toMatchObject({ port: 99, tls: true, ssid2: 'b', passphrase2: '12345678' });
	});

	it.each([
		['{}', 'value names no setting'],
		['{"passphrse":"x"}', 'there is no setting "passphrse"'],
		['{"ssid4":"x"}', 'there is no setting "ssid4"'],
		['{"node2":"x"}', 'there is no setting "node2"'],
		['{"__proto__":1}', 'there is no setting "__proto__"'],
		['{"":1}', 'there is no setting ""'],
		['{"\\n\\"\\u00e9":1}', 'there is no setting "?"?"'],
		[`{"${'k'.repeat(200)}":1}`, `there is no setting "${'k'.repeat(24)}..."`],
		['{"wifi":"attic"}', 'there is no setting "wifi"'],
		['{"wifi1":{}}', 'there is no setting "wifi1"'],
		['{"wifi22":{}}', 'there is no setting "wifi22"'],
		['{"wifi":{"host":"x"}}', 'there is no setting "wifi.host"'],
		['{"broker2":{"host2":"x"}}', 'there is no setting "broker2.host2"'],
		['{"ssid":{"a":1}}', 'ssid is an object; it must be one value'],
		['{"ssid":["a"]}', 'ssid is a list; it must be at most 32 bytes, without control characters'],
		['{"ssid":null}', 'ssid is null; it must be at most 32 bytes, without control characters'],
		['{"ssid":7}', 'ssid is 7; it must be at most 32 bytes, without control characters'],
		['{"ssid":"\\ud83d"}', 'ssid is not usable; it must be at most 32 bytes, without control characters'],
		['{"ssid":"a\\u0000b"}', 'ssid is "a?b"; it must be at most 32 bytes, without control characters'],
		[`{"ssid":"${'é'.repeat(17)}"}`, `ssid is "${'é'.repeat(17)}"; it must be at most 32 bytes, without control characters`],
		['{"port":1.5}', 'port is 1.5; it must be a whole number from 1 to 65535'],
		['{"port":1e9}', 'port is 1000000000; it must be a whole number from 1 to 65535'],
		['{"port":"1883"}', 'port is "1883"; it must be a whole number from 1 to 65535'],
		['{"tls":1}', 'tls is 1; it must be true or false'],
		['{"protocol":3}', 'protocol is 3; it must be 4 (MQTT 3.1.1), 5 (MQTT 5.0) or "auto"'],
		['{"ssid":"a","ssid":"b"}', 'ssid stands twice'],
		['{"ssid":"a","wifi":{"ssid":"b"}}', 'ssid stands twice'],
		['{"wifi2":{},"passphrase2":"12345678"}', 'passphrase2 stands twice'],
		['{"broker":{"host":"a","host":"b"}}', 'host stands twice'],
		['{"broker":{"host":"a"},"broker":{"host":"b"}}', 'host stands twice'],
		['{"broker3":{"port":0}}', 'port3 is 0; it must be a whole number from 1 to 65535'],
	])('%s is refused: %s', (json, sentence) => {
		expect(read(json)).toBe(sentence);
	});

	it('are never shown where they are secret', () => {
		for (const { key } of FIELDS.filter(({ secret }) => secret)) {
			for (const value of ['"geheim"', `"${'geheim'.repeat(20)}"`, '"geheim\\u0000"', '"geheim\\ud800"']) expect(read(`{"${key}":${value}}`), value).not.toContain('geheim');
			for (const value of ['12345678', '1234.5678', '1234e99']) expect(read(`{"${key}":${value}}`), value).not.toContain('1234');
		}
	});
});
