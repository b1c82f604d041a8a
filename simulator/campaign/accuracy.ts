// npm run accuracy: the recorded office, measured by each part of the table: how far the readings are from the air.
//
// Rule: what is measured is what a node would publish: analog parts by as many conversions as are usual, of which the middle half
// counts. Errors are the twin's noise and steps and the converter's; a part's own tolerance is its datasheet's (hardware/accuracy.md).

import { fileURLToPath } from 'node:url';
import { board as esp32 } from '../../hardware/esp32.js';
import { board as nodemcu } from '../../hardware/nodemcu.js';
import { PARTS } from '../../sensors/parts.js';
import { convert } from '../../src/readings/conversions.js';
import { sensorsProblem } from '../../src/parts/parts.js';
import { FIELDS } from '../../src/settings/settings.js';
import { Bench, type BenchBoard } from '../board/bench.js';
import { OFFICE_CLIMATE } from '../simulation.js';
import { readWeather, type Weather } from '../world/weather.js';

export interface Accuracy {
	readonly part: string;
	readonly board: string;
	readonly quantity: string;
	/** Of all errors with their sign, of their amounts, and the largest amount; in units of the quantity. */
	readonly mean: number;
	readonly distance: number;
	readonly worst: number;
}

const UNITS: Readonly<Record<string, string>> = { temperature: '°C', humidity: '%RH', pressure: 'hPa' };
const MINUTE_MS = 60_000;
/** The office recording. */
const MINUTES = 2_664;
const CONVERSIONS = FIELDS.find(({ key }) => key === 'conversions')!.initial as number;

/** Of each part on each board whose analog input it needs; of others on one, since a bus is a bus. */
export async function accuracies(weather: Weather, minutes: number): Promise<Accuracy[]> {
	const found: Accuracy[] = [];
	for (const { name, analog, folder } of PARTS) {
		if (!folder) continue;
		const boards = ([nodemcu, esp32] as const).filter((board) => !sensorsProblem(name, board));
		for (const board of analog ? boards : boards.slice(0, 1)) found.push(...await accuracyOf(name, board, weather, minutes));
	}
	return found;
}

async function accuracyOf(name: string, board: BenchBoard, weather: Weather, minutes: number): Promise<Accuracy[]> {
	const bench = await Bench.of(name, board, { seed: 'accuracy' });
	// An open input has no truth to be compared with.
	const quantities = bench.row.quantities.filter((each) => UNITS[each]);
	const errors = quantities.map((): number[] => []);
	for (let minute = 1; minute <= minutes; minute++) {
		bench.now = Math.max(bench.now, minute * MINUTE_MS);
		bench.air = weather.at(minute * MINUTE_MS);
		const values = bench.row.analog ? combined(bench) : bench.measure();
		quantities.forEach((quantity, i) => errors[i]!.push((values[bench.row.quantities.indexOf(quantity)]! - bench.truth(quantity)) / 1_000));
	}
	return quantities.map((quantity, i) => ({ part: name, board: bench.row.analog ? board.name : 'any board', quantity, ...summed(errors[i]!) }));
}

/** The value first, then room for the conversions. */
function combined({ sensor, air }: Bench): ArrayLike<number> {
	const numbers = new Int32Array(1 + CONVERSIONS);
	sensor.compensate?.(Math.round(air.temperatureC * 1_000));
	convert(sensor, CONVERSIONS, numbers, 0, 1);
	return numbers;
}

function summed(errors: readonly number[]): Pick<Accuracy, 'mean' | 'distance' | 'worst'> {
	const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);
	const amounts = errors.map(Math.abs);
	return { mean: sum(errors) / errors.length, distance: sum(amounts) / errors.length, worst: Math.max(...amounts) };
}

/** As it stands in hardware/accuracy.md. */
export function table(found: readonly Accuracy[]): string {
	return [
		'| part | on | quantity | mean error | mean amount | worst |',
		'|---|---|---|---|---|---|',
		...found.map(({ part, board, quantity, mean, distance, worst }) =>
			`| \`${part}\` | ${board} | ${quantity} | ${signed(mean)} ${UNITS[quantity]} | ${distance.toFixed(3)} | ${worst.toFixed(2)} |`),
	].join('\n');
}

function signed(value: number): string {
	const text = Math.abs(value).toFixed(3);
	return Number(text) === 0 ? '0.000' : `${value < 0 ? '−' : '+'}${text}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(table(await accuracies(readWeather(OFFICE_CLIMATE), MINUTES)));
