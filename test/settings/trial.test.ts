import { describe, expect, it } from 'vitest';
import { Trial } from '../../src/settings/trial.js';

function judge(rounds = 1, pairs = 1, session?: { hears: boolean }) {
	const link = { useful: false, rounds: 0, pairs, unlinkedSince: 0 };
	const said: string[] = [];
	const trial = new Trial(link, { trialWorked: () => said.push('worked'), trialFailed: () => said.push('failed') }, session, rounds);
	return { link, said, at: (now: number) => trial.poll(now) };
}

describe('a trial', () => {
	it('has worked once the link proved useful, which is said once', () => {
		const { link, said, at } = judge();
		expect([at(0), at(5_000)]).toEqual([120_000, 120_000]);
		link.useful = true;
		expect([at(6_000), at(6_000), at(500_000)]).toEqual([6_000, Infinity, Infinity]);
		link.rounds = 5;
		at(600_000);
		expect(said).toEqual(['worked']);
	});

	it('has failed when all was tried in vain, which is said once', () => {
		const { link, said, at } = judge();
		link.rounds = 1;
		expect([at(9_000), at(9_001)]).toEqual([9_000, Infinity]);
		link.useful = true;
		at(10_000);
		expect(said).toEqual(['failed']);
	});

	it('lets a broker that took us in once, and hung up, have more attempts', () => {
		const { link, said, at } = judge();
		link.unlinkedSince = 4_000;
		link.rounds = 3;
		expect(at(9_000)).toBe(120_000);
		at(119_999);
		expect(said).toEqual([]);
		at(120_000);
		expect(said).toEqual(['failed']);
	});

	it('has as many rounds as are needed to know', () => {
		const { link, said, at } = judge(2);
		link.rounds = 1;
		expect(at(9_000)).toBe(120_000);
		link.rounds = 2;
		at(20_000);
		expect(said).toEqual(['failed']);
	});

	it('ends after two minutes for each pair of network and broker', () => {
		const { said, at } = judge(1, 6);
		expect(at(719_999)).toBe(720_000);
		at(720_000);
		expect(said).toEqual(['failed']);
	});

	it('that proves useful in the very turn of its end has worked', () => {
		const { link, said, at } = judge();
		link.useful = true;
		link.rounds = 1;
		at(120_000);
		expect(said).toEqual(['worked']);
	});

	it('of what came from the broker has worked only when commands are heard again', () => {
		const session = { hears: false };
		const { link, said, at } = judge(1, 1, session);
		link.useful = true;
		expect([at(5_000), said]).toEqual([120_000, []]);
		session.hears = true;
		at(6_000);
		expect(said).toEqual(['worked']);
		const deaf = judge(1, 1, { hears: false });
		deaf.link.useful = true;
		deaf.at(120_000);
		expect(deaf.said).toEqual(['failed']);
	});
});
