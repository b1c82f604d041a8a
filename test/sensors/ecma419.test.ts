import { describe, expect, it } from 'vitest';
import { BAROMETER, ECMA419Sensor, HYGROMETER, TEMPERATURE, THERMOMETER, type ECMA419Driver, type Place } from '../../sensors/ecma419.js';

const OPTIONS = { sensor: { address: 72 } };
const CONFIGURATION = { conversionRate: 4 };
const SETTLING_MS = 35;

/** A driver as the SDK has them: what it says, and which of its methods throws what, the test may change. */
function driven(says: unknown, places: readonly Place[]) {
	const heard: string[] = [];
	const throwing: { made?: unknown; configured?: unknown; sampled?: unknown } = {};
	const hear = (what: keyof typeof throwing, options?: object): void => {
		heard.push(options ? `${what} ${JSON.stringify(options)}` : what);
		if (throwing[what]) throw throwing[what];
	};
	class Driver implements ECMA419Driver {
		constructor(options: object) {
			hear('made', options);
		}
		configure(options: object): void {
			hear('configured', options);
		}
		sample(): unknown {
			hear('sampled');
			return says;
		}
		close(): void {
			heard.push('closed');
		}
	}
	return { sensor: new ECMA419Sensor('TMP102', Driver, OPTIONS, CONFIGURATION, places, SETTLING_MS), heard, throwing };
}

const collected = (says: unknown, places: readonly Place[]): number[] => {
	const values = new Int32Array(4);
	const { sensor } = driven(says, places);
	sensor.start();
	expect(sensor.collect(values, 1)).toBe(0);
	return [...values];
};

const MADE = 'made {"sensor":{"address":72}}';
const CONFIGURED = 'configured {"conversionRate":4}';

describe('a driver in the form of ECMA-419', () => {
	it('is made and configured when it is first asked, then sampled, and closed', () => {
		const { sensor, heard } = driven({ temperature: 20 }, [TEMPERATURE]);
		expect(heard).toEqual([]);
		expect([sensor.start(), sensor.collect(new Int32Array(1), 0)]).toEqual([SETTLING_MS, 0]);
		expect([sensor.start(), sensor.collect(new Int32Array(1), 0)]).toEqual([0, 0]);
		sensor.close();
		expect(heard).toEqual([MADE, CONFIGURED, 'sampled', 'sampled', 'closed']);
	});

	it('gives thousandths of degrees and percent, and of hectopascals', () => {
		expect(collected({ thermometer: { temperature: 21.5124 }, hygrometer: { humidity: 45.2 }, barometer: { pressure: 101_325 } }, [THERMOMETER, HYGROMETER, BAROMETER]))
			.toEqual([0, 21_512, 45_200, 1_013_250]);
		expect(collected({ temperature: -10.0625 }, [TEMPERATURE])).toEqual([0, -10_062, 0, 0]);
	});

	it.each([
		['nothing', undefined], ['null', null], ['an empty sample', {}], ['a sensor without its value', { thermometer: { temperature: 20 }, hygrometer: {} }],
		['text', { thermometer: { temperature: 20 }, hygrometer: { humidity: '45' } }], ['NaN', { thermometer: { temperature: 20 }, hygrometer: { humidity: NaN } }],
		['infinity', { thermometer: { temperature: 20 }, hygrometer: { humidity: Infinity } }],
	])('that gives %s is an error, and writes nothing', (_what, says) => {
		const values = new Int32Array([7, 7]);
		const { sensor } = driven(says, [THERMOMETER, HYGROMETER]);
		sensor.start();
		expect(() => sensor.collect(values, 0)).toThrow(/^TMP102 gives no (temperature|humidity): check/);
		expect([...values]).toEqual([7, 7]);
	});

	it.each([['made', [MADE, MADE, CONFIGURED]], ['configured', [MADE, CONFIGURED, CONFIGURED]]] as const)(
		'whose part is away when it is %s says so in its own words, and is asked anew', (what, all) => {
			const { sensor, heard, throwing } = driven({ temperature: 20 }, [TEMPERATURE]);
			throwing[what] = new Error('i2c write failed');
			expect(() => sensor.start()).toThrow('TMP102 does not answer (i2c write failed): check its wiring and its address.');
			throwing[what] = undefined;
			expect(sensor.start()).toBe(SETTLING_MS);
			expect(heard).toEqual(all);
		});

	it.each([['an error', new Error('i2c read failed'), 'i2c read failed'], ['anything else', 'no', 'without a word']])(
		'that throws %s when it is sampled is configured again: its part may have lost its supply', (_what, thrown, said) => {
			const { sensor, heard, throwing } = driven({ temperature: 20 }, [TEMPERATURE]);
			sensor.start();
			throwing.sampled = thrown;
			expect(() => sensor.collect(new Int32Array(1), 0)).toThrow(`TMP102 does not answer (${said}): check its wiring and its address.`);
			throwing.sampled = undefined;
			expect(sensor.start()).toBe(SETTLING_MS);
			expect(sensor.collect(new Int32Array(1), 0)).toBe(0);
			expect(heard).toEqual([MADE, CONFIGURED, 'sampled', CONFIGURED, 'sampled']);
		});

	it('that is not in the image is a part with one clear sentence', () => {
		const sensor = new ECMA419Sensor('TMP102', undefined, OPTIONS, CONFIGURATION, [TEMPERATURE]);
		expect(() => sensor.start()).toThrow('TMP102 has no driver in this image: name it in src/device/drivers.ts and build again.');
		expect(() => sensor.close()).not.toThrow();
	});
});
