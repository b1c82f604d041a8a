// Improv's conversations, with a line and a Wi-Fi of the test.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NEVER, type PacketSink } from '../../src/common/ports.js';
import { Improv, type Joiner } from '../../src/provisioning/improv.js';
import { Phase, type FoundNetwork } from '../../src/provisioning/provisioner.js';
import { crc32 } from '../../src/storage/crc32.js';
import { improvPacket, packetsIn, rpc, stringsOf } from '../support/improv.js';

class Line {
	sink: PacketSink | undefined;
	room = Infinity;
	readonly sent: number[] = [];
	readonly lines: string[] = [];
	typed = '';
	packet(bytes: Uint8Array): boolean {
		expect(bytes.length).toBeLessThanOrEqual(102);
		if (bytes.length > this.room) return false;
		this.room -= bytes.length;
		this.sent.push(...bytes);
		return true;
	}
	key(code: number): void {
		this.typed += String.fromCharCode(code);
	}
	line(text: string): void {
		this.lines.push(text);
	}
}

class Wifi implements Joiner {
	phase = Phase.Idle;
	problem = '';
	address = '';
	isSetUp = false;
	networks: readonly FoundNetwork[] | undefined;
	refusal = '';
	readonly asked: string[] = [];
	join(ssid: string, passphrase: string): string {
		this.asked.push(`join ${ssid} ${passphrase}`);
		if (!this.refusal) this.phase = Phase.Joining;
		return this.refusal;
	}
	scan(): void {
		this.asked.push('scan');
	}
}

class Set extends Improv {
	readonly wifi = new Wifi();
	readonly obeyed: string[] = [];
	talks = 0;
	problem = '';
	now = 1_000;
	declare readonly line: Line;
	constructor() {
		super(new Line());
	}
	readonly chip = 'ESP8266';
	readonly node = 'kitchen';
	proposed = 0;
	begin(): Joiner {
		this.talks++;
		return this.wifi;
	}
	protected obey(bytes: Uint8Array, nameAt: number, payloadAt: number, payloadEnd: number): string {
		const text = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString();
		this.obeyed.push(`${text(nameAt, payloadAt)}|${text(payloadAt, payloadEnd)}`);
		return this.problem;
	}
	/** Turns of the loop as long as one follows at once. */
	turns(): number {
		for (let turn = 0; turn < 100; turn++) {
			const at = this.poll(this.now);
			if (at > this.now) return at;
		}
		throw new Error('It never rests.');
	}
	send(bytes: readonly number[]): void {
		for (const byte of bytes) this.line.sink!.receive(byte, this.line);
	}
	/** What is answered, as type and data. */
	ask(bytes: readonly number[]): number[][] {
		this.send(bytes);
		this.turns();
		return this.answers();
	}
	answers(): number[][] {
		return packetsIn(this.line.sent.splice(0)).packets.map(({ type, data }) => [type, ...data]);
	}
}

const text = (...strings: string[]) => strings.flatMap((string) => [Buffer.byteLength(string), ...Buffer.from(string)]);
const counted = (bytes: string | number[]) => [Buffer.from(bytes as string).length, ...Buffer.from(bytes as string)];
const wifi = (ssid: string | number[], passphrase: string | number[]) => rpc(1, [...counted(ssid), ...counted(passphrase)]);
const BAD = [[2, 1]];
const UNKNOWN = [[2, 2]];

