import { describe, expect, it } from 'vitest';
import { BAROMETER, ECMA419Sensor, HYGROMETER, TEMPERATURE, THERMOMETER, type ECMA419Driver, type Place } from '../../sensors/ecma419.js';

/** A driver as the SDK has them, which says what the test wants. */
function driven(says: unknown, places: readonly Place[], configuration?: object) {
	const heard: string[] = [];
	class Driver implements ECMA419Driver {
		constructor(options: object) {
			heard.push(`made ${JSON.stringify(options)}`);
		}
		configure(options: object): void {
			heard.push(`configured ${JSON.stringify(options)}`);
		}
		sample(): unknown {
			heard.push('sampled');
			if (says instanceof Error) throw says;
			return says;
		}
		close(): void {
			heard.push('closed');
		}
	}
	return { sensor: new ECMA419Sensor('TMP102', Driver, { sensor: { address: 72 } }, configuration, places), heard };
}

const collected = (says: unknown, places: readonly Place[]): number[] => {
	const values = new Int32Array(4);
	expect(driven(says, places).sensor.collect(values, 1)).toBe(0);
	return [...values];
};

describe('a driver in the form of ECMA-419', () => {
	it('is made with its options, configured, sampled and closed', () => {
		const { sensor, heard } = driven({ temperature: 20 }, [TEMPERATURE], { conversionRate: 4 });
		expect(sensor.start()).toBe(0);
		sensor.collect(new Int32Array(1), 0);
		sensor.close();
		expect(heard).toEqual(['made {"sensor":{"address":72}}', 'configured {"conversionRate":4}', 'sampled', 'closed']);
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
		expect(() => driven(says, [THERMOMETER, HYGROMETER]).sensor.collect(values, 0)).toThrow(/^TMP102 gives no (temperature|humidity): check/);
		expect([...values]).toEqual([7, 7]);
	});

	it('that throws is heard in its own words', () => {
		expect(() => driven(new Error('i2c read failed'), [THERMOMETER]).sensor.collect(new Int32Array(1), 0)).toThrow('i2c read failed');
	});
});
