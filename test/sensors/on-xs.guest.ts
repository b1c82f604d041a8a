// What runs on XS for on-xs.test.ts: each part on I2C against its twin, at many temperatures, and parts that are made to be weighed.
import { Bus } from '../../sensors/io.js';
import { PARTS, type PartIo, type PartOptions, type Row } from '../../sensors/parts.js';
import type { MakeTwin } from '../../sensors/twin.js';
import type { Sensor } from '../../src/common/ports.js';
import { steps, TwinBus } from '../support/twin-bus.js';

interface Wired {
	readonly bus: TwinBus;
	readonly sensor: Sensor;
}

const kept: Sensor[] = [];
const one = new TwinBus();

function made(row: Row, bus: TwinBus): Sensor {
	const io = { board: { i2c: { data: 4, clock: 5, hz: 100_000 } }, I2C: bus.I2C } as unknown as PartIo;
	return row.make(io, { address: row.addresses[0] } as PartOptions);
}

function wired(row: Row, makers: Readonly<Record<string, MakeTwin>>): Wired {
	const bus = new TwinBus();
	bus.wire(makers[row.folder]!, row.name, row.addresses[0]!);
	return { bus, sensor: made(row, bus) };
}

/** The largest error of each quantity in milli-units, over the whole range of the row. */
function sweep(row: Row, { bus, sensor }: Wired): number[] {
	const worst = row.quantities.map(() => 0);
	for (const share of steps(0.001, 0.999, 24)) {
		const at = (k: number) => (row.minima[k]! + (row.maxima[k]! - row.minima[k]!) * ((share * (1 + 2 * k)) % 1)) / 1_000;
		bus.air = { temperatureC: at(0), humidityPct: at(1), pressureHpa: row.quantities.length > 2 ? at(2) : 1_000 };
		const air = [bus.air.temperatureC, bus.air.humidityPct, bus.air.pressureHpa];
		bus.measure(sensor, row.quantities.length).forEach((value, k) => (worst[k] = Math.max(worst[k]!, Math.abs(value - air[k]! * 1_000))));
		bus.now += 5_000;
	}
	return worst;
}

export function serve(makers: Readonly<Record<string, MakeTwin>>): void {
	const rows = PARTS.filter(({ bus, folder }) => bus === Bus.I2C && folder);
	const answers: Record<string, (name: string) => unknown> = {
		names: () => rows.map(({ name }) => name),
		sweep: (name) => {
			const row = rows.find((each) => each.name === name)!;
			return sweep(row, wired(row, makers));
		},
		keep: (name) => kept.push(made(rows.find((each) => each.name === name)!, one)),
		nothing: () => 0,
	};
	(globalThis as unknown as { handleCommand(request: ArrayBuffer): ArrayBuffer }).handleCommand = (request) => {
		const [what, name] = String.fromCharCode(...new Uint8Array(request)).split(' ');
		return Uint8Array.from(JSON.stringify(answers[what!]!(name!)), (character) => character.charCodeAt(0)).buffer;
	};
}
