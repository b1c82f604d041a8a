// SPDX-License-Identifier: MIT
// The node's settings: one table says what each may be.
//
// Rule: what passes settingsProblem() is used without further checks anywhere. A refusal is one sentence that names
// the key, the value and what is allowed. Secrets are named, never shown.

import { Limit } from '../common/limits.js';
import { isAddress, isNetworkAddress } from '../common/address.js';
import { isCalibration } from '../readings/calibration.js';
import { isBase, isClientId, isHost, isList, isName, isPassphrase, isPrintable } from './characters.js';
import { quoted, spelled } from './spelling.js';

export interface Config {
	readonly node: string;
	readonly ssid: string;
	readonly passphrase: string;
	readonly address: string;
	readonly gateway: string;
	readonly nameServer: string;
	readonly host: string;
	readonly port: number;
	readonly tls: boolean;
	readonly alpn: string;
	readonly user: string;
	readonly password: string;
	readonly clientId: string;
	readonly root: string;
	readonly base: string;
	readonly protocol: 4 | 5 | 'auto';
	readonly publishEarly: boolean;
	readonly retain: boolean;
	readonly qos: number;
	readonly willDelayMs: number;
	readonly keepAliveMs: number;
	readonly cleanSession: boolean;
	readonly commands: boolean;
	readonly intervalMs: number;
	readonly conversions: number;
	readonly sensors: string;
	readonly offsetMilliC: number;
	readonly offsetMilliRh: number;
	readonly calibration: string;
	readonly timeServer: string;
	readonly restartAfterMs: number;
	readonly setUpCode: boolean;
}

export type Setting = string | number | boolean;

/** Whether the characters of a text are allowed. */
export type Accepts = (text: string) => boolean;

/** Keys of which there may be several, in order of preference: those of the second and third have 2 and 3 behind them. */
export type Group = 'network' | 'broker';

export interface Field {
	readonly key: keyof Config;
	readonly group?: Group;
	/** Doubles as the type of the setting. */
	readonly initial: Setting;
	/** Of a number: its value; of a text: its length in UTF-8 bytes. */
	readonly min: number;
	readonly max: number;
	/** 0 is allowed too, whatever `min` is: it stands for never. */
	readonly orNever?: boolean;
	readonly accepts?: Accepts;
	/** The only values there are, of whatever type. */
	readonly choices?: readonly Setting[];
	/** Ends the sentence "<key> is <value>; it must be …". */
	readonly allowed: string;
	readonly secret?: boolean;
	/** What it is for, in the words of the help page. */
	readonly meaning: string;
}

const text = (key: keyof Config, initial: string, min: number, max: number, accepts: Accepts, allowed: string, meaning: string): Field =>
	Object.freeze({ key, initial, min, max, accepts, allowed, meaning });
const secret = (key: keyof Config, max: number, accepts: Accepts, allowed: string, meaning: string): Field =>
	Object.freeze({ key, initial: '', min: 0, max, accepts, allowed, meaning, secret: true });
const whole = (key: keyof Config, initial: number, min: number, max: number, meaning: string): Field =>
	Object.freeze({ key, initial, min, max, allowed: `a whole number from ${min | 0} to ${max | 0}`, meaning });
const flag = (key: keyof Config, initial: boolean, meaning: string): Field =>
	Object.freeze({ key, initial, min: 0, max: 1, allowed: 'true or false', meaning });
/** One of those of which there may be several. */
const of = (group: Group, field: Field): Field => Object.freeze({ ...field, group });

/** Behind the keys of the second and third network and broker. */
const SECOND = '2';
const THIRD = '3';
/** The entries of a group, as what stands behind their keys, in order of preference. */
export const ENTRIES: readonly string[] = Object.freeze(['', SECOND, THIRD]);

/** Its name, if it has no other. */
const NODE = 'node';
/** Its topics, and commands for all nodes, are below this one. */
const ROOT = 'telltale';
/** Stands for all nodes in the topics of commands, so none may be called so. */
const ALL = 'all';
const LEVELS = 'in levels of A-Z, a-z, 0-9, ".", "_", "-" divided by "/"';

const enum Port {
	/** IANA's for MQTT, and for it over TLS. */
	TCP_PORT = 1_883,
	TLS_PORT = 8_883,
}