describe('Improv', () => {
	it('tells the device, the state, the name and the network', () => {
		const set = new Set();
		expect(set.ask(rpc(3))).toEqual([[4, 3, 31, ...text('Telltale', '0.1.0', 'ESP8266', 'kitchen')]]);
		expect(set.ask(rpc(2))).toEqual([[1, 2]]);
		// Ten bytes of data but for the empty string more.
		for (const command of [5, 6]) expect(set.ask(rpc(command))).toEqual([[4, command, 9, ...text('kitchen', '')]]);
		expect(set.ask(rpc(5, [...Buffer.from('kitchen')]))).toEqual([[4, 5, 9, ...text('kitchen', '')]]);
		expect(set.ask(rpc(5, [...Buffer.from('attic')]))).toEqual([[2, 5]]);
		expect(set.ask(rpc(7))).toEqual([[4, 7, 2, ...text('2')]]);
		set.wifi.address = '10.0.0.7';
		expect(set.ask(rpc(2))).toEqual([[1, 4], [4, 2, 1, ...text('')]]);
		expect(set.ask(rpc(7))).toEqual([[4, 7, 2, ...text('3')]]);
		set.wifi.isSetUp = true;
		expect(set.ask(rpc(2))).toEqual([[1, 4], [4, 2, 17, ...text('http://10.0.0.7/')]]);
		expect(set.ask(rpc(7))).toEqual([[4, 7, 19, ...text('3', 'http://10.0.0.7/')]]);
	});

	it('joins a network and says so, with the address of the page', () => {
		const set = new Set();
		expect(set.ask(wifi('at\u00efc "2"', 'secret passphrase'))).toEqual([[1, 3]]);
		// Whoever asks meanwhile hears of it, and whoever repeats it changes nothing.
		expect(set.ask(rpc(2))).toEqual([[1, 3]]);
		expect(set.ask(wifi('at\u00efc "2"', 'secret passphrase'))).toEqual([[1, 3]]);
		expect(set.wifi.asked).toEqual(['join at\u00efc "2" secret passphrase']);
		Object.assign(set.wifi, { phase: Phase.Joined, address: '10.0.0.7', isSetUp: true });
		set.turns();
		expect(set.answers()).toEqual([[1, 4], [4, 1, 17, ...text('http://10.0.0.7/')]]);
		expect(set.turns()).toBe(NEVER);
	});

	it('says that a network does not let us in, and why', () => {
		const set = new Set();
		set.ask(wifi('attic', ''));
		Object.assign(set.wifi, { phase: Phase.Failed, problem: 'Wi-Fi "attic" refuses the passphrase.' });
		set.turns();
		expect(set.answers()).toEqual([[2, 3], [1, 2]]);
		// Who did it is remembered for as long as somebody may ask why.
		expect(set.turns()).toBe(set.now + 30_000);
		expect(answerOf(set, 0)).toBe(set.wifi.problem);
		set.wifi.refusal = 'passphrase is not usable.';
		expect(set.ask(wifi('attic', 'short'))).toEqual([[2, 3], [1, 2]]);
		// What was tried in vain is said by who tried it.
		expect(set.line.lines).toEqual(['passphrase is not usable.']);
	});

	it('scans once for all who ask, and ends with an empty result', () => {
		const set = new Set();
		expect(set.ask([...rpc(4), 0x0a, ...rpc(4)])).toEqual([]);
		expect(set.wifi.asked).toEqual(['scan']);
		const longest = '\u20ac'.repeat(10) + 'xx';
		set.wifi.networks = [{ ssid: longest, rssi: -100, open: false }, { ssid: 'x', rssi: -7, open: true }];
		set.turns();
		expect(set.answers()).toEqual([[4, 4, 42, ...text(longest, '-100', 'YES')], [4, 4, 9, ...text('x', '-7', 'NO', '')], [4, 4, 0]]);
		set.wifi.networks = undefined;
		set.ask(rpc(4));
		set.now += 20_000;
		set.turns();
		expect(set.answers()).toEqual([[4, 4, 0]]);
	});

	it.each([
		['no length', improvPacket(3, [2])],
		['no command', improvPacket(3, [])],
		['a wrong length', improvPacket(3, [2, 1])],
		['a length that is too short', improvPacket(3, [2, 0, 0])],
		['a wrong check sum', [...rpc(2).slice(0, -1), 0]],
		['Wi-Fi of nothing', rpc(1)],
		['Wi-Fi without a passphrase', rpc(1, [1, 0x78])],
		['Wi-Fi with bytes left over', rpc(1, [1, 0x78, 0, 0])],
		['a network without a name', rpc(1, [0, 0])],
		['a name of 33 bytes', wifi('x'.repeat(33), '')],
		['a name beyond its packet', rpc(1, [255, 0x78, 0])],
		['a passphrase beyond its packet', rpc(1, [1, 0x78, 255, 0x78])],
		['a name that is no UTF-8', wifi([0xff, 0xfe], '')],
		['a name with NUL', wifi([0x78, 0], '')],
		['a passphrase that is no UTF-8', wifi('attic', [0xc3, 0x28, 1, 1, 1, 1, 1, 1])],
		['a piece of nothing', rpc(0xe0)],
		['a piece of a kind that is not known', rpc(0xe0, [4, 1, 0, 9, 0, 0, 1])],
		['a piece beyond its end', rpc(0xe0, [0, 1, 0, 5, 0, 0, 1, 2, 3, 4, 5, 6])],
		['too long a command', rpc(0xe0, [0, 1, 0xff, 0xff, 0, 0, 1])],
		['half a question for an answer', rpc(0xe1, [1, 0])],
	])('answers %s by "bad RPC", and changes nothing', (_what, bytes) => {
		const set = new Set();
		expect(set.ask(bytes)).toEqual(BAD);
		expect([set.wifi.asked, set.obeyed]).toEqual([[], []]);
		expect(set.ask(rpc(2))).toEqual([[1, 2]]);
	});

	it('answers what it does not know by "unknown command", and no echo', () => {
		const set = new Set();
		for (const command of [0, 8, 99, 255]) expect(set.ask(rpc(command, [1, 2]))).toEqual(UNKNOWN);
		for (const type of [0, 1, 2, 4, 255]) expect(set.ask(improvPacket(type, [1]))).toEqual([]);
	});

	it('waits until the line has room, and keeps the order', () => {
		const set = new Set();
		set.line.room = 0;
		set.wifi.address = '10.0.0.7';
		set.send(rpc(2));
		expect(set.turns()).toBe(set.now + 10);
		set.line.room = 20;
		set.turns();
		expect(set.answers()).toEqual([[1, 4]]);
		set.line.room = 200;
		expect(set.turns()).toBe(NEVER);
		expect(set.answers()).toEqual([[4, 2, 1, 0]]);
	});

	it('gives a packet up whose end does not come, and reads the next', () => {
		const set = new Set();
		expect(set.ask(wifi('attic', 'secret passphrase').slice(0, 20))).toEqual([]);
		expect(set.turns()).toBe(set.now + 100);
		set.now += 100;
		expect(set.turns()).toBe(NEVER);
		expect(set.ask(rpc(2))).toEqual([[1, 2]]);
		// One that came whole within what was given up counts.
		expect(set.ask([...wifi('attic', 'secret passphrase').slice(0, 20), ...rpc(2)])).toEqual([]);
		set.now += 100;
		expect(set.ask([])).toEqual([[1, 2]]);
		// So does one that was taken for the end of the one before.
		expect(set.ask([...wifi('attic', 'secret passphrase').slice(0, 30), ...rpc(2)])).toEqual([...BAD, [1, 2]]);
	});

	it('forgets a conversation when nothing is under way', () => {
		const set = new Set();
		set.ask(rpc(2));
		set.ask(rpc(2));
		expect([set.talks, set.turns()]).toEqual([2, NEVER]);
	});
});

