import { describe, expect, it } from 'vitest';
import { Backoff } from '../../src/connection/backoff.js';
import { Cause, HangUp } from '../../src/connection/causes.js';
import { Destinations } from '../../src/connection/destinations.js';
import { Link, type LinkSession } from '../../src/connection/link.js';
import { State } from '../../src/connection/states.js';
import { withDefaults } from '../../src/settings/settings.js';
import { NetworkState, TransportState } from '../../src/common/ports.js';
import { FakeLog, FakeNetwork, FakeRandom, FakeTransport } from '../support/fakes.js';

class FakeUpper implements LinkSession {
	accepted = false;
	acknowledged = false;
	endSentence = '';
	cause = Cause.None;
	refused = false;
	hangUp = HangUp.Unexplained;
	stopped = false;
	readonly told: string[] = [];
	/** By connection: whether it was begun under suspicion. */
	readonly contested: boolean[] = [];
	opened(_now: number, _attempts: number, takeovers: number): void {
		this.contested.push(takeovers > 0);
		this.accepted = this.acknowledged = this.refused = false;
		this.endSentence = '';
		this.told.push('opened');
	}
	/** It wants to ask the same broker in another way. */
	stays = false;
	closed(cause: Cause): boolean {
		this.told.push(`closed ${cause}`);
		this.accepted = false;
		return this.stays;
	}
}

const ONE = { ssid: 'attic', passphrase: 'secret12', host: 'broker.lan' };

function setUp(seed = 1, date?: { unixSeconds(): number; doubt?(): void }, settings: Record<string, unknown> = { tls: date !== undefined }) {
	const network = new FakeNetwork();
	const transport = new FakeTransport();
	const session = new FakeUpper();
	const log = new FakeLog();
	const all: Record<string, unknown> = { port: 1883, ...ONE, ...settings };
	const to = new Destinations(withDefaults(all), { setting: (key) => all[key] });
	const link = new Link(to, network, transport, session, new Backoff(new FakeRandom(seed)), log, { unixSeconds: () => 0, doubt: () => {}, ...date });
	let now = 0;
	const at = (time: number) => link.poll((now = time));
	/** Brings the link up to `state` by doing what each state waits for. */
	const upTo = (state: State) => {
		for (let turns = 0; link.state !== state && turns < 20; turns++) {
			if (link.state === State.Waiting) now += 61_000;
			else if (link.state === State.Joining) network.state = NetworkState.Up;
			else if (link.state === State.Resolving) network.resolved = '192.0.2.1';
			else if (link.state === State.Opening) transport.connected();
			else if (link.state === State.Greeting) session.accepted = true;
			link.poll(now);
		}
		expect(link.state).toBe(state);
		return now;
	};
	return { network, transport, session, log, link, at, upTo };
}

