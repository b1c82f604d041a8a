// Serial ports: which there are, and whether one may be used.
//
// Rule: nothing is opened, since opening resets the board; what is wrong is one sentence.

import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import { Failure } from './failure.js';

const USB_SERIAL = /^(ttyUSB|ttyACM|cu\.usbserial|cu\.usbmodem|cu\.SLAB_USBtoUART|cu\.wchusbserial)/;
const DRIVER = 'connect the board with a USB cable that carries data, not only power';

export function serialPorts(folder = '/dev'): string[] {
	return readdirSync(folder).filter((name) => USB_SERIAL.test(name)).sort().map((name) => join(folder, name));
}

/** The port that is named, or the only one there is; it can be used by this user. */
export function choosePort(named: string | undefined, folder?: string): string {
	const ports = serialPorts(folder);
	if (named === undefined && !ports.length) throw new Failure(`No board is connected: ${DRIVER}, or name its port with --port.`);
	if (named === undefined && ports.length > 1) throw new Failure(`There are several serial ports, ${ports.join(' and ')}: choose one with --port.`);
	const port = named ?? ports[0]!;
	if (!existsSync(port)) throw new Failure(`There is no port ${port}: ${ports.length ? `choose ${ports.join(' or ')}` : DRIVER}.`);
	try {
		accessSync(port, constants.R_OK | constants.W_OK);
	} catch {
		throw denied(port);
	}
	return port;
}

export function denied(port: string): Failure {
	return new Failure(`You may not use ${port}: run "sudo usermod -aG dialout ${userInfo().username}" and log in again.`);
}
