// Moddable's "embedded:io/analog": the ESP8266's only input, or one of the ESP32's pins on its calibrated scale.

import type SDK from 'embedded:io/analog';
import type { AnalogOptions } from 'embedded:io/analog';
import { board, call } from './host.js';

class Analog {
	target?: unknown;
	#pin: number | undefined;

	constructor(options: AnalogOptions) {
		if (options.format && options.format !== 'number') throw new RangeError('invalid format');
		const esp32 = options.esp32;
		this.#pin = call<number>('analog.open', options.pin as number, esp32?.calibrated ?? true, esp32?.attenuation ?? 12);
		if ('target' in options) this.target = options.target;
	}

	read(): number | undefined {
		// The ESP8266's native code looks at no instance: it reads even after close().
		if (this.#pin === undefined && board.chip === 'ESP32') throw new SyntaxError('xsGetHostData: invalid host data');
		return call<number | null>('analog.read', this.#pin ?? 0) ?? undefined;
	}

	close(): void {
		if (this.#pin === undefined) return;
		call('analog.close', this.#pin);
		this.#pin = undefined;
	}

	get resolution(): number {
		return board.chip === 'ESP8266' ? 10 : 12;
	}

	get format(): 'number' {
		return 'number';
	}
	set format(format: 'number') {
		if (format !== 'number') throw new RangeError();
	}
}

Analog satisfies typeof SDK;
export default Analog;
