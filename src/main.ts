// SPDX-License-Identifier: MIT
// All wiring, on one page. Runs once at boot and returns; from then on node.ts decides what happens.
//
// Rule: every task of the loop and everything that touches the device is made here; nothing here decides anything else.
// Any other file makes only what it alone owns.

import mcConfig from 'mc/config';
import Analog from 'embedded:io/analog';
import I2C from 'embedded:io/i2c';
import { board } from 'telltale/board';
import { isOwnRestart } from 'telltale/reset';
import { certificateProblem, tlsProblem, tlsSockets } from 'telltale/tls';
import { addressesOf, connect, sensorsProblem, usedNames } from './parts/parts.js';
import { Scan } from './parts/scan.js';
import { Scratch } from '../sensors/scratch.js';
import { NodeActions } from './telemetry/actions.js';
import { NodePublications } from './telemetry/node-publications.js';
import { Backoff } from './connection/backoff.js';
import { BootMode, Mode } from './settings/boot-mode.js';
import { BrokerClient } from './telemetry/broker-client.js';
import { CERTIFICATE_SECTORS, NodeSettings, takeCertificates } from './certificates/certificates.js';
import { CommandQueue } from './telemetry/command-queue.js';
import { Commands } from './telemetry/commands.js';
import { forgetFurther, forgetParts, withDefaults, fingerprint, ownSettings, missingKey, settingsProblem, tlsKey } from './settings/settings.js';
import type { Settings, SettingsStore } from './settings/settings-store.js';
import { Trial } from './settings/trial.js';
import { cleanParts, takeOver } from './settings/takeover.js';
import { DeviceAccessPoint, StationBeside } from './device/access-point.js';
import { DeviceAlarm, DeviceClock, DeviceTimeServer } from './device/clock.js';
import { drivers } from './device/drivers.js';
import { openFlash } from './device/flash.js';
import { DeviceListener, DeviceQuestions } from './device/listener.js';
import { DeviceNetwork } from './device/network.js';
import { openButton, openLed, openPower } from './device/pins.js';
import { DevicePulses } from './device/pulses.js';
import { DevicePreferences } from './device/preferences.js';
import { DeviceSerial } from './device/serial.js';
import { DeviceRandom, LastWords, NOTHING_TO_SAVE, pause, restart } from './device/system.js';
import { DeviceTcp } from './device/tcp.js';
import { ImprovInPlace } from './provisioning/in-place.js';
import { ImprovUnusable } from './provisioning/unusable.js';
import { Indicator } from './telemetry/indicator.js';
import { InFlight } from './storage/in-flight.js';
import { takeHandover } from './connection/last-resort.js';
import { Destinations } from './connection/destinations.js';
import { Link } from './connection/link.js';
import { Node } from './node.js';
import type { Clock, Pollable } from './common/ports.js';
import { ImprovInSetUp, NO_ANSWERS, SetUpActions } from './provisioning/in-set-up.js';
import { NameServer } from './provisioning/name-server.js';
import { makeCode, SetUp } from './provisioning/set-up.js';
import { SetUpSite } from './provisioning/site.js';
import { WebServer } from './provisioning/web-server.js';
import { applyCalibration } from './readings/calibration.js';
import { Sampler } from './readings/sampler.js';
import { Timekeeper } from './connection/timekeeper.js';
import { VERSION } from './common/version.js';
import { protocolProblem } from './telemetry/protocol.js';
import { ReadingQueue } from './storage/reading-queue.js';

const enum Port {
	HTTP_PORT = 80,
	DNS_PORT = 53,
}

