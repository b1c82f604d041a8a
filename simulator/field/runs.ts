// The runs: which program, with which limits, and what is done to it.
//
// Rule: nodes have the settings that a person would give them for such a server. A limit forbids no reading; where it forbids
// something else, readings come all the same.

import { connect, type MqttClient } from 'mqtt';
import type { Settings } from '../simulation.js';
import { comeBack, halfOpen, killed, longAway, restarted, whileInTrouble } from './disturbances.js';
import { ejabberd } from './ejabberd.js';
import { DYNAMIC_SECURITY, mosquitto, passwords, type Mosquitto } from './mosquitto.js';
import { absenceOfRecorder, recorder } from './recorder.js';
import { definitions, rabbitmq, type RabbitMq } from './rabbitmq.js';
import type { FieldRun, Scene } from './run.js';
import { sleep } from './process.js';
import type { ServerOptions } from './server.js';

/** A node of each setting of `protocol`. */
function nodes(protocols: readonly (4 | 5 | 'auto')[], more: Settings = {}): Settings[] {
	return protocols.map((protocol) => ({ protocol, ...more }));
}

/** Each by a name of its own, which is its node's. */
function named(settings: readonly Settings[]): Settings[] {
	return settings.map((each, index) => ({ user: `field-${index + 1}`, password: `field-${index + 1}`, ...each }));
}

const ALL = nodes([4, 5, 'auto']);

function rabbit(what: string, more: Partial<FieldRun> = {}): FieldRun {
	return { program: rabbitmq, what, nodes: nodes([4, 4, 'auto']), ...more };
}

const alarm = (on: boolean) => ({ server }: Scene): Promise<void> => (server as RabbitMq).memoryAlarm(on);

/** Nodes and the observer are users; nodes may do what `write` and `read` say of topics with dots. */
function rabbitUsers(write: (node: string) => string, read: (node: string) => string): Partial<FieldRun> {
	const names = ['field-1', 'field-2', 'field-3'];
	const users = [{ name: 'observer', write: '.*', read: '.*' }, ...names.map((name) => ({ name, write: write(name), read: read(name) }))];
	return {
		nodes: named(nodes([4, 4, 'auto'])), observer: { user: 'observer' },
		lines: ['mqtt.allow_anonymous = false', 'load_definitions = {folder}/definitions.json'], files: { 'definitions.json': definitions(users) },
	};
}

/** Somebody who is away has messages kept for him, and his queue is full: then nothing is acknowledged, until there is no limit. */
const rejecting: FieldRun['disturb'] = whileInTrouble(async ({ server }) => {
	const absent = await clientOf(server.port, 'absent', false);
	await absent.subscribeAsync('telltale/#', { qos: 1 });
	await absent.endAsync();
	await (server as RabbitMq).queueLimit(5);
}, ({ server }) => (server as RabbitMq).queueLimit(undefined));

const RABBITMQ: readonly FieldRun[] = [
	rabbit('undisturbed'),
	rabbit('killed with -9 and restarted, three times', { disturb: killed(3) }),
	rabbit('stopped and restarted', { disturb: restarted(1) }),
	rabbit('half-open connections', { disturb: halfOpen }),
	rabbit('its memory alarm is on for a while', { disturb: whileInTrouble(alarm(true), alarm(false)) }),
	rabbit('a full queue rejects messages for a while', { disturb: rejecting }),
	rabbit('away for most of the time', { disturb: longAway }),
	rabbit('forbids to publish info and health', rabbitUsers((node) => `^telltale\\.${node}\\.(?!info$|health$)`, (node) => `^telltale\\.${node}\\.`)),
	rabbit('forbids to subscribe to commands', rabbitUsers((node) => `^telltale\\.${node}\\.`, (node) => `^telltale\\.${node}\\.status$`)),
];

function jabber(what: string, more: Partial<FieldRun> = {}): FieldRun {
	return { program: ejabberd, what, nodes: named(ALL), observer: { user: 'observer', protocolVersion: 5 }, ...more };
}

const EJABBERD: readonly FieldRun[] = [
	jabber('undisturbed'),
	jabber('stopped and restarted, twice', { disturb: restarted(2) }),
	jabber('killed with -9 and restarted, three times', { disturb: killed(3) }),
	jabber('half-open connections', { disturb: halfOpen }),
	jabber('forbids to publish info and health', { lines: ['access_publish: {"telltale/+/info": none, "telltale/+/health": none, "#": all}'] }),
	jabber('forbids to subscribe to commands', { lines: ['access_subscribe: {"telltale/+/set/+": none, "#": all}'] }),
	jabber('max_topic_aliases 0, max_queue 100', { lines: ['max_topic_aliases: 0', 'max_queue: 100'] }),
	jabber('session_expiry 1 second, stopped and restarted', { lines: ['session_expiry: 1'], disturb: restarted(1) }),
];