const PIECE = 82;
function contentOf(command: string): Buffer {
	const sum = Buffer.alloc(4);
	sum.writeInt32BE(crc32(Buffer.from(command), 0, Buffer.byteLength(command)));
	return Buffer.concat([Buffer.from(command), sum]);
}
function piecesOf(command: string, id: number): number[][] {
	const content = contentOf(command);
	return Array.from({ length: Math.ceil(content.length / PIECE) }, (_, index) => piece(content, id, index * PIECE));
}
const piece = (content: Buffer, id: number, offset: number) => rpc(0xe0, [0, id, content.length >> 8, content.length & 255, offset >> 8, offset & 255, ...content.subarray(offset, offset + PIECE)]);
const reply = (id: number, state: number, next: number) => [[4, 0xe0, 5, 4, id, state, next >> 8, next & 255]];

/** The answer of a command, piece by piece. */
function answerOf(set: Set, id: number): string {
	let answer = Buffer.alloc(0);
	for (;;) {
		set.send(rpc(0xe1, [id, answer.length >> 8, answer.length & 255]));
		set.turns();
		const [packet] = packetsIn(set.line.sent.splice(0)).packets;
		const string = stringsOf(packet!)[0]!;
		expect([string[0], string[1], string.readUInt16BE(4)]).toEqual([id, 0, answer.length]);
		answer = Buffer.concat([answer, string.subarray(6)]);
		if (answer.length === string.readUInt16BE(2)) return answer.toString();
	}
}

