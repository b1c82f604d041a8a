// What the page asks of the server beside its news.
//
// Rule: what cannot be done is a sentence for the person. All that changes something is a POST with JSON.

import type { CommandForAll, CommandNews, HistoryNews, NodeAnswerNews, WorldAction } from './messages.js';

/** Text of an answer that is no success. */
export class Refused extends Error {}

async function post(path: string, body: unknown): Promise<Response> {
	let response: Response;
	try {
		response = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
	} catch {
		throw new Refused('The program that serves this page does not answer.');
	}
	if (!response.ok) throw new Refused((await response.text()).trim());
	return response;
}

/** Shows the token, which becomes a cookie. '' or why not. */
export async function showToken(token: string): Promise<string> {
	try {
		await post('session', { token });
		return '';
	} catch (error) {
		return (error as Error).message;
	}
}

export async function command(node: string, name: string, value?: unknown): Promise<CommandNews> {
	return (await post('command', { node, name, ...(value !== undefined && { value }) })).json() as Promise<CommandNews>;
}

/** Each node's answer, in the order of their names. */
export async function commandAll(name: CommandForAll, value?: unknown): Promise<readonly NodeAnswerNews[]> {
	return (await post('commands', { name, ...(value !== undefined && { value }) })).json() as Promise<readonly NodeAnswerNews[]>;
}

export async function changeWorld(action: WorldAction): Promise<string> {
	return ((await (await post('world', action)).json()) as { sentence: string }).sentence;
}

/** Times are Unix seconds. */
export async function historyOf(node: string, channel: string, from: number, to: number, pixels: number): Promise<HistoryNews> {
	const query = new URLSearchParams({ node, channel, from: from.toFixed(3), to: to.toFixed(3), pixels: String(Math.round(pixels)) });
	const response = await fetch(`history?${query}`);
	if (!response.ok) throw new Refused((await response.text()).trim());
	return response.json() as Promise<HistoryNews>;
}
