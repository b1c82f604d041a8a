// The page: which of its two views is shown, by the fragment of its address.
//
// Rule: text from outside is text: Preact makes no markup of it. The token leaves the address as soon as it was shown.

import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { NodePage } from './node-page.js';
import { Overview } from './overview.js';
import { showToken } from './requests.js';

const TOKEN = /^#token=([\w-]+)$/;
const NODE = /^#\/node\/(.+)$/;

function nodeIn(hash: string): string | undefined {
	const name = NODE.exec(hash)?.[1];
	try {
		return name === undefined ? undefined : decodeURIComponent(name);
	} catch {
		return undefined;
	}
}

/** Shows the token that stands in the address, and takes it out of there. '' or why it will not do. */
async function takeToken(): Promise<string> {
	const token = TOKEN.exec(location.hash)?.[1];
	if (token === undefined) return '';
	const problem = await showToken(token);
	history.replaceState(null, '', '#/');
	return problem;
}

function Page({ problem }: { readonly problem: string }) {
	const [hash, setHash] = useState(location.hash);
	useEffect(() => {
		const changed = (): void => {
			// Pasted into a page that is open already.
			if (TOKEN.test(location.hash)) return location.reload();
			setHash(location.hash);
			scrollTo(0, 0);
		};
		addEventListener('hashchange', changed);
		return () => removeEventListener('hashchange', changed);
	}, []);
	const node = nodeIn(hash);
	return node === undefined ? <Overview problem={problem} /> : <NodePage key={node} name={node} />;
}

const problem = await takeToken();
render(<Page problem={problem} />, document.getElementById('page')!);
