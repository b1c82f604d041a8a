// The order of the files: those that take longest begin first, so that none of them is still at work when all others are done. A fresh
// clone remembers no durations, and vitest then goes by the size of the files.
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** By the beginnings of their paths, the longest first as measured; what the others take fills the gaps at the end. */
const LONG = [
	'system/', 'cli/simulate.', 'readme.', 'cli/driver.', 'world/hostile.', 'cli/configure-port.', 'simulator/fault-injection.', 'world/seeds.', 'world/faults.', 'world/forbidden.',
	'simulator/journal.', 'world/patience.', 'mqtt/peer.', 'sensors/four-steps.', 'cli/tls.', 'cli/watch.', 'clients/embedded.', 'world/', 'cli/', 'device/', 'simulator/',
];

export default class LongestFirst extends BaseSequencer {
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		const rank = ({ moduleId }: TestSpecification): number => {
			const at = LONG.findIndex((part) => moduleId.includes(`/test/${part}`));
			return at < 0 ? LONG.length : at;
		};
		// A process that goes through many files ends where the next one wants a process of its own.
		const apart = ({ project }: TestSpecification): number => Number(project.config.isolate === false);
		return (await super.sort(files)).sort((one, other) => apart(one) - apart(other) || rank(one) - rank(other));
	}
}