describe('A command over Improv', () => {
	const command = `config {"id":"7","value":{"broker":{"host":"${'h'.repeat(63)}","user":"${'u'.repeat(64)}","password":"${'p'.repeat(64)}","port":8883}}}`;

	it('is carried out once, when all of it is there, and has its result', () => {
		const set = new Set();
		const pieces = piecesOf(command, 9);
		expect(pieces.length).toBeGreaterThan(2);
		for (const [index, bytes] of pieces.entries()) {
			expect(set.obeyed).toEqual([]);
			expect(set.ask(bytes)).toEqual(reply(9, 0, Math.min((index + 1) * PIECE, contentOf(command).length)));
		}
		expect(set.obeyed).toEqual([command.replace(' ', '| ')]);
		expect(answerOf(set, 9)).toBe('{"id":"7","name":"config","ok":true}');
		// The last piece again, as if its acknowledgement had been lost.
		expect(set.ask(pieces.at(-1)!)).toEqual(reply(9, 0, contentOf(command).length));
		expect([set.obeyed.length, answerOf(set, 9)]).toEqual([1, '{"id":"7","name":"config","ok":true}']);
	});

	it('that puts settings on trial says which', () => {
		const set = new Set();
		set.proposed = 8;
		for (const bytes of piecesOf(command, 9)) set.ask(bytes);
		expect(answerOf(set, 9)).toBe('{"id":"7","name":"config","ok":true,"trial":8}');
	});

	it('says why not, however long', () => {
		const set = new Set();
		set.proposed = 8;
		set.problem = 'x'.repeat(120);
		for (const bytes of piecesOf('restart', 200)) set.ask(bytes);
		expect(set.obeyed).toEqual(['restart|']);
		expect(JSON.parse(answerOf(set, 200))).toEqual({ id: '', name: 'restart', ok: false, error: set.problem });
	});

	it('comes whole through any loss and repetition of its pieces', () => {
		fc.assert(fc.property(fc.array(fc.constantFrom('lost', 'twice', 'answer lost', 'fine'), { maxLength: 30 }), (luck) => {
			const set = new Set();
			const content = contentOf(command);
			for (let next = 0, round = 0; next < content.length; round++) {
				const what = luck[round] ?? 'fine';
				if (what === 'lost') continue;
				const answers = set.ask(piece(content, 3, next));
				if (what === 'twice') expect(set.ask(piece(content, 3, next))).toEqual(answers);
				if (what !== 'answer lost') next = answers[0]!.at(-2)! << 8 | answers[0]!.at(-1)!;
			}
			set.turns();
			expect(set.obeyed).toHaveLength(1);
		}), { numRuns: 50 });
	});

	it('that comes damaged is not carried out', () => {
		const set = new Set();
		const content = contentOf('restart');
		content[2]! ^= 4;
		expect(set.ask(piece(content, 5, 0))).toEqual(reply(5, 2, 0));
		expect(set.ask(piece(contentOf('restart'), 5, 0))).toEqual(reply(5, 0, 11));
		expect(set.obeyed).toEqual(['restart|']);
	});

	it('whose beginning the node does not know has to begin anew', () => {
		const set = new Set();
		const [, second] = piecesOf(command, 9);
		expect(set.ask(second!)).toEqual(reply(9, 1, 0));
		expect(set.ask(rpc(0xe1, [9, 0, 0]))).toEqual([[4, 0xe1, 3, 2, 9, 1]]);
		// A gap: the node says where it is.
		set.ask(piecesOf(command, 9)[0]!);
		expect(set.ask(piecesOf(command, 9)[2]!)).toEqual(reply(9, 0, PIECE));
		expect(set.ask(rpc(0xe1, [9, 0, 0]))).toEqual([[4, 0xe1, 3, 2, 9, 3]]);
	});

	it('is forgotten half a minute after it was last spoken of', () => {
		const set = new Set();
		for (const bytes of piecesOf('restart', 5)) set.ask(bytes);
		expect(set.turns()).toBe(set.now + 30_000);
		set.now += 30_000;
		expect(set.turns()).toBe(NEVER);
		expect(set.ask(rpc(0xe1, [5, 0, 0]))).toEqual([[4, 0xe1, 3, 2, 5, 1]]);
	});

	it('number 0 is why the last join came to nothing', () => {
		const set = new Set();
		set.wifi.refusal = `Wi-Fi "${'\u20ac'.repeat(10)}" takes us in but gives no address: is there a DHCP server?`;
		expect(set.ask(rpc(0xe1, [0, 0, 0]))).toEqual([[4, 0xe1, 3, 2, 0, 1]]);
		set.ask(wifi('attic', ''));
		expect(answerOf(set, 0)).toBe(set.wifi.refusal);
	});
});
