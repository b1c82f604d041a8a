// SPDX-License-Identifier: MIT
// The networks that a scan finds.
//
// Rule: strongest first, each name once, and only those that a setting may name. No more than asked for are held.

import type { ScanListener } from '../common/ports.js';
import { FIELDS, fieldProblem } from '../settings/settings.js';
import type { FoundNetwork } from './provisioner.js';

const SSID = FIELDS.find(({ key }) => key === 'ssid')!;

export class NetworkList implements ScanListener {
	/** Undefined while the scan is under way. */
	networks: readonly FoundNetwork[] | undefined;
	private readonly list: FoundNetwork[] = [];
	private readonly max: number;

	constructor(max: number) {
		this.max = max;
	}

	found(ssid: string, rssi: number, open: boolean): void {
		// Hidden ones have no name.
		if (!ssid || fieldProblem(SSID, ssid)) return;
		const { list, max } = this;
		let at = 0;
		while (at < list.length && list[at].ssid !== ssid) at++;
		// The weakest gives way.
		if (at === list.length && at === max) at--;
		if (at < list.length && list[at].rssi >= rssi) return;
		for (; at > 0 && list[at - 1].rssi < rssi; at--) list[at] = list[at - 1];
		list[at] = { ssid, rssi, open };
	}

	scanned(): void {
		this.networks = this.list;
	}
}
