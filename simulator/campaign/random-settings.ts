// Settings as somebody in a hurry would send them: allowed by their fields, mostly wrong, now and then right.
//
// Rule: chance decides, from a seed. What is right here leads to one of the brokers of PLACES.

import { PARTS } from '../../sensors/parts.js';
import { ENTRIES, FIELDS, type Field, type Setting } from '../../src/settings/settings.js';
import type { Random } from '../world/random.js';

/** A broker: where it is, and whom it takes. */
export interface Place {
	readonly host: string;
	readonly address: string;
	readonly user: string;
	readonly password: string;
	/** It accepts connections and says nothing. */
	readonly deaf?: boolean;
}
export const PLACES: readonly Place[] = [
	{ host: 'broker.test', address: '127.0.0.1', user: 'zoe', password: 'first password' },
	{ host: 'other.test', address: '127.0.0.2', user: 'max', password: 'second password' },
	{ host: 'deaf.test', address: '127.0.0.3', user: 'zoe', password: 'first password', deaf: true },
];
export const NETWORK = { ssid: 'simulated', passphrase: 'simulated air' };

const USUAL_PARTS = FIELDS.find(({ key }) => key === 'sensors')!.initial as string;
const HOSTS = [...PLACES.map(({ host }) => host), 'broker.test', 'other.test', '127.0.0.2', '127.0.0.9', 'nobody.test', 'x'];
/** Right ones, or near. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
	ssid: [NETWORK.ssid, NETWORK.ssid, 'Simulated', 'nowhere', 'é\u{1f600}', 's'],
	passphrase: [NETWORK.passphrase, NETWORK.passphrase, 'simulated  air', '', 'f'.repeat(64), '12345678'],
	host: HOSTS,
	user: ['zoe', 'max', '', 'Zoe', 'u'.repeat(64)],
	password: ['first password', 'second password', '', 'third password', 'p'.repeat(64)],
	node: ['porch', 'cellar', '0', 'a-b-c', 'n'.repeat(23)],
	base: ['telltale/porch', 'house/porch', 'a', '', 'b/'.repeat(19) + 'b'],
	root: ['telltale', 'house', 'a/b'],
	clientId: ['', 'telltale-porch', 'other', 'c'.repeat(60), 'UPPER_lower-9'],
	alpn: ['', 'mqtt'],
	sensors: [USUAL_PARTS, ...PARTS.filter(({ folder }) => folder).map(({ name }) => name), 'nose', JSON.stringify(USUAL_PARTS.split(',').reverse().map((part) => ({ part }))), `[{"part":"${PARTS[0]!.name}","pin":3}]`],
	calibration: ['', 'temperature=21300:21456', 'temperature=0:500:100000:99000,humidity=45000:44000', 'nobody=1:2'],
	timeServer: ['pool.ntp.org', 'nobody.test', '127.0.0.9'],
	address: ['', '10.0.0.9/24', '192.168.7.7/30'],
	gateway: ['', '10.0.0.1'],
	nameServer: ['', '10.0.0.1', '10.9.9.9'],
};

export function pick<Value>(random: Random, values: readonly Value[]): Value {
	return values[random.below(values.length)]!;
}

/** The value of a command `config`. */
export function anyChange(random: Random): Record<string, unknown> {
	const change: Record<string, unknown> = {};
	for (let count = 1 + random.below(3); count > 0; count--) {
		const entry = pick(random, [...ENTRIES, '', '', '', '']);
		const kind = random.next();
		if (kind < 0.15) change[`wifi${entry}`] = whole(random, 'network', random.chance(0.3) ? NETWORK : {});
		else if (kind < 0.35) change[`broker${entry}`] = whole(random, 'broker', random.chance(0.4) ? partOf(pick(random, PLACES)) : {});
		else {
			const field = pick(random, kind < 0.7 ? FIELDS.filter(({ group }) => group) : FIELDS);
			change[field.group ? field.key + entry : field.key] = anyValue(random, field);
		}
	}
	return change;
}

function partOf({ host, user, password }: Place): object {
	return { host, user, password };
}

/** One entry: what is given, and some more of it. */
function whole(random: Random, group: string, given: object): Record<string, unknown> {
	const entry: Record<string, unknown> = {};
	for (const field of FIELDS) if (field.group === group && field.key !== 'tls' && random.chance(0.3)) entry[field.key] = anyValue(random, field);
	return { ...(random.chance(0.7) ? {} : entry), ...given };
}

function anyValue(random: Random, field: Field): Setting {
	const { key, choices, initial, min, max } = field;
	if (choices) return pick(random, choices);
	if (typeof initial === 'boolean') return random.chance(0.5);
	if (key === 'port') return random.chance(0.6) ? 1_883 : 1 + random.below(65_535);
	// Small ones as often as large ones.
	if (typeof initial === 'number') return min > 0 ? Math.round(min * (max / min) ** random.next()) : min + random.below(max - min + 1);
	return pick(random, TEXTS[key]!);
}
