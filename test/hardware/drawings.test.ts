// The constants of a board and its drawing say the same: each wire of hardware/<board>.svg ends at the pin that
// hardware/<board>.ts names, at the leg of the part that wants it, and the file is well-formed.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { board as esp32 } from '../../hardware/esp32.js';
import { board as nodemcu } from '../../hardware/nodemcu.js';
import { PINS } from '../../hardware/pins.js';

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

const at = (element: Element): Point => ({ x: Number(element.attributes.cx), y: Number(element.attributes.cy) });
const classes = (element: Element): string[] => (element.attributes.class ?? '').split(' ');
const same = (one: Point, other: Point): boolean => one.x === other.x && one.y === other.y;
const onPath = (point: Point, path: readonly Point[]): boolean =>
	path.some((to, index) => {
		const from = path[index - 1] ?? to;
		return (from.x === to.x ? point.x === to.x : point.y === to.y)
			&& point.x >= Math.min(from.x, to.x) && point.x <= Math.max(from.x, to.x)
			&& point.y >= Math.min(from.y, to.y) && point.y <= Math.max(from.y, to.y);
	});

/** Which wire a pin of the board belongs to, and the wire's class. */
const WIRES: Readonly<Record<string, string>> = { analog: 'signal', data: 'data', clock: 'clock', supply: 'supply', ground: 'ground' };
/** TMP36 datasheet, pin configuration of the TO-92: from left to right with the flat side in front and the legs down. */
const LEGS: readonly (readonly [label: string, wire: string])[] = [['1 +Vs', 'supply'], ['2 Vout', 'signal'], ['3 GND', 'ground']];

