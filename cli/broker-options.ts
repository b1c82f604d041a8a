// The options of every command that talks to a broker.

import { Option, type Command } from 'commander';
import { Misuse } from './failure.js';
import { brokerAddress, type BrokerAddress } from './options.js';
import { base, mqttText } from './topics.js';

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

/** MQTT sends no password without a user; one that lies in the environment for other commands is not meant then. */
export function mustHaveUser(options: BrokerOptions, command: Command): void {
	const isGiven = command.getOptionValueSource('password') === 'cli';
	if (isGiven && address(options).user === undefined) throw new Misuse('--password is given without a user: name one with --user, or leave it out.');
}

/** Options win over what stands in the address. */
export function address({ broker, user, password }: BrokerOptions): BrokerAddress {
	const name = user ?? broker.user;
	return { url: broker.url, user: name, password: name === undefined ? undefined : (password ?? broker.password) };
}
