// Parts that share an address are told apart: each row's identify() against the twins of all rows that can sit there.
import { describe, expect, it } from 'vitest';
import { Bus } from '../../sensors/io.js';
import { PARTS, type Row } from '../../sensors/parts.js';
import type { MakeTwin } from '../../sensors/twin.js';
import { TwinBus } from '../support/twin-bus.js';

const all = PARTS.filter(({ bus, folder }) => bus === Bus.I2C && folder);
/** One that shares its addresses with no other needs none. */
const sharesAddress = ({ name, addresses }: Row) => all.some((other) => other.name !== name && other.addresses.some((each) => addresses.includes(each)));
const onI2C = all.filter((row) => row.identify || sharesAddress(row));
const addresses = [...new Set(onI2C.flatMap((row) => row.addresses))];
const makers = new Map<string, MakeTwin>();
for (const { folder } of onI2C) makers.set(folder, (await import(`../../sensors/${folder}/simulated.ts`)).simulated);

describe('the identity of a part', () => {
	it.each(addresses.map((each) => [each.toString(16), each] as const))('is told from all others at address %s', (_hex, address) => {
		const there = onI2C.filter((row) => row.addresses.includes(address));
		for (const { name, folder } of there) {
			const bus = new TwinBus();
			bus.wire(makers.get(folder)!, name, address);
			// Each is asked twice, in both orders: whoever asks first leaves the part as it was.
			const asked = [...there, ...[...there].reverse()];
			const named = asked.filter(({ identify }) => identify?.(bus.at(address), bus.pause)).map((row) => row.name);
			expect(named, name).toEqual([name, name]);
		}
	});

	it.each(onI2C.map((row) => [row.name, row] as const))('of %s is found by nobody where no part is, and leaves the part as start() wants it', (name, row) => {
		const [address] = row.addresses as [number];
		const bus = new TwinBus();
		expect(row.identify!(bus.at(address), bus.pause)).toBe(false);
		bus.wire(makers.get(row.folder)!, name, address);
		const sensor = row.make({ board: { i2c: bus.options().sensor }, I2C: bus.I2C } as never, { address } as never);
		row.identify!(bus.at(address), bus.pause);
		expect(bus.complaint(sensor, row.quantities.length)).toBe('');
	});
});
