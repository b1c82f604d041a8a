// Stands in for telltale/radio in the SDK's own desktop simulator, which has no radio: its access point is in name only.

export function joinBeside(): void {}

export function placeAccessPoint(): void {}
