// The last line of a test run: "N passed, N failed, N skipped", for programs that read it.
import type { Reporter, TestModule } from 'vitest/node';

export default class CountReporter implements Reporter {
	onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
		const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
		for (const module of modules) {
			// What fails before or after the tests of a file or a suite fails none of them: it counts as one of its own.
			if (module.errors().length) counts.failed++;
			for (const suite of module.children.allSuites()) if (suite.errors().length) counts.failed++;
			for (const test of module.children.allTests()) counts[test.result().state]++;
		}
		const { passed, failed, skipped } = counts;
		// After the other reporters' own summaries, which are written in the same turn.
		process.once('exit', () => console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`));
	}
}
