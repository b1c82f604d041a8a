// Moddable's "mc/config": what the manifest's "config" says, deeply frozen. The host leaves it in a global before the bundle runs.

import type SDK from 'mc/config';

const globals = globalThis as unknown as { simulatedConfig?: Record<string, unknown> };
const config: typeof SDK = deepFreeze({ ...globals.simulatedConfig });
delete globals.simulatedConfig;

export default config;

function deepFreeze<Tree extends object>(tree: Tree): Tree {
	for (const value of Object.values(tree)) if (typeof value === 'object' && value) deepFreeze(value);
	return Object.freeze(tree);
}
