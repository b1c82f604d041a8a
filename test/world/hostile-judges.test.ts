// The judges of the hostile campaign, each by itself: what they let through, and what they do not.
import { generate, type Packet } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { Link } from '../../simulator/world/network.js';
import { Gate } from '../../simulator/hostile/gate.js';
import { Ledger } from '../../simulator/hostile/ledger.js';
import { judgeResults, readResult, type Asked, type Result } from '../../simulator/hostile/results.js';
import { Wire } from '../../simulator/hostile/wire.js';
import type { VirtualBroker } from '../../simulator/virtual/broker.js';
import type { Accept, ServerEnd, VirtualNetwork } from '../../simulator/virtual/network.js';

const command = (number: number, more: Partial<Asked> = {}, id = `t${number}:`): Asked => ({ expected: { name: 'sample', tag: `t${number}:`, id }, sure: 'yes', lane: 'stored', ...more });
const result = (id: string, more: Partial<Result> = {}): Result => ({ id, name: 'sample', ok: true, error: '', ...more });
const three = [command(0), command(1), command(2)];

describe('the judge of results', () => {
	it('is content with one for each command, in their order', () => {
		expect(judgeResults(three, three.map(({ expected }) => result(expected.id!)), true)).toEqual([]);
	});

	it('complains of one too few, of one too many, and of another order', () => {
		expect(judgeResults(three, [result('t0:'), result('t2:')], true)).toEqual(['1 commands got no result: 3 were sent, 2 answered']);
		expect(judgeResults(three, [0, 1, 2, 2].map((i) => result(`t${i}:`)), true)).toEqual(['1 results more than commands: 3 were sent, 4 answered']);
		expect(judgeResults(three, [0, 2, 1].map((i) => result(`t${i}:`)), true)[0]).toMatch(/not in the order/);
	});

	it('lets "busy" come before its turn, and what a session does not store pass by what it does', () => {
		const busy = result('t2:', { ok: false, error: 'busy: try again' });
		expect(judgeResults(three, [busy, result('t0:'), result('t1:')], true)).toEqual([]);
		expect(judgeResults([command(0), command(1, { lane: 'passing' })], [result('t1:'), result('t0:')], true)).toEqual([]);
	});

	it('counts nothing where something may have come twice or not at all', () => {
		expect(judgeResults(three, [], false)).toEqual([]);
		expect(judgeResults([...three, command(3, { sure: 'no' })], [], true)).toEqual([]);
		expect(judgeResults([...three, command(3, { sure: 'maybe' })], three.map(({ expected }) => result(expected.id!)), true)).toEqual([]);
	});

	it('wants the very id and name, or as much as there is room for', () => {
		const id = `t0:${'é'.repeat(30)}`;
		const of = (said: string): string[] => judgeResults([command(0, {}, id)], [result(said)], true);
		expect(of(id)).toEqual([]);
		expect(of(id.slice(0, 20))).toEqual([]);
		expect(of('t0:Ã©Ã©Ã©')[0]).toMatch(/^a result has another id/);
		expect(of('t0:')[0]).toMatch(/^a result has another id/);
		expect(of(id.slice(0, 12))[0]).toMatch(/^a result has another id/);
		expect(judgeResults([command(0)], [result('t0:', { name: 'simple' })], true)[0]).toMatch(/^a result has another name/);
	});

	it('complains when a foreign topic was obeyed', () => {
		expect(judgeResults([], [result('foreign')], false)[0]).toMatch(/^a message on a topic that was never asked for was obeyed/);
	});

	it('takes nothing for a result that is no JSON, not UTF-8, or says more or less than the contract', () => {
		const read = (text: string | Buffer) => () => readResult(Buffer.from(text as string));
		expect(read('{"id":"x","name":"sample","ok":true}')()).toEqual(result('x'));
		for (const text of ['{"id":"x","name":"sample","ok":true', '{"id":"x","name":"sample"}', '{"id":1,"name":"sample","ok":true}', '{"id":"","name":"","ok":false}', '{"id":"","name":"","ok":true,"more":1}']) expect(read(text), text).toThrow();
		expect(read(Buffer.from('{"id":"\xe9","name":"sample","ok":true}', 'latin1'))).toThrow();
	});
});