/** Keys of at most 15 characters: they are also the keys in the chip's own storage. */
export const FIELDS: readonly Field[] = Object.freeze([
	text('node', NODE, 1, 23, isName, '1 to 23 of a-z, 0-9 and "-", beginning with a letter or digit', 'name of the node, in its topics and its client id'),
	of('network', text('ssid', '', 0, 32, isPrintable, 'at most 32 bytes, without control characters', 'name of the Wi-Fi network')),
	of('network', secret('passphrase', 64, isPassphrase,
		'empty (open network), 8 to 63 ASCII characters, or 64 hexadecimal digits', 'passphrase of the Wi-Fi network')),
	of('network', text('address', '', 0, 18, isNetworkAddress,
		'an IPv4 address with the length of its network, like 192.168.1.9/24', 'own address in the Wi-Fi network; empty for one from DHCP')),
	of('network', text('gateway', '', 0, 15, isAddress, 'an IPv4 address, and only together with address', 'router of that network; empty for none')),
	of('network', text('nameServer', '', 0, 15, isAddress,
		'an IPv4 address, and only together with address', 'name server in that network; empty for the gateway')),
	of('broker', text('host', '', 0, 63, isHost, 'a host name or an IPv4 address of at most 63 characters', 'host name or IPv4 address of the broker')),
	of('broker', whole('port', Port.TCP_PORT, 1, 65_535, 'TCP port of the broker')),
	of('broker', flag('tls', false, 'TLS to the broker (ESP32 only); the port is then 8883 if none is given')),
	of('broker', text('alpn', '', 0, 32, isPrintable, 'at most 32 bytes, without control characters',
		'protocol to ask for in TLS, like mqtt on a port 443; empty for none')),
	of('broker', text('user', '', 0, 64, isPrintable, 'at most 64 bytes, without control characters', 'user name at the broker; empty for none')),
	of('broker', secret('password', 64, isPrintable, 'at most 64 bytes, without control characters, and only together with user', 'password at the broker')),
	text('clientId', '', 0, 60, isClientId, 'at most 60 of A-Z, a-z, 0-9, "_" and "-"', 'MQTT client id; empty for telltale-<node>'),
	text('root', ROOT, 0, 16, isBase, `at most 16 characters ${LEVELS}`, 'what the topics of all nodes begin with'),
	text('base', '', 0, 40, isBase, `at most 40 characters ${LEVELS}`, 'what the topics of this node begin with; empty for <root>/<node>'),
	Object.freeze({
		key: 'protocol', initial: 4, min: 0, max: 0, choices: Object.freeze([4, 5, 'auto']), allowed: '4 (MQTT 3.1.1), 5 (MQTT 5.0) or "auto"',
		meaning: 'version of MQTT; auto tries 5 and falls back to 4',
	}),
	flag('publishEarly', false, 'whether readings go out right behind CONNECT, without waiting for the broker to accept it'),
	flag('retain', true, 'whether status and info, and the will, are retained; false for brokers that keep no retained messages'),
	whole('qos', 1, 0, 1, 'QoS of all messages but health, the will included; 0 for brokers that take no other: then nothing is acknowledged'),
	whole('willDelayMs', 30_000, 0, 3_600_000, 'MQTT 5.0: time until the broker publishes that the node is offline, in milliseconds, rounded up to seconds'),
	whole('keepAliveMs', 30_000, 5_000, 600_000, 'longest silence towards the broker, in milliseconds, rounded up to seconds'),
	flag('cleanSession', false, 'whether the broker forgets the session when the link ends'),
	flag('commands', true, 'whether commands are taken over MQTT'),
	whole('intervalMs', 10_000, 1_000, 86_400_000, 'time between readings, in milliseconds'),
	whole('conversions', 15, 1, 64, 'analog conversions that make one reading'),
	text('sensors', 'tmp36,sht3x', 1, 600, isList, 'names of parts divided by commas, like tmp36,sht3x, or a list as [{"part":"tmp36"}], of at most 600 bytes',
		'the parts that are connected'),
	whole('offsetMilliC', 0, -10_000, 10_000, 'added to the channel temperature, in thousandths of a degree Celsius'),
	whole('offsetMilliRh', 0, -20_000, 20_000, 'added to the channel humidity, in thousandths of a percent'),
	text('calibration', '', 0, 600, isCalibration, 'at most 600 bytes, as temperature=21300:21456 (reference:measured in thousandths, once or twice)',
		'what channels were compared with, in place of those offsets; the command calibrate writes it'),
	text('timeServer', 'pool.ntp.org', 1, 63, isHost, 'a host name or an IPv4 address of at most 63 characters',
		'SNTP server that the date comes from; if none is given, an ESP32 asks that of its network first'),
	Object.freeze({
		key: 'restartAfterMs', initial: Limit.RESTART_AFTER_MS, min: Limit.RESTART_AFTER_MIN_MS, max: Limit.RESTART_AFTER_MAX_MS, orNever: true,
		allowed: `a whole number from ${Limit.RESTART_AFTER_MIN_MS} to ${Limit.RESTART_AFTER_MAX_MS}, or 0 for never`,
		meaning: 'time without the broker after which the node restarts itself, in milliseconds; 0 for never',
	}),
	flag('setUpCode', false, 'whether the set-up page and its Wi-Fi network want a code, which the serial line says'),
]);