export default function main(): void {
	const clock = new DeviceClock();
	const alarm = new DeviceAlarm(clock);
	const serial = new DeviceSerial(board.serial, alarm);
	const random = new DeviceRandom();

	const image = ownSettings(mcConfig);
	const store = new DevicePreferences(fingerprint(image));
	serial.line(`Telltale ${VERSION} on ${board.chip}`);

	const mode = new BootMode(store, restart);
	const flash = openFlash(serial, CERTIFICATE_SECTORS);
	const settingsStore = new NodeSettings(flash, image);
	let settings = mode.imageAlone && !missingKey(image) ? image : takeOver(store, settingsStore, settingsStore.read(serial), serial);
	if (!mode.asked) settings = settingsStore.begin(serial) ?? settings;
	if (settings !== image) cleanParts(settings, usedNames);
	let problem: string;
	while ((problem = problemOf(image, settingsStore) || problemOf(settings, settingsStore)) && settings !== image)
		settings = settingsStore.refuse(problem, serial);
	mode.begin(settingsStore.trying, missingKey(settings) !== '', serial);
	if (problem) {
		mode.survived();
		const sentence = `settings: ${problem} Run "telltale configure" and flash again.`;
		serial.line(sentence);
		return void new Node([new ImprovUnusable(serial, board.chip, sentence)], clock, alarm, new LastWords(serial, NOTHING_TO_SAVE));
	}
	if (mode.mode === Mode.SetUp) return setUp(settings, settingsStore, store, mode, clock, alarm, serial, random);
	if (settings !== image) forgetFurther(settings);
	const config = withDefaults(settings);
	const handover = takeHandover(store, serial, isOwnRestart());
	clock.uptimeBefore = handover.uptime;
	clock.earlierBoots = handover.restarts;
	// Tells one boot's numbers from another's; needs no flash and no clock.
	const boot = handover.restarts ? handover.boot + 1 : 1 + random.below(0x7fff_0000);
	serial.line(`boot ${boot | 0}`);
	const inFlight = new InFlight();
	const io = {
		board, Analog: Analog as never, I2C: I2C as never, Pulses: DevicePulses, power: (pin: number) => openPower(pin, serial), drivers, scratch: new Scratch(0),
	};
	const parts = mode.safe ? [] : connect(config.sensors, io);
	const addresses = mode.safe ? [] : addressesOf(config.sensors, board);
	const { calibration } = config;
	if (settings !== image) forgetParts(settings);
	const queue = new ReadingQueue(boot, clock, serial, inFlight, parts, mode.safe ? undefined : flash);
	queue.datedFrom = -handover.datedFrom;
	const network = new DeviceNetwork(alarm);
	const to = new Destinations(config, settingsStore);
	const transport = new DeviceTcp(alarm, tlsSockets(to, clock, settingsStore));
	const sampler = new Sampler(parts, config.conversions, config.intervalMs, clock, serial, queue, boot);
	sampler.noteAddresses(addresses);
	applyCalibration(calibration, sampler, [config.offsetMilliC, config.offsetMilliRh]);
	const deps = { config, board: BOARD, boot, safe: mode.safe, clock, log: serial, store, settingsStore, check: problemOf, network, sampler, queue };
	const publications = new NodePublications(deps);
	publications.continueOutage(handover);
	const commandQueue = new CommandQueue(serial);
	const subscriptions = config.commands ? [publications, commandQueue, commandQueue] : [publications];
	const client = new BrokerClient(to, store, transport, queue, inFlight, publications, subscriptions, serial, mode.safe);
	const timeServer = new DeviceTimeServer(clock, alarm);
	const link = new Link(to, network, transport, client, new Backoff(random), serial, timeServer);
	const actions = new NodeActions(deps, publications, client, link, mode);
	// The serial line both hears what is typed and is the log.
	const commands = new Commands(commandQueue, actions, client, serial);
	const timekeeper = new Timekeeper(config.timeServer, network, timeServer, serial);
	const improv = new ImprovInPlace(serial, deps, link, commands);
	takeCertificates(improv, settingsStore, certificateProblem, queue);
	const indicator = new Indicator(openLed(board.led, serial), openButton(board.button, alarm, serial), actions);
	const tasks: Pollable[] = [mode, sampler, timekeeper, publications, commands, actions, client, improv, link, queue, indicator];
	if (settingsStore.trying) tasks.push(new Trial(link, actions, settingsStore.triesRemote ? client : undefined, config.protocol === 'auto' ? 2 : 1));
	new Node(tasks, clock, alarm, new LastWords(serial, queue));
}

/** No session, ring or journal: what waits in flash stays there. */
const setUp = (
	settings: Settings, store: SettingsStore, preferences: DevicePreferences, mode: BootMode, clock: DeviceClock, alarm: DeviceAlarm, serial: DeviceSerial,
	random: DeviceRandom,
): void => {
	const code = settings.setUpCode ? makeCode(random) : '';
	const network = new StationBeside(alarm);
	const accessPoint = new DeviceAccessPoint();
	const node = new SetUp({ settings, store, preferences, network, accessPoint, log: serial, code, mode, check: problemOf });
	const site = new SetUpSite(node, accessPoint, settings, code, mode, serial);
	const actions = new SetUpActions(node, clock, BOARD);
	const commands = new Commands(new CommandQueue(serial), actions, NO_ANSWERS, serial);
	const indicator = new Indicator(openLed(board.led, serial), openButton(board.button, alarm, serial), actions);
	const improv = new ImprovInSetUp(serial, board.chip, node, commands);
	takeCertificates(improv, store, certificateProblem);
	const web = new WebServer(new DeviceListener(Port.HTTP_PORT, alarm), site);
	const names = new NameServer(new DeviceQuestions(Port.DNS_PORT, alarm), accessPoint);
	new Node([commands, improv, web, names, site, node, mode, indicator], clock, alarm, new LastWords(serial, NOTHING_TO_SAVE));
};

/** In flash, as all that is made here. */
const SCAN_IO = Object.freeze({ board, I2C: I2C as never, pause });
const BOARD = Object.freeze({
	name: board.name,
	chip: board.chip,
	newScan: (clock: Clock, inUse?: Sampler) => new Scan(SCAN_IO, clock, inUse),
});

/** Why these cannot be used on this board, in a sentence; '' if they can. `isNewList`: their list of parts is given now. */
const problemOf = (settings: Settings, store: SettingsStore, isNewList = false): string => {
	const problem = settingsProblem(settings);
	const tls = tlsKey(settings);
	return problem || protocolProblem(settings.protocol) || sensorsProblem(withDefaults(settings).sensors, board, undefined, isNewList)
		|| (tls && tlsProblem(tls, store as NodeSettings));
};
