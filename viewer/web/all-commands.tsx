// One command for all nodes: chosen, pressed twice, and a table of what each of them said.
//
// Rule: they are asked one by one on our side, those that are away are not. What was not done stands first.

import { useState } from 'preact/hooks';
import { Twice } from './commands.js';
import type { CommandForAll, NodeAnswerNews } from './messages.js';
import { linkOf } from './parts.js';
import { commandAll } from './requests.js';
import { counted } from './words.js';

const COMMANDS: readonly (readonly [CommandForAll, string])[] = [['sample', 'Measure now'], ['identify', 'Blink'], ['interval', 'Set the seconds between readings'], ['restart', 'Restart']];

interface Asked {
	readonly words: string;
	/** Undefined: they are being asked. */
	readonly answers: readonly NodeAnswerNews[] | undefined;
	readonly problem: string;
}

export function AllCommands({ count }: { readonly count: number }) {
	const [name, setName] = useState<CommandForAll>('sample');
	const [asked, setAsked] = useState<Asked>();
	const isUnderWay = asked !== undefined && !asked.answers && !asked.problem;
	const send = async (value: unknown): Promise<void> => {
		const words = COMMANDS.find(([each]) => each === name)![1];
		setAsked({ words, answers: undefined, problem: '' });
		try {
			setAsked({ words, answers: await commandAll(name, value), problem: '' });
		} catch (error) {
			setAsked({ words, answers: undefined, problem: (error as Error).message });
		}
	};
	return (
		<details class="all">
			<summary>Ask all nodes</summary>
			<form class="row" onSubmit={(event) => {
				event.preventDefault();
				if (isUnderWay) return;
				const seconds = new FormData(event.currentTarget).get('seconds');
				void send(name === 'interval' ? Math.round(Number(seconds) * 1_000) : undefined);
			}}>
				<label>Command <select value={name} onChange={({ currentTarget }) => setName(currentTarget.value as CommandForAll)}>{COMMANDS.map(([value, words]) => <option key={value} value={value}>{words}</option>)}</select></label>
				{name === 'interval' && <label>Seconds <input name="seconds" type="number" min="1" max="86400" step="any" required /></label>}
				<Twice key={name} words={`Send to all ${counted(count, 'node')}`} isSubmit />
			</form>
			<p role="status" class={asked?.problem ? 'bad' : ''}>{asked && sentence(asked)}</p>
			{asked?.answers && <Answers answers={asked.answers} />}
		</details>
	);
}

function sentence({ words, answers, problem }: Asked): string {
	if (problem) return `${words}: ${problem}`;
	if (!answers) return `${words}: sent; waiting for the answers …`;
	const done = answers.filter(({ ok }) => ok).length;
	const away = answers.filter(({ asked }) => !asked).length;
	return `${words}: ${done} of ${counted(answers.length, 'node')} did it${away ? `; ${away} ${away === 1 ? 'is' : 'are'} away and ${away === 1 ? 'was' : 'were'} not asked` : ''}.`;
}

function Answers({ answers }: { readonly answers: readonly NodeAnswerNews[] }) {
	const rank = ({ ok, asked }: NodeAnswerNews) => (ok ? 2 : asked ? 0 : 1);
	return (
		<div class="scroll tall" tabIndex={0} role="group" aria-label="Table of answers">
			<table>
				<thead><tr><th scope="col">Node</th><th scope="col">Answer</th></tr></thead>
				<tbody>{[...answers].sort((one, other) => rank(one) - rank(other)).map((each) => <tr key={each.node}><td><a href={linkOf(each.node)}>{each.node}</a></td><td class={each.ok ? 'good' : each.asked ? 'bad' : ''}>{words(each)}</td></tr>)}</tbody>
			</table>
		</div>
	);
}

function words({ asked, answered, ok, error }: NodeAnswerNews): string {
	if (!asked) return 'away, not asked';
	if (ok) return 'done';
	return answered ? `refused: ${error}` : `${error}; it may obey all the same`;
}
