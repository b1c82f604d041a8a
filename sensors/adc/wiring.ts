// SPDX-License-Identifier: MIT
// Whatever gives a voltage.
//
// Rule: it has a supply of its own, or none; it shares the ground.

import type { WiringOf } from '../wiring.js';

export const wiring: WiringOf = (_row, fullScaleMv) => ({
	title: 'Voltage',
	legs: [{ label: 'signal', role: 'signal' }, { label: 'GND', role: 'ground' }],
	notes: [`At most ${(Math.floor(fullScaleMv / 100) / 10).toFixed(1)} V; more through a divider, and say so in gain.`],
});
