// What the USB chip of a board calls itself, so that a person can tell two boards apart.
//
// Rule: it is asked of the operating system, never of the board. Where nothing is known it is left out; what it says is shown only as text.

import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { safe } from '../viewer/safe.js';

const LENGTH_MAX = 60;
/** From the port up to the USB device that it belongs to: an interface or two lie between. */
const LEVELS_MAX = 4;

/** Product and serial number, like "CP2102 USB to UART Bridge Controller, serial number 0001"; '' where nothing is known. */
export function usbName(port: string, platform: NodeJS.Platform = process.platform, sysfs = '/sys/class/tty'): string {
	return platform === 'darwin' ? fromIoreg(port, ioreg()) : fromSysfs(port, sysfs);
}

function fromSysfs(port: string, sysfs: string): string {
	try {
		let folder = realpathSync(join(sysfs, basename(port), 'device'));
		for (let level = 0; level < LEVELS_MAX; level++, folder = dirname(folder)) {
			const product = read(join(folder, 'product'));
			if (product) return name(product, read(join(folder, 'serial')));
		}
	} catch {
		// No USB device, or no such file system.
	}
	return '';
}

function read(file: string): string {
	try {
		return readFileSync(file, 'utf8').trim();
	} catch {
		return '';
	}
}

function ioreg(): string {
	return spawnSync('ioreg', ['-r', '-c', 'IOUSBHostDevice', '-l', '-w', '0'], { encoding: 'utf8', timeout: 5_000 }).stdout ?? '';
}

/** A device's own lines stand before those of its ports. */
export function fromIoreg(port: string, listing: string): string {
	let [product, serial] = ['', ''];
	for (const line of listing.split('\n')) {
		if (/<class IOUSBHostDevice\b/.test(line)) [product, serial] = ['', ''];
		const [, key, value] = /"(USB Product Name|USB Serial Number|IOCalloutDevice)" = "([^"]*)"/.exec(line) ?? [];
		if (key === 'USB Product Name') product = value!;
		if (key === 'USB Serial Number') serial = value!;
		if (key === 'IOCalloutDevice' && value === port) return name(product, serial);
	}
	return '';
}

function name(product: string, serial: string): string {
	const short = (text: string) => safe(text.slice(0, LENGTH_MAX));
	return [product && short(product), serial && `serial number ${short(serial)}`].filter(Boolean).join(', ');
}
