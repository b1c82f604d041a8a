// The first hour of a node, from the box to a screen, on XS with real parts: Improv's published SDK, a browser without JavaScript, aedes,
// MQTT.js; and the same with the power cut at every step.
import { afterEach, describe, expect, it } from 'vitest';
import { Auditor } from '../../simulator/audit/auditor.js';
import { FirstHour, HOME } from '../support/first-hour.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const open: FirstHour[] = [];
afterEach(() => Promise.all(open.splice(0).map((hour) => hour.close())));

interface Info {
	readonly interval: number;
	readonly settings?: { readonly serial: number; readonly trial: string; readonly why?: string };
}

describe('The first hour of a node', () => {
	it('leads from an empty flash to readings on a screen, over a wrong passphrase, a wrong broker and a patch', async () => {
		const hour = await FirstHour.open('xs', 'nodes', 'broker secret');
		open.push(hour);
		const { node } = hour;
		const info = () => JSON.parse(hour.heard('info').at(-1)!) as Info;
		const readings = () => hour.heard('readings').length + hour.heard('backlog').length;
		await hour.subscribe('nodes', 'broker secret');

		// Improv, as a web page speaks it that has just written the image.
		const sdk = hour.improv();
		expect(await hour.outcome(sdk.initialize())).toMatchObject({ firmware: 'Telltale', name: 'node', chipFamily: 'ESP8266' });
		expect(sdk.state).toBe(2);
		expect(await hour.outcome(sdk.scan())).toEqual([{ name: 'simulated', rssi: -58, secured: true }]);
		await expect(hour.outcome(sdk.provision('simulated', 'simulated hair', 0))).rejects.toBe('UNABLE_TO_CONNECT');
		expect([sdk.state, node.storage.settings, node.storage.erasures]).toEqual([2, {}, 0]);
		expect(hour.lines.filter((line) => line.includes('refused'))).toEqual(['set-up: "simulated" refused the passphrase.']);
		await hour.outcome(sdk.provision('simulated', 'simulated air', 0));
		expect([sdk.state, sdk.nextUrl]).toEqual([4, 'http://10.0.0.10/']);
		expect(node.storage.settings).toEqual({ ssid: 'simulated', passphrase: 'simulated air' });

		// The page that Improv leads to: the broker.
		const browser = hour.browser('station');
		await browser.open(sdk.nextUrl!);
		expect(browser.page).toContain('value="simulated" checked>');
		expect([browser.status, browser.alert]).toEqual(['Joined "simulated", address 10.0.0.10. Now the broker: where shall the readings go?', '']);
		await browser.send({ host: HOME, port: '70000', user: 'nodes', password: 'broker secret', node: 'porch' });
		expect(browser.alert).toMatch(/^port is 70000; it must be a whole number from 1 to 65535/);
		await browser.send({ host: HOME, port: '', user: 'nodes', password: 'broker secret', node: 'porch' });
		expect(browser.status).toContain(`Saved. The node restarts and tries the broker at ${HOME}`);

		// A reading on a screen.
		await hour.until(() => hour.heard('readings').length > 0, 30 * SECOND);
		await hour.until(() => hour.heard('info').length > 0 && info().settings?.trial === 'worked', 30 * SECOND);
		expect([hour.heard('status').at(-1), node.ownNetwork]).toEqual(['online', undefined]);
		expect(hour.simulation.world.now()).toBeLessThan(2 * MINUTE);

		// Another broker, which is none.
		const first = info().settings!.serial;
		await hour.publish('telltale/porch/set/config', { id: '1', value: { broker: { host: 'nobody.home' } } });
		await hour.until(() => hour.heard('result').length === 1, 10 * SECOND);
		expect(JSON.parse(hour.heard('result')[0]!)).toEqual({ id: '1', name: 'config', ok: true, trial: first + 1 });
		await hour.until(() => info().settings?.serial === first + 1, 3 * MINUTE);
		expect(info().settings).toEqual({ serial: first + 1, trial: 'failed', why: 'dns' });
		expect(node.storage.settings).toMatchObject({ host: HOME, user: 'nodes', password: 'broker secret', node: 'porch' });

		// A patch of one setting, which leaves the others; not within a minute.
		const back = hour.simulation.world.now();
		await hour.until(() => hour.simulation.world.now() > back + MINUTE, 2 * MINUTE);
		await hour.publish('telltale/porch/set/config', { id: '2', value: { intervalMs: 5_000 } });
		await hour.until(() => info().settings?.serial === first + 2, MINUTE);
		expect(info()).toMatchObject({ interval: 5, settings: { trial: 'worked' } });
		const before = readings();
		await hour.until(() => readings() >= before + 5, 30 * SECOND);
		expect(node.storage.settings).toMatchObject({ ssid: 'simulated', host: HOME, intervalMs: 5_000 });

		expect([node.counts.faults, node.shortages]).toEqual([0, []]);
		const auditor = new Auditor('porch');
		for (const message of hour.messages) auditor.heard(message);
		expect([auditor.violations, auditor.missingOfAll()]).toEqual([[], []]);
		expect(hour.lines.join('\n') + JSON.stringify(hour.messages.map(({ payload }) => payload.toString()))).not.toMatch(/broker secret|simulated h?air/);
	});
});
