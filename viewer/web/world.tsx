// The world of simulated nodes: what can happen to them, at a press.

import { useState } from 'preact/hooks';
import type { Detail, WorldAction, WorldNews } from './messages.js';
import { changeWorld } from './requests.js';

const TROUBLES: readonly (readonly [string, string])[] = [['none', 'works'], ['gone', 'pulled out'], ['stuck', 'stuck'], ['nonsense', 'nonsense'], ['garbled', 'garbled'], ['unsteady', 'unsteady'], ['hung', 'hung']];

export function World({ world, detail, mayCommand }: { readonly world: WorldNews; readonly detail: Detail; readonly mayCommand: boolean }) {
	const [problem, setProblem] = useState('');
	const { row: { name: node }, parts, power } = detail;
	const act = async (action: WorldAction): Promise<void> => {
		try {
			await changeWorld(action);
			setProblem('');
		} catch (error) {
			setProblem((error as Error).message);
		}
	};
	if (!mayCommand) return <section aria-labelledby="world"><h2 id="world">Its world</h2><p class="hint">This node is simulated. To change its world, open the address with its token, as the terminal printed it.</p></section>;
	return (
		<section aria-labelledby="world" class="world">
			<h2 id="world">Its world</h2>
			<p class="hint">This node is simulated: the real firmware on the real engine. Make trouble, and see that nothing gets lost.</p>
			<div class="switches">
				<Switch label="Power" hint="of this node" on={power ?? false} onTurn={(on) => void act({ what: 'power', node, on })} />
				<Switch label="Wi-Fi" hint="for all nodes" on={world.wifi} onTurn={(on) => void act({ what: 'wifi', on })} />
				{world.broker !== null && <Switch label="Broker" hint="for all nodes" on={world.broker} onTurn={(on) => void act({ what: 'broker', on })} />}
				<Switch label="Slow network" hint="3 s each way" on={world.isSlow} onTurn={(on) => void act({ what: 'slow', on })} />
			</div>
			<div class="row">{parts.map(({ name, trouble }) => (
				<label key={name}>{name} <select value={trouble} onChange={({ currentTarget }) => void act({ what: 'part', node, part: name, trouble: currentTarget.value })}>{TROUBLES.map(([value, words]) => <option key={value} value={value}>{words}</option>)}</select></label>
			))}<button type="button" onClick={() => void act({ what: 'reset', node })}>Press reset</button></div>
			<Air world={world} act={act} />
			{problem && <p class="bad" role="alert">{problem}</p>}
		</section>
	);
}

function Switch({ label, hint, on, onTurn }: { readonly label: string; readonly hint: string; readonly on: boolean; readonly onTurn: (on: boolean) => void }) {
	return <button type="button" role="switch" aria-checked={on} class="switch" onClick={() => onTurn(!on)}><span class="knob" aria-hidden="true" /><span><b>{label}</b> <small>{hint}</small></span></button>;
}

function Air({ world, act }: { readonly world: WorldNews; readonly act: (action: WorldAction) => Promise<void> }) {
	const { temperature, humidity, isByHand } = world;
	const set = (change: { readonly temperature?: number; readonly humidity?: number }) => void act({ what: 'air', temperature, humidity, ...change });
	return (
		<fieldset class="air">
			<legend>The air, of all nodes</legend>
			<label>Temperature <output>{temperature.toFixed(1)} °C</output><input type="range" min="-20" max="50" step="0.5" value={temperature} onChange={({ currentTarget }) => set({ temperature: Number(currentTarget.value) })} /></label>
			<label>Humidity <output>{humidity.toFixed(1)} %</output><input type="range" min="0" max="100" step="1" value={humidity} onChange={({ currentTarget }) => set({ humidity: Number(currentTarget.value) })} /></label>
			<button type="button" disabled={!isByHand} onClick={() => void act({ what: 'recording' })}>{isByHand ? 'As it was recorded' : 'It follows the recording'}</button>
		</fieldset>
	);
}
