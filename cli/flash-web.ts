// telltale flash --web: a page on this machine from which a browser writes a release to a board and sets up its Wi-Fi.
//
// Rule: everything comes from this machine: the release from its folder, ESP Web Tools from node_modules. No browser is opened: the address
// is printed.

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { interruption } from './console.js';
import { Failure } from './failure.js';
import { installerPage, INSTALLER_ICON, INSTALLER_STYLE } from './installer-page.js';
import { readRelease, RELEASE_FOLDER, type Release } from './release-folder.js';
import { root } from './toolchain.js';
import { addressOf, serveFiles, type WebFile } from './web-server.js';

const TOOLS = join(root, 'node_modules/esp-web-tools/dist/web');

const TYPES: Readonly<Record<string, string>> = {
	html: 'text/html; charset=utf-8', css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8', json: 'application/json', txt: 'text/plain; charset=utf-8',
	bin: 'application/octet-stream', svg: 'image/svg+xml',
};

export async function flashWeb(port: number, folder = RELEASE_FOLDER): Promise<void> {
	const release = await readRelease(folder);
	const signal = interruption();
	const server = await serveFiles(filesOf(release), port);
	const boards = release.boards.map(({ board, version }) => `${board} ${version}`).join(', ');
	console.log(`Serving ${boards} from ${shown(folder)} to the browsers of this machine. Open it in Chrome or Edge, or in a newer Firefox:`);
	console.log(`\n  ${addressOf(server)}\n\nStop with Ctrl-C.`);
	if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
	server.close();
	server.closeAllConnections();
}

/** All that there is to get, by its path. */
export function filesOf(release: Release): Map<string, WebFile> {
	const files = new Map<string, WebFile>();
	const put = (path: string, bytes: Buffer) => files.set(path, { type: TYPES[path.split('.').at(-1)!] ?? TYPES['txt']!, bytes });
	files.set('/', { type: TYPES['html']!, bytes: Buffer.from(installerPage(release, shown(release.folder))) });
	put('/style.css', Buffer.from(INSTALLER_STYLE));
	put('/icon.svg', Buffer.from(INSTALLER_ICON));
	for (const [name, bytes] of release.files) put(`/release/${name}`, bytes);
	for (const name of toolNames()) put(`/tools/${name}`, readFileSync(join(TOOLS, name)));
	return files;
}

/** As short as it can be named from here. */
function shown(folder: string): string {
	const near = relative(process.cwd(), folder);
	return near && !near.startsWith('..') ? near : folder;
}

function toolNames(): string[] {
	try {
		return readdirSync(TOOLS).filter((name) => name.endsWith('.js'));
	} catch {
		throw new Failure('ESP Web Tools is not in node_modules: run "npm ci".');
	}
}
