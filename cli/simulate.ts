// telltale simulate: nodes on the real engine in this machine, seen as any subscriber sees them.
//
// Rule: what is shown of readings and status has come through the broker to an ordinary MQTT client; only the nodes' own log
// lines come another way. What the nodes have taken is counted at their parts: a run that did not bring all of it has failed.

import { Command, Option } from 'commander';
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { tlsProblem } from '../src/device/esp8266/tls.js';
import { counted, summary } from '../viewer/format.js';
import { safe } from '../viewer/safe.js';
import type { Simulation } from '../simulator/simulation.js';
import type { Weather } from '../simulator/world/weather.js';
import { interruption } from './console.js';
import { certificatesOf, type Certificates } from './certificates.js';
import { Failure, Misuse } from './failure.js';
import { forChip } from './fields.js';
import { shownPath, whyNot } from './files.js';
import { brokerAddress, duration, oneOf, path, speed, whole, type BrokerAddress } from './options.js';
import { sensorsFault, withGpios } from './sensors.js';
import { SwitchedBroker } from './simulated-world.js';
import type { SimulationPage } from './simulation-page.js';
import { readSettings, type Settings } from './settings.js';
import { View, type ViewOptions } from './simulation-view.js';
import { mustHaveXs } from './xs.js';

export interface SimulateOptions extends ViewOptions {
	readonly broker?: BrokerAddress;
	readonly board: 'nodemcu' | 'esp32';
	readonly config?: string;
	readonly world?: string;
	readonly seed?: number;
	readonly for?: number;
	readonly nodes: number;
	readonly serial?: boolean;
	readonly new?: boolean;
	readonly web: boolean;
	readonly port?: number;
}

/** Often enough that somebody who tries it sees something happen. */
const INTERVAL_MS = 2_000;
/** And that a power cut is seen after a quarter of a minute: a broker waits for one and a half of these. */
const KEEP_ALIVE_MS = 10_000;
/** How long the last messages of stopping nodes may take to reach us. */
const FAREWELL_MS = 300;
/** After so many nodes that booted, which may take a while on a busy machine, it is said how many have. */
const BOOTED_STEP = 10;
/** What an image without settings does not know. */
const UNKNOWN: Settings = { ssid: '', passphrase: '', host: '', port: 1_883, user: '', password: '' };
const FOREVER_MS = 1e12;
const OFFICE = 'simulator/weather/office-climate.csv';

export function simulate(): Command {
	return new Command('simulate')
		.description('Run nodes on the real engine in this machine, with a broker of their own unless one is named, and watch them.')
		.addOption(new Option('--broker <url>', 'an existing broker').argParser(brokerAddress))
		.addOption(new Option('--board <name>', 'nodemcu or esp32').argParser(oneOf('The board', ['nodemcu', 'esp32'])).default('nodemcu'))
		.addOption(new Option('--config <file>', "a node's settings, as telltale configure writes them").argParser(path('--config')))
		.addOption(new Option('--world <file>', 'recorded weather: CSV with time,temperature_c,humidity_pct and, if known, pressure_hpa').argParser(path('--world')))
		.addOption(new Option('--seed <n>', "of the world's chances").argParser(whole('--seed', 0, 0xffff_ffff)))
		.addOption(new Option('--speed <factor>', 'simulated time against real time; "max" waits for nothing').argParser(speed).default(1, '1'))
		.addOption(new Option('--for <duration>', 'simulated time after which to stop').argParser(duration('--for')))
		.addOption(new Option('--nodes <n>', 'how many').argParser(whole('--nodes', 1, 100)).default(1))
		.option('--serial', 'give the node a serial port (a pseudo-terminal) that other programs can open, like "telltale configure --port"')
		.option('--new', 'a node out of its box, with a TMP36 and an SHT3x, which knows no network and no broker: set it up over its serial port')
		.option('--no-web', 'no web page; nor is there one at --speed max')
		.addOption(new Option('--port <n>', 'of the page (default: 8267 or, if that is taken, any)').argParser(whole('--port', 1, 65_535)))
		.option('--no-ui', 'plain lines on a terminal too')
		.addHelpText('after', '\nA duration is like 20s, 5m or 2h. Without --for it runs until Ctrl-C.\nIt takes 130 MB of memory, and 1.5 MB for each node, whose engine is a process of its own: 100 nodes fit in 300 MB.')
		.action(run);
}

