// Commands on their way to nodes, and the answers by their ids.
//
// Rule: a command is never retained, and its id names its answer (docs/topics.md). Each waits so long and no longer; COMMANDS_MAX wait at
// once. That no answer came does not say that the node did not obey.

import { randomBytes } from 'node:crypto';
import type { Content } from './payload.js';

export interface Answer {
	readonly node: string;
	/** False: nothing came in time, and `error` says so. The node may obey all the same, or when it comes back. */
	readonly answered: boolean;
	readonly ok: boolean;
	/** Why not; '' if it is ok. */
	readonly error: string;
	/** All that the node said. */
	readonly content: Content | undefined;
}

export interface SendOptions {
	readonly timeoutMs?: number;
}

export const TIMEOUT_MS = 10_000;
/** Memory, whoever asks. */
const COMMANDS_MAX = 1_000;
const ERROR_MAX = 400;

interface Waiting {
	/** '': whoever answers, each once. */
	readonly node: string;
	readonly take: (answer: Answer) => void;
}

export class Commands {
	readonly #waiting = new Map<string, Waiting>();
	readonly #ends = new Set<() => void>();

	/** `publish` gets the payload. Resolves with the answer, or without one when the time is over. */
	ask(node: string, value: unknown, { timeoutMs = TIMEOUT_MS }: SendOptions, publish: (payload: string) => void): Promise<Answer> {
		return new Promise((resolve) => {
			const end = this.#wait(node, timeoutMs, (answer) => end(answer), resolve, () => silent(node, timeoutMs), (id) => publish(payloadOf(id, value)));
		});
	}

	/** The same for all nodes: `onAnswer` gets each answer, and it resolves when the time is over. */
	askAll(value: unknown, { timeoutMs = TIMEOUT_MS }: SendOptions, publish: (payload: string) => void, onAnswer: (answer: Answer) => void): Promise<void> {
		return new Promise((resolve) => {
			this.#wait('', timeoutMs, onAnswer, () => resolve(), () => undefined, (id) => publish(payloadOf(id, value)));
		});
	}

	#wait<End>(node: string, timeoutMs: number, take: (answer: Answer) => void, resolve: (end: End) => void, onTime: () => End, publish: (id: string) => void): (end: End) => void {
		if (this.#waiting.size >= COMMANDS_MAX) throw new Error(`${COMMANDS_MAX} commands wait for their answers: try again when they have come.`);
		const id = randomBytes(6).toString('hex');
		const end = (value: End): void => {
			clearTimeout(timer);
			this.#waiting.delete(id);
			this.#ends.delete(stop);
			resolve(value);
		};
		const stop = (): void => end(onTime());
		const timer = setTimeout(stop, timeoutMs);
		this.#waiting.set(id, { node, take });
		this.#ends.add(stop);
		publish(id);
		return end;
	}

	/** What a node published as a result. */
	result(node: string, content: Content): void {
		const { id, ok, error } = content;
		const waiting = this.#waiting.get(String(id));
		if (!waiting || (waiting.node && waiting.node !== node)) return;
		const why = typeof error === 'string' && error ? error.slice(0, ERROR_MAX) : 'it gives no reason';
		waiting.take({ node, answered: true, ok: ok === true, error: ok === true ? '' : why, content });
	}

	/** Nothing that waits gets an answer any more. */
	close(): void {
		for (const stop of [...this.#ends]) stop();
	}
}

function payloadOf(id: string, value: unknown): string {
	return JSON.stringify(value === undefined ? { id } : { id, value });
}

function silent(node: string, timeoutMs: number): Answer {
	return { node, answered: false, ok: false, error: `no answer within ${Math.round(timeoutMs / 1_000)} s`, content: undefined };
}