describe('the link', () => {
	it('joins, resolves, connects and greets, in that order, at once after boot', () => {
		const { network, transport, session, link, log, upTo } = setUp();
		link.poll(0);
		expect(network.asked).toEqual(['join attic secret12']);
		upTo(State.Online);
		expect(network.asked).toEqual(['join attic secret12', 'resolve broker.lan']);
		expect(transport.asked).toEqual(['open 192.0.2.1:1883']);
		expect(session.told).toEqual(['opened']);
		expect(log.last).toBe('online at broker.lan:1883');
		expect(link.attempts).toBe(1);
	});

	const failures: [string, State, (set: ReturnType<typeof setUp>) => void, string, Cause][] = [
		['a wrong passphrase', State.Joining, ({ network }) => (network.state = NetworkState.Refused), 'Wi-Fi "attic" refuses the passphrase', Cause.Wifi],
		['an unknown broker name', State.Resolving, ({ network }) => (network.resolved = ''), "no address is known for the broker's name broker.lan", Cause.Dns],
		['nothing listening', State.Opening, ({ transport }) => transport.lose(), 'broker.lan:1883 refuses the connection: no broker is listening there', Cause.Tcp],
		['a refused CONNECT', State.Greeting, ({ session }) => Object.assign(session, { endSentence: 'bad user', cause: Cause.Refused }), 'bad user', Cause.Refused],
		['a broker that hangs up', State.Online, ({ session }) => Object.assign(session, { endSentence: 'hung up', cause: Cause.Tcp }), 'hung up', Cause.Tcp],
		['lost Wi-Fi', State.Online, ({ network }) => (network.state = NetworkState.Down), 'Wi-Fi "attic" is gone', Cause.Wifi],
	];
	it.each(failures)('says one clear line about %s and tries again', (_name, state, fail, sentence, cause) => {
		const set = setUp();
		const now = set.upTo(state);
		fail(set);
		const lines = set.log.lines.length;
		const wakeAt = set.at(now);
		expect(set.link.state).toBe(State.Waiting);
		expect(set.log.lines.length).toBe(lines + 1);
		expect(set.log.last).toMatch(new RegExp(`^${sentence.replace(/[.()"]/g, '\\$&')}; next attempt in \\d+ s$`));
		expect(set.link.cause).toBe(cause);
		expect(wakeAt - now).toBeGreaterThanOrEqual(1_000);
		set.upTo(State.Online);
	});

	const silences: [string, State, number, string][] = [
		['an access point', State.Joining, 30_000, 'does not answer: out of reach'],
		['a name server', State.Resolving, 15_000, 'the name server does not answer'],
		['a black hole', State.Opening, 10_000, 'does not answer: wrong address, or a firewall'],
		['a port that accepts and says nothing', State.Greeting, 10_000, 'accepts the connection but says nothing'],
	];
	it.each(silences)('gives up on the silence of %s in its own time', (_name, state, limitMs, sentence) => {
		const set = setUp();
		const now = set.upTo(state);
		expect(set.at(now + 1)).toBe(now + limitMs);
		set.at(now + limitMs - 1);
		expect(set.link.state).toBe(state);
		set.at(now + limitMs);
		expect(set.link.state).toBe(State.Waiting);
		expect(set.log.last).toContain(sentence);
	});

	it('says that a DHCP server is missing when it is associated and gets no address', () => {
		const { network, link, log, at } = setUp();
		at(0);
		at(0);
		expect(link.state).toBe(State.Joining);
		network.state = NetworkState.Joined;
		at(30_000);
		expect(log.last).toContain('Wi-Fi "attic" takes us in but gives no address: is there a DHCP server?; next attempt in');
	});

	it('keeps its back-off when the broker hangs up at once', () => {
		const set = setUp(5);
		const waits: number[] = [];
		let now = set.upTo(State.Online);
		for (let kick = 0; kick < 12; kick++) {
			Object.assign(set.session, { endSentence: 'hung up', cause: Cause.Tcp });
			const wakeAt = set.at(now);
			waits.push(wakeAt - now);
			now = set.upTo(State.Online);
		}
		expect(Math.max(...waits)).toBeGreaterThan(20_000);
		expect(set.link.attempts).toBe(13);
	});

	it.each([['an acknowledgement', 5_000, true], ['a minute', 60_000, false]])('begins anew after %s', (_name, afterMs, acknowledged) => {
		const set = setUp(5);
		for (let kick = 0; kick < 8; kick++) {
			const now = set.upTo(State.Online);
			Object.assign(set.session, { endSentence: 'hung up', cause: Cause.Silence });
			set.at(now);
		}
		const now = set.upTo(State.Online);
		set.session.acknowledged = acknowledged;
		set.at(now + afterMs);
		expect(set.link.attempts).toBe(0);
		Object.assign(set.session, { endSentence: 'hung up', cause: Cause.Tcp });
		expect(set.at(now + afterMs) - now - afterMs).toBeLessThanOrEqual(2_000);
	});

	/** Comes online, lives for that long with an acknowledgement, and is hung up on; returns the wait until the next attempt. */
	const hangUpAfter = (set: ReturnType<typeof setUp>, lifeMs: number, cause = Cause.Tcp): number => {
		const now = set.upTo(State.Online) + lifeMs;
		set.session.acknowledged = true;
		set.at(now - 1);
		Object.assign(set.session, { endSentence: 'hung up', cause });
		return set.at(now) - now;
	};

	it('suspects another client with its id when the broker hangs up three times soon after accepting it, and waits a minute from then on', () => {
		const set = setUp(5);
		const waits = [1, 2, 3, 4, 5].map(() => hangUpAfter(set, 2_000));
		expect(Math.max(...waits.slice(0, 2))).toBeLessThanOrEqual(2_000);
		expect(Math.min(...waits.slice(2))).toBeGreaterThanOrEqual(60_000);
		expect(Math.max(...waits)).toBeLessThan(75_000);
		expect(set.link.takeovers).toBe(5);
		set.upTo(State.Online);
		expect(set.session.contested).toEqual([false, false, false, true, true, true]);
		expect(set.log.lines.at(-2)).toMatch(/^hung up, 5 times in a row: does another client use our client id\?; next attempt in \d+ s$/);
	});

	it.each([['lived a minute', 60_000, Cause.Tcp], ['ended for another reason', 2_000, Cause.Silence]])('suspects nobody any more after a link that %s', (_name, lifeMs, cause) => {
		const set = setUp(5);
		for (let i = 0; i < 3; i++) hangUpAfter(set, 2_000);
		expect(set.link.takeovers).toBe(3);
		expect(hangUpAfter(set, lifeMs, cause)).toBeLessThanOrEqual(2_000);
		expect(set.link.takeovers).toBe(0);
		set.upTo(State.Greeting);
		expect(set.session.contested.slice(3)).toEqual([true, false]);
		expect(hangUpAfter(set, 2_000)).toBeLessThanOrEqual(2_000);
	});

	it.each([HangUp.Explained, HangUp.Unanswered])('suspects nobody where the end has another explanation (%i), and waits a minute from the third on', (hangUp) => {
		const set = setUp(5);
		set.session.hangUp = hangUp;
		const waits = [1, 2, 3, 4].map(() => hangUpAfter(set, 2_000));
		expect(Math.max(...waits.slice(0, 2))).toBeLessThanOrEqual(2_000);
		expect(Math.min(...waits.slice(2))).toBeGreaterThanOrEqual(60_000);
		expect(set.link.takeovers).toBe(0);
		expect(set.log.last).toMatch(/^hung up, 4 times in a row; next attempt in [67]\d s$/);
	});

	it('waits a minute from the third time on that the broker breaks the protocol soon after it acknowledged something, and suspects nobody', () => {
		const set = setUp(5);
		set.session.hangUp = HangUp.Explained;
		const waits = [1, 2, 3, 4].map((n) => hangUpAfter(set, 2_000, n === 2 ? Cause.Tcp : Cause.Protocol));
		expect(Math.max(...waits.slice(0, 2))).toBeLessThanOrEqual(2_000);
		expect(Math.min(...waits.slice(2))).toBeGreaterThanOrEqual(60_000);
		expect(set.link.takeovers).toBe(0);
		expect(set.log.last).toMatch(/^hung up, 4 times in a row; next attempt in [67]\d s$/);
		expect(hangUpAfter(set, 60_000, Cause.Protocol)).toBeLessThanOrEqual(2_000);
	});

	it('waits no longer where what the broker hung up on is left out from now on', () => {
		const set = setUp(5);
		set.session.hangUp = HangUp.LeftOut;
		for (let i = 0; i < 5; i++) expect(hangUpAfter(set, 2_000)).toBeLessThanOrEqual(2_000);
	});

	it('suspects nobody where a connection was refused in between: the broker was away', () => {
		const set = setUp(5);
		for (let i = 0; i < 5; i++) {
			hangUpAfter(set, 2_000);
			expect(set.log.last).not.toContain('another client');
			const now = set.upTo(State.Opening);
			set.transport.lose();
			set.at(now);
		}
		expect(set.link.takeovers).toBe(0);
	});

	it('waits a minute at once, and says why, when the broker tells of another client with its id, however long the link lived', () => {
		const set = setUp(5);
		const now = set.upTo(State.Online);
		set.session.hangUp = HangUp.TakenOver;
		set.session.cause = Cause.Tcp;
		set.session.endSentence = 'session taken over';
		expect(set.at(now + 3_600_000) - now - 3_600_000).toBeGreaterThanOrEqual(60_000);
		expect(set.link.takeovers).toBe(1);
		expect(set.log.last).toMatch(/^session taken over: another client uses our client id; next attempt in [67]\d/);
		set.upTo(State.Opening);
		set.transport.lose();
		set.at(now + 7_200_000);
		expect(set.log.last).toMatch(/no broker is listening there; next attempt/);
		set.upTo(State.Greeting);
		expect(set.session.contested).toEqual([false, true]);
	});

	it('resolves anew at each attempt, so that a broker may move', () => {
		const set = setUp();
		const now = set.upTo(State.Opening);
		set.transport.lose();
		set.at(now);
		set.upTo(State.Resolving);
		set.network.resolved = '192.0.2.9';
		set.at(now + 200_000);
		expect(set.transport.asked.at(-1)).toBe('open 192.0.2.9:1883');
	});

	it('gives the association up when joining failed, and not when the broker did', () => {
		const set = setUp();
		const now = set.upTo(State.Opening);
		set.transport.lose();
		set.at(now);
		expect(set.network.asked).not.toContain('leave');
		set.network.state = NetworkState.Down;
		const joining = set.at(now + 61_000);
		set.at(joining);
		expect(set.network.asked.at(-1)).toBe('leave');
	});

	it('tells the session of the end before the socket is closed for the next attempt', () => {
		const set = setUp();
		const now = set.upTo(State.Online);
		set.network.state = NetworkState.Down;
		set.at(now);
		expect(set.session.told).toEqual(['opened', `closed ${Cause.Wifi}`]);
		expect(set.transport.asked.at(-1)).toBe('close');
	});

	it.each([State.Waiting, State.Joining, State.Resolving, State.Opening, State.Greeting, State.Online])(
		'paused in state %i tries nothing until it is resumed, then at once', (state) => {
			const set = setUp();
			let now = set.upTo(state === State.Waiting ? State.Opening : state);
			if (state === State.Waiting) {
				set.transport.lose();
				set.at(now);
			}
			set.link.pause(now);
			expect(set.link.state).toBe(State.Waiting);
			expect(set.transport.state).toBe(TransportState.Closed);
			const asked = [set.network.asked.length, set.transport.asked.length];
			for (const joined of [NetworkState.Down, NetworkState.Up, NetworkState.Refused]) {
				set.network.state = joined;
				expect(set.at(now += 3_600_000)).toBe(Infinity);
			}
			expect([set.network.asked.length, set.transport.asked.length]).toEqual(asked);
			set.link.resume(now);
			set.at(now);
			expect(set.network.asked.at(-1)).toBe('join attic secret12');
			set.upTo(State.Online);
		});

	it('paused while online ends as if the Wi-Fi were lost, once', () => {
		const set = setUp();
		const now = set.upTo(State.Online);
		set.link.pause(now + 5);
		expect(set.session.told).toEqual(['opened', `closed ${Cause.Wifi}`]);
		expect([set.link.cause, set.link.unlinkedSince]).toEqual([Cause.Wifi, now + 5]);
		set.link.pause(now + 6);
		expect(set.session.told.length).toBe(2);
		set.link.resume(now + 7);
		set.at(now + 7);
		expect(set.link.state).not.toBe(State.Waiting);
	});

	it('does not hurry a back-off when nobody paused it', () => {
		const set = setUp();
		const now = set.upTo(State.Opening);
		set.transport.lose();
		const dueAt = set.at(now);
		set.link.resume(now);
		expect(set.at(now)).toBe(dueAt);
	});

	it('stopped while it is paused is stopped for good', () => {
		const set = setUp();
		const now = set.upTo(State.Online);
		set.link.pause(now);
		set.session.stopped = true;
		set.at(now);
		expect(set.link.state).toBe(State.Stopped);
		set.link.pause(now);
		set.link.resume(now);
		expect(set.at(now + 1)).toBe(Infinity);
		expect(set.link.state).toBe(State.Stopped);
	});

	it('stays stopped', () => {
		const set = setUp();
		const now = set.upTo(State.Online);
		set.session.stopped = true;
		expect(set.at(now)).toBe(now);
		expect(set.at(now + 1e9)).toBe(Infinity);
		expect(set.link.state).toBe(State.Stopped);
	});

	it('waits with the end until what was said last is acknowledged, but no longer than five seconds', () => {
		for (const end of ['acknowledged', 'late', 'lost', 'unjoined']) {
			const set = setUp();
			const now = set.upTo(State.Online);
			set.transport.room = 0;
			set.session.stopped = true;
			expect(set.at(now)).toBe(now + 5_000);
			expect(set.at(now + 4_999)).toBe(now + 5_000);
			expect(set.transport.asked.at(-1)).not.toBe('close');
			if (end === 'acknowledged') set.transport.acknowledge();
			if (end === 'lost') set.transport.lose();
			if (end === 'unjoined') set.network.state = NetworkState.Down;
			const at = now + (end === 'late' ? 5_000 : 4_999);
			expect(set.at(at), end).toBe(at);
			expect(set.link.state, end).toBe(State.Stopped);
			expect(set.transport.asked.at(-1), end).toBe('close');
			expect(set.session.told.at(-1), end).toBe('closed 0');
		}
	});

	it('stopped while it joins leaves the Wi-Fi, and tells nobody of a connection that never was', () => {
		const set = setUp();
		set.upTo(State.Joining);
		set.session.stopped = true;
		set.at(1);
		expect([set.link.state, set.network.asked.at(-1), set.session.told]).toEqual([State.Stopped, 'leave', []]);
	});
});

