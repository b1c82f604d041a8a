// What runs on XS for on-xs.test.ts, as the firmware runs on a node: drivers over the stand-ins of the SDK's classes, and parts that are made
// to be weighed.
import Analog from 'embedded:io/analog';
import I2C from 'embedded:io/i2c';
import { board } from 'telltale/board';
import { PARTS, type PartIo, type PartOptions } from '../../sensors/parts.js';
import { Scratch } from '../../sensors/scratch.js';
import { call, on } from '../../simulator/modules/host.js';
import type { Part } from '../../src/common/ports.js';
import { DevicePulses } from '../../src/device/pulses.js';
import { connect } from '../../src/parts/parts.js';

/** The most that any part gives. */
const QUANTITIES = 4;

/** On whatever bus. */
class Idle {
	get resolution(): number {
		return 10;
	}
	read(): number {
		return 0;
	}
	write(): void {}
	low(): void {}
	capture(): number {
		return 0;
	}
	close(): void {}
}

/** As the sampler measures; what it says where it cannot. */
function measured({ sensor, row }: Part, values: Int32Array, milliC: number): readonly number[] | string {
	try {
		sensor.compensate?.(milliC);
		let ms = sensor.start();
		do {
			call('bench.wait', ms);
			ms = sensor.collect(values, 0);
		} while (ms > 0);
		return Array.from(values.subarray(0, row.quantities.length));
	} catch (error) {
		return (error as Error).message;
	}
}

export default function (): void {
	const kept: unknown[] = [];
	/** As in a node. */
	const scratch = new Scratch(0);
	on('sweep', (setting: string) => {
		const io = { board, Analog: Analog as never, I2C: I2C as never, Pulses: DevicePulses };
		const [part] = connect(setting, io);
		const values = new Int32Array(QUANTITIES);
		// The air's temperature, until it is enough.
		let milliC = call<number | null>('bench.first');
		while (milliC !== null) milliC = call<number | null>('bench.next', measured(part!, values, milliC) as string);
		part!.sensor.close();
	});
	on('keep', (name: string, count: number) => {
		const io = { board, Analog: Idle, I2C: Idle, Pulses: Idle, scratch } as unknown as PartIo;
		const row = PARTS.find((each) => each.name === name)!;
		for (let i = 0; i < count; i++) kept.push(row.make(io, { address: row.addresses[0], pin: 0, gain: 1, offsetMv: 0 } as PartOptions));
	});
}
