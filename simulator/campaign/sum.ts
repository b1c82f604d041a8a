// Many trials added up, and the sum as text.

import type { FaultKind } from './fault-injection.js';
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
	idle: number;
	heapLeast: number;
	checkedTimes: number;
	checkedValues: number;
	slowestOnlineMs: number;
	slowestDrainMs: number;
	memoryMax: number;
	readonly faults: Partial<Record<FaultKind, number>>;
}

const ADDED = ['days', 'readings', 'late', 'duplicates', 'dropped', 'cameAllTheSame', 'lostWithPower', 'boots', 'attempts', 'packets', 'slow', 'idle', 'checkedTimes', 'checkedValues'] as const;

export function emptySum(): Sum {
	return {
		worlds: 0, failed: 0, days: 0, readings: 0, late: 0, duplicates: 0, dropped: 0, cameAllTheSame: 0, lostWithPower: 0, boots: 0, attempts: 0,
		packets: 0, slow: 0, idle: 0, heapLeast: Infinity, checkedTimes: 0, checkedValues: 0, slowestOnlineMs: 0, slowestDrainMs: 0, memoryMax: 0, faults: {},
	};
}

export function add(sum: Sum, outcome: Outcome): void {
	sum.worlds++;
	if (outcome.violations.length) sum.failed++;
	for (const what of ADDED) sum[what] += outcome[what];
	sum.slowestOnlineMs = Math.max(sum.slowestOnlineMs, outcome.onlineMs);
	sum.slowestDrainMs = Math.max(sum.slowestDrainMs, outcome.drainedMs);
	sum.heapLeast = Math.min(sum.heapLeast, outcome.heapLeast ?? Infinity);
	sum.memoryMax = Math.max(sum.memoryMax, outcome.memory?.bytes ?? 0);
	for (const [what, count] of Object.entries(outcome.faults) as [FaultKind, number][]) sum.faults[what] = (sum.faults[what] ?? 0) + count;
}

export function report(sum: Sum, seconds: number): string {
	const faults = Object.entries(sum.faults).sort(([, one], [, other]) => other - one);
	const total = faults.reduce((all, [, count]) => all + count, 0);
	const lines = [
		`${sum.worlds} worlds, ${sum.days.toFixed(1)} device-days in ${seconds.toFixed(0)} s; ${sum.failed} of the worlds violated an invariant`,
		`${total} faults: ${faults.map(([what, count]) => `${what} ${count}`).join(', ')}`,
		`${sum.readings} readings came (${sum.late} late, ${sum.duplicates} twice), ${sum.dropped} were dropped and named (${sum.cameAllTheSame} came all the same), ${sum.lostWithPower} were in RAM when the power went`,
		`${sum.boots} boots, ${sum.attempts} connections tried, ${sum.packets} packets sent; ${sum.checkedTimes} times and ${sum.checkedValues} values compared with the world`,
		`slowest to be online after the last fault: ${(sum.slowestOnlineMs / 1_000).toFixed(0)} s; to have nothing waiting: ${(sum.slowestDrainMs / 1_000).toFixed(0)} s`,
	];
	lines.push(`${sum.slow} of the worlds with a slow and lossy network; links found idle ${sum.idle} times`);
	if (sum.heapLeast < Infinity) lines.push(`least that was free of an ESP8266's heap beside XS: ${sum.heapLeast} bytes`);
	if (sum.memoryMax) lines.push(`most that a node held on XS: ${sum.memoryMax} bytes`);
	return lines.join('\n');
}
