import { defineConfig } from 'vitest/config';
import { fileURLToPath } from 'node:url';

export default defineConfig({
	resolve: {
		alias: {
			'telltale/board': fileURLToPath(new URL('./hardware/nodemcu.ts', import.meta.url)),
			'telltale/tls': fileURLToPath(new URL('./src/device/esp8266/tls.ts', import.meta.url)),
		},
	},
	test: {
		include: ['test/**/*.test.ts'],
		reporters: ['default', './test/support/count-reporter.ts'],
		testTimeout: 30_000,
	},
});
