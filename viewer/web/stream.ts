// News of the server, for as long as the page is looked at.
//
// Rule: a page that nobody sees asks for nothing, and a browser has six connections at most: a hidden page lets its own go. A new connection
// begins with everything that there is.

import { useEffect, useState } from 'preact/hooks';

export interface Stream<News> {
	readonly news: News | undefined;
	/** The server does not answer. */
	readonly isLost: boolean;
}

/** The server may be full, or not there yet again. */
const RETRY_MS = 3_000;
/** A page that is hidden for a moment keeps its connection. */
const HIDDEN_MS = 5_000;

/** `join`: puts what came together with what was there; `before` is undefined at the beginning of each connection. */
export function useStream<News extends { readonly now: number }>(path: string, join: (before: News | undefined, news: News) => News): Stream<News> {
	const [state, set] = useState<Stream<News> & { readonly path: string }>({ news: undefined, isLost: false, path });
	useEffect(() => {
		let known: News | undefined;
		let isFresh = true;
		let source: EventSource | undefined;
		let timer: ReturnType<typeof setTimeout> | undefined;
		const close = (): void => {
			clearTimeout(timer);
			source?.close();
			source = undefined;
		};
		const open = (): void => {
			close();
			source = new EventSource(path);
			source.onopen = () => (isFresh = true);
			source.onmessage = ({ data }: MessageEvent<string>) => {
				known = join(isFresh ? undefined : known, JSON.parse(data) as News);
				isFresh = false;
				set({ news: known, isLost: false, path });
			};
			source.onerror = () => {
				set({ news: known, isLost: true, path });
				if (source?.readyState === EventSource.CLOSED) timer = setTimeout(open, RETRY_MS);
			};
		};
		const seen = (): void => {
			clearTimeout(timer);
			if (document.hidden) timer = setTimeout(close, HIDDEN_MS);
			else if (!source) open();
		};
		open();
		document.addEventListener('visibilitychange', seen);
		return () => {
			document.removeEventListener('visibilitychange', seen);
			close();
		};
	}, [path]);
	// What came for another page is not shown on this one.
	return state.path === path ? state : { news: undefined, isLost: false };
}

/** The server's clock, which runs on between its news: milliseconds, renewed each second. */
export function useNow(told: number | undefined): number {
	const [, tick] = useState(0);
	const [ahead, setAhead] = useState(0);
	useEffect(() => {
		if (told !== undefined) setAhead(told - Date.now());
	}, [told === undefined ? undefined : Math.floor(told / 5_000)]);
	useEffect(() => {
		const timer = setInterval(() => tick((count) => count + 1), 1_000);
		return () => clearInterval(timer);
	}, []);
	return Date.now() + ahead;
}