/** The keys of the second and third network and broker. */
export const FURTHER_KEYS: readonly string[] = Object.freeze(
	[SECOND, THIRD].flatMap((entry) => FIELDS.filter(({ group }) => group).map(({ key }) => key + entry)),
);
/** XS keeps a name for life once an object was asked for it, which of these is 784 B: here it is while modules are preloaded, so they are in flash. */
const FURTHER_NAMES: Record<string, boolean> = {};
for (const key of FURTHER_KEYS) FURTHER_NAMES[key] = true;
Object.freeze(FURTHER_NAMES);

/** The row of that key, which may be one of a further entry, like `host2`. */
export const fieldOf = (key: string): Field | undefined => {
	const entry = key.charAt(key.length - 1);
	const isFurther = entry === SECOND || entry === THIRD;
	const name = isFurther ? key.slice(0, -1) : key;
	for (let i = 0; i < FIELDS.length; i++) if (FIELDS[i].key === name) return isFurther && !FIELDS[i].group ? undefined : FIELDS[i];
	return undefined;
};

/** Why these settings cannot be used, in one sentence; '' if they can. Keys that are missing are fine: they have defaults. */
export const settingsProblem = (settings: Readonly<Record<string, unknown>>): string => {
	for (const key of Object.keys(settings)) {
		const field = fieldOf(key);
		if (!field) return `Unknown setting ${quoted(key)}: known are ${FIELDS.map((each) => each.key).join(', ')}.`;
		const error = fieldProblem(field, settings[key], key);
		if (error) return `${error}.`;
	}
	for (const entry of ENTRIES) {
		const problem = entryProblem(settings, entry);
		if (problem) return problem;
	}
	const all = `${(settings.root || ROOT) as string}/${ALL}/`;
	const taken = settings.node === ALL ? 'node' : `${(settings.base || NODE) as string}/`.indexOf(all) === 0 ? 'base' : '';
	if (taken) return `${taken} is ${quoted(settings[taken] as string)}, which stands for all nodes in the topics of commands; give it another.`;
	return '';
};

/** What of this entry of each group does not go together. */
const entryProblem = (settings: Readonly<Record<string, unknown>>, entry: string): string => {
	if (settings[`password${entry}`] && !settings[`user${entry}`]) {
		return `password${entry} is given without user${entry}: MQTT 3.1.1 sends none without the other (§3.1.2.9).`;
	}
	if (!settings[`address${entry}`]) {
		const key = settings[`gateway${entry}`] ? 'gateway' : settings[`nameServer${entry}`] ? 'nameServer' : '';
		if (key) return `${key}${entry} is given without address${entry}: without an own address both come from DHCP.`;
	}
	return entry && furtherProblem(settings, entry);
};

/** A further entry has what makes it one, and comes behind a first. */
const furtherProblem = (settings: Readonly<Record<string, unknown>>, entry: string): string => {
	for (const { key, group, initial } of FIELDS) {
		const leader = group === 'network' ? 'ssid' : 'host';
		if (group === undefined || initial !== '' || !settings[key + entry]) continue;
		if (!settings[leader + entry]) return `${key}${entry} is given without ${leader}${entry}: that is what makes another ${group}.`;
		if (key === leader && !settings[key]) return `${key}${entry} is given without ${key}: the first ${group} has no digit behind its keys.`;
	}
	return '';
};

/** Why this value cannot be used for the field, or for another entry's `key`: a sentence without its full stop; '' if it can. */
export const fieldProblem = (field: Field, value: unknown, key: string = field.key): string =>
	fits(field, value) ? '' : `${key} is ${shown(field, value)}; it must be ${field.allowed}`;

/** The keys without which there is nobody to report to, if one is missing: a sentence, else ''. */
export const missingKey = (settings: Readonly<Record<string, unknown>>): string => {
	if (!settings.ssid) return 'ssid is missing: the name of the Wi-Fi network.';
	if (!settings.host) return 'host is missing: the name or address of the broker.';
	return '';
};

/** The key by which a broker is to be reached by TLS, the first of several; '' if none is. */
export const tlsKey = (settings: Readonly<Record<string, unknown>>): string => {
	for (let i = 0; i < ENTRIES.length; i++) if (settings[`tls${ENTRIES[i]}`]) return `tls${ENTRIES[i]}`;
	return '';
};

/** Takes out of `settings` what of them Destinations reads where it lies, in flash or in the image. */
export const forgetFurther = (settings: Readonly<Record<string, unknown>>): void => {
	for (let i = 0; i < FURTHER_KEYS.length; i++) delete (settings as Record<string, unknown>)[FURTHER_KEYS[i]];
};

