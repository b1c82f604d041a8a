// Moddable's "embedded:io/digital": one pin, written or read.
//
// Rule: levels are as the SDK's C has them: `activeLow` turns them about in both directions, and the edges with them. Each edge is
// told in a turn of its own; edges that come before that turn are told once.

import type SDK from 'embedded:io/digital';
import type { DigitalOptions } from 'embedded:io/digital';
import { call, on } from './host.js';

/** Those that hear of edges, each with the next: nearly always there is one, which takes no memory. */
const readers: { first: Digital | undefined } = { first: undefined };

on('digital', (id: number, triggered: number) => {
	let reader = readers.first;
	while (reader && reader.id !== id) reader = reader.next;
	reader?.deliver(triggered);
});

class Digital {
	static readonly Input = 0;
	static readonly InputPullUp = 1;
	static readonly InputPullDown = 2;
	static readonly InputPullUpDown = 3;
	static readonly Output = 8;
	static readonly OutputOpenDrain = 9;
	static readonly Rising = 1;
	static readonly Falling = 2;
	declare target?: unknown;
	/** Plain properties, and none that is not needed: the chip's object has its pin in C, and this one's memory is judged. */
	id: number | undefined;
	declare next?: Digital;
	private declare onReadable: DigitalOptions['onReadable'];

	constructor(options: DigitalOptions) {
		const { pin, mode, activeLow, edge, initialValue, onReadable, format } = options;
		if (pin === undefined) throw new Error('invalid');
		if (onReadable && !edge) throw new RangeError('invalid edges');
		if (format && format !== 'number') throw new RangeError('invalid format');
		this.id = call<number>('digital.open', pin, mode, !!activeLow, initialValue ? 1 : 0, onReadable ? edge! : 0);
		if ('target' in options) this.target = options.target;
		if (!onReadable) return;
		this.onReadable = onReadable;
		if (readers.first) this.next = readers.first;
		readers.first = this;
	}

	/** Not of the SDK: called by the host's event. */
	deliver(triggered: number): void {
		this.onReadable!.call(this as never, triggered);
	}

	read(): 0 | 1 {
		return call('digital.read', this.opened());
	}

	write(value: number): void {
		call('digital.write', this.opened(), value ? 1 : 0);
	}

	close(): void {
		if (this.id === undefined) return;
		call('digital.close', this.id);
		this.id = undefined;
	}

	get format(): 'number' {
		return 'number';
	}
	set format(format: 'number') {
		if (format !== 'number') throw new RangeError();
	}

	private opened(): number {
		if (this.id === undefined) throw new SyntaxError('xsGetHostData: invalid host data');
		return this.id;
	}
}

Digital satisfies typeof SDK;
export default Digital;
