// What one seed makes of a world: boards, settings, weather, and the plan of everything that goes wrong.
//
// Rule: nothing but the seed and the hours decide. What costs time (short intervals, several nodes) is chosen so that a day
// of any seed takes about as long to simulate as a day of any other.

import { board as esp32 } from '../../hardware/esp32.js';
import { board as nodemcu } from '../../hardware/nodemcu.js';
import { PARTS, type Board } from '../../sensors/parts.js';
import { sensorsProblem } from '../../src/parts/parts.js';
import { FIELDS } from '../../src/settings/settings.js';
import type { BoardName } from '../engine/bundle.js';
import { FAULTS, type FaultKind, type FaultPlan } from './fault-injection.js';
import { Random } from '../world/random.js';
import type { Settings } from '../simulation.js';
import { plainProfile, type BrokerProfile } from '../virtual/broker.js';
import { STANDARD_HPA, type Air, type Weather } from '../world/weather.js';
import { mannersOf, type Manners } from './manners.js';
import { networkOf, type WorldNetwork } from './network.js';

export interface Scenario {
	readonly seed: number;
	readonly hours: number;
	readonly board: BoardName;
	readonly nodes: number;
	readonly settings: Settings;
	/** What the broker is like. */
	readonly profile: BrokerProfile;
	/** How else it behaves, in some worlds. */
	readonly manners: Manners;
	readonly network: WorldNetwork;
	readonly weather: Weather;
	readonly ticksAtBoot: number;
	readonly plan: FaultPlan;
	/** Commands come this far apart, or never. */
	readonly commandsEveryMs: readonly [low: number, high: number] | undefined;
	/** Readings are asked for out of turn. */
	readonly commanded: boolean;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const PRESSURE_SWING_HPA = 15;
const BOARDS = { nodemcu, esp32 };
const USUAL_PARTS = FIELDS.find(({ key }) => key === 'sensors')!.initial as string;
const [USUAL_FIRST, USUAL_SECOND] = USUAL_PARTS.split(',') as [string, string];
/** In one group, so that a turn is one reading. */
const CHANNELS_MAX = 3;
/** The signed ticks of the SDK turn negative here. */
const TICKS_WRAP = 0x8000_0000;

/** `anyParts`: of the table, by chance, instead of the usual two. */
export function scenarioOf(seed: number, hours: number, anyParts = false): Scenario {
	const random = new Random(`scenario/${seed}`);
	const spanMs = hours * HOUR_MS;
	const nodes = pick(random, [1, 1, 1, 1, 1, 1, 2, 3]);
	// Some hundreds of readings, up to eight times as many.
	const readings = ((100 + 4 * hours) * 8 ** random.next()) / nodes;
	const intervalMs = Math.max(5_000, Math.round(spanMs / readings / 1_000) * 1_000);
	const settings = {
		node: 'porch',
		intervalMs,
		keepAliveMs: pick(random, hours > 12 ? [30_000, 60_000, 60_000] : [10_000, 30_000, 60_000]),
		cleanSession: random.chance(0.2),
		sensors: pick(random, [USUAL_PARTS, USUAL_PARTS, USUAL_PARTS, USUAL_SECOND, USUAL_FIRST]),
		conversions: pick(random, [1, 4, 15]),
	};
	const version = new Random(`scenario/${seed}/version`);
	const protocol = pick(version, [4, 4, 4, 4, 5, 5, 'auto', 'auto']);
	const profile = profileFor(protocol, version);
	const manners = mannersOf(seed, protocol, profile.speaks5 === true);
	const kinds = (Object.keys(FAULTS) as FaultKind[]).filter(() => random.chance(0.5));
	const commands = random.chance(0.3);
	const usualBoard = random.chance(0.7) ? 'nodemcu' : 'esp32';
	const ofParts = new Random(`scenario/${seed}/parts`);
	// Half of them each: more parts go together on an ESP32.
	const board = anyParts ? pick(ofParts, ['nodemcu', 'esp32'] as const) : usualBoard;
	const sensors = anyParts ? partsFor(BOARDS[board], ofParts) : settings.sensors;
	return {
		seed, hours, nodes, board,
		settings: { ...settings, sensors, protocol, publishEarly: version.chance(0.25), ...manners.settings },
		profile, manners,
		network: networkOf(seed),
		weather: imaginedWeather(random),
		ticksAtBoot: random.chance(0.3) ? TICKS_WRAP - Math.round(random.between(0, spanMs)) : Math.round(random.between(0, 1e9)),
		plan: { kinds, calmMs: [spanMs / 20, spanMs / 2], lastsMs: [500, spanMs / 4], skewed: true, untilMs: spanMs },
		commandsEveryMs: commands ? [spanMs / 30, spanMs / 5] : undefined,
		commanded: commands || kinds.includes('flood'),
	};
}

/**
 * A broker as there are some. One that takes packets of less than about 450 bytes gets no health, which the judges read (test/world/turned-down.test.ts
 * has such); and two minutes are enough to notice a dead link only with a keep-alive of a minute at most.
 */
function profileFor(protocol: unknown, random: Random): BrokerProfile {
	return {
		...plainProfile(),
		speaks5: protocol === 'auto' && random.chance(0.4) ? pick(random, [1, 0x84] as const) : true,
		receiveMaximum: pick(random, [undefined, undefined, 1, 2, 5, 100]),
		maximumPacketSize: pick(random, [undefined, undefined, 512, 1_024, 0xfff_ffff]),
		topicAliasMaximum: pick(random, [undefined, 1, 2, 10]),
		serverKeepAlive: pick(random, [undefined, undefined, 10, 30, 60]),
		saysWhy: random.chance(0.7),
	};
}

/** A row without a folder has no twin. */
const SIMULATED = PARTS.filter(({ folder }) => folder);

/** There are few of these, and each board takes only some of them. */
const ANALOG = SIMULATED.filter(({ analog }) => analog);

/** One that gives a temperature, by which others are compensated, and one more, analog or any, where they go together. */
function partsFor(board: Board, random: Random): string {
	const first = pick(random, SIMULATED.filter(({ name, quantities }) => quantities.includes('temperature') && !sensorsProblem(name, board)));
	const second = pick(random, random.chance(0.5) ? ANALOG : SIMULATED);
	const both = `${first.name},${second.name}`;
	const channels = new Set([...first.quantities, ...second.quantities]).size;
	return channels > CHANNELS_MAX || sensorsProblem(both, board) ? first.name : both;
}

/** A day's swing around a season's mean, with a wave of an hour or so on top. */
function imaginedWeather(random: Random): Weather {
	const meanC = random.between(-8, 32);
	const [swingC, waveC, waveMs] = [random.between(0, 9), random.between(0, 1.5), random.between(0.4, 3) * HOUR_MS];
	const meanPct = random.between(20, 80);
	const phase = random.between(0, 6);
	return {
		at(ms: number): Air {
			const day = Math.sin((2 * Math.PI * ms) / DAY_MS + phase);
			const temperatureC = meanC + swingC * day + waveC * Math.sin((2 * Math.PI * ms) / waveMs);
			return { temperatureC, humidityPct: meanPct - 18 * day, pressureHpa: STANDARD_HPA + PRESSURE_SWING_HPA * day };
		},
	};
}

function pick<Value>(random: Random, values: readonly Value[]): Value {
	return values[random.below(values.length)];
}
