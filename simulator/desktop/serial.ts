// Stands in for embedded:io/serial in the SDK's own desktop simulator: what is written appears as trace, nothing is typed.

export default class Serial {
	readonly target: unknown;
	readonly #onWritable: ((this: Serial, count: number) => void) | undefined;

	constructor(options: { target?: unknown; onWritable?: (this: Serial, count: number) => void }) {
		this.target = options.target;
		this.#onWritable = options.onWritable;
		this.#ready();
	}

	write(bytes: Uint8Array): void {
		let text = '';
		for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 13) text += String.fromCharCode(bytes[i]);
		trace(text);
		this.#ready();
	}

	read(): undefined {
		return undefined;
	}

	close(): void {}

	/** The FIFO is empty at once; told in a later turn, as the chip does. */
	#ready(): void {
		if (this.#onWritable) Promise.resolve().then(() => this.#onWritable!(128));
	}
}
