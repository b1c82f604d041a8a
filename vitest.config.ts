import { defineConfig } from 'vitest/config';
import { fileURLToPath } from 'node:url';
import { apart } from './test/support/apart.js';
import { CORE, patient, slownessOfCore, TEST_MS } from './test/support/patience.js';
import LongestFirst from './test/support/sequencer.js';

const APART = apart(fileURLToPath(new URL('.', import.meta.url)));

export default defineConfig({
	resolve: {
		alias: {
			'telltale/board': fileURLToPath(new URL('./hardware/nodemcu.ts', import.meta.url)),
			'telltale/dhcp': fileURLToPath(new URL('./src/device/esp8266/dhcp.ts', import.meta.url)),
			'telltale/tls': fileURLToPath(new URL('./src/device/esp8266/tls.ts', import.meta.url)),
			'telltale/radio': fileURLToPath(new URL('./src/device/esp8266/radio.ts', import.meta.url)),
		},
	},
	test: {
		// Starting a process and loading what all tests share takes a third of a second, more where whole nodes run: one process goes through many files.
		projects: [
			{ extends: true, test: { name: 'apart', include: APART, isolate: true } },
			{ extends: true, test: { name: 'together', include: ['test/**/*.test.ts'], exclude: APART, isolate: false } },
		],
		globalSetup: './test/support/engine.ts',
		reporters: ['default', './test/support/count-reporter.ts'],
		// As slow as the machine is when a file begins: test/support/patience.ts.
		setupFiles: ['test/support/limits.ts'],
		env: { [CORE]: String(slownessOfCore()) },
		teardownTimeout: patient(TEST_MS),
		// Most tests of whole nodes wait for sockets, not for the processor: more of them fit beside each other than there are cores.
		maxWorkers: 3,
		sequence: { sequencer: LongestFirst },
		// Of those that say that they can: they wait for sockets too.
		maxConcurrency: 24,
	},
});
