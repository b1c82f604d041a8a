// The setting `sensors` as people write it: names, or a list, in which a pin may be called by what is printed beside it.
//
// Rule: settings hold it as text, compact, with pins as they were written; what goes to a chip has their GPIO numbers. Which GPIO a label is
// depends on the board, so what is wrong is said of that board, or where it is not known, of one that could serve all else.

import { board as d1mini } from '../hardware/d1mini.js';
import { board as esp32 } from '../hardware/esp32.js';
import { board as esp32c3 } from '../hardware/esp32c3.js';
import { board as nodemcu } from '../hardware/nodemcu.js';
import { PINS } from '../hardware/pins.js';
import type { Board as Constants } from '../sensors/parts.js';
import { sensorsProblem, type PinName } from '../src/parts/parts.js';
import type { Setting } from '../src/settings/settings.js';
import { shown } from './topics.js';

export const BOARD_CONSTANTS: Readonly<Record<keyof typeof PINS, Constants>> = { nodemcu, d1mini, esp32, esp32c3 };
type Board = keyof typeof PINS;
/** As they are called in a sentence. */
const ARTICLES: Readonly<Record<Board, string>> = { nodemcu: 'a NodeMCU', d1mini: 'a D1 mini', esp32: 'an ESP32 board', esp32c3: 'an ESP32-C3 board' };

const PIN_KEYS = ['pin', 'powerPin'];
/** A number, as it is or behind what boards print before it. */
const NUMBER = /^(?:GPIO|IO)? ?(\d+)$/i;
/** On many boards with an ESP32; on those with an ESP8266, D5 is GPIO 14. */
const PREFIXED = /^[DGP](\d+)$/i;

/** Nothing but names, and what people write between them. */
const NAMES = /^[\w\s,-]+$/;

/** A list, or a text that holds one, as compact text; anything else as it is. */
export function sensorsText(value: unknown): unknown {
	if (Array.isArray(value)) return JSON.stringify(value);
	const list = listIn(value);
	return list ? JSON.stringify(list) : value;
}

/** The list in that text; undefined: there is none. */
export function listIn(text: unknown): unknown[] | undefined {
	if (typeof text !== 'string' || !text.trimStart().startsWith('[')) return undefined;
	try {
		const list: unknown = JSON.parse(text);
		return Array.isArray(list) ? list : undefined;
	} catch {
		return undefined;
	}
}

/** Why it cannot be used on that board, or where none is named on any, in one sentence; '' if it can. */
export function sensorsFault(setting: string, board?: Board): string {
	if (board) return faultOn(board, setting);
	const faults = (['esp32', 'nodemcu'] as const).map((each) => faultOn(each, setting));
	if (faults.includes('')) return '';
	return faults[hasLabels(setting) ? 1 : 0]!;
}

function faultOn(board: Board, setting: string): string {
	if (NAMES.test(setting) && setting.split(',').some((name) => !name || /\s/.test(name))) return `sensors is ${JSON.stringify(shown(setting))}; names stand between commas, without spaces and none left out, like tmp36,sht3x.`;
	const [text, problem] = converted(setting, board);
	return problem || sensorsProblem(text, BOARD_CONSTANTS[board], pinName(board), true);
}

function hasLabels(setting: string): boolean {
	return (listIn(setting) ?? []).some((entry) => isEntry(entry) && PIN_KEYS.some((key) => typeof entry[key] === 'string' && !NUMBER.test(entry[key])));
}

/** What goes to a chip: the settings with pins by number. They MUST have passed sensorsFault() for that board. */
export function withGpios<Value extends Setting>(settings: Readonly<Record<string, Value>>, board: Board): Record<string, Value> {
	const { sensors } = settings;
	return sensors === undefined ? { ...settings } : { ...settings, sensors: sensorsWithGpios(String(sensors), board) as Value };
}

/** The setting alone, so. */
export function sensorsWithGpios(setting: string, board: Board): string {
	return converted(setting, board)[0];
}

/** The text with numbers for labels, and why that cannot be. */
function converted(setting: string, board: Board): [text: string, problem: string] {
	const list = listIn(setting);
	let problem = '';
	const entries = list?.map((entry, index) => {
		if (!isEntry(entry)) return entry;
		const own = { ...entry };
		for (const key of PIN_KEYS) {
			const label = own[key];
			if (typeof label !== 'string') continue;
			const gpio = gpioOf(label, board);
			if (gpio === undefined) problem ||= `sensors, entry ${index + 1}: ${key} is ${JSON.stringify(shown(label))}, which is no pin of ${ARTICLES[board]}: it has ${labelsOf(board)}.`;
			else own[key] = gpio;
		}
		return own;
	});
	return [entries ? JSON.stringify(entries) : setting, problem];
}

function isEntry(entry: unknown): entry is Record<string, unknown> {
	return typeof entry === 'object' && entry !== null && !Array.isArray(entry);
}

function gpioOf(label: string, board: Board): number | undefined {
	const pin = pinsOf(board).find((each) => each.gpio >= 0 && each.label.toUpperCase() === label.trim().toUpperCase());
	// What a DevKitC prints beside the pins of its flash other boards print beside GPIO 0 to 3: nobody wants the former.
	if (pin && !pin.not.includes('flash')) return pin.gpio;
	const number = NUMBER.exec(label.trim()) ?? (board.startsWith('esp32') ? PREFIXED.exec(label.trim()) : undefined);
	return number ? Number(number[1]) : undefined;
}

function pinsOf(board: Board): (typeof PINS)[Board]['left'] {
	return [...PINS[board].left, ...PINS[board].right];
}

function labelsOf(board: Board): string {
	return pinsOf(board).filter(({ gpio, not }) => gpio >= 0 && !not.includes('flash')).map(({ label }) => label).join(', ');
}

/** By its label; one that no part may be on with the reason. */
function pinName(board: Board): PinName {
	const { analog, digital, outputs } = BOARD_CONSTANTS[board];
	const offered: readonly number[] = [analog.pin, ...analog.further, ...digital, ...outputs];
	return (gpio) => {
		const pin = pinsOf(board).find((each) => each.gpio === gpio);
		if (!pin) return `GPIO ${gpio}`;
		const name = /^\d/.test(pin.label) ? `GPIO ${pin.label}` : pin.label;
		return offered.includes(gpio) || !pin.not ? name : `${name} (${pin.not})`;
	};
}
