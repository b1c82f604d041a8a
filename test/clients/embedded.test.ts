import { describe, expect, it } from 'vitest';
import { BROKERS, type TestBroker } from '../support/brokers.js';
import { few } from '../support/few.js';
import { ENGINES, startGuest, withGuests, type Guest } from './guest.js';

const turn = few(3);
type Start = (script: string, options?: object) => Promise<Guest>;

describe.concurrent.each(ENGINES)('on %s', (engine) => describe.concurrent.each(BROKERS)('with $name', (kind) => {
	/** A test with a broker of its own, beside others: they wait for the boards' time to pass. */
	const run = (name: string, play: (start: Start) => Promise<void>) => it.skipIf(kind.missing)(name, () => turn(async () => {
		const brokers: TestBroker[] = [];
		const start: Start = async (script, options = {}) => {
			const broker = await kind.make(options);
			brokers.push(broker);
			await broker.start();
			return startGuest(engine, broker.url, script);
		};
		try {
			await withGuests(() => play(start));
		} finally {
			for (const broker of brokers) await broker.dispose();
		}
	}));

	run('publishes and receives in all three qualities of service', async (start) => {
		const { said, until } = await start(`
			let left = 3;
			// PUBACK, PUBREC, PUBREL and PUBCOMP: however long they take.
			const awaited = new Set([4, 5, 6, 7]);
			const end = () => left === 0 && awaited.size === 0 && trace('done');
			new MQTTClient({ ...base, id: 'all',
				onControl(opcode, message) {
					if (awaited.delete(opcode)) Timer.set(end, 0);
					trace(opcode, ' ', message.id > 0 || '-', ' ', message.payload ? message.payload.join() : '');
					if (opcode === MQTTClient.CONNACK) this.write(null, { operation: MQTTClient.SUBSCRIBE, items: [{ topic: 'q/+', QoS: 2 }, { topic: 'p/#' }] });
					if (opcode === MQTTClient.SUBACK) for (const QoS of [0, 1, 2]) this.write(bytes('to ' + QoS), { topic: 'q/' + QoS, QoS });
				},
				onReadable(count, { topic, QoS, byteLength, more }) {
					trace(topic, ' ', QoS, ' ', count, ' ', byteLength, ' ', String(more), ' ', text(this.read(count)));
					left--;
					Timer.set(end, 0);
				},
				onError(error) { trace('error ', error.message); },
			});`);
		await until('done');
		expect(said).toContain('9 true 2,0');
		expect(said.filter((line) => line.startsWith('q/')).sort()).toEqual(['q/0 0 4 4 false to 0', 'q/1 1 4 4 false to 1', 'q/2 2 4 4 false to 2']);
		expect(said).toEqual(expect.arrayContaining(['2 - ', '4 true ', '5 true ', '6 true ', '7 true ']));
	});

	run('passes a message of 20,003 bytes out and in, in pieces, and acknowledges it when all of it was read', async (start) => {
		const { said, until } = await start(`
			const total = 20003;
			let left = 0, sent = 0, received = 0, wrong = 0, pieces = 0, halves = 0;
			const half = () => { if (++halves === 2) trace('done'); };
			new MQTTClient({ ...base, id: 'large',
				onControl(opcode, message) {
					if (opcode === MQTTClient.CONNACK) this.write(null, { operation: MQTTClient.SUBSCRIBE, items: [{ topic: 'large', QoS: 1 }] });
					if (opcode === MQTTClient.SUBACK) {
						attempt(() => this.write(bytes('abc')));
						this.write(Uint8Array.of(0, 1, 2), { topic: 'large', byteLength: total, QoS: 1, id: 1234 });
						sent = 3;
						left = total - 3;
						attempt(() => this.write(bytes('no'), { topic: 'other' }));
					}
					if (opcode === MQTTClient.PUBACK) { trace('acknowledged ', message.id); half(); }
				},
				onWritable(count) {
					while (left > 0 && count > 0) {
						const piece = new Uint8Array(Math.min(count, left, 700));
						for (let i = 0; i < piece.length; i++) piece[i] = sent++ & 255;
						left -= piece.length;
						count = this.write(piece);
					}
					if (sent === total) { sent++; attempt(() => this.write(new Uint8Array(1))); }
				},
				onReadable(count, { topic, byteLength, more }) {
					if (topic) trace(topic, ' ', byteLength, ' ', String(more));
					pieces++;
					const into = new Uint8Array(100);
					for (let n = this.read(into); n; n = this.read(into)) for (let i = 0; i < n; i++) if (into[i] !== (received++ & 255)) wrong++;
					if (!more) { trace('received ', received, ' wrong ', wrong, ' pieces ', pieces > 20); half(); }
				},
				onError(error) { trace('error ', error.message); },
			});`);
		await until('done');
		expect(said).toEqual(expect.arrayContaining(['large 20003 true', 'received 20003 wrong 0 pieces true', 'acknowledged 1234']));
		expect(said).toContain('Error write() needs options: there is no message that this could be a piece of.');
		expect(said).toContain('Error A message is under way: 20000 bytes of it are to be written first, without options.');
		expect(said.filter((line) => line.startsWith('error'))).toEqual([]);
	});

	run('reads an empty message, and what comes after it', async (start) => {
		const { said, until } = await start(`
			let left = 4;
			new MQTTClient({ ...base, id: 'empty',
				onControl(opcode) {
					if (opcode === MQTTClient.CONNACK) this.write(null, { operation: MQTTClient.SUBSCRIBE, items: [{ topic: 'e/#', QoS: 2 }] });
					if (opcode !== MQTTClient.SUBACK) return;
					for (const QoS of [0, 1, 2]) this.write(null, { topic: 'e/' + QoS, QoS, retain: QoS > 0 });
					this.write(bytes('x'), { topic: 'e/last' });
				},
				onReadable(count, { topic, byteLength, more }) {
					trace(topic, ' ', count, ' ', byteLength, ' ', String(more), ' ', String(this.read()));
					if (--left === 0) Timer.set(() => trace('done'), 1000);
				},
				onError(error) { trace('error ', error.message); },
			});`);
		await until('done');
		expect(said.filter((line) => line.startsWith('e/')).sort()).toEqual([...[0, 1, 2].map((qos) => `e/${qos} 0 0 false undefined`), 'e/last 1 1 false [object ArrayBuffer]']);
		expect(said.filter((line) => line.startsWith('error'))).toEqual([]);
	});

	run('lets the application read later, and tells nothing else until it has', async (start) => {
		const { said, until } = await start(`
			const writer = new MQTTClient({ ...base, id: 'writer', onControl(opcode) { if (opcode === MQTTClient.PUBCOMP) trace('complete'); } });
			new MQTTClient({ ...base, id: 'later', keepAlive: 2000,
				onControl(opcode) {
					if (opcode === MQTTClient.CONNACK) this.write(null, { operation: MQTTClient.SUBSCRIBE, items: [{ topic: 'slow', QoS: 2 }] });
					if (opcode === MQTTClient.SUBACK) { writer.write(bytes('first'), { topic: 'slow', QoS: 2 }); writer.write(bytes('second'), { topic: 'slow', QoS: 2 }); }
				},
				onReadable(count) {
					trace('readable ', count);
					Timer.set(() => {
						trace(text(this.read(2)), '|', text(this.read()), '|', String(this.read()));
						if (count === 6) Timer.set(() => trace('done'), 500);
					}, 7000);
				},
				onError(error) { trace('error ', error.message); },
			});`);
		await until('done');
		expect(said.filter((line) => line !== 'complete')).toEqual(['readable 5', 'fi|rst|undefined', 'readable 6', 'se|cond|undefined', 'done']);
		expect(said.filter((line) => line === 'complete')).toHaveLength(2);
	});

	run('takes filters with wildcards and leaves them, also those it never had', async (start) => {
		const { said, until } = await start(`
			const operations = [[MQTTClient.SUBSCRIBE, ['w/+/x', 'v/#']], [MQTTClient.UNSUBSCRIBE, ['w/+/x', 'frogs']]];
			let step = 0;
			new MQTTClient({ ...base, id: 'wild',
				onControl(opcode, { payload }) {
					if (opcode === MQTTClient.PUBACK) return;
					trace(opcode, ' ', payload ? payload.join() : 'none');
					if (step < 2) this.write(null, { operation: operations[step][0], items: operations[step++][1].map((topic) => ({ topic, QoS: 1 })) });
					else if (step++ === 2) this.write(bytes('b'), { topic: 'w/1/x', QoS: 1 }), this.write(bytes('c'), { topic: 'v', QoS: 1, id: 77 });
					if (opcode === MQTTClient.SUBACK) this.write(bytes('a'), { topic: 'w/1/x', QoS: 1 });
				},
				onReadable(count, { topic }) {
					trace(topic, ' ', text(this.read()));
					if (topic === 'v') Timer.set(() => trace('done'), 500);
				},
				onError(error) { trace('error ', error.message); },
			});`);
		await until('done');
		expect(said.filter((line) => /^\d/.test(line))).toEqual(['2 none', '9 1,1', '11 none']);
		expect(said).toContain('v c');
		expect(said).not.toContain('w/1/x b');
	});

	run('tells a refusal with its reason, and nothing more', async (start) => {
		const { said, until } = await start(`
			let left = 2;
			const end = () => --left === 0 && Timer.set(() => trace('done'), 1000);
			const client = new MQTTClient({ ...base, id: 'wrong', user: 'someone', password: bytes('wrong'),
				onControl(opcode) { trace('control ', opcode); },
				onWritable() { trace('writable'); },
				onError(error) {
					trace('error ', error.fault, ' ', error.code > 0, ' ', error.message);
					attempt(() => this.write(bytes('x'), { topic: 't' }));
					attempt(() => this.read());
					this.close();
					end();
				},
			});
			new MQTTClient({ ...base, id: 'right', user: 'someone', password: bytes('secret'), onControl(opcode) { trace('right ', opcode); this.close(); end(); } });`, { user: 'someone', password: 'secret' });
		await until('done');
		const closed = 'Error The MQTT client is closed.';
		expect(said.filter((line) => line !== 'right 2')).toEqual([expect.stringMatching(/^error 1 true the broker (refuses the user name|does not authorize)/), closed, closed, 'done']);
		expect(said).toContain('right 2');
	});

	run('has the will published by close(), and not after DISCONNECT', async (start) => {
		const { said, until } = await start(`
			const ask = (client) => client.write(null, { operation: MQTTClient.SUBSCRIBE, items: [{ topic: 'will/#', QoS: 1 }] });
			const leave = (id, how) => new MQTTClient({ ...base, id, will: { topic: 'will/' + id, message: Uint8Array.of(255, 0, 254), QoS: 1 },
				onControl(opcode) { if (opcode === MQTTClient.CONNACK) how(this); },
				onError(error) { trace(id, ' ', error.message); },
			});
			new MQTTClient({ ...base, id: 'watch',
				onControl(opcode) {
					if (opcode === MQTTClient.CONNACK) return ask(this);
					leave('polite', (client) => { client.write(null, { operation: MQTTClient.DISCONNECT }); attempt(() => client.write(bytes('x'), { topic: 't' })); });
					leave('rude', (client) => client.close());
				},
				onReadable(count, { topic }) { trace(topic, ' ', new Uint8Array(this.read()).join()); Timer.set(() => trace('done'), 2000); },
			});`);
		await until('done');
		expect(said.sort()).toEqual(['Error write() was called without a connection: wait for CONNACK in onControl.', 'done', 'polite disconnected', 'will/rude 255,0,254']);
	});

	run('keeps the connection alive, and answers PINGREQ written by the application', async (start) => {
		const { said, until } = await start(`
			let pongs = 0;
			new MQTTClient({ ...base, id: 'alive', keepAlive: 2000,
				onControl(opcode) {
					if (opcode === MQTTClient.CONNACK) this.write(null, { operation: MQTTClient.PINGREQ });
					// The first and five of its own: far longer than the broker waits.
					if (opcode === MQTTClient.PINGRESP && ++pongs === 6) trace('done true');
				},
				onError(error) { trace('error ', error.message); },
			});`);
		await until('done true');
		expect(said).toEqual(['done true']);
	});

	run('serves two clients at once', async (start) => {
		const { said, until } = await start(`
			const pair = ['a', 'b'].map((id) => new MQTTClient({ ...base, id, target: id,
				onControl(opcode) {
					if (opcode === MQTTClient.CONNACK) this.write(null, { operation: MQTTClient.SUBSCRIBE, items: [{ topic: 'to/' + this.target, QoS: 1 }] });
					if (opcode === MQTTClient.SUBACK) Timer.set(() => this.write(bytes(id + '0'), { topic: 'to/' + (id === 'a' ? 'b' : 'a'), QoS: 1 }), 500);
				},
				onReadable(count, { topic }) {
					const message = text(this.read());
					if (message.endsWith('20')) return trace('done ', id);
					this.write(bytes(id + (Number(message.slice(1)) + 1)), { topic: 'to/' + (id === 'a' ? 'b' : 'a'), QoS: 1 });
				},
				onError(error) { trace('error ', error.message); },
			}));`);
		await until('done a');
		await until('done b');
		expect(said.filter((line) => line.startsWith('error'))).toEqual([]);
	});

	const CALLBACKS = ['onControl 2', 'onControl 9', 'onControl 4', 'onControl 13', 'onReadable', 'onWritable', 'onError'] as const;
	const matrix = (deed: string) => `
		const guarded = (callback) => callback && function (...values) { try { callback.apply(this, values); } catch (fault) { trace('caught ', fault.message); } };
		class Guarded extends TCP {
			constructor(options) { super({ ...options, onReadable: guarded(options.onReadable), onWritable: guarded(options.onWritable), onError: guarded(options.onError) }); }
			close() { trace('socket closed'); super.close(); }
		}
		const names = ${JSON.stringify(CALLBACKS)};
		const next = () => {
			const name = names.shift();
			if (!name) return trace('done');
			let over = false;
			const check = (client, what) => {
				if (over) trace(what, ' after ', name);
				if (what !== name) return;
				over = true;
				Timer.set(() => {
					attempt(() => client.write(bytes('x'), { topic: 't' }));
					client.close();
					trace('end of ', name);
					next();
				}, 1500);
				${deed}
			};
			new MQTTClient({ ...base, socket: { io: Guarded }, id: 'matrix',
				onControl(opcode) {
					check(this, 'onControl ' + opcode);
					if (over) return;
					if (opcode === MQTTClient.CONNACK) this.write(null, { operation: MQTTClient.SUBSCRIBE, items: [{ topic: 'm', QoS: 1 }] });
					if (opcode !== MQTTClient.SUBACK) return;
					this.write(null, { operation: MQTTClient.PINGREQ });
					this.write(bytes('x'), { topic: 'm', QoS: 1 });
					if (name === 'onError') new MQTTClient({ ...base, id: 'matrix', onControl() { this.close(); } });
				},
				onReadable(count) { check(this, 'onReadable'); if (!over) this.read(); },
				onWritable() { check(this, 'onWritable'); },
				onError() { check(this, 'onError'); },
			});
		};
		next();`;
	const outcome = (name: string, ...deeds: string[]) => [...deeds, 'Error The MQTT client is closed.', `end of ${name}`];

	run('may be closed inside of every callback', async (start) => {
		const { said, until } = await start(matrix('client.close();'));
		await until('done');
		expect(said).toEqual([...CALLBACKS.flatMap((name) => outcome(name, 'socket closed')), 'done']);
	});

	run('is closed by an exception in any callback, which goes on up', async (start) => {
		const { said, until } = await start(matrix(`throw new Error('thrown in ' + name);`));
		await until('done');
		expect(said).toEqual([...CALLBACKS.flatMap((name) => outcome(name, 'socket closed', `caught thrown in ${name}`)), 'done']);
	});
}));

