// Where a broker is and who we are there.
//
// Rule: credentials never stand in an address that is shown: they are taken out of it here.

export interface Broker {
	/** mqtt:, mqtts:, ws: or wss:, without user and password. */
	readonly url: string;
	readonly user?: string | undefined;
	readonly password?: string | undefined;
	/** With a CA of one's own: PEM. */
	readonly tls?: { readonly ca: string; readonly cert?: string; readonly key?: string } | undefined;
	/** Version of MQTT: 4 is 3.1.1, which every broker speaks, and 5 is 5.0. */
	readonly protocol?: 4 | 5 | undefined;
}

const SCHEMES = ['mqtt:', 'mqtts:', 'ws:', 'wss:'];

export function addressOf(broker: string | Broker): Broker {
	if (typeof broker !== 'string') return broker;
	const url = URL.canParse(broker) ? new URL(broker) : undefined;
	if (!url || !SCHEMES.includes(url.protocol) || !url.hostname) throw new TypeError('The address of a broker is like mqtt://host, mqtts://host, ws://host/path or wss://host/path.');
	const [user, password] = [unescaped(url.username), unescaped(url.password)];
	[url.username, url.password] = ['', ''];
	return { url: url.href.replace(/\/$/, ''), user, password };
}

function unescaped(text: string): string | undefined {
	try {
		return decodeURIComponent(text) || undefined;
	} catch {
		return text;
	}
}
