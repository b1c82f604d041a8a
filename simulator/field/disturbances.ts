// What is done to a server and to the network before it, while nodes run.
//
// Rule: each leaves everything as it found it. After a server was away, the observer comes first and the nodes after it: what is
// acknowledged has then somebody to go to.

import type { Scene } from './run.js';
import type { Server } from './server.js';

type Disturbance = (scene: Scene) => Promise<void>;

/** Seconds that a server is away at the least and at the most. */
const AWAY_S = [0.2, 5] as const;

/** The server first, then the observer, then the nodes. */
export async function comeBack({ server, gate, observer }: Scene): Promise<void> {
	await server.start();
	await observer.whenReady();
	await gate.open();
}

function away(times: number, end: (server: Server) => Promise<void>): Disturbance {
	return async (scene) => {
		for (let time = 0; time < times; time++) {
			await scene.pause(scene.seconds / (times + 1));
			await end(scene.server);
			scene.gate.shut();
			await scene.pause(scene.random.between(...AWAY_S));
			await comeBack(scene);
		}
	};
}

export function killed(times: number): Disturbance {
	return away(times, (server) => server.kill());
}

export function restarted(times: number): Disturbance {
	return away(times, (server) => server.stop());
}

/** Long enough for readings to go to flash, if the run is two minutes long. */
export const longAway: Disturbance = async (scene) => {
	await scene.pause(scene.seconds * 0.1);
	await scene.server.stop();
	scene.gate.shut();
	await scene.pause(scene.seconds * 0.7);
	await comeBack(scene);
};

/** Connections that one side or both believe in and that carry nothing, for ever or for a while. */
export const halfOpen: Disturbance = async ({ gate, seconds, pause }) => {
	for (const loss of ['both', 'to the node', 'to the server'] as const) {
		await pause(seconds * 0.15);
		gate.lose(loss);
	}
	await pause(seconds * 0.15);
	gate.hold(true);
	await pause(seconds * 0.15);
	gate.hold(false);
	await pause(seconds * 0.05);
	gate.mute(true);
	await pause(seconds * 0.15);
	gate.mute(false);
};

/** From a fifth of the time on, for two fifths of it. */
export function whileInTrouble(begin: (scene: Scene) => Promise<void>, end: (scene: Scene) => Promise<void>): Disturbance {
	return async (scene) => {
		await scene.pause(scene.seconds * 0.2);
		await begin(scene);
		try {
			await scene.pause(scene.seconds * 0.4);
		} finally {
			await end(scene);
		}
	};
}
