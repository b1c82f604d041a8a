// The questions of "telltale configure --port", on a terminal: the network from those that the node finds, the broker, and the parts.
//
// Rule: what was given as an option is not asked; what is left empty stays on the node as it is. Parts are offered as the node finds them
// on its bus.

import * as clack from '@clack/prompts';
import type { Setting } from '../src/settings/settings.js';
import { safe } from '../viewer/safe.js';
import { hostAnswer, type AnswerPrompts } from './answers.js';
import { ownAddresses } from './broker.js';
import type { NodeToAsk } from './configure-port.js';
import { unlessDeserted } from './console.js';
import { Failure } from './failure.js';
import { fieldFor } from './fields.js';
import type { Board } from './flash-map.js';
import { proposalsOf, type Found } from './scan.js';
import { sensorsFault, sensorsText } from './sensors.js';
import { settingFrom, type Settings } from './settings.js';

/** No network has such a name. */
const AS_IT_IS = '\u0000as it is';
const ANOTHER = '\u0000another';

export async function askForNode({ board, given, networks, scan }: NodeToAsk, prompts: AnswerPrompts = clack): Promise<Settings> {
	const settings: Record<string, Setting> = { ...given };
	if (given['ssid'] === undefined) await askForNetwork(settings, await networks(), prompts);
	else if (given['passphrase'] === undefined) await askFor('passphrase', settings, prompts, 'empty for an open network');
	if (given['host'] === undefined) {
		const host = await hostAnswer('', ownAddresses(), prompts, 'as it is on the node');
		if (host) settings['host'] = host;
	}
	if (settings['host'] && given['user'] === undefined) await askFor('user', settings, prompts, 'empty for none');
	if (settings['host'] && settings['user'] && given['password'] === undefined) await askFor('password', settings, prompts, '');
	if (given['sensors'] === undefined) await askForParts(settings, await scan(), board, prompts);
	return settings;
}

async function askForParts(settings: Record<string, Setting>, found: Found | undefined, board: Board, prompts: AnswerPrompts): Promise<void> {
	if (!found) return;
	const options = proposalsOf(found, board).map(({ sensors, label }) => ({ value: sensors, label, hint: sensors }));
	const others = [{ value: AS_IT_IS, label: '(as it is on the node)' }, { value: ANOTHER, label: '(others, by their names)' }];
	const unknown = found.filter(([, part]) => part === '?').map(([address]) => `0x${address.toString(16)}`);
	const note = unknown.length ? ` (${unknown.join(', ')} answers too, and is not known)` : '';
	const chosen = await answered(prompts.select({ message: `Parts: what is connected${note}`, options: [...options, ...others] }), prompts);
	if (chosen === ANOTHER) await askFor('sensors', settings, prompts, 'empty: as it is', (text) => sensorsFault(String(sensorsText(text)), board));
	else if (chosen !== AS_IT_IS) settings['sensors'] = chosen as string;
}

async function askForNetwork(settings: Record<string, Setting>, found: Awaited<ReturnType<NodeToAsk['networks']>>, prompts: AnswerPrompts): Promise<void> {
	const options = found.map(({ ssid, rssi, open }) => ({ value: ssid, label: safe(ssid), hint: `${rssi} dBm${open ? ', open' : ''}` }));
	const others = [{ value: ANOTHER, label: '(another, by its name)' }, { value: AS_IT_IS, label: '(as it is on the node)' }];
	const chosen = await answered(prompts.select({ message: 'Wi-Fi network', options: [...options, ...others] }), prompts);
	if (chosen === AS_IT_IS) return;
	if (chosen === ANOTHER) await askFor('ssid', settings, prompts, 'empty: as it is');
	else settings['ssid'] = chosen as string;
	if (settings['ssid'] !== undefined && !found.find(({ ssid }) => ssid === settings['ssid'])?.open) await askFor('passphrase', settings, prompts, 'empty for an open network');
}

async function askFor(
	key: string, settings: Record<string, Setting>, prompts: AnswerPrompts, hint: string, faultOf: (text: string) => string = () => '',
): Promise<void> {
	const field = fieldFor(key)!;
	const message = `${key}: ${field.meaning}${hint && ` (${hint})`}`;
	const validate = (text: string | undefined): string | undefined => {
		try {
			if (!text && field.min > 0) return undefined;
			settingFrom(field, text ?? '', key);
			return faultOf(text ?? '') || undefined;
		} catch (fault) {
			return (fault as Error).message;
		}
	};
	const text = await answered(field.secret ? prompts.password({ message, validate }) : prompts.text({ message, validate }), prompts);
	if (text) settings[key] = settingFrom(field, text, key);
}

/** The answer, or the end where the person does not want to go on. */
async function answered<Answer>(question: Promise<Answer | typeof clack.CANCEL_SYMBOL>, prompts: AnswerPrompts): Promise<Answer> {
	const value = await unlessDeserted(question, stopped);
	if (prompts.isCancel(value)) throw stopped();
	return value as Answer;
}

function stopped(): Failure {
	return new Failure('Stopped before anything was changed.');
}
