// What mends what is missing, in the words of the operating system that this is.
//
// Rule: one command for each thing on each system, one that can be pasted. On a system that is not known there is none, and the doctor says
// what is missing in words.

import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';

export type Family = 'debian' | 'fedora' | 'arch' | 'macos' | 'other';

export interface System {
	readonly name: string;
	readonly family: Family;
	/** Linux inside Windows: USB devices are Windows' own until they are handed over. */
	readonly wsl: boolean;
}

const INSTALL: Readonly<Record<Exclude<Family, 'other'>, string>> = {
	debian: 'sudo apt install', fedora: 'sudo dnf install', arch: 'sudo pacman -S --needed', macos: 'brew install',
};

/** Packages, in the order of INSTALL; what begins with "!" is a command of its own. */
const PACKAGES: Readonly<Record<string, readonly [debian: string, fedora: string, arch: string, macos: string]>> = {
	compiler: ['build-essential', 'gcc make', 'base-devel', '!xcode-select --install'],
	python: [
		'python3 python-is-python3 python3-serial', 'python3 python-unversioned-command python3-pyserial', 'python python-pyserial',
		'!brew install python && ln -s "$(brew --prefix)/bin/python3" "$(brew --prefix)/bin/python"',
	],
	pyserial: ['python3-serial', 'python3-pyserial', 'python-pyserial', '!python -m pip install --user --break-system-packages pyserial'],
	esptool: ['esptool', 'esptool', 'esptool', 'esptool'],
	mosquitto: ['mosquitto mosquitto-clients', 'mosquitto', 'mosquitto', 'mosquitto'],
	openssl: ['openssl', 'openssl', 'openssl', 'openssl'],
	chromium: ['chromium', 'chromium', 'chromium', '!brew install --cask chromium'],
	socat: ['socat', 'socat', 'socat', 'socat'],
};

export function thisSystem(): System {
	const osRelease = ['/etc/os-release', '/usr/lib/os-release'].find((file) => existsSync(file));
	return systemOf(process.platform, osRelease ? readFileSync(osRelease, 'utf8') : '', release());
}

/** `osRelease`: the file of that name; `kernel`: what uname -r says. */
export function systemOf(platform: NodeJS.Platform, osRelease: string, kernel: string): System {
	if (platform === 'darwin') return { name: 'macOS', family: 'macos', wsl: false };
	if (platform !== 'linux') return { name: platform, family: 'other', wsl: false };
	const field = (key: string) => new RegExp(`^${key}=["']?(.*?)["']?$`, 'm').exec(osRelease)?.[1] ?? '';
	const ids = `${field('ID')} ${field('ID_LIKE')}`.split(' ');
	const is = (...names: string[]) => names.some((name) => ids.includes(name));
	const family = is('debian', 'ubuntu') ? 'debian' : is('fedora', 'rhel', 'centos') ? 'fedora' : is('arch') ? 'arch' : 'other';
	const wsl = /microsoft/i.test(kernel);
	return { name: `${field('PRETTY_NAME') || 'Linux'}${wsl ? ' under WSL' : ''}`, family, wsl };
}

/** The command for that key, or the key itself where it is a command already; '' where none is known. */
export function remedyFor(key: string, { family }: System): string {
	const packages = PACKAGES[key];
	if (!packages) return key;
	if (family === 'other') return '';
	const what = packages[Object.keys(INSTALL).indexOf(family)]!;
	return what.startsWith('!') ? what.slice(1) : `${INSTALL[family]} ${what}`;
}
