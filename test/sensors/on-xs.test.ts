// Drivers against their twins on the engine of the chip, by the table: numbers, bits and doubles as XS makes them, over the stand-ins of the
// SDK's classes, the firmware's own class for pulses and the devices of the simulator. A new row is found by itself.
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { board as esp32 } from '../../hardware/esp32.js';
import { board as nodemcu } from '../../hardware/nodemcu.js';
import { Bus } from '../../sensors/io.js';
import { PARTS, type Row } from '../../sensors/parts.js';
import type { Encoding } from '../../sensors/dht22/simulated.js';
import { WiredPart, type BenchBoard } from '../../simulator/board/bench.js';
import { answered } from '../../simulator/board/machine.js';
import type { Operation } from '../../simulator/devices/chip.js';
import { bundleOnce, type BoardName } from '../../simulator/engine/bundle.js';
import type { ChipName } from '../../simulator/engine/creation.js';
import { startPreloaded } from '../../simulator/engine/start.js';
import { sensorsProblem } from '../../src/parts/parts.js';
import { sweep, UNSCALED, type Measured, type Scale, type Sweep } from '../support/sweep.js';

const GUEST = fileURLToPath(new URL('on-xs.guest.ts', import.meta.url));
const SLOT_BYTES = 16;
const STEPS = 32;
/** Of the others' range, while one quantity is swept. */
const SHARES = [0, 1];
const rows = PARTS.filter(({ folder }) => folder);

class Guest {
	operations: Readonly<Record<string, Operation>> = {};
	private readonly engine;

	private constructor(script: string, chip: ChipName) {
		this.engine = startPreloaded('xs', script, chip, (question) => answered(this.operations, question));
	}

	static async on({ name, chip }: BenchBoard): Promise<Guest> {
		const guest = new Guest(await bundleOnce(GUEST, name as BoardName), chip as ChipName);
		await guest.tell('boot', chip, 1, 0);
		return guest;
	}

	async tell(...event: unknown[]): Promise<void> {
		const { fault } = JSON.parse(await (await this.engine).turn(JSON.stringify([0, ...event]))) as { fault?: string };
		if (fault) throw new Error(fault);
	}

	async aliveBytes(): Promise<number> {
		const { slots, chunkBytes } = (await (await this.engine).memory())!;
		return slots * SLOT_BYTES + chunkBytes;
	}

	async kill(): Promise<void> {
		(await this.engine).kill();
	}
}

const boards = [nodemcu, esp32];
const guests = new Map<BenchBoard, Guest>();
for (const board of boards) guests.set(board, await Guest.on(board));
afterAll(() => Promise.all([...guests.values()].map((guest) => guest.kill())));

/** What is wrong in a sweep that the guest's driver takes. */
async function run(part: WiredPart, setting: string, sweeping: Sweep): Promise<string[]> {
	const guest = guests.get(part.board)!;
	let wrong: string[] | undefined;
	/** A guest waits for its answer for ever, so whatever goes wrong here ends the sweep. */
	const next = (measured?: Measured): number | null => {
		try {
			const { done, value } = measured === undefined ? sweeping.next() : sweeping.next(measured);
			if (!done) {
				part.air = value;
				part.now += 5_000;
				return Math.round(value.temperatureC * 1_000);
			}
			wrong = value;
		} catch (fault) {
			wrong = [String(fault)];
		}
		return null;
	};
	guest.operations = { ...part.operations(), 'bench.wait': (ms: number) => void (part.now += ms), 'bench.first': () => next(), 'bench.next': (measured: Measured) => next(measured) };
	await guest.tell('sweep', setting);
	return wrong!;
}

/** A part that takes a gain is swept with one, too. */
const SCALED: Scale = { gain: -1.5, offsetMv: 500 };
const scalesOf = ({ scaled }: Row): readonly Scale[] => (scaled ? [UNSCALED, SCALED] : [UNSCALED]);
/** Where boards differ: an analog part is another on each converter. */
const boardsFor = ({ name, bus }: Row) => boards.filter((board) => !sensorsProblem(name, board)).slice(0, bus === Bus.Analog ? boards.length : 1);
const cases = rows.flatMap((row) => boardsFor(row).flatMap((board) => scalesOf(row).map((scale) => [row.name, board.name, scale.gain, { row, board, scale }] as const)));

describe('on XS', () => {
	it.each(cases)('%s and its twin say the same over the whole range, to the part\'s resolution (%s, gain %d)', async (name, _board, _gain, { row, board, scale }) => {
		const setting = JSON.stringify([{ part: name, ...(scale === UNSCALED ? {} : scale) }]);
		for (const quantity of row.quantities) {
			const part = await WiredPart.on(setting, board, { quiet: true });
			expect(await run(part, setting, sweep(part, quantity, STEPS, SHARES, scale)), quantity).toEqual([]);
		}
	});

	it.each(rows.filter(({ bus }) => bus === Bus.Pulse).map(({ name }) => name))('%s says the same with either way to write what is below zero', async (name) => {
		for (const encoding of ['sign', 'complement'] satisfies Encoding[]) {
			const part = await WiredPart.on(name, nodemcu, { quiet: true });
			Object.assign(part.twin, { encoding });
			expect(await run(part, name, sweep(part, 'temperature', STEPS, [0.5])), encoding).toEqual([]);
		}
	});

	it('a part that is made takes at most 210 B', async () => {
		const COUNT = 16;
		const guest = guests.get(nodemcu)!;
		for (const { name } of rows) {
			await guest.tell('keep', name, 1);
			const before = await guest.aliveBytes();
			await guest.tell('keep', name, COUNT);
			expect(((await guest.aliveBytes()) - before) / COUNT, name).toBeLessThanOrEqual(210);
		}
	});
});
