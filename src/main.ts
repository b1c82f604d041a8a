// SPDX-License-Identifier: MIT
// All wiring, on one page. Runs once at boot and returns; from then on node.ts decides what happens.
//
// Rule: nothing is made anywhere else, and nothing here decides anything but what is made of what.

import settings from 'mc/config';
import Analog from 'embedded:io/analog';
import I2C from 'embedded:io/i2c';
import { board } from 'telltale/board';
import { tlsObjection, tlsSockets } from 'telltale/tls';
import { connect, objection } from '../sensors/parts.js';
import { Announcer } from './announce.js';
import { Backlog } from './backlog.js';
import { Backoff } from './backoff.js';
import { Broker } from './broker.js';
import { Commands } from './commands.js';
import { complete, fingerprint, keep, missing, validate, type Config } from './config.js';
import { NodeControls, OFFSETS } from './controls.js';
import { DeviceAlarm, DeviceClock, DeviceTimeServer } from './device/clock.js';
import { DeviceNetwork } from './device/network.js';
import { DevicePreferences } from './device/preferences.js';
import { DeviceSerial } from './device/serial.js';
import { DeviceRandom, restart } from './device/system.js';
import { DeviceTcp } from './device/tcp.js';
import { BACKLOG_BYTES } from './limits.js';
import { Link } from './link.js';
import { Node } from './node.js';
import { QUANTITIES } from './reading.js';
import { Sampler, type Part } from './sampler.js';
import { Timekeeper } from './timekeeper.js';
import { VERSION } from './version.js';

export default function main(): void {
	const clock = new DeviceClock();
	const alarm = new DeviceAlarm(() => node?.run());
	const wake = () => alarm.set(clock.now(), clock.now());
	const serial = new DeviceSerial(wake);
	const random = new DeviceRandom();
	let node: Node | undefined;

	const known = keep(settings);
	const store = new DevicePreferences(fingerprint(known));
	const error = validate(known) || missing(known) || objection(complete(known).sensors, board) || (known.tls ? tlsObjection() : '');
	const config = complete(known, store);
	serial.line(`Telltale ${VERSION} on ${board.chip}, node ${config.node}`);
	if (error) return serial.line(`settings: ${error} Run "telltale configure" and flash again.`);

	// Tells one boot's numbers from another's; needs no flash and no clock.
	const boot = 1 + random.below(0x7fff_fffe);
	const backlog = new Backlog(BACKLOG_BYTES);
	const network = new DeviceNetwork(wake);
	const transport = new DeviceTcp(wake, config.tls ? tlsSockets(config.host, config.alpn, clock) : undefined);
	const broker = new Broker(config, boot, clock, transport, backlog, serial);
	const sampler = new Sampler(parts(config), config.intervalMs, clock, serial, backlog);
	for (let i = 0; i < OFFSETS.length; i++) sampler.offsets[i] = config[OFFSETS[i]] as number;
	const link = new Link(config, network, transport, broker, new Backoff(random), serial, config.tls ? clock : undefined);
	const announcer = new Announcer({ config, board, boot, clock, network, sampler, backlog, broker, link });
	const controls = new NodeControls({ clock, log: serial, store, sampler, broker, announcer, link, console: serial, restart });
	const commands = new Commands(controls);
	const timekeeper = new Timekeeper(config.timeServer, network, new DeviceTimeServer(clock, wake), serial);
	broker.announcer = announcer;
	broker.commands = commands;
	controls.onLine = (line) => commands.onLine(line);
	node = new Node([sampler, timekeeper, announcer, controls, link], clock, alarm);
}

function parts(config: Config): Part[] {
	const made: Part[] = [];
	for (const { part, quantities, sensor } of connect(config.sensors, { board, Analog: Analog as never, I2C: I2C as never })) {
		const indexes = quantities.map((quantity) => QUANTITIES.indexOf(quantity));
		made.push({ name: part.name, sensor, quantities: indexes, conversions: part.analog ? config.conversions : 1 });
	}
	return made;
}
