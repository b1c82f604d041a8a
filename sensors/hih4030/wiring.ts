// SPDX-License-Identifier: MIT
// The HIH-4030 and its like, on a breakout.
//
// Rule: what gives more than a pin takes goes through a divider, which is drawn with it.

import type { WiringOf } from '../wiring.js';

export const wiring: WiringOf = () => ({
	title: 'HIH-4030 (5 V)',
	legs: [{ label: '+V', role: 'five' }, { label: 'OUT', role: 'signal', through: '100 kΩ' }, { label: 'GND', role: 'ground' }],
	notes: ['And 100 kΩ from the pin to GND, 100 nF beside it.', 'Never without both resistors: it gives up to 3.9 V.'],
});
