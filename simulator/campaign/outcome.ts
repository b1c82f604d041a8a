// What is asked of one world, and what came of it: types only.

import type { EngineKind } from '../engine/engine.js';
import type { NodeMemory, SimulatedNode } from '../board/simulated-node.js';
import type { FaultKind } from './fault-injection.js';
import type { MannerKind } from './manners.js';

export interface SoakOptions {
	readonly seed: number;
	readonly hours: number;
	readonly engine?: EngineKind;
	/** Nodes with parts of the whole table, by chance. */
	readonly anyParts?: boolean;
	/** What the chip has for the firmware, in bytes: judged on XS. The manifest's, if not given. */
	readonly memoryMax?: number;
	/** Another firmware than ours: for tests of the judges. */
	readonly script?: string;
	/** What the nodes log, for a look at a seed that failed. */
	readonly onLine?: (node: string, line: string, at: number) => void;
	/** A node on XS holds more than any did before, for a look at who keeps it. */
	readonly onMore?: (node: SimulatedNode, at: number) => Promise<void>;
}

export interface Outcome {
	readonly seed: number;
	readonly hours: number;
	readonly violations: readonly string[];
	/** Device-days that were simulated. */
	readonly days: number;
	/** How often each kind of fault began. */
	readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
	/** The same of the broker's manners; and 1 if it has any. */
	readonly manners: Readonly<Partial<Record<MannerKind, number>>>;
	readonly mannered: number;
	readonly readings: number;
	readonly late: number;
	readonly duplicates: number;
	readonly dropped: number;
	/** Named as dropped, and delivered afterwards. */
	readonly cameAllTheSame: number;
	/** Numbers of boots that a reset or power cut ended, which nobody has. */
	readonly lostWithPower: number;
	readonly boots: number;
	readonly attempts: number;
	readonly packets: number;
	/** 1 if the network was slow and lossy all the time. */
	readonly slow: number;
	/** How often a link was found idle, and no reading waiting. */
	readonly idle: number;
	/** The least that was free of an ESP8266's heap. */
	readonly heapLeast: number | undefined;
	readonly checkedTimes: number;
	readonly checkedValues: number;
	/** From the last fault, in milliseconds; of the slowest node. */
	readonly onlineMs: number;
	readonly drainedMs: number;
	/** The most that a node held on XS. */
	readonly memory: NodeMemory | undefined;
	readonly trace: string;
}
