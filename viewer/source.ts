// Readings from a broker: subscribes with MQTT.js, hands every message to the merge, and says how the link is.
//
// Rule: never throws for what the broker or the network does. Each change of the link is told once, as a sentence;
// `final` means that trying again cannot help. QoS 1, a clean session: what passes while we are away
// is nobody's loss, and counted (merge): a session that waits for us would stay behind at the broker when we are gone. Who names a
// session wants that.

import { connect, type ErrorWithReasonCode, type IClientOptions, type MqttClient } from 'mqtt';
import type { Merge, Outcome } from './merge.js';
import { bounded, parse, type Message, type Status } from './payload.js';
import { safe } from './safe.js';

export interface SourceOptions {
	/** Without user and password. */
	readonly url: string;
	readonly user?: string | undefined;
	readonly password?: string | undefined;
	/** Version of MQTT: 4 is 3.1.1, which every broker speaks, and 5 is 5.0. */
	readonly protocol?: 4 | 5 | undefined;
	/** The broker keeps what passes while we are away, under this client id; without it what passes then is counted as passed. */
	readonly session?: string | undefined;
	/** Which of several brokers this is. */
	readonly broker?: number | undefined;
	/** Nodes are called by their whole base topic. */
	readonly whole?: boolean | undefined;
	/** For mqtts:// and wss://, with a CA of one's own: PEM. */
	readonly tls?: { readonly ca: string; readonly cert?: string; readonly key?: string } | undefined;
	/** Topics that nodes live below, like "telltale". */
	readonly bases: readonly string[];
	/** Only this node. */
	readonly node?: string | undefined;
	readonly merge: Merge;
	/** False: not counted, nor told. `retained`: the broker had it before we came. */
	readonly accepts?: (message: Message, retained: boolean) => boolean;
	readonly onMessage?: (message: Message, outcome: Outcome, at: number, topic: string, retained: boolean) => void;
	readonly onLink?: (link: Link) => void;
	/** The longest time between two attempts. */
	readonly retryMaxMs?: number;
}

export interface Link {
	readonly up: boolean;
	readonly sentence: string;
	readonly final: boolean;
}

/** A node comes back after a second at the earliest, and begins with what it kept: we are there before. */
const RETRY_MS = 250;
/** Of how long the broker has been away already. */
const RETRY_PART = 0.1;
const RETRY_MAX_MS = 2_000;
/** From the SUBSCRIBE to the SUBACK. */
const SUBACK_MS = 10_000;
/** In 3.1.1 the broker decides how long it keeps a session. */
const SESSION_SECONDS = 7 * 86_400;
/** Retained messages come right behind the SUBACK. */
const RETAINED_MS = 1_000;
/** As many nodes as are kept count of. */
const ASKED_MAX = 1_000;
/** What is under way may still be answered when we go. */
const CLOSE_MS = 1_000;

export class Source {
	readonly #options: SourceOptions;
	readonly #client: MqttClient;
	#said = '';
	/** 0 while connected. */
	#awaySince = 0;
	/** When the subscriptions were granted; Infinity while they are not. */
	#subscribedAt = Infinity;
	/** Bases of nodes whose retained topics were asked for by name in this connection. */
	readonly #asked = new Set<string>();
	#closed = false;
	#wasConnected = false;
	#patience: NodeJS.Timeout | undefined;