describe('the ledger of readings', () => {
	function ledger(acknowledged: string[] = [], onComplaint?: (sentence: string) => void): { made: Ledger; hear: (leaf: string, content: object) => void } {
		const made = new Ledger('a/b', new Set(acknowledged), onComplaint);
		const hear = (leaf: string, content: object): void => made.heard({ topic: `a/b/${leaf}`, payload: Buffer.from(JSON.stringify({ uptime: 1, ...content })), at: 1 } as Parameters<Ledger['heard']>[0]);
		return { made, hear };
	}
	const health = (boot: number, sampled: number): object => ({ boot, sampled, acknowledged: sampled, waiting: 0, dropped: 0 });

	it('misses what neither came, nor was named, nor was acknowledged by anybody', () => {
		const { made, hear } = ledger(['7/3']);
		for (const seq of [1, 6]) hear('readings', { seq, boot: 7, ...(seq === 6 && { dropped: [4, 4] }) });
		hear('health', health(7, 6));
		expect(made.missing(6)).toEqual(['7/2', '7/5']);
	});

	it('wants all of a boot that was told to restart, and nothing of one that was cut short', () => {
		const { made, hear } = ledger();
		hear('readings', { seq: 2, boot: 7 });
		hear('health', health(7, 3));
		hear('health', health(8, 0));
		expect(made.missing(0)).toEqual(['7/1', '7/3']);
		made.cut();
		hear('health', health(9, 0));
		expect(made.missing(0)).toEqual([]);
	});

	it('complains of an account that does not add up', () => {
		const complaints: string[] = [];
		const { hear } = ledger([], (sentence) => complaints.push(sentence));
		hear('health', { boot: 7, sampled: 3, acknowledged: 1, waiting: 1, dropped: 0 });
		expect(complaints).toHaveLength(1);
	});
});

describe('the wire', () => {
	const write = (packet: Packet): Buffer => generate(packet, { protocolVersion: 4 });
	const reading = (messageId: number, seq: number): Buffer => write({ cmd: 'publish', topic: 'a/b/readings', payload: `{"seq":${seq},"boot":7}`, qos: 1, messageId, retain: false, dup: false });

	it('knows which readings were acknowledged, whoever did it and however it was cut', () => {
		const wire = new Wire();
		wire.opened(1, new Link());
		wire.sent(1, write({ cmd: 'connect', clientId: 'x', protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 0 }));
		wire.sent(1, Buffer.concat([reading(1, 10), reading(2, 11), reading(0x1234, 12)]));
		for (const byte of Buffer.concat([Buffer.from('d000', 'hex'), write({ cmd: 'puback', messageId: 2 }), Buffer.from('30050001610102', 'hex'), write({ cmd: 'puback', messageId: 0x1234 })])) wire.arrived(1, Buffer.of(byte));
		expect([...wire.acknowledged]).toEqual(['7/11', '7/12']);
	});

	it('complains of a node that sends what is no MQTT', () => {
		const wire = new Wire();
		const complaints: string[] = [];
		wire.onComplaint = (sentence) => complaints.push(sentence);
		wire.opened(1, new Link());
		wire.sent(1, Buffer.from('HTTP/1.1 200\r\n'));
		expect(complaints).toHaveLength(1);
	});
});

describe('the gate', () => {
	function gate(): { made: Gate; connect: (welcome?: Gate['next']) => ServerEnd; written: Buffer[]; attended: ServerEnd[]; heard: Buffer[] } {
		const [written, attended, heard]: [Buffer[], ServerEnd[], Buffer[]] = [[], [], []];
		let accept!: Accept;
		const network = { listen: (_address: string, _port: number, each: Accept) => void (accept = each) } as unknown as VirtualNetwork;
		const broker = { attend: (end: ServerEnd) => {
			end.onData = (bytes) => heard.push(Buffer.from(bytes));
			return attended.push(end) > 0;
		} } as unknown as VirtualBroker;
		const made = new Gate(network, broker, '127.0.0.1', 1_883);
		const connect = (welcome: Gate['next'] = 'pass'): ServerEnd => {
			made.next = welcome;
			const end: ServerEnd = { id: 1, write: (bytes) => void written.push(Buffer.from(bytes)), end: () => {}, reset: () => {}, onData: () => {}, onClose: () => {} };
			accept(end);
			return end;
		};
		return { made, connect, written, attended, heard };
	}

	it('puts bytes between what the broker says, and holds the broker back while a packet is half said', () => {
		const { made, connect, written, attended } = gate();
		connect();
		attended[0]!.write(Buffer.from('a'));
		made.current!.pauseAfter(Buffer.from('b'));
		attended[0]!.write(Buffer.from('d'));
		made.current!.resume(Buffer.from('c'));
		expect(Buffer.concat(written).toString()).toBe('abcd');
	});

	it('tells the broker of a connection that is held back only when it is let go, and then all that was said', () => {
		const { made, connect, attended, heard } = gate();
		connect('hold').onData(Buffer.from('x'));
		expect(attended).toHaveLength(0);
		made.current!.release();
		expect(heard.map(String)).toEqual(['x']);
	});

	it('keeps a connection that it takes over to itself, and only that one', () => {
		const { connect, attended } = gate();
		connect('alone').onData(Buffer.from('x'));
		expect(attended).toHaveLength(0);
		connect();
		expect(attended).toHaveLength(1);
	});
});
