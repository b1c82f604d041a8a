// SPDX-License-Identifier: MIT
// The TMP36 in TO-92, seen from its printed side, legs down.
//
// Rule: legs from left to right. Analog Devices, TMP35/TMP36/TMP37 Rev. H, pin configurations.

import type { WiringOf } from '../wiring.js';

export const wiring: WiringOf = () => ({
	title: 'TMP36',
	legs: [{ label: '1 +Vs', role: 'supply' }, { label: '2 Vout', role: 'signal' }, { label: '3 GND', role: 'ground' }],
	notes: ['Print towards you: 1, 2, 3 from the left.', '100 nF between 1 and 3, close to the part.'],
});
