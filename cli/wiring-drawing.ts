// A wiring diagram as SVG: the board on top, seen from above, the parts below it, each wire in a lane of its own.
//
// Rule: 360 units wide and 11 to 14 units high letters, so that it is read on a phone as it is. Wires from the left column of pins go
// down on the left, those from the right on the right; the highest pin has the outermost lane, so wires cross only where they reach a
// part, and there the one above has a gap around it. Colours follow the reader's light or dark scheme, and are never all that tells.

import { PINS } from '../hardware/pins.js';
import type { Nets, DrawnPart, Wire } from './wiring-nets.js';
import type { Role } from '../sensors/wiring.js';

const WIDTH = 360;
const BOARD = { left: 122, right: 238, top: 64, row: 17, head: 26, foot: 34 };
const LANE = { first: 110, step: 11 };
const CARD = { left: 122, right: 238, gap: 18, title: 22, row: 22, note: 14 };
/** Letters of a note in a line. */
const NOTE_LETTERS = 54;

const STYLE = `
	svg { color-scheme: light dark; }
	text { font: 12px "Helvetica Neue", Helvetica, Arial, "DejaVu Sans", sans-serif; fill: #222; }
	.title { font-size: 15px; font-weight: bold; }
	.note { font-size: 11px; fill: #555; }
	.name { font-weight: bold; }
	.middle { text-anchor: middle; }
	.end { text-anchor: end; }
	.page { fill: #fcfbf7; }
	.board { fill: #1f3a4d; stroke: #10222f; }
	.metal { fill: #c9ced2; }
	.usb { font-size: 11px; fill: #333; }
	.on, .pin { fill: #fff; }
	.pin { font-size: 11px; font-weight: bold; }
	.free { fill: #8fa5b3; font-weight: normal; }
	.card { fill: #fff; stroke: #b9b4a6; }
	.halo { fill: none; stroke: #fcfbf7; stroke-width: 8; }
	.wire { fill: none; stroke-width: 3; stroke-linejoin: round; }
	.resistor { fill: #fcfbf7; stroke: #222; }
	.supply { stroke: #d22b2b; } .five { stroke: #9b1fb5; } .ground { stroke: #222; } .signal { stroke: #c97a00; } .data { stroke: #1668c7; } .clock { stroke: #1b8a3a; }
	@media (prefers-color-scheme: dark) {
		text { fill: #eee; } .usb { fill: #333; } .note { fill: #b8b8b8; } .page { fill: #16191c; } .card { fill: #22272b; stroke: #4a5157; }
		.halo { stroke: #16191c; } .resistor { fill: #16191c; stroke: #eee; } .ground { stroke: #e8e8e8; } .supply { stroke: #ff6b6b; }
		.five { stroke: #d78bea; } .signal { stroke: #ffb84d; } .data { stroke: #6bb0ff; } .clock { stroke: #5fd38a; }
	}`;

const COLOURS: Readonly<Record<Role, string>> = { supply: 'red', five: 'violet', ground: 'black', signal: 'orange', data: 'blue', clock: 'green' };

interface Placed {
	readonly part: DrawnPart;
	readonly top: number;
	readonly bottom: number;
}

export function drawing(nets: Nets): string {
	const { title, left, right, warnings } = PINS[nets.board];
	const boardBottom = BOARD.top + BOARD.head + Math.max(left.length, right.length) * BOARD.row + BOARD.foot;
	const parts = stacked(nets.parts, boardBottom + CARD.gap);
	const notesTop = (parts.at(-1)?.bottom ?? boardBottom) + CARD.gap + 6;
	const notes = [...nets.parts.flatMap((part) => part.notes.map((note) => `${part.title}: ${note}`)), ...warnings].flatMap(lines);
	const height = notesTop + notes.length * CARD.note + (notes.length ? 4 : -6);
	const heading = nets.parts.map((part) => part.title).join(', ');
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title desc">`,
		`<title id="title">${escaped(`${title} with ${heading}`)}</title>`,
		`<desc id="desc">${escaped(nets.parts.map(inWords).join(' '))}</desc>`,
		`<style>${STYLE}</style>`,
		`<rect class="page" width="${WIDTH}" height="${height}" rx="10"/>`,
		`<text class="title" x="14" y="26">${escaped(title)}</text>`,
		`<text class="note" x="14" y="44">${escaped(cut(`with ${heading}`, 60))}</text>`,
		board(nets, boardBottom),
		...parts.map(card),
		wires(parts),
		...notes.map((line, row) => `<text class="note" x="14" y="${notesTop + row * CARD.note}" xml:space="preserve">${escaped(line)}</text>`),
		'</svg>',
	].join('\n') + '\n';
}

function stacked(parts: readonly DrawnPart[], from: number): Placed[] {
	let top = from;
	return parts.map((part) => {
		const placed = { part, top, bottom: top + CARD.title + part.wires.length * CARD.row + 8 };
		top = placed.bottom + CARD.gap;
		return placed;
	});
}