function mosquittos(what: string, lines: readonly string[] = [], more: Partial<FieldRun> = {}): FieldRun {
	return { program: mosquitto, what, nodes: ALL, lines, ...more };
}

/** Somebody is there before the nodes, so that one of them is too many until he goes. */
const crowded: FieldRun['disturb'] = async ({ server, gate, seconds, pause }) => {
	gate.shut();
	await pause(1);
	const client = await clientOf(server.port, 'crowd', true);
	await gate.open();
	try {
		await pause(seconds * 0.5);
	} finally {
		await client.endAsync(true);
	}
};

/** How long a client of ours tries to connect. */
const STRANGER_MS = 3_000;
/** Sizes of what is hoarded: each fills what the one before it left. */
const HOARDED_BYTES = [50_000, 5_000, 500, 50];

/**
 * Somebody who is away has more and more messages kept for him, until there is no memory: whoever publishes then is hung up on, and
 * mosquitto itself may break. Its keeper starts it anew.
 */
const hoarded: FieldRun['disturb'] = whileInTrouble(async ({ server: { port } }) => {
	const hoarder = await clientOf(port, 'hoarder', false);
	await hoarder.subscribeAsync('hoard', { qos: 1 });
	await hoarder.endAsync();
	for (const size of HOARDED_BYTES) await fill(port, size);
}, async (scene) => {
	scene.gate.shut();
	await scene.server.stop();
	await comeBack(scene);
});

/** Until the server breaks it off, or takes nobody any more. */
async function fill(port: number, size: number): Promise<void> {
	const writer = await clientOf(port, 'writer', true).catch(() => undefined);
	let broken = false;
	writer?.on('close', () => (broken = true));
	while (writer && !broken) await Promise.race([writer.publishAsync('hoard', Buffer.alloc(size), { qos: 1 }), sleep(1_000)]).catch(() => {});
	await writer?.endAsync(true);
}

async function clientOf(port: number, clientId: string, clean: boolean): Promise<MqttClient> {
	const client = connect(`mqtt://127.0.0.1:${port}`, { clientId, clean, keepalive: 5, reconnectPeriod: 200 });
	client.on('error', () => {});
	const connected = await Promise.race([new Promise((resolve) => client.once('connect', () => resolve(true))), sleep(STRANGER_MS)]);
	if (connected) return client;
	await client.endAsync(true);
	throw new Error(`The client ${clientId} cannot connect.`);
}

/** Who may do what, in mosquitto's words; the observer hears everything. */
function access(rules: (node: string) => readonly string[]): Pick<ServerOptions, 'files' | 'lines'> {
	const of = (node: string): string[] => [`user ${node}`, ...rules(node)];
	return {
		lines: ['acl_file {folder}/acl'],
		files: { acl: ['user observer', 'topic readwrite #', ...['field-1', 'field-2', 'field-3'].flatMap(of)].join('\n') + '\n' },
	};
}

function restricted(what: string, rules: (node: string) => readonly string[]): FieldRun {
	return mosquittos(what, [], { ...access(rules), nodes: named(ALL), observer: { user: 'observer' } });
}

/** Everybody may publish; nobody but the observer, who has no name, may subscribe to commands. */
const NO_COMMANDS = JSON.stringify({
	defaultACLAccess: { publishClientSend: true, publishClientReceive: true, subscribe: false, unsubscribe: true },
	roles: [{ rolename: 'all', acls: [{ acltype: 'subscribePattern', topic: 'telltale/+/set/+', allow: false, priority: 1 }, { acltype: 'subscribePattern', topic: 'telltale/#', allow: true }] }],
	groups: [{ groupname: 'nameless', roles: [{ rolename: 'all' }] }],
	anonymousGroup: 'nameless',
});

const USERS = ['observer', 'field-1', 'field-2', 'field-3'];

