// SPDX-License-Identifier: MIT
// The board's LED and its button, and the supplies of parts, over the SDK's pins.
//
// Rule: all can be done without. A pin that cannot be had is said in one line, and the node goes on. The button's edges
// wake the loop and do nothing else.

import Digital from 'embedded:io/digital';
import type { Alarm, InputPin, Log, OutputPin } from '../common/ports.js';

export interface PinConstants {
	readonly pin: number;
	readonly activeLow: boolean;
}

export const openLed = (constants: PinConstants, log: Log): OutputPin | undefined => openOutput(constants, 'LED', log);

/** The supply of a part, switched on. */
export const openPower = (pin: number, log: Log): OutputPin | undefined => {
	const power = openOutput({ pin, activeLow: false }, 'supply', log);
	power?.write(1);
	return power;
};

const openOutput = ({ pin, activeLow }: PinConstants, what: string, log: Log): OutputPin | undefined => {
	try {
		return new Digital({ pin, activeLow, mode: Digital.Output });
	} catch (error) {
		log.line(`no ${what}: GPIO ${pin | 0}: ${(error as Error).message}`);
	}
	return undefined;
};

export const openButton = ({ pin, activeLow }: PinConstants, alarm: Alarm, log: Log): InputPin | undefined => {
	try {
		return new Digital({ pin, activeLow, mode: Digital.InputPullUp, edge: Digital.Rising | Digital.Falling, onReadable: moved, target: alarm });
	} catch (error) {
		log.line(`no button: GPIO ${pin | 0}: ${(error as Error).message}`);
	}
	return undefined;
};

function moved(this: Digital): void {
	(this.target as Alarm).wake();
}