describe.each([['nodemcu', nodemcu], ['esp32', esp32]] as const)('the drawing of %s', (name, board) => {
	const label = (gpio: number) => [...PINS[name].left, ...PINS[name].right].find((each) => each.gpio === gpio)!.label;
	const source = readFileSync(new URL(`../../hardware/${name}.svg`, import.meta.url), 'utf8');
	const elements = elementsOf(source);
	const texts = elements.filter((each) => each.tag === 'text');
	const pads = elements.filter((each) => classes(each).includes('pad'));
	const wires = elements.filter((each) => each.tag === 'path' && classes(each).includes('wire')).map((each) => ({ classes: classes(each), path: corners(each.attributes.d!) }));
	/** The pad beside a label: the nearest on the same height. */
	const padOf = (label: Element): Point => {
		const y = Number(label.attributes.y) - 5;
		const beside = pads.map(at).filter((pad) => pad.y === y).sort((a, b) => Math.abs(a.x - Number(label.attributes.x)) - Math.abs(b.x - Number(label.attributes.x)));
		expect(beside.length, `pad beside ${label.text}`).toBeGreaterThan(0);
		return beside[0]!;
	};
	/** Whether a wire of this kind begins or ends there. */
	const reached = (end: Point, kind: string): boolean =>
		wires.some((each) => each.classes.includes(kind) && [each.path[0]!, each.path.at(-1)!].some((other) => same(end, other)));

	it('is well-formed SVG with a title and a description', () => {
		expect(elements[0]!.tag).toBe('svg');
		expect(elements[0]!.attributes.xmlns).toBe('http://www.w3.org/2000/svg');
		expect(elements.some((each) => each.tag === 'title')).toBe(true);
		expect(elements.some((each) => each.tag === 'desc')).toBe(true);
	});

	it('labels the pins as the constants do', () => {
		const labels = Object.fromEntries(texts.filter((each) => each.attributes['data-pin']).map((each) => [each.attributes['data-pin'], each.text]));
		expect(labels).toEqual({ analog: label(board.analog.pin), data: label(board.i2c.data), clock: label(board.i2c.clock), supply: '3V3', ground: 'GND' });
	});

	it('says the same in its description', () => {
		const { text } = elements.find((each) => each.tag === 'desc')!;
		expect(text).toContain(`pin 2 to ${label(board.analog.pin)},`);
		expect(text).toContain(`SCL to ${label(board.i2c.clock)}, SDA to ${label(board.i2c.data)}.`);
	});

	it('leads a wire of the right kind to every pin that is in use, and to no other', () => {
		const used = texts.filter((each) => each.attributes['data-pin']);
		for (const label of used) {
			expect(reached(padOf(label), WIRES[label.attributes['data-pin']!]!), `${label.attributes['data-pin']} at ${label.text}`).toBe(true);
		}
		const usedPads = used.map(padOf);
		const onBoard = pads.map(at).filter(({ x }) => x === 352 || x === 548);
		for (const pad of onBoard.filter((each) => !usedPads.some((other) => same(each, other)))) {
			expect(wires.some(({ path }) => onPath(pad, path)), `unused pin at ${pad.x},${pad.y}`).toBe(false);
		}
	});

	it('leads a wire of the right kind to every pin of the SHT3x', () => {
		const labels = texts.filter((each) => each.attributes['data-sht3x']);
		expect(labels.map((each) => each.text).sort()).toEqual(['GND', 'SCL', 'SDA', 'VIN']);
		for (const label of labels) expect(reached(padOf(label), WIRES[label.attributes['data-sht3x']!]!), label.text).toBe(true);
	});

	it('leads a wire of the right kind from every leg of the TMP36', () => {
		const legs = elements.filter((each) => each.attributes['data-leg']).map((each) => ({ kind: each.attributes['data-leg'], end: corners(each.attributes.d!).at(-1)! }));
		expect(legs.map((each) => each.kind)).toEqual(LEGS.map(([, kind]) => kind));
		expect(legs.map((each) => each.end.x)).toEqual(legs.map((each) => each.end.x).sort((a, b) => a - b));
		for (const { kind, end } of legs) expect(reached(end, kind!), kind).toBe(true);
		const labels = texts.filter((each) => LEGS.some(([label]) => label === each.text));
		expect(labels.map((each) => each.text)).toEqual(LEGS.map(([label]) => label));
	});

	it('joins wires of one kind only, and only where there is a dot', () => {
		const dots = elements.filter((each) => classes(each).includes('dot')).map((each) => ({ ...at(each), kind: classes(each)[1]! }));
		const kind = (each: (typeof wires)[number]) => each.classes[1]!;
		for (const one of wires) {
			for (const other of wires) {
				if (kind(one) === kind(other)) continue;
				const ends = [one.path[0]!, one.path.at(-1)!];
				for (const end of ends) expect(onPath(end, other.path), `${kind(one)} ends on ${kind(other)} at ${end.x},${end.y}`).toBe(false);
			}
		}
		for (const dot of dots.filter(({ x }) => x !== 557)) {
			const through = wires.filter((each) => onPath(dot, each.path));
			expect(through.length, `dot at ${dot.x},${dot.y}`).toBeGreaterThan(1);
			for (const each of through) expect(kind(each)).toBe(dot.kind);
		}
	});

	it('writes every text within the picture', () => {
		const width = Number(elements[0]!.attributes.width);
		for (const text of texts) {
			// DejaVu Sans, the widest font of the list, takes 0.52 em a character in these texts.
			const size = classes(text).includes('title') ? 21 : classes(text).includes('small') || classes(text).includes('pin') ? 12 : 13;
			const length = text.text.length * size * 0.56;
			const x = Number(text.attributes.x);
			const left = classes(text).includes('right') ? x - length : classes(text).includes('middle') ? x - length / 2 : x;
			expect(left, text.text).toBeGreaterThan(4);
			expect(left + length, text.text).toBeLessThan(width);
		}
	});
});

describe('the reader of the drawings', () => {
	it.each(['<svg><g></svg>', '<svg', '<svg></svg><svg></svg>', '<svg a=1></svg>', '<svg a="1" a="2"></svg>', '<svg>&</svg>', '<svg></svg>text', '<svg>'])('refuses %s', (source) => {
		expect(() => elementsOf(source)).toThrow();
	});
});
