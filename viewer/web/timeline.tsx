// What happened to the node, the newest first: its status, outages, gaps, commands, and the lines of its serial log where it is simulated.

import { useState } from 'preact/hooks';
import type { EventKind, TimelineEvent } from './messages.js';
import { clock } from './parts.js';

const SHOWN = 40;
const WORDS: Readonly<Record<EventKind, string>> = {
	status: 'status', late: 'late', outage: 'outage', gap: 'numbers', fault: 'part', command: 'command', world: 'world', log: 'log', boot: 'start', refused: 'refused', link: 'broker',
};

export function Timeline({ events, isSimulated }: { readonly events: readonly TimelineEvent[]; readonly isSimulated: boolean }) {
	const [withLog, setWithLog] = useState(true);
	const shown = events.filter(({ kind }) => withLog || kind !== 'log').slice(0, SHOWN);
	const heard = events.find(({ kind }) => kind === 'status' || kind === 'gap');
	return (
		<section aria-labelledby="timeline">
			<h2 id="timeline">What happened</h2>
			{isSimulated && <label class="check"><input type="checkbox" checked={withLog} onChange={({ currentTarget }) => setWithLog(currentTarget.checked)} /> with the node’s own log</label>}
			<p class="hidden" role="status">{heard?.text}</p>
			{!shown.length && <p class="hint">Nothing yet.</p>}
			<div class="timeline" tabIndex={0} role="group" aria-label="The newest first"><ol>
				{shown.map(({ id, at, kind, text, tone }) => <li key={id} class={`${tone} ${kind}`}><time>{clock(at)}</time> <span class="kind">{WORDS[kind]}</span> <span class="text">{text}</span></li>)}
			</ol></div>
		</section>
	);
}
