// A phone in a simulated node's own network, in virtual time: HTTP and questions for names.
import type { Side } from '../../simulator/devices/inbound.js';
import type { VirtualSimulation } from '../../simulator/virtual.js';

export interface Answered {
	readonly status: number;
	readonly head: string;
	readonly body: string;
	readonly ms: number;
	readonly end: 'end' | 'reset' | '';
}

export class Phone {
	readonly #simulation: VirtualSimulation;
	readonly #side: Side;
	readonly host: string;

	constructor(simulation: VirtualSimulation, host = '4.3.2.1', side: Side = 'accessPoint') {
		this.#simulation = simulation;
		this.#side = side;
		this.host = host;
	}

	/** Sends these bytes and goes when the answer is there; undefined: nobody answers. */
	async say(text: string, limitMs = 15_000): Promise<Answered | undefined> {
		const { world, nodes } = this.#simulation;
		let all = '';
		let end: Answered['end'] = '';
		const from = world.now();
		const inbound = nodes[0].inbound?.dial(this.#side, 80, {
			data: (bytes) => void (all += Buffer.from(bytes).toString()),
			end: () => void (end = 'end'),
			reset: () => void (end = 'reset'),
		});
		if (!inbound) return undefined;
		inbound.write(Buffer.from(text, 'latin1'));
		while (!end && !isWhole(all) && world.now() - from < limitMs) await this.#simulation.run(20);
		inbound.finish();
		const ms = world.now() - from;
		await this.#simulation.run(50);
		const split = all.indexOf('\r\n\r\n');
		const head = all.slice(0, split);
		const body = head.includes('chunked') ? all.slice(split + 4).split('\r\n').filter((_, i) => i % 2).join('') : all.slice(split + 4);
		return { status: Number(all.slice(9, 12)), head, body, ms, end };
	}

	get(path = '/', host = this.host): Promise<Answered | undefined> {
		return this.say(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/html\r\n\r\n`);
	}

	post(fields: Readonly<Record<string, string>>, { host = this.host, origin = `http://${host}` }: { readonly host?: string; readonly origin?: string } = {}): Promise<Answered | undefined> {
		const form = new URLSearchParams(fields).toString();
		return this.say(`POST / HTTP/1.1\r\nHost: ${host}\r\n${origin && `Origin: ${origin}\r\n`}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form.length}\r\n\r\n${form}`);
	}

	/** Asks the node's name server; undefined: no answer within a second. */
	async lookup(question: Uint8Array): Promise<Uint8Array | undefined> {
		let answer: Uint8Array | undefined;
		this.#simulation.nodes[0].inbound?.ask(this.#side, 53, question, (bytes) => void (answer = bytes));
		await this.#simulation.run(1_000);
		return answer;
	}
}

function isWhole(text: string): boolean {
	const length = /\r\nContent-Length: (\d+)\r\n/.exec(text);
	const at = text.indexOf('\r\n\r\n');
	return length && at >= 0 ? text.length >= at + 4 + Number(length[1]) : text.endsWith('\r\n0\r\n\r\n');
}
