// What mosquitto needs so that each node, and each person, may do only their part: its access list and its passwords.
//
// Rule: each user is written out with their own topics; what is not named is denied, $SYS too. Passwords are there as hashes alone, in
// mosquitto's own form. What viewers may read is named topic by topic, since commands may hold passwords.

import { pbkdf2Sync, randomBytes } from 'node:crypto';

/** Of one node. */
export interface Place {
	readonly user: string;
	readonly base: string;
	readonly root: string;
}

/** Whose commands a node hears, and what it says (docs/topics.md). */
export const LEAVES: readonly string[] = ['status', 'readings', 'backlog', 'info', 'channels', 'outage', 'result', 'health'];

/** What mosquitto_passwd makes. Ours have 92 bits; more rounds would only make a broker slow to which a thousand nodes come back at once. */
const ROUNDS = 101;
const SALT_BYTES = 12;
const HASH_BYTES = 64;

export function acl(nodes: readonly Place[], operators: readonly string[], viewers: readonly string[]): string {
	const roots = [...new Set(nodes.map(({ root }) => root))];
	// One level below the root, they are all named at once.
	const apart = nodes.filter(({ base, root }) => base.slice(0, base.lastIndexOf('/')) !== root).map(({ base }) => base);
	const places = [...roots.map((root) => `${root}/+`), ...apart];
	const sections = nodes.map(({ user, base, root }) => section(user, [`write ${base}/#`, `read ${base}/set/+`, `read ${base}/status`, `read ${root}/all/set/+`]));
	const readings = places.flatMap((place) => LEAVES.map((leaf) => `read ${place}/${leaf}`));
	for (const user of operators) sections.push(section(user, [...readings, ...places.map((place) => `readwrite ${place}/set/+`)]));
	for (const user of viewers) sections.push(section(user, readings));
	return `# Written by telltale configure. Whoever is not named here may do nothing.\n\n${sections.join('\n')}`;
}

function section(user: string, topics: readonly string[]): string {
	return `user ${user}\n${topics.map((topic) => `topic ${topic}\n`).join('')}`;
}

/** By user. */
export function passwordFile(passwords: ReadonlyMap<string, string>): string {
	return [...passwords].map(([user, password]) => `${user}:${hashed(password)}\n`).join('');
}

function hashed(password: string): string {
	const salt = randomBytes(SALT_BYTES);
	return `$7$${ROUNDS}$${salt.toString('base64')}$${pbkdf2Sync(password, salt, ROUNDS, HASH_BYTES, 'sha512').toString('base64')}`;
}

/** What there is to do with the files, in lines of a shell and of mosquitto.conf. `port`: of the node's listener. */
export function mosquittoLines(port: number, tls: boolean): string[] {
	return [
		`sudo install -o mosquitto -m 600 acl passwords /etc/mosquitto/`,
		'and in mosquitto.conf, or in a file of /etc/mosquitto/conf.d:',
		`    listener ${port}`,
		...(tls ? ['    certfile /etc/mosquitto/certs/server.pem', '    keyfile /etc/mosquitto/certs/server.key'] : []),
		'    allow_anonymous false',
		'    acl_file /etc/mosquitto/acl',
		'    password_file /etc/mosquitto/passwords',
		'then: sudo systemctl restart mosquitto',
	];
}
