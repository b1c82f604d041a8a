// Recorded weather: what the air around the nodes is like at a time of the simulation.
//
// Rule: a file is read whole and checked before anything starts; what is wrong is said in one sentence with file and line.
// Between two records the air changes evenly; after the last one the recording begins again.

import { readFileSync } from 'node:fs';

export interface Air {
	temperatureC: number;
	humidityPct: number;
	pressureHpa: number;
}

export interface Weather {
	/** `ms` since the simulation began. */
	at(ms: number): Air;
}

interface Row extends Air {
	ms: number;
}

const SHOWN_MAX = 60;
const HEADER = 'time,temperature_c,humidity_pct';
const WITH_PRESSURE = `${HEADER},pressure_hpa`;
/** Of the standard atmosphere, where nobody says otherwise. */
export const STANDARD_HPA = 1_013.25;
const TEMPERATURE_C = { min: -60, max: 100 };
const PRESSURE_HPA = { min: 300, max: 1_100 };

export function steadyWeather({ pressureHpa = STANDARD_HPA, ...air }: Omit<Air, 'pressureHpa'> & Partial<Air>): Weather {
	return { at: () => ({ ...air, pressureHpa }) };
}

export function readWeather(file: string): Weather {
	let bytes: Buffer;
	try {
		bytes = readFileSync(file);
	} catch {
		throw new Error(`${file} cannot be read: give the path of a CSV file with the columns ${HEADER}.`);
	}
	let text: string;
	try {
		text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
	} catch {
		throw new Error(`${file} is no CSV file, since it is not text: give one with the columns ${HEADER}.`);
	}
	return recordedWeather(parse(file, text));
}

/** A stranger's text in a sentence: what is not plain is escaped, and a long one cut. */
function quoted(text: string): string {
	return JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text).replace(/[^\u0020-\u007e…]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function parse(file: string, text: string): Row[] {
	const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
	const header = lines[0].trim();
	if (header !== HEADER && header !== WITH_PRESSURE) throw new Error(`${file}, line 1: the columns must be "${HEADER}" or "${WITH_PRESSURE}", not ${quoted(lines[0])}.`);
	const rows: Row[] = [];
	for (let i = 1; i < lines.length; i++) {
		if (lines[i].trim() === '') continue;
		const row = parseRow(lines[i], header);
		if (typeof row === 'string') throw new Error(`${file}, line ${i + 1}: ${row}.`);
		if (rows.length && row.ms <= rows[rows.length - 1].ms) {
			throw new Error(`${file}, line ${i + 1}: the time must be later than that of the line before.`);
		}
		rows.push(row);
	}
	if (rows.length < 2) throw new Error(`${file}: at least two lines of readings are needed after the first line.`);
	return rows;
}

/** A row, or what is wrong with it. */
function parseRow(line: string, header: string): Row | string {
	const cells = line.split(',').map((cell) => cell.trim());
	const columns = header.split(',').length;
	if (cells.length !== columns) return `${columns} columns are expected (${header}), not ${cells.length}`;
	const [time, temperature, humidity, pressure = String(STANDARD_HPA)] = cells;
	const ms = Date.parse(time);
	if (Number.isNaN(ms)) return `the time must be like 2015-02-02T14:19:00Z, not ${quoted(time)}`;
	const temperatureC = temperature === '' ? NaN : Number(temperature);
	if (!(temperatureC >= TEMPERATURE_C.min && temperatureC <= TEMPERATURE_C.max)) {
		return `the temperature must be a number of degrees Celsius from ${TEMPERATURE_C.min} to ${TEMPERATURE_C.max}, not ${quoted(temperature)}`;
	}
	const humidityPct = humidity === '' ? NaN : Number(humidity);
	if (!(humidityPct >= 0 && humidityPct <= 100)) return `the humidity must be a percentage from 0 to 100, not ${quoted(humidity)}`;
	const pressureHpa = pressure === '' ? NaN : Number(pressure);
	if (!(pressureHpa >= PRESSURE_HPA.min && pressureHpa <= PRESSURE_HPA.max)) {
		return `the pressure must be a number of hectopascals from ${PRESSURE_HPA.min} to ${PRESSURE_HPA.max}, not ${quoted(pressure)}`;
	}
	return { ms, temperatureC, humidityPct, pressureHpa };
}

function recordedWeather(rows: readonly Row[]): Weather {
	const first = rows[0].ms;
	const span = rows[rows.length - 1].ms - first;
	return {
		at(ms: number): Air {
			const time = first + (ms % span);
			let low = 0;
			let high = rows.length - 1;
			while (high - low > 1) {
				const middle = (low + high) >> 1;
				if (rows[middle].ms <= time) low = middle;
				else high = middle;
			}
			const part = (time - rows[low].ms) / (rows[high].ms - rows[low].ms);
			const mix = (a: number, b: number): number => a + (b - a) * part;
			return {
				temperatureC: mix(rows[low].temperatureC, rows[high].temperatureC),
				humidityPct: mix(rows[low].humidityPct, rows[high].humidityPct),
				pressureHpa: mix(rows[low].pressureHpa, rows[high].pressureHpa),
			};
		},
	};
}
