// Serial ports: which there are, and whether one may be used.
//
// Rule: nothing is opened, since opening resets the board; what is wrong is one sentence.

import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import { Failure } from './failure.js';
import { usbName } from './usb.js';

const USB_SERIAL = /^(ttyUSB|ttyACM|cu\.usbserial|cu\.usbmodem|cu\.SLAB_USBtoUART|cu\.wchusbserial)/;
const DRIVER = 'connect the board with a USB cable that carries data, not only power';

export function serialPorts(folder = '/dev'): string[] {
	// Windows has none.
	if (!existsSync(folder)) return [];
	return readdirSync(folder).filter((name) => USB_SERIAL.test(name)).sort().map((name) => join(folder, name));
}

/** The port that is named, or the only one there is; it can be used by this user. */
export function choosePort(named: string | undefined, folder?: string): string {
	return choosePorts(named === undefined ? [] : [named], false, folder)[0]!;
}

/** Those that are named, all there are, or the only one there is; each can be used by this user. */
export function choosePorts(named: readonly string[], all: boolean, folder?: string): string[] {
	const there = serialPorts(folder);
	if (!named.length && !there.length) throw new Failure(`No board is connected: ${DRIVER}, or name its port with --port.`);
	if (!named.length && !all && there.length > 1) throw new Failure(`There are several serial ports, ${there.map(described).join(' and ')}: choose one with --port.`);
	const ports = named.length ? [...new Set(named)] : there;
	for (const port of ports) {
		if (!existsSync(port)) throw new Failure(`There is no port ${port}: ${there.length ? `choose ${there.map(described).join(' or ')}` : DRIVER}.`);
		if (!mayUse(port)) throw denied(port);
	}
	return ports;
}

/** With what the board's USB chip says of itself. */
function described(port: string): string {
	const name = usbName(port);
	return name ? `${port} (${name})` : port;
}

export function mayUse(port: string): boolean {
	try {
		accessSync(port, constants.R_OK | constants.W_OK);
		return true;
	} catch {
		return false;
	}
}

export function denied(port: string): Failure {
	return new Failure(`You may not use ${port}: run "${joinCommand(portGroup(port))}" and log in again.`);
}

/** Makes this user a member of the group. */
export function joinCommand(group: string): string {
	return `sudo usermod -aG ${group} ${userName()}`;
}

/** Its number where it has no name, as in a container. */
export function userName(): string {
	try {
		return userInfo().username;
	} catch {
		return String(process.getuid?.() ?? '');
	}
}

/** Whose members may use it: dialout on Debian and Fedora, uucp on Arch. */
export function portGroup(port: string, groupFile = '/etc/group'): string {
	const id = statSync(port, { throwIfNoEntry: false })?.gid;
	const name = groups(groupFile).find((group) => group.id === id && group.id !== 0)?.name;
	return name ?? serialGroup(groupFile) ?? 'dialout';
}

/** The system's group for serial ports; undefined where there is none, as on macOS. */
export function serialGroup(groupFile = '/etc/group'): string | undefined {
	return ['dialout', 'uucp'].find((name) => groups(groupFile).some((group) => group.name === name));
}

export function isInGroup(name: string, groupFile = '/etc/group'): boolean {
	const id = groups(groupFile).find((group) => group.name === name)?.id;
	return id !== undefined && (process.getgroups?.().includes(id) ?? false);
}

function groups(file: string): { readonly name: string; readonly id: number }[] {
	try {
		return readFileSync(file, 'utf8').split('\n').map((line) => line.split(':')).map(([name, , id]) => ({ name: name!, id: Number(id) }));
	} catch {
		return [];
	}
}