async function run(options: SimulateOptions): Promise<void> {
	const signal = interruption();
	mustHaveXs();
	mustGoTogether(options);
	const own = options.config === undefined ? {} : await readSettings(options.config);
	const settings: Settings = { intervalMs: INTERVAL_MS, keepAliveMs: KEEP_ALIVE_MS, ...own };
	const misfit = settings['sensors'] === undefined ? '' : sensorsFault(String(settings['sensors']), options.board);
	if (misfit) throw new Failure(`The settings do not do for ${options.board}: ${misfit}`);
	const certificates = await tlsOf(options, settings);
	const weather = await weatherOf(options.world);
	if (options.broker) await mustBeHere(options.broker);
	const seed = options.seed ?? Math.floor(Math.random() * 0x1_0000_0000);
	const broker = options.broker ? undefined : await ownBroker();
	const address = withCredentials(options.broker ?? brokerAddress(broker!.url), settings);
	const roots = bases(settings, options.nodes);
	const view = new View(options, names(settings, options.nodes));
	let page: SimulationPage | undefined;
	try {
		if (options.web && options.speed !== 'max') page = await (await import('./simulation-page.js')).SimulationPage.open(address, certificates?.pem, roots, names(settings, options.nodes), weather, broker, options);
		for (const line of introduction(options, settings, address, page?.address, broker !== undefined, seed, own['intervalMs'] !== undefined)) console.log(safe(line));
		await view.connect(address, roots, certificates?.pem, signal);
		await live(options, settings, page?.air ?? weather, certificates?.resources, address, seed, { view, page }, signal);
	} finally {
		await page?.close();
		await view.close();
		await broker?.close();
	}
	console.log(summary(view.merge) + view.held + view.others + view.howLong);
	const { received, missing } = view.merge;
	const wasOnline = view.merge.nodes().some(({ status }) => status !== undefined);
	if (!received && options.new && !wasOnline) return console.log('The node was not set up.');
	if (!received) throw new Failure(`No reading arrived: ${view.cause || 'the lines of the nodes above tell why, or it was too short a time.'}`);
	if (missing) throw new Failure(`${counted(missing, 'reading')} that the nodes took did not arrive: ${view.cause || 'the lines above tell why; where the broker is away, the nodes still hold them.'}`);
}

async function ownBroker(): Promise<SwitchedBroker> {
	const { startBroker } = await import('../simulator/broker.js');
	return new SwitchedBroker(await started(() => startBroker()), (port) => startBroker({ port }));
}

function mustGoTogether(options: SimulateOptions): void {
	if ((options.serial || options.new) && options.nodes > 1) throw new Misuse(`${options.new ? '--new' : '--serial'} is for one node: leave --nodes out.`);
	if (options.new && options.config !== undefined) throw new Misuse('--new is a node without settings: leave --config out.');
	if (options.new && options.broker?.url.startsWith('mqtts:')) throw new Misuse('--new is a node without certificates: name a broker with mqtt://.');
}

/** Who is shown what happens. */
interface Eyes {
	readonly view: View;
	readonly page: SimulationPage | undefined;
}

