// The web page of a viewer: its files, its news, its charts, and what it may ask of nodes.
//
// Rule: MQTT stays in this process, and no password leaves it. Each request is judged by access.ts first; a path is looked up as it is
// written, so no way leads to the disk. What changes anything is a POST with a small JSON body, by a browser that has shown the token.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { askEach } from '../ask-each.js';
import type { Answer } from '../commands.js';
import { History } from '../history.js';
import { pageJson } from '../safe.js';
import type { Viewer } from '../viewer.js';
import { COMMANDS_FOR_ALL, HEALTH, type CommandForAll, type CommandNews, type HistoryNews, type NodeAnswerNews, type WorldAction } from '../web/messages.js';
import { Access, isLoopback } from './access.js';
import { pageFiles } from './bundle.js';
import { Chronicle } from './chronicle.js';
import { Connections } from './connections.js';
import { metrics, METRICS_TYPE } from './metrics.js';
import { Recent, rounded } from './recent.js';
import { STREAMS_MAX, Streams } from './stream.js';
import type { WorldControls } from './world.js';

export interface PageOptions {
	readonly viewer: Viewer;
	/** An address of this machine; 127.0.0.1 if not given. */
	readonly host?: string | undefined;
	/** Without it the usual one or, if that is taken, any. */
	readonly port?: number | undefined;
	/** The viewer has one: what is older than this program comes from it. */
	readonly hasRecord?: boolean | undefined;
	/** Else one is made up. */
	readonly token?: string | undefined;
	/** For a request to say what it wants, from the connection on; twice as long with its body. */
	readonly patienceMs?: number | undefined;
}

export const USUAL_PORT = 8_267;
const LOOPBACK = '127.0.0.1';
const BODY_MAX = 4_096;
/** A command's topic and payload together may have 380 bytes. */
const VALUE_MAX = 320;
const PIXELS_MAX = 4_000;
/** Seconds: what is beyond or below, no bucket can tell apart. */
const TIME_MAX = 1e11;
const SPAN_MIN = 0.001;
const PATIENCE_MS = 5_000;
/** How often it is looked at who had too long: so many times in that. */
const CHECKS = 10;
/** Nothing was sent and nothing taken: events come each few seconds, and a command waits for ANSWER_MS. */
const IDLE_MS = 30_000;
/** A HEAD is a GET, of whose answer Node leaves out the body. */
const METHODS: readonly string[] = ['GET', 'HEAD', 'POST'];
const COMMANDS = new Set(['sample', 'identify', 'scan', 'interval', 'calibrate', 'config', 'restart', 'stop']);
const ANSWER_MS = 10_000;
/** Of health, for charts: 9 MB. */
const HEALTH_PAGES = 6_000;
const HEALTH_KEYS = ['rssi', 'waiting'] as const;

/** Scripts, styles and data from here alone; nothing makes markup of text. */
const POLICY = [
	"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
	"require-trusted-types-for 'script'", "trusted-types 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
	'Content-Security-Policy': POLICY,
	'X-Content-Type-Options': 'nosniff',
	'Referrer-Policy': 'no-referrer',
	'Cross-Origin-Opener-Policy': 'same-origin',
	'Cross-Origin-Resource-Policy': 'same-origin',
	'Cache-Control': 'no-store',
};

/** Ends as a status and a sentence. */
class Refusal extends Error {
	readonly status: number;

	constructor(status: number, sentence: string) {
		super(sentence);
		this.status = status;
	}
}

export class PageServer {
	readonly access: Access;
	readonly chronicle: Chronicle;
	readonly #viewer: Viewer;
	#world: WorldControls | undefined;
	/** All nodes are being asked something. */
	#isAsking = false;
	readonly #streams: Streams;
	readonly #recent = new Recent();
	readonly #health = new History(HEALTH_PAGES);
	readonly #server: Server;
	readonly #connections: Connections;
	readonly #host: string;
	readonly #hasRecord: boolean;

