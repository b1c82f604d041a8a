// A node whose settings cannot be used says so to whoever asks.
import { describe, expect, it } from 'vitest';
import type { Console, Log, PacketLine } from '../../src/common/ports.js';
import { Phase } from '../../src/provisioning/provisioner.js';
import { ImprovUnusable } from '../../src/provisioning/unusable.js';

describe('A node whose settings cannot be used', () => {
	it('takes no network in, and says why', () => {
		const improv = new ImprovUnusable({} as PacketLine & Log & Console, 'ESP32', 'settings: bad.');
		const joiner = improv.begin();
		expect([joiner.join('attic', '', 0), joiner.phase, joiner.problem, joiner.networks]).toEqual(['settings: bad.', Phase.Failed, 'settings: bad.', []]);
		expect(joiner.address).toBe('');
	});
});
