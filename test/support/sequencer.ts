// The order of the files: those that take longest begin first, so that none of them is still at work when all others are done. A fresh
// clone remembers no durations, and vitest then goes by the size of the files.
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const LONG = ['simulator/fault-injection.test', 'simulator/journal.test', 'cli/simulate.test', 'clients/embedded.test', 'readme.test', 'system/', 'world/kills.test', 'world/seeds', 'cli/driver.test'];

export default class LongestFirst extends BaseSequencer {
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		const rank = ({ moduleId }: TestSpecification): number => {
			const at = LONG.findIndex((part) => moduleId.includes(`/test/${part}`));
			return at < 0 ? LONG.length : at;
		};
		return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
	}
}
