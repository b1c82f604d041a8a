// Files of tests that need a process of their own: those that put another module in the place of one, and those that run
// programs, real brokers and a browser by the clock, whose sockets share no event loop with what others have left.
//
// Rule: all others share processes, and each module is evaluated once in a process. So what a file leaves behind (a spy, a changed
// environment, an open socket) it takes back itself, and what files share registers no hooks: test/tidy.test.ts holds that.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PROGRAMS = /^test\/(system\/|readme\.|cli\/(simulate|driver)\.)/;

export function apart(root: string): string[] {
	const all = readdirSync(join(root, 'test'), { recursive: true }) as string[];
	const tests = all.filter((file) => file.endsWith('.test.ts')).map((file) => `test/${file}`);
	return tests.filter((file) => PROGRAMS.test(file) || /^vi\.mock\(/m.test(readFileSync(join(root, file), 'utf8')));
}
