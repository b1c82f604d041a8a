// Stands in for telltale/address in the SDK's own desktop simulator, which has the addresses of its host.

export function fixAddress(): void {}

export function freeAddress(): void {}
