// SPDX-License-Identifier: MIT
// The HIH-4030 and the HIH-5030, on a breakout.
//
// Rule: what gives more than a pin takes goes through a divider, which is drawn with it.

import type { WiringOf } from '../wiring.js';

const enum Mv {
	HIH5030_HIGHEST = 2_600,
}
const DIVIDER = 'And 100 kΩ from the pin to GND, 100 nF beside it.';

export const wiring: WiringOf = (row, fullScaleMv) => {
	const is5030 = row === 'hih5030';
	const divided = !is5030 || fullScaleMv < Mv.HIH5030_HIGHEST;
	return {
		title: is5030 ? 'HIH-5030' : 'HIH-4030 (5 V)',
		legs: [
			{ label: '+V', role: is5030 ? 'supply' : 'five' },
			{ label: 'OUT', role: 'signal', ...(divided && { through: '100 kΩ' }) },
			{ label: 'GND', role: 'ground' },
		],
		notes: divided ? [DIVIDER, is5030 ? 'Without them what is above 93 % cannot be read.' : 'Never without both resistors: it gives up to 3.9 V.'] : [],
	};
};
