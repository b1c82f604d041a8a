// Stands in for telltale/reset in the SDK's own desktop simulator, which cannot restart.

export function isOwnRestart(): boolean {
	return false;
}
