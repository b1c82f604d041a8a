import { describe, expect, it } from 'vitest';
import { Destinations, Next } from '../../src/connection/destinations.js';
import { withDefaults } from '../../src/settings/settings.js';

const NETWORKS = { ssid: 'n1', ssid2: 'n2', ssid3: 'n3' };
const BROKERS = { host: 'b1', host2: 'b2', host3: 'b3' };

function destinations(settings: Record<string, unknown>): Destinations {
	return new Destinations(withDefaults(settings), { setting: (key) => settings[key] });
}

/** Comes to the next pair, and says which. */
function next(to: Destinations): string {
	to.next();
	return `${to.ssid}/${to.host}`;
}

/** Tries pairs, each of which fails in that way, until a round is over. */
function round(to: Destinations, fails: (pair: string) => 'network' | 'broker' | 'refused'): { tried: string[]; end: Next } {
	const tried: string[] = [];
	for (;;) {
		const pair = next(to);
		const how = fails(pair);
		tried.push(pair);
		const end = to.failed(how === 'network', how === 'refused', false);
		if (end !== Next.Other) return { tried, end };
		expect(tried.length).toBeLessThan(9);
	}
}

describe('networks and brokers', () => {
	it('are tried in order of preference: all brokers in one network, then in the next, round after round', () => {
		const to = destinations({ ssid: 'n1', ssid2: 'n2', host: 'b1', host2: 'b2' });
		expect(to.pairs).toBe(4);
		for (const rounds of [1, 2, 3]) {
			expect(round(to, () => 'broker').tried).toEqual(['n1/b1', 'n1/b2', 'n2/b1', 'n2/b2']);
			expect(to.rounds).toBe(rounds);
		}
	});

	it.each([
		[{ ssid: 'n1', host: 'b1' }, ['n1/b1']],
		[{ ssid: 'n1', ssid3: 'n3', host: 'b1' }, ['n1/b1', 'n3/b1']],
		[{ ssid: 'n1', ssid2: '', host: 'b1', host3: 'b3', port2: 1884 }, ['n1/b1', 'n1/b3']],
		[{ ...NETWORKS, ...BROKERS }, ['n1/b1', 'n1/b2', 'n1/b3', 'n2/b1', 'n2/b2', 'n2/b3', 'n3/b1', 'n3/b2', 'n3/b3']],
	])('are those that have a name: %j', (settings, pairs) => {
		const to = destinations(settings);
		expect(to.pairs).toBe(pairs.length);
		expect(round(to, () => 'broker').tried).toEqual(pairs);
	});

	it('count the rounds that fail until one is useful, and not beyond what has room', () => {
		const to = destinations({ ...NETWORKS, ...BROKERS });
		for (let i = 1; i < 70; i++) {
			expect(round(to, () => 'broker').tried.length).toBe(9);
			expect(to.rounds).toBe(Math.min(i, 63));
		}
		to.useful();
		expect([to.rounds, to.pairs]).toEqual([0, 9]);
	});

	it('spare the brokers of a network that cannot be joined', () => {
		const to = destinations({ ...NETWORKS, ...BROKERS });
		expect(round(to, (pair) => (pair.startsWith('n2') ? 'broker' : 'network')).tried).toEqual(['n1/b1', 'n2/b1', 'n2/b2', 'n2/b3', 'n3/b1']);
	});

	it('stay with what works: its pair is tried first when it fails, then the others from the most preferred on', () => {
		const to = destinations({ ssid: 'n1', ssid2: 'n2', host: 'b1', host2: 'b2' });
		for (let i = 0; i < 3; i++) {
			next(to);
			to.failed(false, false, false);
		}
		expect(next(to)).toBe('n2/b2');
		to.useful();
		expect(to.rounds).toBe(0);
		expect(to.failed(false, false, false)).toBe(Next.Again);
		expect(round(to, () => 'broker').tried).toEqual(['n2/b2', 'n1/b1', 'n1/b2', 'n2/b1']);
		expect(to.rounds).toBe(1);
	});

	it('are left, useful or not, where the link ends in the same way again and again', () => {
		const to = destinations({ ssid: 'n1', host: 'b1', host2: 'b2' });
		next(to);
		to.useful();
		expect(to.failed(false, false, true)).toBe(Next.Other);
		expect(next(to)).toBe('n1/b2');
	});

	it('tell of another network, which is to be joined', () => {
		const to = destinations({ ssid: 'n1', ssid2: 'n2', host: 'b1', host2: 'b2' });
		const moved: boolean[] = [];
		for (let i = 0; i < 6; i++) {
			moved.push(to.next());
			to.failed(false, false, false);
		}
		expect(moved).toEqual([false, false, true, false, true, false]);
	});

	it.each([
		['all refuse', ['refused', 'refused'], Next.Refused],
		['one refuses and one is away', ['refused', 'broker'], Next.Again],
		['none can be reached', ['network', 'network'], Next.Again],
	] as const)('wait as long as for a refusal only where each broker that was reached refused: %s', (_name, hows, end) => {
		const to = destinations({ ssid: 'n1', host: 'b1', host2: 'b2' });
		for (let i = 0; i < 2; i++) expect(round(to, (pair) => hows[pair === 'n1/b1' ? 0 : 1]).end).toBe(end);
	});

	it('bring their own settings, each as usual where it is not given', () => {
		const to = destinations({
			ssid: 'n1', passphrase: 'secret11', address: '10.0.0.9/24', host: 'b1', user: 'me', password: 'mine',
			ssid2: 'n2', gateway2: '10.2.0.1', address2: '10.2.0.9/16', nameServer2: '10.2.0.2', host2: 'b2', tls2: true, alpn2: 'mqtt', host3: 'b3', port3: 99, user3: 'you', password3: 'yours',
		});
		const network = () => [to.ssid, to.passphrase, to.address, to.gateway, to.nameServer];
		const broker = () => [to.host, to.port, to.tls, to.alpn, to.user, to.password];
		const seen: unknown[] = [];
		for (let i = 0; i < 4; i++) {
			to.next();
			seen.push([network(), broker()]);
			to.failed(false, false, false);
		}
		const one = ['n1', 'secret11', '10.0.0.9/24', '', ''];
		const first = ['b1', 1883, false, '', 'me', 'mine'];
		expect(seen).toEqual([
			[one, first], [one, ['b2', 8883, true, 'mqtt', '', '']], [one, ['b3', 99, false, '', 'you', 'yours']],
			[['n2', '', '10.2.0.9/16', '10.2.0.1', '10.2.0.2'], first],
		]);
	});
});