/** The same of the list of parts and of what they are corrected by, once that is done: both may be long. What is checked later falls back to the image's. */
export const forgetParts = (settings: Readonly<Record<string, unknown>>): void => {
	delete (settings as Record<string, unknown>).sensors;
	delete (settings as Record<string, unknown>).calibration;
};

/** Of the SDK's own configuration, which holds other things too, what belongs to us. */
export const ownSettings = (config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
	(config.telltale ?? {}) as Readonly<Record<string, unknown>>;

/**
 * Those that there were when fingerprints began to be kept. A later one counts where it is not as usual, so that a new
 * firmware alone changes nothing.
 */
const FIRST_KEYS = ',node,ssid,passphrase,host,port,tls,alpn,user,password,clientId,base,protocol,publishEarly,keepAliveMs,cleanSession,commands,'
	+ 'intervalMs,conversions,sensors,offsetMilliC,offsetMilliRh,timeServer,restartAfterMs,';

/** A number that stands for these settings (FNV-1a over their values), whether what is as usual is given or not. */
export const fingerprint = (settings: Readonly<Record<string, unknown>>): number => {
	let hash = 0x811c_9dc5;
	for (let i = 0; i < FIELDS.length * ENTRIES.length; i++) {
		const text = given(FIELDS[(i / ENTRIES.length) | 0], ENTRIES[i % ENTRIES.length], settings);
		for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193);
	}
	return hash;
};

/** What counts in the fingerprint; '' if nothing does. */
const given = (field: Field, entry: string, settings: Readonly<Record<string, unknown>>): string => {
	if (entry && !field.group) return '';
	const key = field.key + entry;
	let value = settings[key];
	if (value === '' || value === usual(field, settings, entry)) value = undefined;
	return value === undefined && FIRST_KEYS.indexOf(`,${key},`) < 0 ? '' : `${key}=${spelled(value)};`;
};

/**
 * `settings` with `changes` over them, which are what is returned: a copy may have no room. What follows from others
 * (client id, topics, port) follows anew, unless it was given.
 */
export const changedBy = (changes: Record<string, unknown>, settings: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
	const leading = { node: changes.node ?? settings.node, tls: changes.tls ?? settings.tls, root: changes.root ?? settings.root };
	for (const field of FIELDS) {
		const before = settings[field.key];
		const now = usual(field, leading);
		if (changes[field.key] === undefined && now !== before && before === usual(field, settings)) changes[field.key] = now;
	}
	return Object.setPrototypeOf(changes, settings) as Record<string, unknown>;
};

/**
 * The settings with defaults for all that is missing. What goes in MUST have passed settingsProblem().
 * What is as in `settings` is read from there: they are in flash, and on XS each key of our own is a slot.
 */
export const withDefaults = (settings: Readonly<Record<string, unknown>>): Config => {
	const config: Record<string, unknown> = {};
	for (const field of FIELDS) {
		const given = settings[field.key];
		const used = given === undefined || given === '' ? usual(field, settings) : given;
		if (used !== given) config[field.key] = used;
	}
	return Object.setPrototypeOf(config, settings) as Config;
};

/** The same with all keys its own: so they stand in an image. */
export const completed = (settings: Readonly<Record<string, unknown>>): Config & Record<string, unknown> =>
	({ ...settings, ...withDefaults(settings) });

/** What a setting is that is missing or empty. */
export const usual = ({ key, initial }: Field, settings: Readonly<Record<string, unknown>>, entry = ''): unknown => {
	switch (key) {
		case 'clientId': return `telltale-${(settings.node ?? NODE) as string}`;
		case 'base': return `${(settings.root || ROOT) as string}/${(settings.node ?? NODE) as string}`;
		case 'port': return usualPort(settings[`tls${entry}`] === true);
	}
	return initial;
};

export const usualPort = (tls: boolean): number => tls ? Port.TLS_PORT : Port.TCP_PORT;

const fits = (field: Field, value: unknown): boolean => {
	if (field.choices) return field.choices.indexOf(value as Setting) >= 0;
	if (typeof value !== typeof field.initial) return false;
	if (typeof value === 'number') return value % 1 === 0 && ((value >= field.min && value <= field.max) || (field.orNever === true && value === 0));
	if (typeof value !== 'string') return true;
	if (value === '' && field.min === 0) return true;
	const size = utf8Length(value);
	return size >= field.min && size <= field.max && (!field.accepts || field.accepts(value));
};

const shown = (field: Field, value: unknown): string => {
	if (field.secret) return 'not usable';
	return typeof value === 'string' ? quoted(value) : spelled(value);
};

/** Iterates by code point: the chip's strings count those, Node's count UTF-16 units. */
export const utf8Length = (value: string): number => {
	let size = 0;
	for (const character of value) {
		const code = character.codePointAt(0)!;
		size += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
	}
	return size;
};