/** From the nodes' first moment to their last. */
async function live(options: SimulateOptions, settings: Settings, world: Weather, resources: Certificates['resources'] | undefined, address: BrokerAddress, seed: number, { view, page }: Eyes, signal: AbortSignal): Promise<void> {
	if (signal.aborted) return;
	const { board, nodes, speed } = options;
	const { startSimulation } = await import('../simulator/simulation.js');
	const credentials = address.user === undefined ? {} : { user: address.user, password: address.password ?? '' };
	let simulation: Simulation;
	const terminal = options.serial || options.new ? await started(async () => (await import('../simulator/pty.js')).PseudoTerminal.open((bytes) => simulation?.nodes[0]?.send(bytes))) : undefined;
	if (terminal) console.log(`Serial port of the node: ${terminal.path}\n`);
	if (terminal && options.new) console.log(`Set it up with: ${setUpCommand(terminal.path, address)}\n`);
	simulation = await started(() =>
		startSimulation({
			brokerUrl: address.url, board, settings: { ...withGpios(forChip(settings), board), ...credentials }, resources, nodes, world, seed, speed, ...(options.new && { settingsOf: () => UNKNOWN }),
			onLine: (node: string, line: string) => {
				view.log(node, line);
				page?.log(node, line);
			},
			onBytes: terminal && ((_node: string, bytes: Uint8Array) => terminal.write(bytes)),
			onMeasured: (node: string, boot: string, least: number, most: number) => {
				view.measured(node, boot, least, most);
				page?.measured(node, boot);
			},
			onBooted: (booted: number, of: number) => {
				if (booted % BOOTED_STEP === 0 || (booted === of && of > BOOTED_STEP)) view.log('', `${booted} of ${of} nodes have booted`);
			},
		}),
	);
	page?.attach(simulation);
	const from = performance.now();
	try {
		await Promise.race([simulation.pass(options.for ?? FOREVER_MS), view.failed, aborted(signal)]);
		view.lasted(simulation.now(), performance.now() - from);
		// Asked a second time to end, the process does (console.ts).
		await Promise.race([view.tail(), view.failed, ...(signal.aborted ? [] : [aborted(signal)])]);
	} finally {
		await simulation.stop();
		terminal?.close();
	}
	await new Promise((resolve) => setTimeout(resolve, FAREWELL_MS));
}

/** The scheme of the address decides, as it does in the nodes; what does not go together is said before anything starts. */
async function tlsOf({ board, broker, config }: SimulateOptions, settings: Settings): Promise<Certificates | undefined> {
	const wanted = broker?.url.startsWith('mqtts:') ?? false;
	if ((wanted || settings['tls']) && board === 'nodemcu') throw new Misuse(`The settings do not do for nodemcu: ${tlsProblem('tls')}`);
	if (settings['tls'] && !broker) throw new Misuse('tls is true, and the broker that simulate starts has no TLS: name one on this machine with --broker mqtts://localhost:8883.');
	if (!wanted) return undefined;
	if (!settings['caFile']) throw new Misuse('--broker begins with mqtts:// and the nodes have no CA to know the broker by: name settings with tls and caFile with --config.');
	// The nodes are led to that broker, whatever host the settings name.
	return certificatesOf({ ...settings, host: new URL(broker!.url).hostname }, dirname(config!));
}

/** We subscribe as the nodes publish, unless the address says otherwise. */
function withCredentials(address: BrokerAddress, { user, password }: Settings): BrokerAddress {
	if (address.user !== undefined || !user) return address;
	return { url: address.url, user: String(user), password: password === undefined ? undefined : String(password) };
}

function aborted(signal: AbortSignal): Promise<void> {
	// Ctrl-C may have come while the nodes were booting.
	return signal.aborted ? Promise.resolve() : new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
}

/** The simulator's own objections are sentences for the person. */
async function started<Thing>(start: () => Promise<Thing>): Promise<Thing> {
	try {
		return await start();
	} catch (error) {
		if (error instanceof Error && error.constructor === Error && /^[^\n]+\.$/.test(error.message)) throw new Failure(error.message, { cause: error });
		throw error;
	}
}

