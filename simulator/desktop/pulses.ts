// Stands in for telltale/pulses in the SDK's own desktop simulator, which has no wires: nobody answers.

export function low(): void {}

export function capture(): number {
	return 0;
}

export function release(): void {}
