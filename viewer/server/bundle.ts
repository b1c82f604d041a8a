// The page's files, made when they are first asked for.
//
// Rule: everything is in them: no file of the page names another place. esbuild puts uPlot, Preact and our own code into one script.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

export interface PageFile {
	readonly type: string;
	readonly bytes: Buffer;
}

const HERE = new URL('../web/', import.meta.url);
const require = createRequire(import.meta.url);

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Telltale</title>
<link rel="icon" href="icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="style.css">
<script type="module" src="page.js"></script>
</head>
<body>
<noscript><p>This page needs JavaScript, all of which comes from this machine.</p></noscript>
<div id="page"></div>
</body>
</html>
`;

let known: Promise<ReadonlyMap<string, PageFile>> | undefined;

/** By their paths. */
export function pageFiles(): Promise<ReadonlyMap<string, PageFile>> {
	known ??= make().catch((error: unknown) => {
		known = undefined;
		throw error;
	});
	return known;
}

async function make(): Promise<ReadonlyMap<string, PageFile>> {
	const { build } = await import('esbuild');
	const { outputFiles } = await build({
		entryPoints: [fileURLToPath(new URL('main.tsx', HERE))], bundle: true, write: false, minify: true, format: 'esm', target: 'es2022', charset: 'utf8',
		jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'inline', logLevel: 'silent',
	});
	const style = [readFileSync(require.resolve('uplot/dist/uPlot.min.css'), 'utf8'), readFileSync(new URL('style.css', HERE), 'utf8')].join('\n');
	const file = (type: string, bytes: Buffer | string): PageFile => ({ type: `${type}; charset=utf-8`, bytes: Buffer.from(bytes) });
	return new Map([
		['/', file('text/html', HTML)],
		['/page.js', file('text/javascript', Buffer.from(outputFiles[0]!.contents))],
		['/style.css', file('text/css', style)],
		['/icon.svg', { type: 'image/svg+xml', bytes: readFileSync(new URL('icon.svg', HERE)) }],
	]);
}