describe('several networks and brokers', () => {
	const SEVERAL = { ssid2: 'cellar', passphrase2: 'secret34', host2: 'other.lan', port2: 1884 };
	const fail = (set: ReturnType<typeof setUp>, how: 'join' | 'open'): number => {
		const now = set.upTo(how === 'join' ? State.Joining : State.Opening);
		if (how === 'join') set.network.state = NetworkState.Refused;
		else set.transport.lose();
		return set.at(now) - now;
	};

	it('are tried one after the other within seconds, and only then is the wait as long as it was', () => {
		const set = setUp(3, undefined, SEVERAL);
		for (let round = 0; round < 7; round++) {
			for (let i = 0; i < 3; i++) {
				const waitMs = fail(set, 'open');
				expect(waitMs).toBeGreaterThanOrEqual(1_000);
				expect(waitMs).toBeLessThanOrEqual(2_000);
			}
			const waitMs = fail(set, 'open');
			if (round === 6) expect(waitMs).toBeGreaterThan(2_000);
		}
		expect(set.network.asked.filter((each) => each.startsWith('resolve')).slice(0, 4)).toEqual(['resolve broker.lan', 'resolve other.lan', 'resolve broker.lan', 'resolve other.lan']);
		expect(set.network.asked.filter((each) => each.startsWith('join')).slice(0, 3)).toEqual(['join attic secret12', 'join cellar secret34', 'join attic secret12']);
		expect([set.link.pairs, set.link.rounds]).toEqual([4, 7]);
	});

	it('a network that cannot be joined is followed by the next, and each line names what it is about', () => {
		const set = setUp(3, undefined, SEVERAL);
		fail(set, 'join');
		expect(set.log.last).toContain('Wi-Fi "attic" refuses the passphrase; next attempt in 1 s');
		fail(set, 'join');
		expect(set.log.last).toContain('Wi-Fi "cellar" refuses the passphrase');
		fail(set, 'open');
		fail(set, 'open');
		expect(set.log.last).toContain('other.lan:1884 refuses the connection');
		expect(set.network.asked.filter((each) => each.startsWith('join'))).toEqual(['join attic secret12', 'join cellar secret34', 'join attic secret12']);
	});

	it('a useful link that is lost is sought first where it was, whichever that is', () => {
		const set = setUp(3, undefined, SEVERAL);
		for (let i = 0; i < 3; i++) fail(set, 'open');
		const now = set.upTo(State.Online);
		expect(set.log.last).toBe('online at other.lan:1884');
		set.session.acknowledged = true;
		set.at(now + 1);
		expect([set.link.useful, set.link.rounds]).toEqual([true, 0]);
		Object.assign(set.session, { endSentence: 'hung up', cause: Cause.Tcp });
		set.at(now + 2);
		set.upTo(State.Opening);
		expect(set.transport.asked.at(-1)).toContain(':1884');
		expect(set.network.asked.filter((each) => each.startsWith('join')).length).toBe(2);
		set.transport.lose();
		set.at(now + 1e6);
		set.upTo(State.Opening);
		expect(set.transport.asked.at(-1)).toContain(':1883');
		expect(set.network.asked.at(-2)).toBe('join attic secret12');
	});

	it('a broker that hangs up on a useful link three times soon after is left for the other', () => {
		const set = setUp(3, undefined, { host2: 'other.lan' });
		for (let i = 0; i < 3; i++) {
			const now = set.upTo(State.Online) + 2_000;
			set.session.acknowledged = true;
			set.at(now - 1);
			Object.assign(set.session, { endSentence: 'hung up', cause: Cause.Tcp });
			expect(set.at(now) - now).toBeLessThanOrEqual(2_000);
		}
		set.upTo(State.Online);
		expect(set.log.last).toBe('online at other.lan:1883');
	});

	it('a broker that is to be asked in another way is asked again, before any other', () => {
		const set = setUp(3, undefined, { host2: 'other.lan' });
		for (const stays of [true, false]) {
			const now = set.upTo(State.Greeting);
			set.session.stays = stays;
			set.session.endSentence = 'not in this version';
			set.at(now);
		}
		set.upTo(State.Opening);
		expect(set.network.asked.filter((each) => each.startsWith('resolve'))).toEqual(['resolve broker.lan', 'resolve broker.lan', 'resolve other.lan']);
	});

	it('paused, go on with the pair that was useful', () => {
		const set = setUp(3, undefined, SEVERAL);
		fail(set, 'open');
		const now = set.upTo(State.Online);
		set.session.acknowledged = true;
		set.at(now);
		set.link.pause(now);
		set.link.resume(now);
		set.upTo(State.Online);
		expect(set.log.last).toBe('online at other.lan:1884');
	});

	it('resumed over the first network that somebody joined meanwhile, stay there', () => {
		const set = setUp(3, undefined, SEVERAL);
		for (let i = 0; i < 2; i++) fail(set, 'open');
		const now = set.upTo(State.Online);
		set.link.pause(now);
		set.network.state = NetworkState.Up;
		set.link.resume(now, true);
		set.at(now);
		expect([set.link.to.ssid, set.link.to.host]).toEqual(['attic', 'broker.lan']);
		expect(set.network.asked.filter((each) => each.startsWith('join')).length).toBe(2);
	});

	it('the date is not waited for longer than a minute where another broker may do without it', () => {
		const set = setUp(3, { unixSeconds: () => 0 }, { tls: true, host2: 'other.lan' });
		const now = set.upTo(State.Resolving);
		set.network.resolved = '192.0.2.1';
		expect(set.at(now + 59_999)).toBe(now + 60_000);
		set.at(now + 60_000);
		expect(set.log.last).toMatch(/^no TLS with broker\.lan:1883: the date is not known; next attempt in 1 s$/);
		expect(set.link.cause).toBe(Cause.Tls);
		set.upTo(State.Online);
		expect(set.log.last).toBe('online at other.lan:1883');
	});

	it('an own address goes with its network alone', () => {
		const set = setUp(3, undefined, { ...SEVERAL, address2: '10.0.0.9/24', gateway2: '10.0.0.1' });
		fail(set, 'join');
		fail(set, 'join');
		fail(set, 'join');
		expect(set.network.asked.filter((each) => each.startsWith('join'))).toEqual(['join attic secret12', 'join cellar secret34 10.0.0.9/24 10.0.0.1', 'join attic secret12']);
	});
});

