// telltale watch --web: the viewer as a page, until Ctrl-C.
//
// Rule: standard output has the addresses and nothing else; how the brokers are goes to standard error, and to the page.

import { Option, type Command } from 'commander';
import { isIP } from 'node:net';
import type { BrokerLink, Viewer } from '../viewer/viewer.js';
import { Failure, Misuse } from './failure.js';
import { whole } from './options.js';
import { addressesOf, openPage } from './page.js';
import { shown } from './topics.js';

export interface WebOptions {
	readonly web?: boolean;
	readonly port?: number;
	readonly bind?: string;
	readonly record?: string;
}

/** Of a command that has no page without --web. */
export function withWeb(command: Command): Command {
	return command
		.option('--web', 'a web page instead: overview, charts, commands; also /metrics for Prometheus')
		.addOption(new Option('--port <n>', 'with --web: of the page (default: 8267 or, if that is taken, any)').argParser(whole('--port', 1, 65_535)))
		.addOption(new Option('--bind <address>', 'with --web: the address of this machine to listen at (default: 127.0.0.1, for this machine alone)').argParser(bindAddress));
}

function bindAddress(text: string): string {
	if (!isIP(text) && text !== 'localhost') throw new Misuse(`--bind is ${JSON.stringify(shown(text))}; it must be an IP address of this machine, like 192.168.1.10, or 0.0.0.0 for all.`);
	return text;
}

export function mustBeOfWeb(options: WebOptions & { readonly once?: unknown; readonly json?: unknown; readonly events?: unknown }): void {
	if (options.web) {
		for (const name of ['once', 'json', 'events'] as const) if (options[name] !== undefined) throw new Misuse(`--${name} is of the JSON lines, and --web shows a page: leave one of them out.`);
		return;
	}
	for (const name of ['port', 'bind'] as const) if (options[name] !== undefined) throw new Misuse(`--${name} is of --web only: name --web too, or leave it out.`);
}

/** In the place of the table. */
export class WebWatcher {
	readonly #viewer: Viewer;
	readonly #options: WebOptions;

	constructor(options: WebOptions, viewer: Viewer) {
		[this.#options, this.#viewer] = [options, viewer];
	}

	/** Until the signal; fails when no broker will ever have us. */
	async ended(signal: AbortSignal): Promise<void> {
		const server = await openPage(this.#viewer, this.#options);
		try {
			console.log(`Open in a browser:\n\n${addressesOf(server, this.#options.bind).map((address) => `  ${address}\n`).join('')}\nStop with Ctrl-C.`);
			await this.#served(signal);
		} finally {
			await server.close();
		}
	}

	#served(signal: AbortSignal): Promise<void> {
		return new Promise((resolve, reject) => {
			if (signal.aborted) resolve();
			signal.addEventListener('abort', () => resolve());
			const told = ({ up, sentence, final }: BrokerLink): void => {
				if (final && this.#viewer.links.every((link) => link.final)) reject(new Failure(sentence));
				else if (!up) console.error(sentence);
			};
			this.#viewer.on('link', told);
			// What came while the page was made.
			for (const link of this.#viewer.links) if (link.final) told(link);
		});
	}

	/** Of what we do ourselves. */
	say(sentence: string): void {
		if (sentence) console.error(sentence);
	}

	note(sentence: string): void {
		this.say(sentence);
	}

	close(): void {}
}
