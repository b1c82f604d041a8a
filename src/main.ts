// SPDX-License-Identifier: MIT
// All wiring, on one page. Runs once at boot and returns; from then on node.ts decides what happens.
//
// Rule: all that the loop asks and all that touches the device is made here, and nothing here decides anything but what is made of what.
// Elsewhere a part makes only what it alone owns.

import settings from 'mc/config';
import Analog from 'embedded:io/analog';
import I2C from 'embedded:io/i2c';
import { board } from 'telltale/board';
import { tlsObjection, tlsSockets } from 'telltale/tls';
import { connect, objection } from '../sensors/parts.js';
import { NodeActions, OFFSETS } from './telemetry/actions.js';
import { Announcer } from './telemetry/announcer.js';
import { Backoff } from './connection/backoff.js';
import { BootGuard } from './settings/bootguard.js';
import { Broker } from './telemetry/broker.js';
import { CommandQueue } from './telemetry/command-queue.js';
import { Commands } from './telemetry/commands.js';
import { complete, fingerprint, keep, missing, validate } from './settings/settings.js';
import { DeviceAlarm, DeviceClock, DeviceTimeServer } from './device/clock.js';
import { openFlash } from './device/flash.js';
import { DeviceNetwork } from './device/network.js';
import { DevicePreferences } from './device/preferences.js';
import { DeviceSerial } from './device/serial.js';
import { DeviceRandom, LastWords, restart } from './device/system.js';
import { DeviceTcp } from './device/tcp.js';
import { InFlight } from './storage/in-flight.js';
import { inherit } from './connection/last-resort.js';
import { Link } from './connection/link.js';
import { Node } from './node.js';
import { speak5, words } from './telemetry/protocol.js';
import { Sampler } from './readings/sampler.js';
import { Timekeeper } from './connection/timekeeper.js';
import { VERSION } from './common/version.js';
import { Waiting } from './storage/queue.js';

export default function main(): void {
	const clock = new DeviceClock();
	const alarm = new DeviceAlarm(clock);
	const serial = new DeviceSerial(board.serial, alarm);
	const random = new DeviceRandom();

	const known = keep(settings);
	const store = new DevicePreferences(fingerprint(known));
	const error = validate(known) || missing(known) || objection(complete(known).sensors, board) || (known.tls ? tlsObjection() : '');
	serial.line(`Telltale ${VERSION} on ${board.chip}`);
	if (error) return serial.line(`settings: ${error} Run "telltale configure" and flash again.`);

	const guard = new BootGuard(store, serial, restart);
	const config = complete(known, guard.safe ? undefined : store);
	const legacy = inherit(store, serial);
	clock.uptimeBefore = legacy.uptime;
	clock.earlierBoots = legacy.restarts;
	// Tells one boot's numbers from another's; needs no flash and no clock.
	const boot = legacy.restarts ? legacy.boot + 1 : 1 + random.below(0x7fff_0000);
	const inFlight = new InFlight();
	const waiting = new Waiting(boot, clock, serial, inFlight, guard.safe ? undefined : openFlash(serial));
	const network = new DeviceNetwork(alarm);
	const transport = new DeviceTcp(alarm, config.tls ? tlsSockets(config.host, config.alpn, clock) : undefined);
	const parts = guard.safe ? [] : connect(config.sensors, { board, Analog: Analog as never, I2C: I2C as never });
	const sampler = new Sampler(parts, config.conversions, config.intervalMs, clock, serial, waiting);
	for (let i = 0; i < OFFSETS.length; i++) sampler.setOffset(i, config[OFFSETS[i]] as number);
	const subjects = { config, board, boot, safe: guard.safe, clock, log: serial, store, network, sampler, waiting };
	const announcer = new Announcer(subjects);
	announcer.inherit(legacy);
	const queue = new CommandQueue(serial);
	const subscriptions = config.commands ? [announcer, queue] : [announcer];
	const broker = new Broker(config, { speak5, words }, store, transport, waiting, inFlight, announcer, subscriptions, serial, guard.safe);
	const link = new Link(config, network, transport, broker, new Backoff(random), serial, config.tls ? clock : undefined);
	const actions = new NodeActions(subjects, announcer, broker, link, guard);
	// The serial line both hears what is typed and is the log.
	const commands = new Commands(queue, actions, broker, serial, serial);
	const timekeeper = new Timekeeper(config.timeServer, network, new DeviceTimeServer(clock, alarm), serial);
	new Node([guard, sampler, timekeeper, announcer, commands, actions, broker, link, waiting], clock, alarm, new LastWords(serial, waiting));
}
