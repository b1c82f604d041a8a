// SPDX-License-Identifier: MIT
// "telltale/tls" on an ESP8266: there is none, and why.
//
// Rule: whoever asks for TLS here is told so before anything is opened; nothing goes out in the clear instead.

import type { Clock } from '../../common/ports.js';
import type { MakeSocket } from '../tcp.js';

/** Why TLS cannot be had, which the setting `key` asks for; '' if it can. The figures are those of the SDK's own documentation. */
export const tlsProblem = (key: string, _store?: unknown): string => {
	return `${key} is true, but TLS does not fit an ESP8266: a handshake takes 20 KB of RAM beside the program, of 28 KB in all; `
		+ `use an ESP32, or set ${key} to false.`;
};

/** None can come here. */
export const certificateProblem = (): string => '';

/** Never called where tlsObjection() objects. */
export const tlsSockets = (_to: unknown, _clock: Clock, _store: unknown): MakeSocket | undefined => undefined;