/** With the network that there is in the simulation, and its broker. */
function setUpCommand(path: string, { url, user, password }: BrokerAddress): string {
	const { hostname, port } = new URL(url.replace(/^\w+:/, 'http:'));
	const more = [...(port && port !== '1883' ? ['--port', port] : []), ...(user ? ['--user', user, '--password', password ? '…' : '""'] : [])];
	return ['npx telltale configure --port', path, '--ssid simulated --passphrase "simulated air" --host', hostname, ...more].join(' ');
}

/** Before anything is connected: what is simulated here must not reach anybody else. */
async function mustBeHere({ url }: BrokerAddress): Promise<void> {
	const { isThisMachine } = await import('../simulator/world/network.js');
	const { hostname } = new URL(url.replace(/^\w+:/, 'http:'));
	if (!isThisMachine(hostname)) throw new Misuse(`The broker ${hostname} is not on this machine: simulated nodes talk to 127.0.0.1 or localhost only.`);
}

/** Read before anything is told or started. */
async function weatherOf(path: string | undefined): Promise<Weather> {
	const problem = path === undefined ? '' : weatherProblem(path);
	if (problem) throw new Failure(`${shownPath(path!)} ${problem}: give --world a CSV file with the columns time,temperature_c,humidity_pct.`);
	const { readWeather } = await import('../simulator/world/weather.js');
	const { OFFICE_CLIMATE } = await import('../simulator/simulation.js');
	return started(async () => readWeather(path ?? OFFICE_CLIMATE));
}

function weatherProblem(path: string): string {
	try {
		const state = statSync(path);
		// A device may have no end.
		return state.isDirectory() ? 'is a folder' : state.isCharacterDevice() ? 'is no file' : '';
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		return code === 'ENOENT' ? 'is not there' : `cannot be read, ${whyNot(code ?? '')}`;
	}
}

function introduction(options: SimulateOptions, settings: Settings, address: BrokerAddress, page: string | undefined, embedded: boolean, seed: number, isGiven: boolean): string[] {
	const { hostname, port } = new URL(address.url.replace(/^\w+:/, 'http:'));
	const tls = address.url.startsWith('mqtts:');
	const seconds = Number(settings['intervalMs']) / 1_000;
	const subscriber = `mosquitto_sub -h ${hostname} -p ${port || (tls ? 8883 : 1883)}${tls ? ` --cafile ${settings['caFile']}` : ''} -t '${bases(settings, options.nodes)[0]}/#' -v`;
	return [
		`Simulating ${counted(options.nodes, options.board + ' node')} at ${options.speed === 'max' ? 'the greatest speed' : `${options.speed} × real time`}, seed ${seed}.`,
		...(page === undefined ? [] : [`Page:      ${page}`]),
		`World:     ${options.world ?? `${OFFICE}, two days of an office`}`,
		`Broker:    ${address.url}${embedded ? ', running until this ends' : ''}`,
		`Readings:  one every ${seconds} s${options.config === undefined ? '; --config FILE takes a node\'s own settings' : isGiven ? '' : `, as ${options.config} names no intervalMs`}`,
		`Look with: ${subscriber}`,
		...(options.for === undefined ? ['Stop with: Ctrl-C'] : []),
		'',
	];
}

/** What the topics of the run begin with; several nodes with a base of their own have it numbered. */
function bases(settings: Settings, nodes: number): string[] {
	const base = settings['base'];
	if (!base) return ['telltale'];
	return nodes === 1 ? [String(base)] : [...Array(nodes).keys()].map((index) => `${base}-${index + 1}`);
}

/** What the nodes are called in the log, and in their topics. */
function names(settings: Settings, nodes: number): ReadonlyMap<string, string> {
	const name = String(settings['node'] ?? 'node');
	const own = [...Array(nodes).keys()].map((index) => (nodes === 1 ? name : `${name}-${index + 1}`));
	return new Map(own.map((each, index) => [each, settings['base'] ? bases(settings, nodes)[index]!.replace(/.*\//, '') : each]));
}
