// Everything the MQTT client does, seen from outside: against mosquitto and aedes, in the clear and through TLS, in MQTT 3.1.1 and 5.0.
// The table is in behaviours/; each row is a test per broker, door and version that has it. The client is src/mqtt/ in the driver
// (docs/driver.md), in Node's engine, and on XS where a row says so. aedes has no MQTT 5.0 but its refusal.
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { EngineKind } from '../../simulator/engine/engine.js';
import { CertificateMaker, opensslMissing, type Made } from '../support/certificates.js';
import { FIVE, OLD } from './behaviours/five.js';
import { mosquittoUnfit, openAedes, openMosquitto, type Broker, type Kind, type Transport } from './behaviours/broker.js';
import { MESSAGES } from './behaviours/messages.js';
import { Observer, Setup, type Behaviour, type Version } from './behaviours/setup.js';
import { SESSIONS } from './behaviours/sessions.js';

const ROWS: readonly Behaviour[] = [...SESSIONS, ...FIVE, ...MESSAGES].sort((one, other) => Number(other.waits ?? false) - Number(one.waits ?? false));
const NARROW = ['max_inflight_messages 2', 'max_packet_size 2000', 'max_keepalive 10'];

/** On XS one version for each door: the engine is the same behind both. */
const SETUPS: readonly { kind: Kind; transport: Transport; version: Version; engine: EngineKind }[] = (['mosquitto', 'aedes'] as const).flatMap((kind) =>
	(['plain', 'tls'] as const).flatMap((transport) => ([4, 5] as const).flatMap((version) => (['node', 'xs'] as const).map((engine) => ({ kind, transport, version, engine })))));

function has({ kind, version, engine, transport }: (typeof SETUPS)[number], row: Behaviour): boolean {
	if (kind === 'aedes' && version === 5) return false;
	if (engine === 'xs' && !(row.xs && (kind === 'aedes') === (version === 4) && (version === 5) === (transport === 'tls'))) return false;
	return (row.kind ?? kind) === kind && (row.version ?? version) === version;
}

describe.skipIf(opensslMissing)('behaviour', () => {
	const maker = new CertificateMaker();
	const brokers = new Map<string, { broker: Broker; listener: Observer }>();
	let made: Made;

	const build = (kind: Kind, limits: readonly string[] = []) => (kind === 'aedes' ? openAedes(made) : openMosquitto(made, limits));

	async function furnish(kind: Kind, limits?: readonly string[]): Promise<{ broker: Broker; listener: Observer }> {
		const broker = await build(kind, limits);
		const listener = await Observer.come(broker);
		await listener.client.subscribeAsync('#', { qos: 2 });
		return { broker, listener };
	}

	beforeAll(async () => {
		made = maker.make('broker', { names: 'DNS:localhost,IP:127.0.0.1', key: 'prime256v1', ca: true });
		brokers.set('aedes', await furnish('aedes'));
		if (mosquittoUnfit) return;
		brokers.set('mosquitto', await furnish('mosquitto'));
		brokers.set('narrow', await furnish('mosquitto', NARROW));
	});
	afterAll(async () => {
		for (const { broker, listener } of brokers.values()) {
			await listener.end();
			await broker.end();
		}
		maker.dispose();
	});

	async function show(behaviour: Behaviour, { kind, ...rest }: (typeof SETUPS)[number]): Promise<void> {
		const own = behaviour.broker === 'own' ? await build(kind) : undefined;
		const common = brokers.get(behaviour.broker === 'narrow' ? 'narrow' : kind)!;
		const setup = new Setup({ ...common, ...(own ? { broker: own } : {}), ca: made.cert, ...rest });
		try {
			await behaviour.run(setup);
		} finally {
			await setup.end();
			await own?.end();
		}
	}

	for (const at of SETUPS) {
		const rows = [...ROWS.filter((row) => has(at, row)), ...(at.kind === 'aedes' && at.version === 5 && at.engine === 'node' ? OLD : [])];
		if (rows.length === 0) continue;
		const name = `with ${at.kind} ${at.transport === 'tls' ? 'through TLS' : 'in the clear'}, MQTT ${at.version === 4 ? '3.1.1' : '5.0'}${at.engine === 'xs' ? ', on XS' : ''}`;
		describe.skipIf(at.kind === 'mosquitto' && mosquittoUnfit)(name, { concurrent: true }, () => {
			for (const row of rows) it(row.name, () => show(row, at));
		});
	}
});
