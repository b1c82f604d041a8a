// Stands in for embedded:io/digital in the SDK's own desktop simulator, which has none: an LED that nobody sees, a button that nobody presses.

export default class Digital {
	static readonly InputPullUp = 1;
	static readonly Output = 8;
	static readonly Rising = 1;
	static readonly Falling = 2;

	read(): number {
		return 0;
	}

	write(): void {}

	close(): void {}
}
