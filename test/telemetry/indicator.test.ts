import { describe, expect, it } from 'vitest';
import { NEVER } from '../../src/common/ports.js';
import { Held, Indicator, Sign, type Signalled } from '../../src/telemetry/indicator.js';

/** A lamp and a button in the hands of the test, whose clock goes from poll to poll as the loop's does. */
function setUp(isPressed = false) {
	const node = { shown: Sign.Online as Sign, identifyUntil: 0, asked: [] as string[], askSetUp() { this.asked.push('set-up'); }, forget() { this.asked.push('forget'); } };
	const world = { now: 1_234, pressed: isPressed, lit: -1, polls: 0, changes: [] as { at: number; lit: number }[] };
	const led = { write: (value: number) => void (world.lit = value, world.changes.push({ at: world.now, lit: value })) };
	const indicator = new Indicator(led, { read: () => Number(world.pressed) }, node satisfies Signalled);
	/** Polls when it wants to be; what moves a pin wakes it at once. */
	const run = (ms: number) => {
		const end = world.now + ms;
		let asked = node.asked.length;
		for (;;) {
			world.polls++;
			const at = indicator.poll(world.now);
			// At once: somebody asked for something.
			expect(at >= world.now && (at > world.now || node.asked.length > asked)).toBe(true);
			asked = node.asked.length;
			if (at > end) break;
			world.now = at;
		}
		world.now = end;
	};
	const hold = (ms: number) => {
		world.pressed = true;
		run(ms);
		world.pressed = false;
		run(0);
	};
	/** How it looks for two seconds: changes and the share of light, in eighths. */
	const look = () => {
		run(0);
		const from = world.now;
		let [lit, since, sum, count] = [world.lit, from, 0, 0];
		world.changes.length = 0;
		run(2_000);
		for (const change of world.changes) {
			if (lit) sum += change.at - since;
			[lit, since] = [change.lit, change.at];
			count++;
		}
		if (lit) sum += from + 2_000 - since;
		return `${count} changes, lit for ${sum} ms`;
	};
	run(0);
	return { node, world, run, hold, look };
}

describe('the LED', () => {
	it('tells four signs apart within two seconds, and where the node is from all of them', () => {
		const { node, look, world } = setUp();
		const looks = [Sign.Online, Sign.Joining, Sign.Trouble, Sign.SetUp].map((sign) => ((node.shown = sign), look()));
		expect(looks).toEqual(['0 changes, lit for 0 ms', '4 changes, lit for 1000 ms', '0 changes, lit for 2000 ms', '4 changes, lit for 250 ms']);
		node.identifyUntil = world.now + 10_000;
		expect(look()).toBe('16 changes, lit for 1000 ms');
	});

	it('costs no turn of the loop while it is dark, and none while it is lit', () => {
		const { node, run, world } = setUp();
		for (const sign of [Sign.Online, Sign.Trouble]) {
			node.shown = sign;
			run(0);
			world.polls = 0;
			run(3_600_000);
			expect(world.polls).toBe(1);
		}
	});

	it('is written to when it changes, and at the start whatever it was', () => {
		const { node, run, world } = setUp();
		expect(world.changes.map(({ lit }) => lit)).toEqual([0]);
		node.shown = Sign.Trouble;
		run(0);
		run(0);
		expect(world.changes.map(({ lit }) => lit)).toEqual([0, 1]);
	});

	it('ends by itself what identify began', () => {
		const { node, run, world, look } = setUp();
		node.identifyUntil = world.now + 10_000;
		run(10_000);
		expect(look()).toBe('0 changes, lit for 0 ms');
	});
});

describe('the button', () => {
	it.each([[0, []], [100, []], [Held.SetUp - 100, []], [Held.SetUp, ['set-up']], [Held.Forget - 1, ['set-up']], [Held.Forget, ['forget']], [Held.Stuck - 1, ['forget']], [Held.Stuck, []], [3_600_000, []]] as const)(
		'held for %i ms asks for %j, when it is let go', (ms, asked) => {
			const { node, hold } = setUp();
			hold(ms);
			expect(node.asked).toEqual(asked);
		});

	it('asks for nothing while it is held, and once when it is let go', () => {
		const { node, world, run } = setUp();
		world.pressed = true;
		run(20_000);
		expect(node.asked).toEqual([]);
		world.pressed = false;
		run(60_000);
		expect(node.asked).toEqual(['forget']);
	});

	it('that was held since power-on is stuck until it is let go, and then counts again', () => {
		const { node, world, run, hold, look } = setUp(true);
		expect(look()).toBe('0 changes, lit for 0 ms');
		run(6_000);
		world.pressed = false;
		run(1_000);
		expect(node.asked).toEqual([]);
		hold(6_000);
		expect(node.asked).toEqual(['set-up']);
	});

	it('shows by the LED how far it is: lit, then blinking, then blinking fast, then as before', () => {
		const { world, run, look } = setUp();
		world.pressed = true;
		expect(look()).toBe('0 changes, lit for 2000 ms');
		run(Held.SetUp - 2_000);
		expect(look()).toBe('8 changes, lit for 1000 ms');
		run(Held.Forget - Held.SetUp - 2_000);
		expect(look()).toBe('16 changes, lit for 1000 ms');
		run(Held.Stuck - Held.Forget - 2_000);
		expect(look()).toBe('0 changes, lit for 0 ms');
	});

	it('that bounces when it is let go, or whose edge was missed, counts once', () => {
		const { node, world, run } = setUp();
		world.pressed = true;
		run(5_500);
		for (const pressed of [false, true, false, true, false]) {
			world.pressed = pressed;
			run(1);
		}
		expect(node.asked).toEqual(['set-up']);
		run(100);
		expect(node.asked).toEqual(['set-up']);
	});
});

describe('a board without', () => {
	it('an LED still has a button, and one without both asks for nothing', () => {
		const asked: string[] = [];
		const node: Signalled = { shown: Sign.Joining, identifyUntil: 0, askSetUp: () => void asked.push('set-up'), forget: () => void asked.push('forget') };
		let pressed = false;
		const dark = new Indicator(undefined, { read: () => Number(pressed) }, node);
		expect(dark.poll(0)).toBe(NEVER);
		pressed = true;
		expect(dark.poll(1_000)).toBe(1_100);
		pressed = false;
		dark.poll(7_000);
		expect(asked).toEqual(['set-up']);
		const bare = new Indicator(undefined, undefined, node);
		expect([bare.poll(0), bare.poll(20_000)]).toEqual([NEVER, NEVER]);
		expect(asked).toEqual(['set-up']);
	});
});
