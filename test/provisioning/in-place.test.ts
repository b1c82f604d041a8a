// Another network is tried on a node that runs.
import { describe, expect, it } from 'vitest';
import { NetworkState } from '../../src/common/ports.js';
import type { Link } from '../../src/connection/link.js';
import { State } from '../../src/connection/states.js';
import { InPlace } from '../../src/provisioning/in-place.js';
import { NetworkList } from '../../src/provisioning/network-list.js';
import { Phase } from '../../src/provisioning/provisioner.js';
import type { NodeDeps } from '../../src/telemetry/node-publications.js';
import { FakeLog, FakeNetwork } from '../support/fakes.js';

function setUp(refusal = '', own: Readonly<Record<string, string>> = {}) {
	const network = new FakeNetwork();
	const kept: Record<string, unknown>[] = [];
	const link: string[] = [];
	const log = new FakeLog();
	const image = Object.freeze({ node: 'porch', ssid: 'old', passphrase: 'old passphrase', ...own });
	const config = Object.create(image) as Record<string, unknown>;
	const settingsStore = { trying: false, proposed: 0, keep: (changes: Record<string, unknown>) => (refusal || kept.push(changes), refusal), read: () => ({ ...image, ...kept[0] }) };
	const paused = { state: State.Online, pause: () => link.push('pause'), resume: (_now: number, joined = false) => link.push(joined ? 'go on over it' : 'resume') };
	const place = new InPlace({ config, network, settingsStore, log, queue: {} } as unknown as NodeDeps, paused as unknown as Link, { waiting: false });
	return { place, network, kept, link, config, paused, settingsStore };
}

describe('A network that is tried in place', () => {
	it('is kept and joined from then on, once it has given an address', () => {
		const { place, network, kept, link, config } = setUp();
		expect(place.join('attic', 'secret passphrase', 1_000)).toBe('');
		place.step(1_000);
		network.state = NetworkState.Joined;
		place.step(15_000);
		expect([place.phase, kept, link]).toEqual([Phase.Joining, [], ['pause']]);
		network.state = NetworkState.Up;
		place.step(15_001);
		expect([place.phase, place.problem, place.address]).toEqual([Phase.Joined, '', '192.0.2.7']);
		expect(kept).toEqual([{ ssid: 'attic', passphrase: 'secret passphrase' }]);
		expect([config['ssid'], config['passphrase']]).toEqual(['attic', 'secret passphrase']);
		expect(link).toEqual(['pause', 'go on over it']);
		expect(network.asked).toEqual(['join attic secret passphrase']);
	});

	it.each([
		[NetworkState.Refused, 0, 'Wi-Fi "attic" refuses the passphrase.'],
		[NetworkState.Down, 20_000, 'Wi-Fi "attic" does not let us in: out of reach, or the name or the passphrase is wrong.'],
		[NetworkState.Joined, 20_000, 'Wi-Fi "attic" takes us in but gives no address: is there a DHCP server?'],
	])('gives way to the one before, with the reason (%s after %s ms)', (state, afterMs, sentence) => {
		const { place, network, kept, link, config } = setUp();
		place.join('attic', 'secret passphrase', 1_000);
		network.state = state;
		place.step(1_000 + afterMs - 1);
		if (afterMs) expect(place.phase).toBe(Phase.Joining);
		place.step(1_000 + afterMs);
		expect([place.phase, place.problem, kept, config['ssid']]).toEqual([Phase.Failed, sentence, [], 'old']);
		expect(link).toEqual(['pause', 'resume']);
		expect(network.asked.at(-1)).toBe('leave');
	});

	it('that cannot be kept gives way to the one before', () => {
		const { place, network, config, link } = setUp('there is no flash for settings');
		place.join('attic', '', 0);
		network.state = NetworkState.Up;
		place.step(10);
		expect([place.phase, place.problem, config['ssid']]).toEqual([Phase.Failed, 'Wi-Fi "attic" lets us in, but cannot be kept: there is no flash for settings.', 'old']);
		expect(link).toEqual(['pause', 'resume']);
	});

	it.each([
		['attic', 'short', /^passphrase is not usable; it must be .*\.$/],
		['a\nb', '', /^ssid is "a\?b"; it must be .*\.$/],
	])('is refused where no setting may be so: %j, %j', (ssid, passphrase, sentence) => {
		const { place, link, network } = setUp();
		expect(place.join(ssid, passphrase, 0)).toMatch(sentence);
		expect([place.phase, link, network.asked]).toEqual([Phase.Idle, [], []]);
	});

	it('is not tried where the node is about to stop, or other settings are on trial', () => {
		const { place, paused, network, settingsStore } = setUp();
		paused.state = State.Parting;
		expect(place.join('attic', '', 0)).toBe('The node is about to stop or restart.');
		paused.state = State.Online;
		settingsStore.proposed = 7;
		expect(place.join('attic', '', 0)).toBe('The node is about to stop or restart.');
		Object.assign(settingsStore, { proposed: 0, trying: true });
		expect(place.join('attic', '', 0)).toBe('Other settings are on trial: ask again when that is over.');
		expect(network.asked).toEqual([]);
	});

	it('takes the place of all of the one before, an address of its own included', () => {
		const { place, network, kept, config } = setUp('', { address: '192.168.1.9/24', gateway: '192.168.1.1' });
		place.join('attic', '', 0);
		network.state = NetworkState.Up;
		place.step(1);
		expect(kept).toEqual([{ ssid: 'attic', passphrase: '', address: '', gateway: '' }]);
		expect([config['address'], config['gateway']]).toEqual(['', '']);
	});

	it('can be chosen from those that a scan finds', () => {
		const { place, network } = setUp();
		place.scan();
		expect(place.networks).toBeUndefined();
		network.scanning!.found('attic', -60, false);
		network.scanning!.scanned();
		expect(place.networks).toEqual([{ ssid: 'attic', rssi: -60, open: false }]);
		network.canScan = false;
		place.scan();
		expect(place.networks).toEqual([]);
	});
});

describe('The networks that a scan finds', () => {
	it('are listed strongest first, each once, and no more than asked for', () => {
		const list = new NetworkList(3);
		for (const [ssid, rssi] of [['a', -80], ['b', -50], ['a', -60], ['c', -70], ['b', -90], ['d', -65], ['', -10], ['e', -99]] as const) list.found(ssid, rssi, ssid === 'b');
		expect(list.networks).toBeUndefined();
		list.scanned();
		expect(list.networks).toEqual([{ ssid: 'b', rssi: -50, open: true }, { ssid: 'a', rssi: -60, open: false }, { ssid: 'd', rssi: -65, open: false }]);
	});

	it('have names that a setting may have', () => {
		const list = new NetworkList(3);
		for (const ssid of ['a\nb', '\u20ac'.repeat(11), '\u0000', 'x'.repeat(33)]) list.found(ssid, -50, true);
		list.found('\u20ac'.repeat(10), -50, true);
		list.scanned();
		expect(list.networks).toEqual([{ ssid: '\u20ac'.repeat(10), rssi: -50, open: true }]);
	});
});