describe('with TLS', () => {
	it('the link waits for the date as long as it takes, and says so once', () => {
		let unix = 0;
		const { network, transport, link, log, at, upTo } = setUp(1, { unixSeconds: () => unix });
		const from = upTo(State.Resolving);
		network.resolved = '192.0.2.1';
		for (const ms of [0, 60_000, 3_600_000]) at(from + ms);
		expect(link.state).toBe(State.Resolving);
		expect(transport.asked).toEqual([]);
		expect(log.lines).toEqual(['waiting for the date: without it no certificate can be checked']);
		unix = 1_795_301_835;
		at(from + 3_600_001);
		expect(transport.asked).toEqual(['open 192.0.2.1:1883']);
	});

	it('an unknown name is not waited for', () => {
		const { network, log, at, upTo } = setUp(1, { unixSeconds: () => 0 });
		const from = upTo(State.Resolving);
		network.resolved = '';
		at(from);
		expect(log.last).toMatch(/^no address is known/);
	});

	it('the handshake has 30 s, its end is told in the transport\'s words, and the date is doubted', () => {
		let doubts = 0;
		const { transport, link, log, at, upTo } = setUp(1, { unixSeconds: () => 1_795_301_835, doubt: () => void doubts++ });
		const from = upTo(State.Opening);
		transport.state = TransportState.Securing;
		transport.reason = 'it does not finish the handshake';
		expect(at(from + 9_999)).toBe(from + 30_000);
		at(from + 29_999);
		expect(link.state).toBe(State.Opening);
		at(from + 30_000);
		expect(log.last).toMatch(/^no TLS with broker\.lan:1883: it does not finish the handshake; next attempt in /);
		expect(link.cause).toBe(Cause.Tls);
		expect(doubts).toBe(1);
	});

	it('a TCP connection that does not come about is told as without', () => {
		const { log, at, upTo } = setUp(1, { unixSeconds: () => 1_795_301_835 });
		at(upTo(State.Opening) + 10_000);
		expect(log.last).toMatch(/does not answer: wrong address, or a firewall/);
	});
});
