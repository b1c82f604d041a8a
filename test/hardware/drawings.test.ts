// What "telltale wiring" draws: each wire begins at the pin that the board's tables name and ends at the leg of the part that wants it;
// it can be read on a phone; and the drawings in hardware/ are what it draws today.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { drawing } from '../../cli/wiring-drawing.js';
import { BOARD_NAMES, netsOf, type BoardName } from '../../cli/wiring-nets.js';
import { board as esp32 } from '../../hardware/esp32.js';
import { board as nodemcu } from '../../hardware/nodemcu.js';
import { PINS } from '../../hardware/pins.js';
import { PARTS } from '../../sensors/parts.js';

interface Point { readonly x: number; readonly y: number }
interface Element { readonly tag: string; readonly attributes: Readonly<Record<string, string>>; readonly text: string }

/** All elements in order. Throws where the text is not well-formed: tags that do not match, attributes without quotes, stray signs. */
function elementsOf(source: string): Element[] {
	const elements: { tag: string; attributes: Record<string, string>; text: string }[] = [];
	const open: (typeof elements)[number][] = [];
	const body = source.replace(/^<\?xml [^?]*\?>\n/, '').replace(/<!--(?:(?!--)[^])*-->/g, '');
	for (const [token, text, close, tag, attributes, empty] of body.matchAll(/([^<]+)|<(\/?)([a-zA-Z]+)((?:\s+[\w:-]+="[^"<&]*")*)\s*(\/?)>|</g)) {
		if (text !== undefined) {
			if (!open.length && text.trim()) throw new Error(`text outside of the document: ${text}`);
			if (/[>]|&(?!amp;|lt;|gt;|quot;)/.test(text)) throw new Error(`stray sign in: ${text}`);
			if (open.length) open.at(-1)!.text += text;
		} else if (tag === undefined) throw new Error(`not a tag: ${token}`);
		else if (close) {
			const last = open.pop();
			if (last?.tag !== tag) throw new Error(`</${tag}> closes <${last?.tag}>`);
		} else {
			const pairs = [...attributes!.matchAll(/([\w:-]+)="([^"]*)"/g)].map((each) => [each[1]!, each[2]!] as const);
			if (new Set(pairs.map(([name]) => name)).size !== pairs.length) throw new Error(`attribute twice in <${tag}>`);
			const element = { tag, attributes: Object.fromEntries(pairs), text: '' };
			if (!open.length && elements.length) throw new Error('two roots');
			elements.push(element);
			if (!empty) open.push(element);
		}
	}
	if (open.length) throw new Error(`<${open.at(-1)!.tag}> is not closed`);
	return elements;
}

/** The corners of a path of M, L, H and V. */
function corners(d: string): Point[] {
	const points: Point[] = [];
	for (const [, command, first, second] of d.matchAll(/([MLHV])(-?[\d.]+)(?: (-?[\d.]+))?/g)) {
		const last = points.at(-1)!;
		if (command === 'M' || command === 'L') points.push({ x: Number(first), y: Number(second) });
		else points.push(command === 'H' ? { x: Number(first), y: last.y } : { x: last.x, y: Number(first) });
	}
	return points;
}

const classes = (element: Element): string[] => (element.attributes.class ?? '').split(' ');

/** What is committed: the file, the board, the setting. */
const COMMITTED: readonly (readonly [file: string, board: BoardName, sensors: string])[] = [
	['nodemcu', 'nodemcu', 'tmp36,sht3x'], ['nodemcu-dht22', 'nodemcu', 'dht22'], ['nodemcu-bme280', 'nodemcu', 'bme280'],
	['d1mini', 'd1mini', 'tmp36,sht3x'], ['esp32', 'esp32', 'tmp36,sht3x'], ['esp32c3', 'esp32c3', 'sht4x'],
];

/** Text and wires of a drawing, by place. */
async function drawn(board: BoardName, sensors: string) {
	const nets = await netsOf(board, sensors);
	const elements = elementsOf(drawing(nets));
	const texts = elements.filter(({ tag }) => tag === 'text').map((each) => ({ classes: classes(each), text: each.text.trim(), x: Number(each.attributes.x), y: Number(each.attributes.y) }));
	const wires = elements.filter((each) => each.tag === 'path' && classes(each).includes('wire')).map((each) => ({ role: classes(each)[1]!, path: corners(each.attributes.d!) }));
	return { nets, elements, texts, wires };
}

/** Each of the table that this board can have, alone. */
const served = BOARD_NAMES.flatMap((board) => PARTS.flatMap(({ name, second }) => (second && board !== 'esp32' && board !== 'esp32c3' ? [] : [[board, name] as const])));

const named = (...parts: string[]): string => JSON.stringify(parts.map((part, k) => ({ part, name: 'abcde'[k] })));

describe.each([...served, ['esp32', named('tmp36', 'sht3x', 'hih4030', 'dht22', 'bme280')], ['nodemcu', named('tmp36', 'sht3x', 'dht22', 'bme280')], ['nodemcu', '[{"part":"dht22","powerPin":16}]']] as const)('the drawing of a %s with %s', (board, sensors) => {
	it('leads each leg to its pin, and nothing to another', async () => {
		const { nets, texts, wires } = await drawn(board, sensors);
		const trunks = wires.filter(({ path }) => path.length === 3);
		const stubs = wires.filter(({ path }) => path.length === 2);
		const pins = texts.filter(({ classes }) => classes.includes('pin'));
		const legs = nets.parts.flatMap((part) => part.wires);
		expect(stubs).toHaveLength(legs.length);
		for (const [index, { leg, side, place, pin }] of legs.entries()) {
			// The leg's label, beside the end of a wire of its kind; and from there up the lane to the label of the pin.
			const label = pins.filter(({ classes }) => classes.includes('end') === (side === 'right'))[place]!;
			expect(label.text).toBe(pin.label);
			expect(label.classes).not.toContain('free');
			const stub = stubs.find(({ role, path }) => role === leg.role && texts.some(({ text, x, y }) => text === leg.label && y - 4 === path[1]!.y && Math.abs(x - path[1]!.x) === 8));
			expect(stub, `${leg.label}, leg ${index}`).toBeDefined();
			const trunk = trunks.find(({ path }) => path[1]!.x === stub!.path[0]!.x && path[0]!.y === label.y - 4 && path[2]!.y >= stub!.path[0]!.y);
			expect(trunk, `${leg.label} to ${pin.label}`).toBeDefined();
		}
		const used = new Set(legs.map(({ side, place }) => `${side}${place}`));
		expect(trunks).toHaveLength(used.size);
		expect(new Set(trunks.map(({ path }) => path[1]!.x)).size, 'lanes').toBe(used.size);
		expect(pins.filter(({ classes }) => !classes.includes('free'))).toHaveLength(used.size);
	});

	it('is 360 wide, with every text and wire in it, none smaller than 11', async () => {
		const { elements, texts, wires } = await drawn(board, sensors);
		expect(elements[0]!.attributes.viewBox).toMatch(/^0 0 360 \d+$/);
		for (const { path } of wires) for (const { x } of path) expect(x > 4 && x < 356, `wire at ${x}`).toBe(true);
		for (const { classes, text, x } of texts) {
			const size = classes.includes('title') ? 15 : classes.includes('note') || classes.includes('usb') || classes.includes('pin') ? 11 : 12;
			// DejaVu Sans, the widest font of the list.
			const length = text.length * size * 0.54;
			const left = classes.includes('end') ? x - length : classes.includes('middle') ? x - length / 2 : x;
			expect(left >= 2 && left + length <= 358, text).toBe(true);
		}
		expect(drawing(await netsOf(board, sensors))).not.toMatch(/font-size: ?([0-9]|10)px/);
	});

	it('says the same in words', async () => {
		const { nets, elements } = await drawn(board, sensors);
		const { text } = elements.find(({ tag }) => tag === 'desc')!;
		for (const { leg, pin } of nets.parts.flatMap((part) => part.wires)) expect(text).toMatch(new RegExp(`${leg.label.replace('+', '\\+')} (through [^,]+ )?to ${pin.label.replace('+', '\\+')} \\(`));
	});
});

describe('wiring', () => {
	const pinOf = (nets: Awaited<ReturnType<typeof netsOf>>, label: string): string => nets.parts.flatMap((part) => part.wires).find(({ leg }) => leg.label === label)!.pin.label;

	it('goes by the constants of the boards', async () => {
		const onNodemcu = await netsOf('nodemcu', 'tmp36,sht3x');
		expect(['2 Vout', 'SCL', 'SDA'].map((label) => pinOf(onNodemcu, label))).toEqual(['A0', 'D1', 'D2']);
		const onEsp32 = await netsOf('esp32', 'tmp36,sht3x');
		const label = (gpio: number): string => [...PINS.esp32.left, ...PINS.esp32.right].find((each) => each.gpio === gpio)!.label;
		expect(['2 Vout', 'SCL', 'SDA'].map((each) => pinOf(onEsp32, each))).toEqual([label(esp32.analog.pin), label(esp32.i2c.clock), label(esp32.i2c.data)]);
		expect(nodemcu.i2c.clock).toBe(5);
	});

	it('supplies a part from the pin that the setting gives it', async () => {
		expect(pinOf(await netsOf('nodemcu', '[{"part":"dht22","powerPin":12,"pin":14}]'), '1 VCC')).toBe('D6');
	});

	it.each([['nodemcu', 'D5'], ['d1mini', 'd5'], ['esp32', 'D26'], ['esp32c3', 'GPIO10']] as const)('on a %s takes a pin by what is printed beside it, as settings do: %s', async (board, label) => {
		const gpio = { nodemcu: 14, d1mini: 14, esp32: 26, esp32c3: 10 }[board];
		const list = (pin: unknown): string => JSON.stringify([{ part: 'dht22', pin }, { part: 'bme280' }]);
		expect((await netsOf(board, list(label))).parts).toEqual((await netsOf(board, list(gpio))).parts);
	});

	it('refuses a pin that the board does not have, or must not give, with its reason', async () => {
		await expect(netsOf('d1mini', '[{"part":"dht22","pin":"D77"}]')).rejects.toThrow(/pin is "D77", which is no pin of a D1 mini: it has .*D5/);
		await expect(netsOf('nodemcu', '[{"part":"dht22","pin":"D4"}]')).rejects.toThrow(/dht22 cannot be on D4 \(the LED is on it/);
	});

	it('supplies a part that has no such pin from 3V3, also where another has one', async () => {
		const { parts } = await netsOf('nodemcu', '[{"part":"tmp36"},{"part":"dht22","powerPin":12,"pin":14},{"part":"bme280","powerPin":13}]');
		expect(parts.map(({ wires }) => wires.find(({ leg }) => leg.role === 'supply')!.pin.label)).toEqual(['3V3', 'D6', 'D7']);
	});

	it('says of a part at another address than its usual one that its pin for that must be set', async () => {
		const { parts } = await netsOf('nodemcu', '[{"part":"bme280"},{"part":"bme280","name":"attic","address":119}]');
		expect(parts.map(({ notes }) => notes.filter((note) => note.includes('address')))).toEqual([[], ['Set its pin for the address (SDO, ADDR or AD0) for 119, which is 0x77.']]);
	});

	it('refuses in a sentence what the board cannot have', async () => {
		await expect(netsOf('nodemcu', 'tmp36,hih4030')).rejects.toThrow(/needs a second analog input/);
		await expect(netsOf('nodemcu', 'nose')).rejects.toThrow(/nose/);
	});

	it.each(COMMITTED)('in hardware/%s.svg is what is drawn today', async (file, board, sensors) => {
		expect(readFileSync(new URL(`../../hardware/${file}.svg`, import.meta.url), 'utf8')).toBe(drawing(await netsOf(board, sensors)));
	});
});

describe('the reader of the drawings', () => {
	it.each(['<svg><g></svg>', '<svg', '<svg></svg><svg></svg>', '<svg a=1></svg>', '<svg a="1" a="2"></svg>', '<svg>&</svg>', '<svg></svg>text', '<svg>'])('refuses %s', (source) => {
		expect(() => elementsOf(source)).toThrow();
	});
});