	constructor(options: SourceOptions) {
		this.#options = options;
		this.#client = connect(options.url, clientOptions(options));
		this.#client.on('connect', ({ sessionPresent }) => this.#connected(sessionPresent));
		this.#client.on('message', (topic, payload, { retain }) => this.#take(topic, payload, retain));
		this.#client.on('error', (error) => this.#down(error));
		this.#client.on('close', () => {
			this.#down(undefined);
			this.#pace();
		});
	}

	async close(): Promise<void> {
		this.#closed = true;
		clearTimeout(this.#patience);
		// MQTT.js would wait for ever for an answer that does not come, and for a broker that does not hang up.
		let timer: NodeJS.Timeout | undefined;
		const late = new Promise((resolve) => (timer = setTimeout(resolve, CLOSE_MS)));
		await Promise.race([this.#client.endAsync(!this.#client.connected).catch(() => {}), late]);
		clearTimeout(timer);
		this.#client.stream.destroy();
	}

	/** Why nothing has come of the connection yet, for one who waits no longer. */
	get silence(): string {
		const { url } = this.#options;
		if (this.#client.connected) return `The broker at ${url} takes connections but does not answer a SUBSCRIBE: check the broker.`;
		const { connecting } = this.#client.stream as { connecting?: boolean };
		return connecting ? `${url} cannot be reached from this network: check the address.` : notMqtt(url);
	}

	get client(): MqttClient {
		return this.#client;
	}

	#connected(sessionPresent: boolean): void {
		const { broker, merge, session } = this.#options;
		// The broker has lost what it was to keep.
		if (session !== undefined && !sessionPresent && this.#wasConnected) merge.interrupted(broker);
		this.#wasConnected = true;
		this.#subscribe();
	}

	#subscribe(): void {
		const { bases, node, url } = this.#options;
		const filters = bases.map((base) => (node === undefined ? `${base}/#` : `${base}/${node}/#`));
		clearTimeout(this.#patience);
		this.#patience = setTimeout(() => this.#deaf(), SUBACK_MS);
		this.#client.subscribe(filters, { qos: 1 }, (error, granted) => {
			clearTimeout(this.#patience);
			if (this.#closed) return;
			// 128 is a refusal (§3.9.3); MQTT.js reports it as an error or as granted, depending on the version of the protocol.
			const refused = error || granted?.some(({ qos }) => (qos as number) >= 128);
			if (!refused) {
				this.#awaySince = 0;
				this.#subscribedAt = performance.now();
				this.#asked.clear();
				this.#pace();
				this.#tell({ up: true, sentence: `Connected to ${url}.`, final: false });
			} else if (this.#client.connected) {
				this.#tell({ up: false, sentence: `The broker at ${url} does not let us read ${filters.join(' and ')}: ask for the right, or give another user, like mqtt://user:password@host.`, final: true });
			}
		});
	}

	/** The connection goes, and with the next one we ask again. */
	#deaf(): void {
		this.#tell({ up: false, sentence: `The broker at ${this.#options.url} takes connections but does not answer a SUBSCRIBE: check the broker; ${AGAIN}`, final: false });
		this.#client.stream.destroy();
	}

	#take(topic: string, payload: Uint8Array, retained: boolean): void {
		const { accepts, bases, broker, merge, node, onMessage, whole } = this.#options;
		const at = Date.now();
		const message = parse(topic, payload, bases, retained, whole);
		if (message.kind === 'other' || (node !== undefined && message.node !== bounded(node) && !whole)) return;
		if (accepts && !accepts(message, retained)) return;
		const outcome = merge.take(message, at, broker, retained);
		if (message.kind === 'reading' || message.kind === 'health') this.#ask(topic, merge.node(message.node)?.status);
		onMessage?.(message, outcome, at, topic, retained);
	}

	/** Some brokers send no retained messages for wildcards (RabbitMQ): a node that is heard, and says nothing of itself, is asked for by name. */
	#ask(topic: string, status: Status | undefined): void {
		const owner = topic.slice(0, topic.lastIndexOf('/'));
		if (status !== undefined || performance.now() - this.#subscribedAt < RETAINED_MS || this.#asked.has(owner) || this.#asked.size >= ASKED_MAX) return;
		this.#asked.add(owner);
		const topics = ['status', 'info', 'channels'].map((leaf) => `${owner}/${leaf}`);
		this.#client.subscribe(topics, { qos: 1 }, () => {
			// What is retained comes with the answer; all later ones come by the wildcard.
			setTimeout(() => this.#client.connected && this.#client.unsubscribe(topics), RETAINED_MS).unref();
		});
	}

	#down(error: Error | ErrorWithReasonCode | undefined): void {
		if (this.#closed) return;
		clearTimeout(this.#patience);
		this.#awaySince ||= performance.now();
		this.#subscribedAt = Infinity;
		if (this.#said.startsWith('Connected') && this.#options.session === undefined) this.#options.merge.interrupted(this.#options.broker);
		const link = explain(error, this.#options, this.#client.connected);
		// A close after an error is the same event, and each retry that fails like the one before is no news.
		if (!error && this.#said && !this.#said.startsWith('Connected')) return;
		this.#tell(link);
	}

	/** How long MQTT.js waits before the attempt after the next. */
	#pace(): void {
		const away = this.#awaySince ? performance.now() - this.#awaySince : 0;
		this.#client.options.reconnectPeriod = Math.min(RETRY_MS + away * RETRY_PART, this.#options.retryMaxMs ?? RETRY_MAX_MS);
	}

	#tell(link: Link): void {
		if (link.sentence === this.#said) return;
		this.#said = link.sentence;
		this.#options.onLink?.(link);
	}
}

function clientOptions({ user, password, tls, protocol = 4, session }: SourceOptions): IClientOptions {
	return {
		protocolVersion: protocol,
		clientId: session ?? `telltale-${Math.random().toString(16).slice(2, 10)}`,
		clean: session === undefined,
		...(session !== undefined && protocol === 5 && { properties: { sessionExpiryInterval: SESSION_SECONDS } }),
		...(user === undefined ? {} : { username: user }),
		...(password === undefined ? {} : { password }),
		// As the nodes do: what the file holds is trusted, whether it is a root or not.
		...(tls && { ...tls, allowPartialTrustChain: true }),
		keepalive: 30,
		connectTimeout: 10_000,
		reconnectPeriod: RETRY_MS,
		resubscribe: false,
	};
}

const AGAIN = 'trying again.';
const LOST: readonly [RegExp, (url: string, ca: string) => string][] = [
	[/ECONNREFUSED/, (url) => `No broker answers at ${url}: start one, or name another with --broker; ${AGAIN}`],
	[/ENOTFOUND|EAI_AGAIN/, (url) => `The name in ${url} is not known here: check it, or give the broker's address with --broker; ${AGAIN}`],
	[/EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/, (url) => `${url} cannot be reached from this network: check the address; ${AGAIN}`],
	[/connack timeout/, (url) => notMqtt(url).replace(/\.$/, `; ${AGAIN}`)],
	[/ALTNAME_INVALID/, (url) => `The certificate of ${url} is for another name: name the broker as its certificate does; ${AGAIN}`],
	[/CERT_HAS_EXPIRED/, (url) => `The certificate of ${url} has expired: renew it at the broker; ${AGAIN}`],
	[/SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)/, (url, ca) => `The certificate of ${url} is not trusted, since no CA that this machine trusts signed it: name its CA with ${ca}; ${AGAIN}`],
	[/CERT|certificate|SSL|TLS/i, (url) => `The secure connection to ${url} fails: check the broker's certificate; ${AGAIN}`],
];

function notMqtt(url: string): string {
	return `${url} takes connections but does not answer as an MQTT broker: check the port.`;
}

/** Bad user name or password, and not authorized, in both versions. */
const REFUSED_USER: readonly (number | undefined)[] = [4, 5, 134, 135];

/** Return codes of CONNACK (MQTT 3.1.1 table 3.1), and reason codes of 5.0. */
function explain(error: Error | ErrorWithReasonCode | undefined, { url, tls }: SourceOptions, connected: boolean): Link {
	const code = (error as { code?: number | string } | undefined)?.code;
	if (REFUSED_USER.includes(code as number)) {
		return { up: false, sentence: `The broker at ${url} refuses the user name or the password: give them with --broker, like mqtt://user:password@host.`, final: true };
	}
	if (code === 1 || code === 132) return { up: false, sentence: `The broker at ${url} does not speak this version of MQTT: leave it to 3.1.1, which all do.`, final: true };
	if (code === 2 || code === 133 || code === 138) return { up: false, sentence: `The broker at ${url} refuses us (CONNACK return code ${code}).`, final: true };
	if (!error) return { up: false, sentence: `The connection to ${url} is lost: ${AGAIN}`, final: false };
	// Of the packet parser, which knows no codes.
	if (code === undefined && !connected && /^Invalid|malformed|header flag/i.test(error.message)) return { up: false, sentence: notMqtt(url).replace(/\.$/, `; ${AGAIN}`), final: false };
	const text = `${String(code)} ${error.message}`;
	const ca = tls ? 'caFile' : 'the environment variable NODE_EXTRA_CA_CERTS';
	const known = LOST.find(([pattern]) => pattern.test(text));
	return { up: false, sentence: known ? known[1](url, ca) : `The connection to ${url} fails (${safe(error.message.replace(/\s+/g, ' '))}): ${AGAIN}`, final: false };
}
