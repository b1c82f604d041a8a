// What follows from temperature and relative humidity: dew point and absolute humidity.
//
// Rule: computed here from one reading's two values of one place: `temperature` with `humidity`, `outside_temperature` with
// `outside_humidity`. Magnus' formula over water with Sonntag's constants (1990), good from -45 to 60 °C within 0.35 °C.

const A = 17.62;
const B = 243.12;
/** Saturation vapour pressure at 0 °C, in hPa. */
const E0 = 6.112;
/** Of water vapour: 100 Pa/hPa × 18.015 g/mol / 8.314 J/(mol K), in g K/J. */
const GRAMS = 216.68;
const KELVIN = 273.15;
const COLDEST = -80;
const HOTTEST = 150;

/** °C; undefined where there is none. */
export function dewPoint(celsius: number, percent: number): number | undefined {
	if (!isAir(celsius, percent)) return undefined;
	const gamma = Math.log(percent / 100) + (A * celsius) / (B + celsius);
	return (B * gamma) / (A - gamma);
}

/** Grams of water in a cubic metre; undefined where there is none. */
export function absoluteHumidity(celsius: number, percent: number): number | undefined {
	if (!isAir(celsius, percent)) return undefined;
	const pressure = (percent / 100) * E0 * Math.exp((A * celsius) / (B + celsius));
	return (GRAMS * pressure) / (KELVIN + celsius);
}

function isAir(celsius: number, percent: number): boolean {
	return celsius >= COLDEST && celsius <= HOTTEST && percent > 0 && percent <= 105;
}

export interface Derived {
	/** "dewPoint", "outside_absoluteHumidity" */
	readonly name: string;
	readonly unit: string;
	readonly value: number;
}

/** Of each place that has both. `values`: by channel. */
export function derived(values: Readonly<Record<string, number | undefined>>): Derived[] {
	const found: Derived[] = [];
	for (const [name, percent] of Object.entries(values)) {
		const match = /^(.*_)?humidity$/.exec(name);
		if (!match || percent === undefined) continue;
		const place = match[1] ?? '';
		const celsius = values[`${place}temperature`];
		if (celsius === undefined) continue;
		const [dew, absolute] = [dewPoint(celsius, percent), absoluteHumidity(celsius, percent)];
		if (dew === undefined || absolute === undefined) continue;
		found.push({ name: `${place}dewPoint`, unit: '°C', value: dew }, { name: `${place}absoluteHumidity`, unit: 'g/m³', value: absolute });
	}
	return found;
}
