// Moddable's "mc/config": what the manifest's "config" says, deeply frozen.
//
// Rule: every node of a process begins as the same image, so the host gives a node its settings after its modules are preloaded and
// before main runs; a module that reads them earlier is refused.

import type SDK from 'mc/config';
import { on, prepare } from './host.js';

const TOO_EARLY = 'mc/config is read while modules are being preloaded: the simulator gives a node its settings just before main runs.';
const config: Record<string, unknown> = {};

Object.defineProperty(config, 'telltale', {
	configurable: true,
	get() {
		throw new Error(TOO_EARLY);
	},
});

on('config', (given: Record<string, unknown>) => {
	for (const name of Object.keys(given)) Object.defineProperty(config, name, { value: given[name], enumerable: true });
	deepFreeze(config);
	prepare();
});

export default config as typeof SDK;

function deepFreeze<Tree extends object>(tree: Tree): Tree {
	for (const value of Object.values(tree)) if (typeof value === 'object' && value) deepFreeze(value);
	return Object.freeze(tree);
}
