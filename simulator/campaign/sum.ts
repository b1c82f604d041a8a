// Many trials added up, and the sum as text.

import type { FaultKind } from './fault-injection.js';
import type { MannerKind } from './manners.js';
import type { Outcome } from './soak-run.js';

export interface Sum {
	worlds: number;
	failed: number;
	days: number;
	readings: number;
	late: number;
	duplicates: number;
	dropped: number;
	cameAllTheSame: number;
	lostWithPower: number;
	boots: number;
	attempts: number;
	packets: number;
	slow: number;
	mannered: number;
	idle: number;
	heapLeast: number;
	checkedTimes: number;
	checkedValues: number;
	slowestOnlineMs: number;
	slowestDrainMs: number;
	/** The same where the broker had manners of its own. */
	manneredOnlineMs: number;
	manneredDrainMs: number;
	memoryMax: number;
	readonly faults: Partial<Record<FaultKind, number>>;
	readonly manners: Partial<Record<MannerKind, number>>;
}

const ADDED = ['days', 'readings', 'late', 'duplicates', 'dropped', 'cameAllTheSame', 'lostWithPower', 'boots', 'attempts', 'packets', 'slow', 'mannered', 'idle', 'checkedTimes', 'checkedValues'] as const;

export function emptySum(): Sum {
	return {
		worlds: 0, failed: 0, days: 0, readings: 0, late: 0, duplicates: 0, dropped: 0, cameAllTheSame: 0, lostWithPower: 0, boots: 0, attempts: 0,
		packets: 0, slow: 0, mannered: 0, idle: 0, heapLeast: Infinity, checkedTimes: 0, checkedValues: 0, slowestOnlineMs: 0, slowestDrainMs: 0, manneredOnlineMs: 0, manneredDrainMs: 0, memoryMax: 0, faults: {}, manners: {},
	};
}

export function add(sum: Sum, outcome: Outcome): void {
	sum.worlds++;
	if (outcome.violations.length) sum.failed++;
	for (const what of ADDED) sum[what] += outcome[what];
	const [online, drained] = outcome.mannered ? (['manneredOnlineMs', 'manneredDrainMs'] as const) : (['slowestOnlineMs', 'slowestDrainMs'] as const);
	sum[online] = Math.max(sum[online], outcome.onlineMs);
	sum[drained] = Math.max(sum[drained], outcome.drainedMs);
	sum.heapLeast = Math.min(sum.heapLeast, outcome.heapLeast ?? Infinity);
	sum.memoryMax = Math.max(sum.memoryMax, outcome.memory?.bytes ?? 0);
	addCounts(sum.faults, outcome.faults);
	addCounts(sum.manners, outcome.manners);
}

export function report(sum: Sum, seconds: number): string {
	const lines = [
		`${sum.worlds} worlds, ${sum.days.toFixed(1)} device-days in ${seconds.toFixed(0)} s; ${sum.failed} of the worlds violated an invariant`,
		listed(sum.faults, 'faults'),
		`${sum.readings} readings came (${sum.late} late, ${sum.duplicates} twice), ${sum.dropped} were dropped and named (${sum.cameAllTheSame} came all the same), ${sum.lostWithPower} were in RAM when the power went`,
		`${sum.boots} boots, ${sum.attempts} connections tried, ${sum.packets} packets sent; ${sum.checkedTimes} times and ${sum.checkedValues} values compared with the world`,
		`slowest to be online after the last fault: ${(sum.slowestOnlineMs / 1_000).toFixed(0)} s; to have nothing waiting: ${(sum.slowestDrainMs / 1_000).toFixed(0)} s`,
	];
	if (sum.mannered) lines.push(`${sum.mannered} of the worlds with a broker of ${listed(sum.manners, 'manners')}; there online after ${(sum.manneredOnlineMs / 1_000).toFixed(0)} s, nothing waiting after ${(sum.manneredDrainMs / 1_000).toFixed(0)} s at the most`);
	lines.push(`${sum.slow} of the worlds with a slow and lossy network; links found idle ${sum.idle} times`);
	if (sum.heapLeast < Infinity) lines.push(`least that was free of an ESP8266's heap beside XS: ${sum.heapLeast} bytes`);
	if (sum.memoryMax) lines.push(`most that a node held on XS: ${sum.memoryMax} bytes`);
	return lines.join('\n');
}

function addCounts<Kind extends string>(to: Partial<Record<Kind, number>>, more: Readonly<Partial<Record<Kind, number>>>): void {
	for (const [what, count] of Object.entries(more) as [Kind, number][]) to[what] = (to[what] ?? 0) + count;
}

/** How many, and of each kind, the most frequent first. */
function listed(counts: Readonly<Partial<Record<string, number>>>, name: string): string {
	const each = (Object.entries(counts) as [string, number][]).sort(([, one], [, other]) => other - one);
	return `${each.reduce((all, [, count]) => all + count, 0)} ${name}: ${each.map(([what, count]) => `${what} ${count}`).join(', ')}`;
}
