// The options of every command that talks to a broker.

import { Option, type Command } from 'commander';
import { Misuse } from './failure.js';
import { brokerAddress, type BrokerAddress } from './options.js';
import type { Broker } from '../viewer/broker.js';
import { base, mqttText, shown } from './topics.js';

export interface BrokerOptions {
	readonly broker: BrokerAddress;
	readonly user?: string;
	readonly password?: string;
	readonly base: string;
}

const NEARBY = 'mqtt://127.0.0.1:1883';

export function withBroker(command: Command): Command {
	return command
		.addOption(new Option('--broker <url>', 'the broker').argParser(brokerAddress).default(brokerAddress(NEARBY), NEARBY))
		.addOption(new Option('--user <name>', 'user name at the broker').argParser(mqttText('--user')))
		.addOption(new Option('--password <text>', 'password at the broker').env('TELLTALE_PASSWORD').argParser(mqttText('--password')))
		.addOption(new Option('--base <topic>', 'what the topics of the nodes begin with').argParser(base).default('telltale'));
}

export interface BrokersOptions {
	readonly broker?: readonly BrokerAddress[];
	readonly user?: string;
	readonly password?: string;
	readonly base?: readonly string[];
	readonly mqtt?: 4 | 5;
}

/** Of commands that look at several brokers and bases at once. */
export function withBrokers(command: Command): Command {
	const several = <Value>(parse: (text: string) => Value) => (text: string, before: readonly Value[] = []): Value[] => [...before, parse(text)];
	return command
		.addOption(new Option('--broker <url>', `the broker: mqtt://, mqtts://, ws:// or wss://; repeat it for several (default: ${NEARBY})`).argParser(several(brokerAddress)))
		.addOption(new Option('--user <name>', 'user name at the brokers').argParser(mqttText('--user')))
		.addOption(new Option('--password <text>', 'password at the brokers').env('TELLTALE_PASSWORD').argParser(mqttText('--password')))
		.addOption(new Option('--base <topic>', 'what the topics of the nodes begin with; may be repeated (default: telltale)').argParser(several(base)))
		.addOption(new Option('--mqtt <version>', '3.1.1 or 5: which MQTT to speak (default: 3.1.1)').argParser(mqttVersion));
}

function mqttVersion(text: string): 4 | 5 {
	if (text === '3.1.1') return 4;
	if (text === '5' || text === '5.0') return 5;
	throw new Misuse(`--mqtt is ${JSON.stringify(shown(text))}; it must be 3.1.1 or 5.`);
}

/** Where to look, and below which topics. */
export function places({ broker = [brokerAddress(NEARBY)], base: roots = ['telltale'], user, password, mqtt }: BrokersOptions): { brokers: Broker[]; roots: readonly string[] } {
	return { brokers: broker.map((each) => ({ ...address({ broker: each, user, password }), protocol: mqtt })), roots: [...new Set(roots)] };
}

/** MQTT sends no password without a user; one that lies in the environment for other commands is not meant then. */
export function mustHaveUser(options: BrokerOptions | BrokersOptions, command: Command): void {
	const isGiven = command.getOptionValueSource('password') === 'cli';
	const brokers = Array.isArray(options.broker) ? (options.broker as BrokerAddress[]) : [options.broker as BrokerAddress | undefined];
	if (isGiven && options.user === undefined && brokers.every((broker) => broker?.user === undefined)) throw new Misuse('--password is given without a user: name one with --user, or leave it out.');
}

/** Options win over what stands in the address. */
export function address({ broker, user, password }: { readonly broker: BrokerAddress; readonly user?: string | undefined; readonly password?: string | undefined }): BrokerAddress {
	const name = user ?? broker.user;
	return { url: broker.url, user: name, password: name === undefined ? undefined : (password ?? broker.password) };
}
