// What the auditor says of a node once a scenario is over, from all that was published.
import { Auditor } from '../../simulator/audit/auditor.js';
import type { Published } from '../../simulator/virtual/broker.js';

export function audit(published: readonly Published[], node: string): Auditor {
	const auditor = new Auditor(node);
	for (const message of published) auditor.heard(message);
	return auditor;
}
