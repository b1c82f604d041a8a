// SPDX-License-Identifier: MIT
// "telltale/tls" on an ESP8266: there is none, and why.
//
// Rule: whoever asks for TLS here is told so before anything is opened; nothing goes out in the clear instead.

import type { Clock } from '../../common/ports.js';
import type { Sockets } from '../tcp.js';

/** Why TLS cannot be had, which the setting `key` asks for; '' if it can. The figures are those of the SDK's own documentation. */
export const tlsProblem = (key: string, _store?: unknown): string => {
	return `${key} is true, but TLS does not fit an ESP8266: a handshake takes 20 KB of RAM beside the program, of 28 KB in all; `
		+ `use an ESP32, or set ${key} to false.`;
};

/** None can come here. */
export const certificateProblem = (): string => '';

/** Plain ones: where TLS is asked for, tlsProblem() objects. */
export const tlsSockets = (_to: unknown, _clock: Clock, _store: unknown): Sockets | undefined => undefined;
