// Moddable's "curve" and "ecp": a curve by its name, and a point that may lie anywhere.

import type SDKCurve from 'curve';
import type SDKPoint from 'ecp';

export class Curve {
	readonly name: string;

	constructor(name: string) {
		this.name = name;
	}

	get orderSize(): number {
		return this.name === 'secp256r1' ? 32 : 48;
	}
}

export class ECPoint {
	readonly X: bigint;
	readonly Y: bigint;

	constructor(x: bigint, y: bigint) {
		this.X = x;
		this.Y = y;
	}
}

Curve satisfies typeof SDKCurve;
ECPoint satisfies new (x: bigint, y: bigint) => SDKPoint;
