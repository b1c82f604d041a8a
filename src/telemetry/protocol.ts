// SPDX-License-Identifier: MIT
// Which versions of MQTT the image speaks: 3.1.1, and 5.0 if it was not left out.
//
// Rule: only this file knows that something may be left out. An image whose settings never ask for 5.0 is built with
// src/without5/ in place of src/mqtt/v5/protocol5 and reasons5 (cli/image.ts), and what only those need stays out with
// them.

import type { Fault } from '../mqtt/codec/fault.js';
import { Protocol5, type Options5 } from '../mqtt/v5/protocol5.js';
import { reasonText5 } from '../mqtt/v5/reasons5.js';
import { reasonText } from '../mqtt/reasons.js';

const WITHOUT_5 = 'protocol asks for MQTT 5.0, which was left out of this image: it must be 4.';

/** Why the image cannot speak what is asked for; '' if it can. */
export const protocolProblem = (protocol: unknown): string =>
	protocol === 5 || protocol === 'auto' ? (Protocol5 as typeof Protocol5 | undefined) ? '' : WITHOUT_5 : '';

/** undefined where 5.0 was left out. */
export const makeProtocol5 = (options: Options5): Protocol5 | undefined =>
	(Protocol5 as typeof Protocol5 | undefined) && new Protocol5(options);

export const reasonSentence = (fault: Fault, code: number, protocol5: Protocol5 | undefined): string =>
	protocol5 ? reasonText5(fault, code, protocol5.reasonString) : reasonText(fault, code);
