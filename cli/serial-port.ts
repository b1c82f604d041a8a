// A serial port that is open: 115,200 baud, both ways.
//
// Rule: the port is opened as it is and set with stty: no native code (decision 32). What is wrong is one sentence.

import { spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync } from 'node:fs';
import { isatty, ReadStream } from 'node:tty';
import { safe } from '../viewer/safe.js';
import { Failure } from './failure.js';

export const BAUD = 115_200;
/** "-hupcl": closing the port must not reset the board; "clocal": three wires are enough. */
const MODES = [String(BAUD), 'raw', '-echo', 'clocal', '-hupcl', 'cs8', '-parenb', '-cstopb', '-crtscts', '-ixon', '-ixoff'];

export function mustHaveSerialLines(): void {
	if (process.platform === 'win32') throw new Failure('Serial lines are read on Linux and macOS only: on Windows use WSL, or any serial monitor at 115200 baud.');
}

/** undefined if it is not there just now. */
export function openPort(path: string): ReadStream | 'denied' | undefined {
	let port: number;
	try {
		port = openSync(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === 'EACCES' || code === 'EPERM') return 'denied';
		if (code === 'EBUSY') throw new Failure(`${path} is in use: close the other program, like a serial monitor, and try again.`);
		if (code === 'EISDIR') throw notSerial(path);
		return undefined;
	}
	if (!isatty(port)) {
		closeSync(port);
		throw notSerial(path);
	}
	const { status, error, stderr } = spawnSync('stty', MODES, { stdio: [port, 'ignore', 'pipe'], encoding: 'utf8' });
	if (status === 0) return new ReadStream(port);
	closeSync(port);
	if (error) throw new Failure(`stty cannot be started (${(error as NodeJS.ErrnoException).code}): it sets the port to ${BAUD} baud (Debian: apt install coreutils).`);
	// Unplugged again meanwhile.
	if (!existsSync(path)) return undefined;
	throw new Failure(`${path} cannot be set to ${BAUD} baud: ${safe(stderr.trim().slice(0, 200))}.`);
}

function notSerial(path: string): Failure {
	return new Failure(`${path} is no serial port: name the one that the board is on with --port.`);
}
