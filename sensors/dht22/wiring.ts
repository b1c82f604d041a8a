// SPDX-License-Identifier: MIT
// The DHT22 and the DHT11: three or four legs, of which one is not used.
//
// Rule: legs in the order of the part without a breakout, seen from its grid: 1, 2, 4. Aosong AM2302, §4.

import type { WiringOf } from '../wiring.js';

export const wiring: WiringOf = (row) => ({
	title: row.toUpperCase(),
	legs: [{ label: '1 VCC', role: 'supply' }, { label: '2 DATA', role: 'signal' }, { label: '4 GND', role: 'ground' }],
	notes: ['Without a breakout: 4.7 to 10 kΩ between 1 and 2.', 'Breakouts have three pins, in an order of their own.'],
});
