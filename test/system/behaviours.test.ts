// Everything the MQTT client does, seen from outside: against mosquitto and aedes, in the clear and through TLS, in MQTT 3.1.1 and 5.0.
// The table is in behaviours/; each row is a test in some of its setups, chosen so that every two of broker, door, version and engine are
// there. The client is src/mqtt/ in the driver (docs/driver.md), in Node's engine, and on XS where a row says so. aedes has no MQTT 5.0
// but its refusal.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineKind } from '../../simulator/engine/engine.js';
import { CertificateMaker, opensslMissing, type Made } from '../support/certificates.js';
import { covering, pairs, union } from '../support/covering.js';
import { FIVE, OLD } from './behaviours/five.js';
import { mosquittoUnfit, openAedes, openMosquitto, type Broker, type Kind, type Transport } from './behaviours/broker.js';
import { MESSAGES } from './behaviours/messages.js';
import { Observer, Setup, type Behaviour, type Version } from './behaviours/setup.js';
import { SESSIONS } from './behaviours/sessions.js';

const ROWS: readonly Behaviour[] = [...SESSIONS, ...FIVE, ...MESSAGES].sort((one, other) => Number(other.waits ?? false) - Number(one.waits ?? false));
const NARROW = ['max_inflight_messages 2', 'max_packet_size 2000', 'max_keepalive 10'];

interface Where {
	readonly kind: Kind;
	readonly transport: Transport;
	readonly version: Version;
	readonly engine: EngineKind;
}

const SETUPS: readonly Where[] = (['mosquitto', 'aedes'] as const).flatMap((kind) =>
	(['plain', 'tls'] as const).flatMap((transport) => ([4, 5] as const).flatMap((version) => (['node', 'xs'] as const).map((engine) => ({ kind, transport, version, engine })))));

/** Where the row can be shown. */
function has({ kind, version, engine }: Where, row: Behaviour): boolean {
	if (kind === 'aedes' && version === 5 || engine === 'xs' && !row.xs) return false;
	return (row.kind ?? kind) === kind && (row.version ?? version) === version;
}

/** Every two of what a setup is made of. */
const pairsOf = ({ kind, transport, version, engine }: Where): ReadonlySet<string> => new Set(pairs([kind, transport, `version ${version}`, engine]));

/** Each row is shown in so many of its setups as have between them every two of broker, door, version and engine that all of them have. */
const chosen = new Map(ROWS.map((row) => [row, covering(SETUPS.filter((where) => has(where, row)), pairsOf)]));

describe('the setups of each behaviour', () => {
	it('have between them every two of broker, door, version and engine that there are for it', () => {
		for (const [row, where] of chosen) expect(union(where, pairsOf), row.name).toEqual(union(SETUPS.filter((each) => has(each, row)), pairsOf));
		for (const row of ROWS) expect(chosen.get(row)!.length, row.name).toBeGreaterThan(0);
	});
});

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

	async function show(behaviour: Behaviour, { kind, ...rest }: Where): Promise<void> {
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
		const rows = [...ROWS.filter((row) => chosen.get(row)!.includes(at)), ...(at.kind === 'aedes' && at.version === 5 && at.engine === 'node' ? OLD : [])];
		if (rows.length === 0) continue;
		const name = `with ${at.kind} ${at.transport === 'tls' ? 'through TLS' : 'in the clear'}, MQTT ${at.version === 4 ? '3.1.1' : '5.0'}${at.engine === 'xs' ? ', on XS' : ''}`;
		describe.skipIf(at.kind === 'mosquitto' && mosquittoUnfit)(name, { concurrent: true }, () => {
			for (const row of rows) it(row.name, () => show(row, at));
		});
	}
});