	private constructor({ viewer, host = LOOPBACK, hasRecord = false, token, patienceMs = PATIENCE_MS }: PageOptions) {
		[this.#viewer, this.#host, this.#hasRecord] = [viewer, host, hasRecord];
		this.access = new Access(!isLoopback(host), token);
		this.chronicle = new Chronicle(viewer);
		this.#streams = new Streams(viewer, this.chronicle, () => this.#world);
		viewer.on('reading', ({ node, reading: { values, suspect }, late, time, at }) => {
			for (const [channel, value] of Object.entries(values)) this.#recent.add(node, channel, time ?? at / 1_000, value, late, suspect?.includes(channel) ?? false);
		});
		viewer.on('health', ({ node, health, at }) => {
			for (const key of HEALTH_KEYS) if (Number.isFinite(health[key])) this.#health.add(node, HEALTH + key, at / 1_000, health[key] as number, false, at / 1_000);
		});
		const limits = { headersTimeout: patienceMs, requestTimeout: 2 * patienceMs, keepAliveTimeout: patienceMs, connectionsCheckingInterval: patienceMs / CHECKS };
		this.#server = createServer(limits, (request, response) => void this.#answer(request, response));
		this.#server.timeout = IDLE_MS;
		this.#connections = new Connections(this.#server);
	}

	/** Rejects with the system's error where it cannot listen. */
	static async open(options: PageOptions): Promise<PageServer> {
		const server = new PageServer(options);
		try {
			await server.#listen(options.port ?? USUAL_PORT, options.port === undefined);
		} catch (error) {
			server.#streams.close();
			throw error;
		}
		return server;
	}

	get port(): number {
		return (this.#server.address() as AddressInfo).port;
	}

	/** For a person: with the token where only a browser reads it. */
	addressAt(host = this.#host): string {
		return `http://${host.includes(':') ? `[${host}]` : host}:${this.port}/#token=${this.access.token}`;
	}

	/** The nodes are simulated, and this is their world. */
	attach(world: WorldControls): void {
		this.#world = world;
		this.#streams.stir();
	}

	async close(): Promise<void> {
		this.#streams.close();
		const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
		this.#server.closeAllConnections();
		await closed;
	}

	async #listen(port: number, orAny: boolean): Promise<void> {
		await new Promise<void>((resolve, reject) => {
			this.#server.once('error', reject);
			this.#server.listen(port, this.#host, () => {
				this.#server.off('error', reject);
				resolve();
			});
		}).catch((error: NodeJS.ErrnoException) => {
			if (error.code === 'EADDRINUSE' && orAny) return this.#listen(0, false);
			throw error;
		});
	}

	async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		if (!this.#connections.begin(request.socket, response)) return;
		try {
			const { method = '' } = request;
			if (!METHODS.includes(method)) throw new Refusal(405, 'There is nothing but GET and POST here.');
			const objection = this.access.objection(request);
			if (objection) throw new Refusal(403, objection);
			if (method === 'POST') await this.#post(request, response);
			else await this.#get(request, response);
		} catch (error) {
			if (response.headersSent) return void response.destroy();
			const status = error instanceof Refusal ? error.status : 500;
			const sentence = error instanceof Refusal ? error.message : 'Something unforeseen went wrong here.';
			// What the request brings along is not read any more.
			response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close', ...(status === 405 && { Allow: METHODS.join(', ') }) }).end(`${sentence}\n`);
		}
	}

	async #get(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const [path, query] = parted(request.url ?? '/');
		const file = (await pageFiles()).get(path);
		if (file) return void response.writeHead(200, { ...HEADERS, 'Content-Type': file.type, 'Content-Length': file.bytes.length }).end(file.bytes);
		if (!['/events', '/history', '/metrics'].includes(path)) throw new Refusal(404, 'There is no such page.');
		if (!this.access.mayRead(request)) throw new Refusal(401, 'Open the address with its token, as the terminal printed it.');
		if (path === '/metrics') return void response.writeHead(200, { ...HEADERS, 'Content-Type': METRICS_TYPE }).end(metrics(this.#viewer));
		if (path === '/history') return send(response, 200, await this.#history(query));
		if (request.method === 'HEAD') throw new Refusal(405, 'Events are there to be read: GET them.');
		const node = query.get('node') ?? undefined;
		this.#connections.keep(request.socket);
		if (!this.#streams.open(response, node, this.access.mayCommand(request), HEADERS)) throw new Refusal(503, `${STREAMS_MAX} pages are open already: close one.`);
	}

	async #post(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const [path] = parted(request.url ?? '/');
		if (path === '/session') return this.#session(request, response);
		if (path !== '/command' && path !== '/commands' && path !== '/world') throw new Refusal(404, 'There is no such page.');
		if (!this.access.mayCommand(request)) throw new Refusal(401, 'Commands need the address with its token, as the terminal printed it.');
		const body = await bodyOf(request);
		this.#connections.keep(request.socket);
		if (path === '/command') return send(response, 200, await this.#command(body));
		if (path === '/commands') return send(response, 200, await this.#commandAll(body));
		if (!this.#world) throw new Refusal(404, 'These nodes are not simulated.');
		send(response, 200, { sentence: await this.#change(this.#world, body) });
	}

	async #session(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const cookie = this.access.open(request, (await bodyOf(request))['token']);
		if (!cookie) throw new Refusal(401, 'This token is of another run: open the address that the terminal prints now.');
		response.writeHead(204, { ...HEADERS, 'Set-Cookie': cookie }).end();
	}

	async #history(query: URLSearchParams): Promise<HistoryNews> {
		const [node, channel] = [query.get('node') ?? '', query.get('channel') ?? ''];
		const [from, to, pixels] = ['from', 'to', 'pixels'].map((name) => Number(query.get(name) ?? NaN)) as [number, number, number];
		if (!(Math.abs(from) <= TIME_MAX && Math.abs(to) <= TIME_MAX && to - from >= SPAN_MIN && pixels >= 1 && pixels <= PIXELS_MAX)) throw new Refusal(400, 'A chart is from a time to a later one, of some pixels.');
		const isRecorded = this.#hasRecord && from < this.#viewer.openedAt / 1_000;
		const recent = isRecorded ? undefined : this.#recent.read(node, channel, from, to, pixels);
		if (recent) return recent;
		const isHealth = channel.startsWith(HEALTH);
		const buckets = isHealth ? this.#health.read(node, channel, from, to, pixels, Date.now() / 1_000) : await this.#viewer.history(node, channel, from, to, pixels);
		const seconds = buckets[0]?.seconds ?? 0;
		const spans = isHealth ? [] : this.chronicle.lateSpans(node);
		const where = (is: (bucket: (typeof buckets)[number]) => boolean) => buckets.flatMap((bucket, index) => (is(bucket) ? [index] : []));
		return {
			time: buckets.map(({ time }) => time), seconds,
			least: buckets.map(({ least }) => rounded(least)), most: buckets.map(({ most }) => rounded(most)), mean: buckets.map(({ mean }) => rounded(mean)),
			suspect: where(({ suspect }) => suspect > 0),
			// What was kept in coarser steps may stand a bucket before its time.
			late: where(({ time }) => spans.some((span) => time <= span.to && time + 2 * seconds > span.from)),
		};
	}

	async #command({ node, name, value }: Readonly<Record<string, unknown>>): Promise<CommandNews> {
		if (typeof node !== 'string' || !this.#viewer.nodes.has(node)) throw new Refusal(404, 'There is no such node.');
		if (typeof name !== 'string' || !COMMANDS.has(name)) throw new Refusal(400, 'There is no such command.');
		mustFit(value);
		const answer = await this.#viewer.send(node, name, value, { timeoutMs: ANSWER_MS });
		this.#tell(name, answer);
		const { ok, answered, error, content = null } = answer;
		return { ok, answered, error, content };
	}

	/** For all that are not away, each by itself; one such command after the other. */
	async #commandAll({ name, value }: Readonly<Record<string, unknown>>): Promise<NodeAnswerNews[]> {
		if (!COMMANDS_FOR_ALL.includes(name as CommandForAll)) throw new Refusal(400, 'There is no such command for all nodes.');
		mustFit(value);
		if (this.#isAsking) throw new Refusal(409, 'All nodes are being asked something already: wait for their answers.');
		this.#isAsking = true;
		try {
			const answers = await askEach(this.#viewer, [...this.#viewer.nodes.keys()], name as string, value, ANSWER_MS);
			for (const { answer } of answers) if (answer) this.#tell(name as string, answer);
			return answers.map(({ node, answer }) => ({ node, asked: answer !== undefined, answered: answer?.answered ?? false, ok: answer?.ok ?? false, error: answer?.error ?? '' }));
		} finally {
			this.#isAsking = false;
		}
	}

	/** A value may hold a password: only the name is told. */
	#tell(name: string, { node, ok, answered, error }: Answer): void {
		this.chronicle.add(node, 'command', ok ? `Carried out: ${name}` : answered ? `Refused ${name}: ${error}` : `No answer to ${name} yet: ${error}`, ok ? 'good' : 'bad');
	}

	async #change(world: WorldControls, body: Readonly<Record<string, unknown>>): Promise<string> {
		const action = worldAction(body);
		if (!action) throw new Refusal(400, 'The world has nothing like that.');
		let sentence: string;
		try {
			sentence = await world.act(action);
		} catch (error) {
			throw new Refusal(409, error instanceof Error ? error.message : String(error));
		}
		if ('node' in action) this.chronicle.add(action.node, 'world', sentence);
		else this.chronicle.addToAll('world', sentence);
		this.#streams.stir();
		return sentence;
	}
}

function parted(url: string): [path: string, query: URLSearchParams] {
	const cut = url.indexOf('?');
	return cut < 0 ? [url, new URLSearchParams()] : [url.slice(0, cut), new URLSearchParams(url.slice(cut + 1))];
}

function send(response: ServerResponse, status: number, value: unknown): void {
	response.writeHead(status, { ...HEADERS, 'Content-Type': 'application/json; charset=utf-8' }).end(pageJson(value));
}

async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
	if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) throw new Refusal(415, 'A request brings JSON along.');
	const pieces: Buffer[] = [];
	let length = 0;
	for await (const piece of request as AsyncIterable<Buffer>) {
		length += piece.length;
		if (length > BODY_MAX) throw new Refusal(413, `A request has ${BODY_MAX} bytes at the most.`);
		pieces.push(piece);
	}
	try {
		const body: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces)));
		if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
	} catch {
		// Said below.
	}
	throw new Refusal(400, 'A request is a JSON object.');
}

function mustFit(value: unknown): void {
	if (value !== undefined && Buffer.byteLength(JSON.stringify(value)) > VALUE_MAX) throw new Refusal(400, `The command is too long: a node takes ${VALUE_MAX} bytes.`);
}

function within(value: unknown, least: number, most: number): value is number {
	return typeof value === 'number' && value >= least && value <= most;
}

/** undefined: there is no such thing. */
function worldAction(body: Readonly<Record<string, unknown>>): WorldAction | undefined {
	const { what, node, on, part, trouble, temperature, humidity } = body;
	switch (what) {
		case 'recording': return { what };
		case 'air': return within(temperature, -40, 85) && within(humidity, 0, 100) ? { what, temperature, humidity } : undefined;
		case 'wifi':
		case 'slow':
		case 'broker': return typeof on === 'boolean' ? { what, on } : undefined;
		case 'power': return typeof node === 'string' && typeof on === 'boolean' ? { what, node, on } : undefined;
		case 'reset': return typeof node === 'string' ? { what, node } : undefined;
		case 'part': return [node, part, trouble].every((each) => typeof each === 'string') ? { what, node: node as string, part: part as string, trouble: trouble as string } : undefined;
	}
	return undefined;
}
