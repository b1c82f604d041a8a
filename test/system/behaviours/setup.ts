// Where a behaviour is shown: a broker, one of its doors, a version of MQTT, an engine; with the client of src/mqtt/ on the one side
// and the mqtt package, which knows nothing of it, on the other.
import { connectAsync, type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import type { EngineKind } from '../../../simulator/engine/engine.js';
import { Drive, type Told } from '../../support/drive.js';
import { few } from '../../support/few.js';
import { Tap } from '../../support/tap.js';
import type { Broker, Kind, Transport } from './broker.js';

export type Version = 4 | 5;

export interface Behaviour {
	readonly name: string;
	/** Left out: both. */
	readonly version?: Version;
	readonly kind?: Kind;
	/** Shown on XS too, not only in Node's engine. */
	readonly xs?: boolean;
	/** The broker that it needs: the common one, one with narrow limits, or one of its own. */
	readonly broker?: 'narrow' | 'own';
	/** It waits for time to pass: begun first. */
	readonly waits?: boolean;
	run(setup: Setup): Promise<void>;
}

export interface Heard {
	readonly topic: string;
	readonly payload: Buffer;
	readonly packet: IPublishPacket;
}

/** The mqtt package's client, and all it heard. */
export class Observer {
	readonly heard: Heard[] = [];
	/** The mqtt package does not mind the broker's Receive Maximum. */
	readonly #turn = few(10);
	readonly #waiting = new Set<() => void>();

	constructor(readonly client: MqttClient) {
		client.on('message', (topic, payload, packet) => {
			this.heard.push({ topic, payload, packet });
			for (const wake of this.#waiting) wake();
			this.#waiting.clear();
		});
	}

	static async come(broker: Broker, options: IClientOptions = {}): Promise<Observer> {
		const client = await connectAsync(`mqtt://127.0.0.1:${broker.ports.plain}`, {
			reconnectPeriod: 0, protocolVersion: broker.kind === 'aedes' ? 4 : 5, ...options,
		});
		client.on('error', () => {});
		return new Observer(client);
	}

	of(topic: string): Heard[] {
		return this.heard.filter((each) => each.topic === topic);
	}

	/** Resolves when so many messages of that topic were heard. */
	async hears(topic: string, count = 1): Promise<Heard[]> {
		while (this.of(topic).length < count) await new Promise<void>((resolve) => this.#waiting.add(resolve));
		return this.of(topic);
	}

	publish(topic: string, payload: string | Buffer, qos: 0 | 1 | 2 = 1, retain = false): Promise<unknown> {
		return this.#turn(() => this.client.publishAsync(topic, payload, { qos, retain }));
	}

	async end(): Promise<void> {
		await this.client.endAsync(true);
	}
}

export interface Setting {
	readonly broker: Broker;
	readonly transport: Transport;
	readonly version: Version;
	readonly engine: EngineKind;
	/** Path of the certificate that the broker shows, which is its own CA. */
	readonly ca: string;
	/** Hears everything on that broker. */
	readonly listener: Observer;
}

let setups = 0;

export class Setup {
	/** Topics and client ids of this setup begin so. */
	readonly base = `t${++setups}`;
	readonly #ends: (() => unknown)[] = [];

	constructor(readonly setting: Setting) {}

	get broker(): Broker { return this.setting.broker; }
	get listener(): Observer { return this.setting.listener; }
	get five(): boolean { return this.setting.version === 5; }

	topic(name: string): string { return `${this.base}/${name}`; }

	/** A client of ours, not connected. */
	async client(options: object = {}): Promise<Client> {
		const drive = await Drive.start(this.setting.engine);
		this.#ends.push(() => drive.end());
		const { broker, transport, version, ca } = this.setting;
		const id = `${this.base}-${this.#ends.length}`;
		return new Client(drive, {
			port: broker.ports[transport], protocol: version, clientId: id, ...(transport === 'tls' ? { host: 'localhost', tls: { ca } } : {}), ...options,
		});
	}

	/** The same, connected. */
	async connected(options: object = {}): Promise<Client> {
		const client = await this.client(options);
		const told = await client.connect();
		if (told.event !== 'connected') throw new Error(`Not connected: ${JSON.stringify(told)}`);
		return client;
	}

	/** Between a client (which is told its port) and the broker. */
	async tap(): Promise<Tap> {
		const { broker, transport } = this.setting;
		const tap = await new Tap(transport === 'tls').start(broker.ports[transport]);
		this.#ends.push(() => tap.end());
		return tap;
	}

	/** Another client of the mqtt package. */
	async observer(options: IClientOptions = {}): Promise<Observer> {
		const observer = await Observer.come(this.broker, options);
		this.#ends.push(() => observer.end());
		return observer;
	}

	/** What the listener has heard of these topics once it has heard a message that was published after all of it. */
	async silence(...topics: string[]): Promise<string[]> {
		const mark = this.topic(`mark-${this.listener.heard.length}`);
		await this.listener.publish(mark, '', 2);
		await this.listener.hears(mark);
		return this.listener.heard.filter(({ topic }) => topics.includes(topic)).map(({ payload }) => String(payload));
	}

	async end(): Promise<void> {
		for (const end of this.#ends.splice(0).reverse()) await end();
	}
}

/** Our client, by commands of the driver. */
export class Client {
	constructor(readonly drive: Drive, readonly options: Readonly<Record<string, unknown>>) {}

	get id(): string { return String(this.options.clientId); }

	connect(): Promise<Told> { return this.drive.ask('connected closed', { command: 'connect', ...this.options }); }
	reconnect(options: object = {}): Promise<Told> { return this.drive.ask('connected closed', { command: 'reconnect', ...options }); }
	disconnect(reason?: number): Promise<Told> { return this.drive.ask('closed', { command: 'disconnect', reason }); }
	drop(): Promise<Told> { return this.drive.ask('closed', { command: 'drop' }); }
	subscribe(filter: string, qos = 2): Promise<Told> { return this.drive.ask('subscribed', { command: 'subscribe', filter, qos }); }
	unsubscribe(filter: string): Promise<Told> { return this.drive.ask('unsubscribed', { command: 'unsubscribe', filter }); }

	/** Resolves when it is stored. */
	publish(topic: string, payload: string | Buffer, qos = 1, retain = false, ready = false): Promise<Told> {
		return this.drive.ask('published', { command: 'publish', topic, base64: Buffer.from(payload).toString('base64'), qos, retain, ready });
	}

	/** Resolves when the broker has it. */
	deliver(topic: string, payload: string | Buffer, qos = 1, retain = false, ready = false): Promise<Told> {
		return this.drive.ask(qos > 0 ? 'acknowledged' : 'published', { command: 'publish', topic, base64: Buffer.from(payload).toString('base64'), qos, retain, ready });
	}

	/** Events of that name so far. */
	all(event: string): Told[] { return this.drive.told.filter((each) => each.event === event); }

	/** The next event of that name that is so, from `from` on. */
	hears(event: string, matches: object = {}, from = 0): Promise<Told> {
		const wanted = Object.entries(matches);
		return this.drive.find((each) => each.event === event && wanted.every(([name, value]) => each[name] === value), `${event} ${JSON.stringify(matches)}`, from);
	}

	/** Payloads of the messages so far, as text. */
	get payloads(): string[] { return this.all('message').map(({ base64 }) => Buffer.from(String(base64), 'base64').toString()); }
}
