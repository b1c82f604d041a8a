// Tries a broker from this machine with the settings of a node, and says what is wrong.
//
// Rule: it connects and goes: nothing is published or subscribed to, under a client id of its own, so that no node is put out. What is wrong
// is one sentence without a secret.

import type { IClientOptions } from 'mqtt';
import { usualPort } from '../src/settings/settings.js';
import { safe } from '../viewer/safe.js';
import { ownAddresses } from './broker.js';
import { certificatesOf } from './certificates.js';
import type { Settings } from './settings.js';

const PATIENCE_MS = 8_000;
/** CONNACK: bad user name or password, not authorized; in 3.1.1 and in 5.0. */
const REFUSED = [4, 5, 0x86, 0x87];
const OTHER_VERSION = [1, 0x84];

/** '' if it lets the node in. `folder`: where the settings are, for the files that they name. */
export async function brokerProblem(settings: Settings, folder: string, patienceMs = PATIENCE_MS): Promise<string> {
	const { connect } = await import('mqtt');
	const tls = settings['tls'] === true;
	const host = String(settings['host']);
	const port = Number(settings['port'] ?? usualPort(tls));
	const at = `${host}:${port}`;
	let options: IClientOptions;
	try {
		options = { ...credentials(settings), ...(tls && await trust(settings, folder)) };
	} catch (fault) {
		return (fault as Error).message;
	}
	const client = connect(`${tls ? 'mqtts' : 'mqtt'}://${at}`, { ...options, connectTimeout: patienceMs, reconnectPeriod: 0 });
	try {
		return await new Promise<string>((resolve) => {
			client.on('connect', () => resolve(''));
			client.on('error', (error) => {
				const { connecting } = client.stream as { connecting?: boolean };
				resolve(sentence(error, at, settings, connecting === true));
			});
			client.on('close', () => resolve(notMqtt(at, tls)));
		});
	} finally {
		await client.endAsync(!client.connected).catch(() => {});
		client.stream.destroy();
	}
}

function credentials({ user, password, protocol }: Settings): IClientOptions {
	return {
		clientId: `telltale-${Math.random().toString(16).slice(2, 10)}`,
		clean: true,
		protocolVersion: protocol === 5 ? 5 : 4,
		...(user && { username: String(user), ...(password && { password: String(password) }) }),
	};
}

async function trust(settings: Settings, folder: string): Promise<IClientOptions> {
	const { pem } = (await certificatesOf({ ...settings, host2: '', host3: '', tls2: false, tls3: false }, folder))!;
	// As the nodes do: what the file holds is trusted, whether it is a root or not.
	const own = { ...pem, allowPartialTrustChain: true };
	return { ...own, ...(settings['alpn'] && { ALPNProtocols: [String(settings['alpn'])] }) };
}

function notMqtt(at: string, tls: boolean): string {
	return `${at} takes connections but does not answer as an MQTT broker: check the port${tls ? '' : ', or set tls if it wants that'}.`;
}

const FAULTS: readonly [RegExp, (at: string) => string][] = [
	[/ENOTFOUND|EAI_AGAIN/, (at) => `The name in ${at} is not known here: check it, or give the broker's address.`],
	[/EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/, (at) => silent(at)],
	[/ALTNAME_INVALID/, (at) => `The certificate of ${at} is for another name: give the host as its certificate does.`],
	[/CERT_HAS_EXPIRED/, (at) => `The certificate of ${at} has expired: renew it at the broker.`],
	[/SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)/, (at) => `The certificate of ${at} is not trusted: caFile must hold the CA that signed it.`],
	[/CERT|certificate|SSL|TLS|EPROTO/i, (at) => `The secure connection to ${at} fails: check the port, and the broker's certificate.`],
];

function silent(at: string): string {
	return `${at} does not answer: check the address, and what lies between.`;
}

function sentence(error: Error, at: string, { host, tls, user }: Settings, connecting: boolean): string {
	const { code } = error as { code?: number | string };
	if (REFUSED.includes(code as number)) return user ? `The broker at ${at} refuses the user name or the password.` : `The broker at ${at} lets nobody in without a user name and a password.`;
	if (OTHER_VERSION.includes(code as number)) return `The broker at ${at} does not speak this version of MQTT: set protocol to "auto".`;
	if (typeof code === 'number') return `The broker at ${at} does not let us in (reason ${code}).`;
	const text = `${String(code)} ${error.message}`;
	if (/ECONNREFUSED/.test(text)) {
		const start = ownAddresses().includes(String(host)) ? `: start one with "npx telltale broker --listen ${host}"` : ': start one, or give another host or port';
		return `No broker listens at ${at}${start}.`;
	}
	if (/connack timeout/.test(text)) return connecting ? silent(at) : notMqtt(at, tls === true);
	const known = FAULTS.find(([pattern]) => pattern.test(text));
	if (known) return known[1](at);
	// Of the parser of packets, which knows no codes, and of who hangs up.
	if (code === undefined || code === 'ECONNRESET') return notMqtt(at, tls === true);
	return `The connection to ${at} fails (${safe(error.message.replace(/\s+/g, ' '))}).`;
}
