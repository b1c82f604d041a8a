// What tests of the record share: readings as a viewer tells them, and what a file holds.

import { openStore } from '../../viewer/record-open.js';
import type { Recorded } from '../../viewer/record.js';
import type { ReadingEvent } from '../../viewer/viewer.js';

export const TIME = 1_795_000_000;

export interface Sample { seq: number; node?: string; boot?: string; time?: number | undefined; values?: Record<string, number>; dropped?: { from: number; to: number }; suspect?: string[]; late?: boolean }

export function event({ seq, node = 'cellar', boot = '7', time = TIME + seq, values = { temperature: 20 + seq / 10 }, dropped, suspect, late = false }: Sample): ReadingEvent {
	const reading = { seq, boot, ...(time ? { time } : { uptime: seq }), values, ...(dropped && { dropped }), ...(suspect && { suspect }) };
	return { node, late, reading, dropped: dropped?.to === seq, time, at: 0 };
}

export async function all(file: string): Promise<Recorded[]> {
	const store = await openStore(file, true);
	const found: Recorded[] = [];
	await store.read((reading) => found.push(reading));
	await store.close();
	return found;
}

export async function seqsIn(file: string): Promise<number[]> {
	return (await all(file)).map(({ seq }) => seq);
}
