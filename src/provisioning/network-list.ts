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
		for (let i = 0; i < list.length; i++) {
			if (list[i].ssid !== ssid) continue;
			if (list[i].rssi >= rssi) return;
			list.splice(i, 1);
			break;
		}
		let at = list.length;
		while (at > 0 && list[at - 1].rssi < rssi) at--;
		if (at === max) return;
		list.splice(at, 0, { ssid, rssi, open });
		if (list.length > max) list.pop();
	}

	scanned(): void {
		this.networks = this.list;
	}
}