describe.concurrent.each(ENGINES)('on %s without a broker', (engine) => {
	const nowhere = (script: string) => startGuest(engine, 'mqtt://127.0.0.1:1', script);

	it('says what is wrong with its options, before it takes anything', () => withGuests(async () => {
		const { said, until } = await nowhere(`
			const options = (more) => { attempt(() => new MQTTClient({ ...base, ...more })); };
			options({ host: '' });
			options({ socket: {} });
			options({ format: 'number' });
			options({ id: '', clean: false });
			options({ password: 'x' });
			options({ keepAlive: -1 });
			options({ will: { topic: 'a/#', message: 'x' } });
			options({ will: { topic: 'a', message: 'x', QoS: 3 } });
			trace('done');`);
		await until('done');
		expect(said.slice(0, -1)).toEqual([
			/^Error .*"host"/, /^Error .*"socket"/, /^RangeError .*"buffer"/, /^Error clientId is empty/, /^Error password is given without user/,
			/^Error keepAliveMs/, /^Error will\.topic/, /^Error will\.qos/,
		].map((pattern) => expect.stringMatching(pattern)));
	}));

	it('notices that a message or a request is not acknowledged, whatever else the socket says', () => withGuests(async () => {
		const { said, until } = await nowhere(`
			// Takes all, answers CONNECT, and never says another word.
			class Silent {
				constructor(callbacks) { this.callbacks = callbacks; Timer.set(() => callbacks.onWritable(1000), 10); }
				write() {
					if (!this.greeted) Timer.set(() => this.callbacks.onReadable(4), 10);
					this.greeted = true;
					return 1000;
				}
				read(into) { into.set([0x20, 2, 0, 0]); return 4; }
				close() {}
			}
			let left = 2;
			// The times for the connection and for CONNACK would wake it, too.
			const attemptTo = (name, data, options) => new MQTTClient({ ...base, id: name, ackTimeoutMs: 2000, connectTimeoutMs: 3600000, connackTimeoutMs: 3600000, socket: { io: Silent },
				onControl(opcode) { if (opcode === MQTTClient.CONNACK) Timer.set(() => this.write(data, options), 10); },
				onError(error) { trace(name, ': ', error.message); if (--left === 0) trace('done'); },
			});
			attemptTo('message', bytes('x'), { topic: 'a', QoS: 1 });
			attemptTo('subscribe', null, { operation: MQTTClient.SUBSCRIBE, items: [{ topic: 'a' }] });`);
		await until('done');
		expect(said.filter((each) => each !== 'done').sort()).toEqual([expect.stringMatching(/^message: .*acknowledg/), expect.stringMatching(/^subscribe: the broker does not answer/)]);
	}));

	it('tells of a refused connection, an unknown name and a resolver that says nothing, each once', () => withGuests(async () => {
		const { said, until } = await nowhere(`
			const attemptTo = (name, more) => new MQTTClient({ ...base, ...more, onError(error) { trace(name, ': ', error.message); if (name === 'silent') trace('done'); } });
			attemptTo('refused', {});
			attemptTo('unknown', { host: 'no.such.name' });
			attemptTo('silent', { dns: { io: class { resolve() {} close() { trace('resolver closed'); } } }, connectTimeoutMs: 9000 });
			attemptTo('twice', { dns: { io: class { resolve({ onError }, completed) { onError(); completed(new Error('no')); } } } });
			const client = attemptTo('never', {});
			client.close();
			client.close();
			attempt(() => client.read());`);
		await until('done');
		expect(said[0]).toBe('Error The MQTT client is closed.');
		expect(said.slice(1).sort()).toEqual([
			'done', 'refused: no connection to 127.0.0.1', 'resolver closed', 'silent: no connection to 127.0.0.1 in time',
			'twice: the address of "127.0.0.1" cannot be found', 'unknown: the address of "no.such.name" cannot be found',
		]);
	}));

	it('lets an exception from a timer\'s turn reach the machine, which starts anew', () => withGuests(async () => {
		const { until } = await nowhere(`new MQTTClient({ ...base, host: 'no.such.name', onError(error) { throw new Error('nobody cares'); } });`);
		await until(/^\[The node starts anew: uncaught Error: nobody cares/);
	}));
});