function board({ board: name, parts }: Nets, bottom: number): string {
	const { left, right } = PINS[name];
	const used = new Set(parts.flatMap(({ wires }) => wires.map(({ side, place }) => `${side}${place}`)));
	const pin = (side: 'left' | 'right', place: number, label: string): string => {
		const isUsed = used.has(`${side}${place}`);
		const x = side === 'left' ? BOARD.left + 8 : BOARD.right - 8;
		return `<text class="pin${isUsed ? '' : ' free'}${side === 'right' ? ' end' : ''}" x="${x}" y="${pinY(place) + 4}">${escaped(label)}</text>`;
	};
	const middle = (BOARD.left + BOARD.right) / 2;
	return [
		`<rect class="board" x="${BOARD.left}" y="${BOARD.top}" width="${BOARD.right - BOARD.left}" height="${bottom - BOARD.top}" rx="8"/>`,
		`<rect class="metal" x="${middle - 20}" y="${BOARD.top + 8}" width="40" height="48" rx="3"/>`,
		...left.map(({ label }, place) => pin('left', place, label)),
		...right.map(({ label }, place) => pin('right', place, label)),
		`<rect class="metal" x="${middle - 18}" y="${bottom - 22}" width="36" height="28" rx="3"/>`,
		`<text class="usb middle" x="${middle}" y="${bottom - 5}">USB</text>`,
	].join('\n');
}

function card({ part, top, bottom }: Placed): string {
	const { title, remark, wires } = part;
	return [
		`<rect class="card" x="${CARD.left}" y="${top}" width="${CARD.right - CARD.left}" height="${bottom - top}" rx="6"/>`,
		`<text class="name middle" x="${(CARD.left + CARD.right) / 2}" y="${top + 16}">${escaped(cut(remark ? `${title}: ${remark}` : title, 19))}</text>`,
		...wires.map(({ leg, side }, row) => {
			const x = side === 'left' ? CARD.left + 8 : CARD.right - 8;
			return `<text${side === 'right' ? ' class="end"' : ''} x="${x}" y="${legY(top, row) + 4}">${escaped(leg.label)}</text>`;
		}),
	].join('\n');
}

interface Run {
	readonly wire: Wire;
	readonly y: number;
}

/** All wires to one pin share its lane. */
function wires(parts: readonly Placed[]): string {
	const runs = parts.flatMap(({ part, top }) => part.wires.map((wire, row): Run => ({ wire, y: legY(top, row) })));
	const drawn: string[] = [];
	for (const side of ['left', 'right'] as const) {
		const places = [...new Set(runs.filter(({ wire }) => wire.side === side).map(({ wire }) => wire.place))].sort((a, b) => b - a);
		// The lowest pin has the innermost lane. The outermost is drawn first, so that the gaps of those after it lie over it.
		for (const [order, place] of [...places.entries()].reverse()) {
			const lane = side === 'left' ? LANE.first - order * LANE.step : WIDTH - LANE.first + order * LANE.step;
			drawn.push(...net(runs.filter(({ wire }) => wire.side === side && wire.place === place), lane, side));
		}
	}
	return drawn.join('\n');
}

function net(runs: readonly Run[], lane: number, side: 'left' | 'right'): string[] {
	const [pinX, legX] = side === 'left' ? [BOARD.left, CARD.left] : [BOARD.right, CARD.right];
	const { role } = runs[0]!.wire.leg;
	const from = pinY(runs[0]!.wire.place);
	const trunk = `M${pinX} ${from} H${lane} V${Math.max(...runs.map(({ y }) => y))}`;
	const drawn = [path('halo', trunk), path(`wire ${role}`, trunk)];
	for (const { y, wire } of runs) {
		drawn.push(path('halo', `M${lane} ${y} H${legX}`), path(`wire ${wire.leg.role}`, `M${lane} ${y} H${legX}`));
		drawn.push(`<circle class="wire ${wire.leg.role}" cx="${lane}" cy="${y}" r="1.5"/>`, `<circle class="wire ${wire.leg.role}" cx="${legX}" cy="${y}" r="1.5"/>`);
		if (wire.leg.through) drawn.push(...resistor(wire.leg.through, side === 'left' ? 12 : WIDTH - 12, lane, y, side));
	}
	drawn.push(`<circle class="wire ${role}" cx="${pinX}" cy="${from}" r="1.5"/>`);
	return drawn;
}

/** In the lane, above the leg. */
function resistor(label: string, edge: number, lane: number, y: number, side: 'left' | 'right'): string[] {
	return [
		`<rect class="resistor" x="${lane - 4}" y="${y - 34}" width="8" height="22"/>`,
		`<text class="note${side === 'right' ? ' end' : ''}" x="${edge}" y="${y - 19}">${escaped(label)}</text>`,
	];
}

const path = (classes: string, d: string): string => `<path class="${classes}" d="${d}"/>`;
const pinY = (place: number): number => BOARD.top + BOARD.head + place * BOARD.row + BOARD.row / 2;
const legY = (top: number, row: number): number => top + CARD.title + row * CARD.row + CARD.row / 2;

function inWords({ title, wires, notes }: DrawnPart): string {
	const each = wires.map(({ leg, pin }) => `${leg.label} ${leg.through ? `through ${leg.through} ` : ''}to ${pin.label} (${COLOURS[leg.role]})`);
	return `${title}: ${each.join(', ')}. ${notes.join(' ')}`.trim();
}

function lines(note: string): string[] {
	const words = note.split(' ');
	const made: string[] = [''];
	for (const word of words) {
		if (made.at(-1)!.length + word.length >= NOTE_LETTERS) made.push(`    ${word}`);
		else made[made.length - 1] += made.at(-1) ? ` ${word}` : word;
	}
	return made;
}

const cut = (text: string, letters: number): string => (text.length > letters ? `${text.slice(0, letters - 1)}…` : text);
const SIGNS: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => SIGNS[sign]!);
