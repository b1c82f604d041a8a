// The list of parts as people write it, on the way to a file and to a chip.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sensorsFault, sensorsText, withGpios } from '../../cli/sensors.js';
import { readSettings, settingsText } from '../../cli/settings.js';
import { inside } from './support.js';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'telltale-'))));
afterAll(() => rm(folder, { recursive: true }));
const file = async (content: string) => {
	await writeFile(join(folder, 'telltale.json'), content);
	return join(folder, 'telltale.json');
};

describe('the list of parts', () => {
	const LIST = [{ part: 'tmp36' }, { part: 'sht3x', name: 'outside', address: 69, powerPin: 'D5' }];

	it('may be a list in a settings file, or its text, and is written as a list', async () => {
		const settings = await readSettings(await file(JSON.stringify({ ssid: 'attic', host: 'broker', sensors: LIST })));
		expect(settings['sensors']).toBe(JSON.stringify(LIST));
		expect(JSON.parse(settingsText(settings))).toEqual({ ssid: 'attic', host: 'broker', sensors: LIST });
		expect(await readSettings(await file(JSON.stringify({ ssid: 'attic', host: 'broker', sensors: JSON.stringify(LIST, undefined, 2) })))).toEqual(settings);
		expect(JSON.parse(settingsText({ sensors: 'tmp36,sht3x' }))).toEqual({ sensors: 'tmp36,sht3x' });
	});

	it('is refused with the line of the file where it is wrong', async () => {
		const path = await file('{\n\t"ssid": "attic",\n\t"sensors": [{"part": "tmp36", "adress": 3}]\n}');
		await expect(readSettings(path)).rejects.toThrow(/telltale\.json, line 3: sensors, entry 1: "adress" is not known: known are part, name, address, pin, /);
	});

	it('can be an option of configure', async () => {
		expect(await inside(['configure', '--file', 'own.json', '--ssid', 'attic', '--host', 'broker', '--board', 'nodemcu', '--sensors', JSON.stringify(LIST)], { cwd: folder })).toMatchObject({ status: 0, err: '' });
		expect(JSON.parse(await readFile(join(folder, 'own.json'), 'utf8'))).toMatchObject({ sensors: LIST });
	});

	it('goes to a chip with the numbers of its pins, which depend on the board', () => {
		const onChip = (board: 'nodemcu' | 'esp32', ...pins: unknown[]) =>
			(JSON.parse(withGpios({ sensors: JSON.stringify(pins.map((pin) => ({ part: 'tmp36', pin }))) }, board)['sensors'] as string) as { pin: unknown }[]).map(({ pin }) => pin);
		expect(onChip('nodemcu', 'D5', 'd5', 'A0', '14', 'GPIO14', 14)).toEqual([14, 14, 17, 14, 14, 14]);
		expect(onChip('esp32', 'D5', 'VP', '34', 'IO34', 'G34', 'D2', 34)).toEqual([5, 36, 34, 34, 34, 2, 34]);
		expect(withGpios({ sensors: 'tmp36', node: 'a' }, 'esp32')).toEqual({ sensors: 'tmp36', node: 'a' });
		expect(withGpios({ node: 'a' }, 'esp32')).toEqual({ node: 'a' });
	});

	it('is good where one of the boards can serve it, and the sentence speaks of the board that labels are of', () => {
		expect(sensorsFault('tmp36,hih4030')).toBe('');
		expect(sensorsFault('[{"part":"tmp36","pin":"A0"}]')).toBe('');
		expect(sensorsFault('[{"part":"tmp36","pin":"A0"},{"part":"sht3x","address":70}]')).toBe('sensors, entry 2: address is 70; sht3x is at 68 or 69.');
		expect(sensorsFault('[{"part":"tmp36","pin":12}]')).toMatch(/^sensors, entry 1: tmp36 cannot be on GPIO 12 \(it must be low at the start\): it can be on GPIO 34, GPIO 35, .*VP or VN\.$/);
		expect(sensorsFault('[{"part":"tmp36","pin":"A0"}]', 'esp32')).toMatch(/^sensors, entry 1: pin is "A0", which is no pin of an ESP32 board: it has VP, VN, 34, /);
	});

	it.each(['tmp36, sht3x', 'tmp36,', ',tmp36', 'tmp36,,sht3x', ' tmp36', 'tmp36 sht3x'])('is refused with what stands between names where that is not a comma alone: %j', (setting) => {
		expect(sensorsFault(setting)).toBe(`sensors is ${JSON.stringify(setting)}; names stand between commas, without spaces and none left out, like tmp36,sht3x.`);
	});

	it('is text as it is where it is no list', () => {
		expect([sensorsText('tmp36'), sensorsText(7), sensorsText('[{'), sensorsText(' [ {"part" : "tmp36"} ]')]).toEqual(['tmp36', 7, '[{', '[{"part":"tmp36"}]']);
		expect(sensorsFault('[{')).toMatch(/^sensors is no list of parts: /);
		expect(sensorsFault('[7,{"part":"tmp36","pin":{}}]')).toMatch(/^sensors, entry 1: 7 is no entry/);
	});
});
