// Commands for a node, and what it answered.
//
// Rule: what interrupts a node is asked for twice. A value is checked by the node, which knows best; only what is no number or JSON is said here.

import { useState } from 'preact/hooks';
import type { CommandNews, Detail } from './messages.js';
import { command } from './requests.js';

interface Answer {
	readonly id: number;
	readonly words: string;
	readonly tone: 'good' | 'bad' | 'plain';
}

const ANSWERS_SHOWN = 5;
let answers = 0;

export function Commands({ detail, mayCommand }: { readonly detail: Detail; readonly mayCommand: boolean }) {
	const { row: { name, interval }, channels } = detail;
	const [said, setSaid] = useState<readonly Answer[]>([]);
	/** In the place of what was said under that id, or on top. */
	const say = (words: string, tone: Answer['tone'], id = ++answers) => setSaid((before) => (before.some((each) => each.id === id) ? before.map((each) => (each.id === id ? { id, words, tone } : each)) : [{ id, words, tone }, ...before].slice(0, ANSWERS_SHOWN)));
	const send = async (what: string, value?: unknown): Promise<void> => {
		const id = ++answers;
		say(`${what}: sent …`, 'plain', id);
		try {
			const answer = await command(name, what, value);
			say(`${what}: ${inWords(answer)}`, answer.ok ? 'good' : 'bad', id);
		} catch (error) {
			say(`${what}: ${(error as Error).message}`, 'bad', id);
		}
	};
	if (!mayCommand) return <section aria-labelledby="commands"><h2 id="commands">Commands</h2><p class="hint">To send commands, open the address with its token, as the terminal printed it.</p></section>;
	const measured = (quantity: string) => channels.find((channel) => channel.name === quantity);
	return (
		<section aria-labelledby="commands">
			<h2 id="commands">Commands</h2>
			<div class="buttons">
				<button type="button" onClick={() => void send('sample')}>Measure now</button>
				<button type="button" onClick={() => void send('identify')}>Blink</button>
				<button type="button" onClick={() => void send('scan')}>Scan its bus</button>
				<Twice words="Restart" onSure={() => void send('restart')} />
				<Twice words="Stop" onSure={() => void send('stop')} />
			</div>
			<form class="row" onSubmit={(event) => {
				event.preventDefault();
				void send('interval', Math.round(Number(new FormData(event.currentTarget).get('seconds')) * 1_000));
			}}>
				<label>Seconds between readings <input name="seconds" type="number" min="1" max="86400" step="any" required value={interval ?? ''} /></label>
				<button>Set</button>
			</form>
			<details>
				<summary>Calibrate against a reference</summary>
				<form class="row" onSubmit={(event) => {
					event.preventDefault();
					const form = new FormData(event.currentTarget);
					const value = Object.fromEntries(['temperature', 'humidity'].flatMap((key) => (form.get(key) ? [[key, Number(form.get(key))]] : [])));
					if (Object.keys(value).length) void send('calibrate', value);
				}}>
					{measured('temperature') && <label>It is now, °C <input name="temperature" type="number" step="any" /></label>}
					{measured('humidity') && <label>It is now, % <input name="humidity" type="number" step="any" /></label>}
					<button>Calibrate</button>
				</form>
			</details>
			<details>
				<summary>Change settings</summary>
				<form class="row" onSubmit={(event) => {
					event.preventDefault();
					const value = settingsIn(String(new FormData(event.currentTarget).get('settings')));
					if (typeof value === 'string') say(value, 'bad');
					else void send('config', value);
				}}>
					<label class="wide">Settings as JSON <textarea name="settings" rows={3} spellcheck={false} placeholder={'{"ssid":"attic"}'} required /></label>
					<p class="hint">The node restarts with them on trial, and goes back to the old ones if it finds no broker with them. Over a broker without TLS a passphrase can be read along.</p>
					<Twice words="Send" isSubmit />
				</form>
			</details>
			<div role="log" aria-label="Answers"><ol class="answers">{said.map(({ id, words, tone }) => <li key={id} class={tone}>{words}</li>)}</ol></div>
		</section>
	);
}

function inWords({ ok, answered, error, content }: CommandNews): string {
	if (!answered) return `${error}. It may obey all the same, or when it is back.`;
	if (!ok) return `refused: ${error}`;
	if (typeof content?.['trial'] === 'number') return `on trial as number ${content['trial']} from its restart on`;
	return [...found(content?.['found'], (address, part) => `${part === '?' ? 'something' : part} at 0x${Number(address).toString(16)}`), ...found(content?.['parts'], (part, how) => `${part}: ${how}`)].join(', ') || 'done';
}

/** Of a scan. */
function found(entries: unknown, words: (key: string, value: string) => string): string[] {
	return typeof entries === 'object' && entries !== null ? Object.entries(entries).map(([key, value]) => words(key, String(value))) : [];
}

/** A sentence where they are none. */
function settingsIn(text: string): object | string {
	try {
		const value: unknown = JSON.parse(text);
		if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
	} catch {
		// Said below.
	}
	return 'Settings are a JSON object, like {"ssid":"attic"}.';
}

const SURE_MS = 4_000;

/** Must be pressed again within a while. */
export function Twice({ words, onSure, isSubmit = false }: { readonly words: string; readonly onSure?: () => void; readonly isSubmit?: boolean }) {
	const [asked, setAsked] = useState(false);
	const press = (event: Event): void => {
		if (asked) {
			setAsked(false);
			return onSure?.();
		}
		event.preventDefault();
		setAsked(true);
		setTimeout(() => setAsked(false), SURE_MS);
	};
	return <button type={isSubmit ? 'submit' : 'button'} class={asked ? 'sure' : ''} onClick={press}>{asked ? `${words}: press again` : words}</button>;
}
