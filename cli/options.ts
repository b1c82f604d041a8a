// What the values of options may be, for all commands alike.
//
// Rule: each parser takes the text of one option and returns what it means, or throws Misuse with a sentence that names the option.

import { Misuse } from './failure.js';
import { suggestion } from './nearest.js';
import { mustFitText, shown } from './topics.js';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "20s", "5m", "1.5h": milliseconds. */
export function duration(option: string): (text: string) => number {
	return (text) => {
		const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
		const length = match ? Number(match[1]) * UNITS[match[2]!]! : NaN;
		if (!(length > 0)) throw new Misuse(`${option} is "${text}"; it must be a length of time above 0, like 500ms, 20s, 5m, 2h or 1d.`);
		return length;
	};
}

/** Of a file, a folder or a port; `kind` says which. */
export function path(option: string, kind = 'a file'): (text: string) => string {
	return (text) => {
		if (!text) throw new Misuse(`${option} is empty: name ${kind}, or leave it out.`);
		return text;
	};
}

export function whole(option: string, min: number, max: number): (text: string) => number {
	return (text) => {
		const value = /^-?\d+$/.test(text) ? Number(text) : NaN;
		if (!(value >= min && value <= max)) throw new Misuse(`${option} is "${text}"; it must be a whole number from ${min} to ${max}.`);
		return value;
	};
}

/** What people call a board, after its chip or its maker. */
const OTHER_NAMES: Readonly<Record<string, string>> = { esp8266: 'nodemcu', esp12e: 'nodemcu', 'esp-12e': 'nodemcu', 'esp8266ex': 'nodemcu', d1mini: 'nodemcu', 'd1-mini': 'nodemcu', d1: 'nodemcu', wemos: 'nodemcu', 'esp32-wroom': 'esp32' };

export function oneOf<Name extends string>(option: string, names: readonly Name[]): (text: string) => Name {
	return (text) => {
		const known: readonly string[] = names;
		if (known.includes(text)) return text as Name;
		const meant = OTHER_NAMES[text.toLowerCase()];
		throw new Misuse(`${option} ${JSON.stringify(shown(text))} is not known: ${meant && known.includes(meant) ? `did you mean "${meant}"?` : suggestion(shown(text), names)}`);
	};
}

/** Times as fast as real time. */
export function speed(text: string): number | 'max' {
	if (text === 'max') return text;
	const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
	if (!(value > 0 && value <= 10_000)) throw new Misuse(`--speed is "${text}"; it must be a number above 0, like 1 or 60, at most 10000, or "max".`);
	return value;
}

export interface BrokerAddress {
	/** Without user and password: fit to be shown. */
	readonly url: string;
	readonly user: string | undefined;
	readonly password: string | undefined;
}

const SCHEMES = ['mqtt:', 'mqtts:', 'tcp:', 'ssl:', 'ws:', 'wss:'];

/** "mqtt://user:password@host:port"; a host alone will do. */
export function brokerAddress(text: string): BrokerAddress {
	const wrong = new Misuse('--broker must be an address like mqtt://192.168.1.5:1883 or mqtt://user:password@host.');
	let url: URL;
	try {
		url = new URL(text.includes('://') ? text : `mqtt://${text}`);
	} catch {
		throw wrong;
	}
	if (!SCHEMES.includes(url.protocol)) throw new Misuse(`--broker begins with "${url.protocol}//"; it must begin with mqtt://, mqtts://, ws:// or wss://.`);
	if (!url.hostname) throw wrong;
	const [user, password] = [unescaped(url.username), unescaped(url.password)];
	mustFitText('The user name in --broker', user ?? '');
	mustFitText('The password in --broker', password ?? '');
	[url.username, url.password] = ['', ''];
	return { url: url.href.replace(/\/$/, ''), user, password };
}

function unescaped(text: string): string | undefined {
	if (!text) return undefined;
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

/** Milliseconds as a person says them: "12 s", "3 min 5 s", "2 h 10 min", "4 d 3 h". */
export function lengthInWords(ms: number): string {
	if (ms < 1_000) return `${Math.round(ms)} ms`;
	const seconds = Math.round(ms / 1_000);
	const parts: [number, string][] = [
		[Math.floor(seconds / 86_400), 'd'],
		[Math.floor(seconds / 3_600) % 24, 'h'],
		[Math.floor(seconds / 60) % 60, 'min'],
		[seconds % 60, 's'],
	];
	const first = parts.findIndex(([count]) => count > 0);
	return parts.slice(first, first + 2).filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`).join(' ');
}
