// Writes files to a board's flash with Espressif's esptool, and explains what it says.
//
// Rule: esptool's words are for its makers; each failure that people meet is one sentence here. Its whole output stays in flash.log.

import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { safe } from '../viewer/safe.js';
import { Failure } from './failure.js';
import { denied } from './ports.js';
import { onPath, type Toolchain } from './toolchain.js';

export interface FlashOptions {
	readonly chip: 'esp8266' | 'esp32';
	readonly port: string;
	readonly baud: number;
	/** Offset and file. */
	readonly parts: readonly (readonly [number, string])[];
	readonly log: string;
	readonly verbose: boolean;
	readonly signal: AbortSignal;
	/** Percent of all that is written. */
	readonly onProgress: (percent: number) => void;
}

/** The command that starts esptool: one on the PATH, or the one that came with the SDK of the chip. */
export function findEsptool({ env }: Pick<Toolchain, 'env'>): string[] {
	const installed = onPath('esptool', env) ?? onPath('esptool.py', env);
	if (installed) return [installed];
	const folders = [env['ESPRESSIF_SDK_ROOT'] ?? join(env['ESP_BASE'] ?? '', 'ESP8266_RTOS_SDK'), env['IDF_PATH'] ?? ''];
	const script = folders.filter(Boolean).map((folder) => join(folder, 'components/esptool_py/esptool/esptool.py')).find((path) => existsSync(path));
	const python = onPath('python', env) ?? onPath('python3', env);
	if (!script || !python) throw new Failure('esptool is not on the PATH: install it with "pipx install esptool".');
	return [python, script];
}

export async function writeFlash(command: readonly string[], options: FlashOptions, env: NodeJS.ProcessEnv): Promise<void> {
	const { chip, port, baud, parts } = options;
	for (const [, file] of parts) if (!existsSync(file)) throw new Failure(`${file} is not there: the SDK of the chip is not whole; install it again.`);
	const words = ['--chip', chip, '--port', port, '--baud', String(baud), 'write_flash', '--flash_mode', 'dio', '--flash_freq', '40m', '--flash_size', '4MB'];
	for (const [offset, file] of parts) words.push(`0x${offset.toString(16)}`, file);
	const { status, output } = await call(command, words, options, env);
	if (options.signal.aborted) throw new Failure('Stopped while writing: the board will not start until it is flashed again.');
	if (status !== 0) throw explain(output, options);
}

function call(command: readonly string[], words: readonly string[], options: FlashOptions, env: NodeJS.ProcessEnv): Promise<{ status: number | null; output: string }> {
	const log = createWriteStream(options.log);
	return new Promise((resolve, reject) => {
		// Python holds lines back from a pipe, and nobody would see progress. esptool 5 writes colours into one, by the name of the terminal.
		const child = spawn(command[0]!, [...command.slice(1), ...words], { env: { ...env, PYTHONUNBUFFERED: '1', NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
		const stop = () => child.kill('SIGTERM');
		options.signal.addEventListener('abort', stop);
		let output = '';
		for (const stream of [child.stdout, child.stderr]) {
			stream.on('data', (chunk: Buffer) => {
				log.write(chunk);
				if (options.verbose) process.stdout.write(chunk);
				output = (output + chunk.toString()).slice(-8_000);
				report(stripVTControlCharacters(chunk.toString()), options);
			});
		}
		child.on('error', (error) => reject(new Failure(`${command[0]} cannot be started (${error.message}): install esptool again.`)));
		child.on('close', (status) => {
			options.signal.removeEventListener('abort', stop);
			log.end(() => resolve({ status, output }));
		});
	});
}

/** "Writing at 0x00011000... (7 %)", of all versions. */
function report(text: string, { parts, onProgress }: FlashOptions): void {
	const sizes = parts.map(([, file]) => statSync(file).size);
	const total = sizes.reduce((sum, size) => sum + size, 0);
	for (const [, address, percent] of text.matchAll(/Writing at 0x([0-9a-fA-F]+)[^(%\r\n]*?\(?\s*(\d+)(?:\.\d+)?\s?%/g)) {
		const part = parts.filter(([offset]) => offset <= parseInt(address!, 16)).length - 1;
		const before = sizes.slice(0, part).reduce((sum, size) => sum + size, 0);
		onProgress(Math.floor((100 * before + Number(percent) * sizes[part]!) / total));
	}
}

const FAULTS: readonly (readonly [RegExp, (options: FlashOptions) => Failure])[] = [
	[/Permission denied|Errno 13/, ({ port }) => denied(port)],
	[/Device or resource busy|Errno 16|exclusively lock|in use by another|Resource temporarily unavailable/i, ({ port }) => new Failure(`${port} is in use: close the other program, like a serial monitor, and try again.`)],
	[/No such file or directory: '\/dev|could not open port|busy or doesn't exist/i, ({ port }) => new Failure(`${port} went away: connect the board again and look which port it has now.`)],
	[/Could not configure port|Inappropriate ioctl/i, ({ port }) => new Failure(`${port} is no serial port: name the one that the board is on with --port.`)],
	[/No module named '?serial/, () => new Failure('The Python that runs esptool lacks pyserial: install it (Debian: apt install python3-serial).')],
	[/This chip is (\S+?),? not (\S+?)[.\s]|Unexpected chip|Wrong --chip|chip type mismatch/i, ({ chip }) => new Failure(`The board has another chip than ${chip.toUpperCase()}: choose the other --board.`)],
	[/Failed to connect|Timed out waiting for packet|No serial data received|Wrong boot mode|Invalid head of packet/i, ({ port }) => new Failure(`The board at ${port} does not answer: hold its FLASH (or BOOT) button, press RST, let go of both and try again; if that does not help, try another USB cable.`)],
	[/MD5 of file does not match|Verify failed|hash.*mismatch/i, () => new Failure('What was written does not read back the same: try again with --baud 115200; if it stays so, the flash chip is worn out.')],
	[/device reports readiness|device disconnected|write timeout|Input\/output error|Errno 5\b|stopped responding|data stream stopped|content transfer stopped|Lost connection|serial exception/i, ({ port }) => new Failure(`The connection at ${port} broke while writing: use a shorter cable or a port of the computer itself, and try again with --baud 115200.`)],
	[/will not fit|larger than|beyond the end of flash|exceeds flash/i, () => new Failure('The image does not fit: the board has less than the 4 MB of flash that a NodeMCU has.')],
];

function explain(raw: string, options: FlashOptions): Failure {
	// Some versions write their codes whatever they are told.
	const output = stripVTControlCharacters(raw);
	const known = FAULTS.find(([pattern]) => pattern.test(output));
	if (known) return known[1](options);
	const said = complaint(output);
	return new Failure(`esptool failed${said && ` (${said})`}: the whole output is in ${options.log}.`);
}

/** What esptool calls fatal; else its last line of words, without the frame that version 5 draws around it. */
function complaint(output: string): string {
	const lines = output.split(/[\r\n]+/).map((line) => line.replace(/[\u2500-\u257f]/g, '').trim()).filter((line) => /[a-z]/i.test(line));
	const line = lines.filter((each) => /A fatal error occurred: /.test(each)).at(-1) ?? lines.at(-1) ?? '';
	return safe(line.replace(/[.:]$/, '').slice(0, 200));
}
