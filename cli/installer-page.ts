// The page of "telltale flash --web": what it says, and how it looks.
//
// Rule: it has no script of its own; ESP Web Tools' button does the work. What comes from a release is escaped. It can be read without
// colours, by keyboard, and at the width of a phone.

import type { BoardRelease, Release } from './release-folder.js';
import type { Board } from './flash-map.js';

const BOARDS: Readonly<Record<Board, { readonly title: string; readonly what: string }>> = {
	nodemcu: { title: 'NodeMCU', what: 'ESP8266 with 4 MB of flash' },
	esp32: { title: 'ESP32', what: 'ESP32 with 4 MB of flash' },
};

/** `folder`: of the release, as a person would name it here. */
export function installerPage({ boards }: Release, folder: string): string {
	const [{ version, commit }] = boards as readonly [BoardRelease];
	return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Put Telltale on a board</title>
<link rel="icon" href="icon.svg">
<link rel="stylesheet" href="style.css">
<script type="module" src="tools/install-button.js"></script>
<main>
<header>
<h1>Put Telltale on a board</h1>
<p>Version ${escaped(version)}${commit && `, commit <code>${escaped(commit.slice(0, 10))}${escaped(commit.slice(40))}</code>`}. It has no settings in it; you enter them afterwards.</p>
<p>Needs a browser with Web Serial: Chrome or Edge on a computer, or a newer Firefox.</p>
</header>

<section class="boards" aria-label="Boards">
${boards.map((board) => card(board, folder)).join('\n')}
</section>

<section>
<h2>How it goes</h2>
<ol>
<li><b>Connect</b> the board by USB, with a cable that carries data and not only power. Press <b>Connect</b> above and choose its port.</li>
<li><b>Install.</b> Asked whether to <b>erase the device</b>, leave the box empty (see below). It takes about a minute; leave this page visible meanwhile.</li>
<li><b>Connect to Wi-Fi.</b> The dialog offers it next: choose your network and type its passphrase. The node tries it at once and says how it went.</li>
<li><b>Visit the device.</b> On its own page you say which MQTT broker gets the readings.</li>
</ol>
</section>

<aside>
<h2>Erase only what you can do without</h2>
<p>Without an erase the board keeps its settings and its readings. <b>An erase throws away all readings that have not been sent yet</b>, and the settings. It helps a board that held another
firmware and misbehaves with this one.</p>
</aside>

<section>
<h2>If it does not work</h2>
<dl>
<dt>No port is shown</dt>
<dd>Another cable helps most often. On Linux you must be allowed to use serial ports, and Windows and macOS may need the driver of the USB chip: the dialog links to them.</dd>
<dt>The port is in use</dt>
<dd>Close the program that reads it, like <code>telltale logs</code>.</dd>
<dt>The board does not answer</dt>
<dd>Hold its FLASH (or BOOT) button while the dialog says that it is preparing.</dd>
<dt>Without a browser</dt>
<dd>${boards.map(({ board }) => `<code>${escaped(byHand(board, folder))}</code>`).join(' or ')} does the same with esptool.</dd>
</dl>
</section>
</main>
</html>
`;
}

function card({ board, manifest, name, parts }: BoardRelease, folder: string): string {
	const { title, what } = BOARDS[board];
	const size = parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
	const preview = board === 'esp32';
	return `<article>
<h2>${title}${preview ? ' <span class="badge">preview</span>' : ''}</h2>
<p>${what}. ${(size / 1e6).toFixed(1)} MB to write.${preview ? ' This image has not run on a real board yet.' : ''}</p>
<esp-web-install-button manifest="release/${escaped(manifest)}">
<button slot="activate" type="button" aria-label="Connect a ${title} and install ${escaped(name)}">Connect</button>
<p slot="unsupported" class="no"><b>This browser cannot talk to serial ports.</b> Open this page in Chrome or Edge on a computer, or in a newer Firefox.
Or run <code>${escaped(byHand(board, folder))}</code>.</p>
<p slot="not-allowed" class="no">Browsers allow this on this machine itself alone: open the page as <b>http://localhost</b>, with the port that the terminal shows.</p>
</esp-web-install-button>
<p class="no unless-script">The button needs JavaScript. Without it, run <code>${escaped(byHand(board, folder))}</code>.</p>
</article>`;
}

function byHand(board: Board, folder: string): string {
	return `npx telltale flash --release ${/^[\w./-]+$/.test(folder) ? folder : JSON.stringify(folder)} --board ${board}`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(text: string): string {
	return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** A thermometer. */
export const INSTALLER_ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1f6b4a"/>'
	+ '<path d="M16 6a3 3 0 0 0-3 3v9.2a5 5 0 1 0 6 0V9a3 3 0 0 0-3-3z" fill="none" stroke="#fff" stroke-width="2"/><circle cx="16" cy="22" r="2.5" fill="#fff"/><path d="M16 12v10" stroke="#fff" stroke-width="2"/></svg>';

export const INSTALLER_STYLE = `:root {
	color-scheme: light dark;
	--back: #f6f5f1; --card: #ffffff; --text: #22261f; --soft: #5c6357; --line: #dcdad2; --accent: #1f6b4a; --accent-text: #ffffff; --warn: #fff4dc; --warn-line: #d99a1c;
}
@media (prefers-color-scheme: dark) {
	:root { --back: #161a17; --card: #1f2521; --text: #e7ebe4; --soft: #a3aca0; --line: #343c36; --accent: #6fcf9f; --accent-text: #0c2418; --warn: #2d2615; --warn-line: #b98822; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 46rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: clamp(1.6rem, 5vw, 2.2rem); line-height: 1.2; margin: 0 0 .4rem; letter-spacing: -.01em; }
h2 { font-size: 1.1rem; margin: 0 0 .4rem; }
header p, article p { color: var(--soft); margin: 0; }
section, aside { margin-top: 2.25rem; }
.boards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); gap: 1rem; }
article { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 1.25rem; display: flex; flex-direction: column; gap: .75rem; }
article h2 { margin: 0; font-size: 1.25rem; }
esp-web-install-button { margin-top: auto; }
esp-web-install-button:not(:defined) { display: none; }
.unless-script { display: none; }
/* Not while its script is only on its way. */
esp-web-install-button:not(:defined) + .unless-script { display: block; animation: appear 0s .8s both; }
@keyframes appear { from { visibility: hidden; } }
button { font: inherit; font-weight: 600; width: 100%; padding: .7rem 1rem; border: 0; border-radius: 10px; background: var(--accent); color: var(--accent-text); cursor: pointer; }
button:hover { filter: brightness(1.08); }
button:focus-visible { outline: 3px solid var(--warn-line); outline-offset: 2px; }
.badge { font-size: .72rem; font-weight: 600; padding: .15rem .5rem; border-radius: 99px; border: 1px solid var(--warn-line); background: var(--warn); vertical-align: .15em; }
.no { color: var(--text); }
aside { background: var(--warn); border: 1px solid var(--warn-line); border-left-width: 5px; border-radius: 10px; padding: 1rem 1.25rem; }
aside p { margin: 0; }
ol { padding-left: 1.4rem; margin: 0; }
li { margin: .35rem 0; padding-left: .25rem; }
dl { margin: 0; }
dt { font-weight: 600; margin-top: .7rem; }
dd { margin: 0; color: var(--soft); }
code { font: .9em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: color-mix(in srgb, var(--text) 8%, transparent); border-radius: 5px; padding: .1em .35em; overflow-wrap: anywhere; }
`;
