// The subscriber that sees what a server hands out. It is not ours but mqtt.js, and comes to the server itself, not through the gate.
//
// Rule: it keeps a session, and nodes are let in only when it is there: so whatever a server acknowledges is its to hand out.

import { connect, type MqttClient } from 'mqtt';

export interface ObserverOptions {
	readonly protocolVersion: 4 | 5;
	readonly user?: string;
	readonly onMessage: (topic: string, payload: Uint8Array) => void;
}

const RECONNECT_MS = 20;
/** Below what any server here is told to allow. */
const KEEP_ALIVE_S = 5;
const SESSION_EXPIRY_S = 86_400;

export class Observer {
	readonly #client: MqttClient;
	#ready = false;
	#onReady: (() => void)[] = [];
	#problem = '';

	constructor(port: number, { protocolVersion, user, onMessage }: ObserverOptions) {
		const client = connect(`mqtt://127.0.0.1:${port}`, {
			protocolVersion, clean: false, clientId: 'telltale-observer', reconnectPeriod: RECONNECT_MS, connectTimeout: 5_000, keepalive: KEEP_ALIVE_S, resubscribe: false,
			// A server may listen before it has read who its users are.
			reconnectOnConnackError: true,
			...(protocolVersion === 5 && { properties: { sessionExpiryInterval: SESSION_EXPIRY_S } }),
			...(user !== undefined && { username: user, password: user }),
		});
		this.#client = client;
		client.on('error', (fault) => (this.#problem = fault.message));
		client.on('close', () => (this.#ready = false));
		client.on('message', (topic, payload) => onMessage(topic, payload));
		client.on('connect', ({ sessionPresent }) => void this.#connected(sessionPresent));
	}

	/** Settles when the subscription stands. */
	async whenReady(patienceMs = 60_000): Promise<void> {
		if (this.#ready) return;
		const problem = (): Error => new Error(`The observer cannot subscribe${this.#problem && `: ${this.#problem}`}.`);
		await new Promise<void>((resolve, reject) => {
			const timer = setTimeout(() => reject(problem()), patienceMs);
			this.#onReady.push(() => (clearTimeout(timer), resolve()));
		});
	}

	async close(): Promise<void> {
		await this.#client.endAsync(true);
	}

	async #connected(sessionPresent: boolean): Promise<void> {
		try {
			if (!sessionPresent) await this.#client.subscribeAsync('telltale/#', { qos: 1 });
		} catch (fault) {
			// The connection ended, or it was refused; the next connection tries again.
			this.#problem = (fault as Error).message;
			return;
		}
		this.#ready = true;
		for (const tell of this.#onReady.splice(0)) tell();
	}
}
