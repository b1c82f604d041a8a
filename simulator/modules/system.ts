// The globals that the SDK sets before main runs: System and trace(); and chance, which on the chip comes from hardware.
//
// Rule: chance is seeded by the host at each boot, so that a run can be repeated.

import { board, call, on } from './host.js';

const state = { a: 1, b: 2, c: 3, d: 4 };

on('boot', (chip: 'ESP8266' | 'ESP32', seed: number, ticksAtBoot: number) => {
	board.chip = chip;
	board.ticksAtBoot = ticksAtBoot;
	state.a = seed;
	state.b = 0x9e3779b9;
	state.c = 0x243f6a88;
	state.d = 1;
	for (let i = 0; i < 16; i++) random();
	start.main();
});

/** What "boot" runs. */
export const start: { main: () => void } = { main: () => {} };

Math.random = random;

Object.defineProperty(globalThis, 'System', {
	value: {
		restart: () => void call('restart'),
		deepSleep: (us?: number) => void call('deepSleep', us ?? 0),
	},
});

Object.defineProperty(globalThis, 'trace', {
	value: (...texts: unknown[]) => void call('trace', texts.map((each) => String(each)).join('')),
});

/** sfc32: small, fast and good enough for jitter. */
function random(): number {
	const sum = (((state.a + state.b) | 0) + state.d) | 0;
	state.d = (state.d + 1) | 0;
	state.a = state.b ^ (state.b >>> 9);
	state.b = (state.c + (state.c << 3)) | 0;
	state.c = (((state.c << 21) | (state.c >>> 11)) + sum) | 0;
	return (sum >>> 0) / 0x1_0000_0000;
}