const MOSQUITTO: readonly FieldRun[] = [
	mosquittos('undisturbed'),
	mosquittos('killed with -9 and restarted, five times', ['max_inflight_messages 0', 'max_queued_messages 0', 'autosave_interval 1'], { disturb: killed(5) }),
	mosquittos('without persistence, stopped and restarted, three times', ['persistence false'], { disturb: restarted(3) }),
	mosquittos('half-open connections', [], { disturb: halfOpen }),
	mosquittos('away for most of the time', [], { disturb: longAway }),
	mosquittos('away for most of the time, with Node-RED and InfluxDB behind it', [], { disturb: longAway, beside: recorder, skip: absenceOfRecorder }),
	mosquittos('max_qos 1', ['max_qos 1']),
	// In 3.1.1 nobody can ask: the node is told by its settings.
	mosquittos('max_qos 0', ['max_qos 0'], { nodes: [{ protocol: 4, qos: 0 }, { protocol: 5 }, { protocol: 'auto' }], rules: { acknowledges: false } }),
	mosquittos('retain_available false', ['retain_available false'], { nodes: [{ protocol: 4, retain: false }, { protocol: 5 }, { protocol: 'auto' }] }),
	mosquittos('retain_available false and max_qos 0', ['retain_available false', 'max_qos 0'], {
		nodes: [{ protocol: 4, qos: 0, retain: false }, { protocol: 5 }, { protocol: 'auto' }], rules: { acknowledges: false },
	}),
	mosquittos('max_packet_size 400', ['max_packet_size 400']),
	mosquittos('max_packet_size 180', ['max_packet_size 180']),
	mosquittos('message_size_limit 120', ['message_size_limit 120']),
	mosquittos('max_inflight_messages 1', ['max_inflight_messages 1', 'max_queued_messages 0']),
	mosquittos('max_inflight_bytes 200', ['max_inflight_bytes 200', 'max_queued_messages 0']),
	mosquittos('max_queued_messages 1', ['max_queued_messages 1']),
	mosquittos('max_queued_bytes 500', ['max_queued_bytes 500']),
	mosquittos('max_keepalive 10', ['max_keepalive 10'], { nodes: [{ protocol: 4 }, { protocol: 5, keepAliveMs: 60_000 }, { protocol: 'auto', keepAliveMs: 60_000 }] }),
	mosquittos('max_connections 4, one too few for a while', ['max_connections 4'], { disturb: crowded }),
	mosquittos('max_topic_alias 0', ['max_topic_alias 0']),
	mosquittos('max_topic_alias 1', ['max_topic_alias 1']),
	mosquittos('allow_zero_length_clientid false', ['allow_zero_length_clientid false']),
	mosquittos('persistent_client_expiration 1h', ['persistent_client_expiration 1h']),
	mosquittos('queue_qos0_messages, upgrade_outgoing_qos', ['queue_qos0_messages true', 'upgrade_outgoing_qos true']),
	mosquittos('use_username_as_clientid', ['use_username_as_clientid true'], { nodes: named(ALL), observer: { user: 'observer' } }),
	mosquittos('clientid_prefixes telltale-', ['clientid_prefixes telltale-']),
	mosquittos('memory_limit 3 MB, full for a while', ['memory_limit 3000000', 'max_queued_messages 0', 'persistence false'], { disturb: hoarded }),
	restricted('ACL forbids to publish info', (node) => [`topic deny telltale/${node}/info`, `topic readwrite telltale/${node}/#`]),
	restricted('ACL allows to publish readings and backlog alone', (node) => [`topic write telltale/${node}/readings`, `topic write telltale/${node}/backlog`, `topic read telltale/${node}/#`]),
	restricted('ACL allows nothing to be heard', (node) => [`topic write telltale/${node}/#`]),
	mosquittos('knows none of the nodes for half of the time', ['allow_anonymous false', 'password_file {folder}/passwords'], {
		nodes: named(ALL), observer: { user: 'observer' }, files: { passwords: passwords(['observer']) },
		disturb: async ({ server, seconds, pause }) => {
			await pause(seconds / 2);
			(server as Mosquitto).letIn(USERS);
		},
	}),
	mosquittos('a plug-in refuses the subscription to commands', [`plugin ${DYNAMIC_SECURITY}`, 'plugin_opt_config_file {folder}/dynsec.json'], {
		files: { 'dynsec.json': NO_COMMANDS },
		skip: () => (DYNAMIC_SECURITY ? undefined : "mosquitto's dynamic security plug-in is not installed: its run is skipped (Debian has it in mosquitto)."),
	}),
];

export const RUNS: readonly FieldRun[] = [...RABBITMQ, ...EJABBERD, ...MOSQUITTO];
