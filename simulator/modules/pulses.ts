// What native/pulses.c is on a chip: the pulses on one wire, taken in one go. The contract is PulseInput (sensors/io.ts).

import { fill, view } from './bytes.js';
import { call, native } from './host.js';

native('xs_pulses_low', (pin: number) => call('pulses.low', pin));
native('xs_pulses_release', (pin: number) => call('pulses.release', pin));
native('xs_pulses_capture', (pin: number, buffer: unknown) => {
	const into = view(buffer);
	const taken = call<string>('pulses.capture', pin, into.length >> 1);
	fill(into, taken);
	// Four digits are a pair.
	return taken.length >> 2;
});
