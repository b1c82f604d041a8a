// SPDX-License-Identifier: MIT
// What the set-up page is asked for and answers: one form for the Wi-Fi network and the broker.
//
// Rule: a form is taken whole or refused in one sentence, and then nothing has changed. It is refused as well when it
// comes from another page, or by another name of this node: a page of somebody else's must not set it up. What was typed
// is shown again, secrets are not. The broker waits until the network has given an address.

import { NEVER, type AccessPoint, type Log, type Millis, type Pollable } from '../common/ports.js';
import { settingsProblem, type Setting } from '../settings/settings.js';
import type { Settings } from '../settings/settings-store.js';
import { formValue } from './form.js';
import { Method, Status, type HttpRequest } from './http-request.js';
import { View } from './page.js';
import { Phase, type FoundNetwork } from './provisioner.js';
import type { SetUp } from './set-up.js';
import type { Site } from './web-server.js';

const enum Bound {
	/** Wrong codes until nobody is asked for a while. */
	GuessesMax = 5,
	GuessesRestMs = 60_000,
	DigitsMax = 5,
}

const enum Usual {
	UsualPort = 1_883,
}

const enum Address {
	Http = 'http://',
}

/** Of set-up mode: somebody is at it. */
export interface Used {
	used(now: Millis): void;
}

export class SetUpSite implements Site, Pollable {
	host: string;
	port: string;
	user: string;
	newNode: string;
	private readonly setUp: SetUp;
	private readonly accessPoint: AccessPoint;
	private readonly settings: Settings;
	private readonly code: string;
	private readonly mode: Used;
	private readonly log: Log;
	/** Of the form that came last; '' once a network is joined, whoever asked for it. */
	private typedSsid = '';
	/** Of the form that came last. */
	private refusal = '';
	/** Put on trial once the network has worked. */
	private pending: Record<string, Setting> | undefined;
	private guesses = 0;
	private guessAt: Millis = 0;

	constructor(setUp: SetUp, accessPoint: AccessPoint, settings: Settings, code: string, mode: Used, log: Log) {
		this.setUp = setUp;
		this.accessPoint = accessPoint;
		this.settings = settings;
		this.code = code;
		this.mode = mode;
		this.log = log;
		this.host = (settings.host as string) || '';
		const port = settings.port as number | undefined;
		this.port = port && this.host ? `${port | 0}` : '';
		this.user = (settings.user as string) || '';
		this.newNode = setUp.node;
	}

	get node(): string {
		return this.setUp.node;
	}

	get accessPointName(): string {
		return this.setUp.name;
	}

	get home(): string {
		return this.accessPoint.address();
	}

	get networks(): readonly FoundNetwork[] | undefined {
		return this.setUp.networks;
	}

	get ssid(): string {
		return this.typedSsid || this.setUp.ssid;
	}

	get asksCode(): boolean {
		return this.code !== '';
	}

	get problem(): string {
		return this.refusal || this.setUp.problem;
	}

	get state(): string {
		const { setUp } = this;
		const { address } = setUp;
		if (setUp.phase !== Phase.Joined) return '';
		return `Joined "${setUp.ssid}", address ${address}.${this.host ? '' : ' Now the broker: where shall the readings go?'}`;
	}

	get view(): View {
		const { setUp } = this;
		if (setUp.isRestarting) return View.Restarting;
		if (setUp.phase === Phase.Joining) return View.Joining;
		return setUp.networks === undefined ? View.Looking : View.Form;
	}

	poll(): Millis {
		const { pending, setUp } = this;
		if (setUp.phase === Phase.Joining) {
			this.typedSsid = '';
			this.refusal = '';
			return NEVER;
		}
		if (!pending) return NEVER;
		this.pending = undefined;
		if (setUp.phase !== Phase.Joined) return NEVER;
		this.refusal = setUp.problem || setUp.configure(pending);
		setUp.isAwaited = setUp.isRestarting;
		return NEVER;
	}

	answer(request: HttpRequest, now: Millis): number {
		const { setUp } = this;
		this.mode.used(now);
		const isOurs = this.isOurs(request.host);
		if (request.method === Method.Post) return isOurs && this.isFromHere(request) ? this.posted(request, now) : Status.Forbidden;
		if (!isOurs) return 302;
		if (request.path !== '/') return Status.NotFound;
		// It has been told.
		setUp.isAwaited = false;
		return 200;
	}

	private isOurs(host: string): boolean {
		return isHost(host, this.home) || isHost(host, this.setUp.address);
	}

	/** A browser says where a form comes from. */
	private isFromHere({ host, origin }: HttpRequest): boolean {
		return origin === '' || origin === Address.Http + host;
	}

	private posted({ path, body }: HttpRequest, now: Millis): number {
		if (path !== '/') return Status.NotFound;
		if (!body) return Status.BadRequest;
		if (this.setUp.isRestarting || this.setUp.phase === Phase.Joining) return 303;
		this.refusal = '';
		this.keepTyped(body);
		if (formValue(body, 'scan') !== undefined) {
			this.setUp.scan(now);
			return 303;
		}
		this.refusal = this.codeProblem(body, now) || this.take(body, now);
		return this.refusal ? 200 : 303;
	}

	private keepTyped(body: Uint8Array): void {
		this.typedSsid = formValue(body, 'other') || formValue(body, 'ssid') || '';
		this.host = formValue(body, 'host') ?? this.host;
		this.port = formValue(body, 'port') ?? this.port;
		this.user = formValue(body, 'user') ?? this.user;
		this.newNode = formValue(body, 'node') ?? this.newNode;
	}

	private codeProblem(body: Uint8Array, now: Millis): string {
		if (!this.code) return '';
		if (now < this.guessAt) return 'Too many wrong codes: wait a minute.';
		if (formValue(body, 'code') === this.code) {
			this.guesses = 0;
			return '';
		}
		if (++this.guesses >= Bound.GuessesMax) {
			this.guesses = 0;
			this.guessAt = now + Bound.GuessesRestMs;
			this.log.line('set-up: five wrong codes; the page takes none for a minute');
		}
		return 'The code is wrong: the serial line of the node says it.';
	}

	/** Begins what the form wants; a sentence if it cannot be done. */
	private take(body: Uint8Array, now: Millis): string {
		const { setUp } = this;
		const passphrase = formValue(body, 'passphrase') ?? '';
		const changes = this.changes(body);
		const problem = typeof changes === 'string' ? changes : settingsProblem(changes);
		if (problem) return problem;
		const { ssid } = this;
		const isSame = ssid === setUp.ssid && passphrase === '';
		// The network works already: what is left is the broker.
		if (isSame && setUp.phase === Phase.Joined) return setUp.configure(changes as Record<string, Setting>);
		const refused = isSame ? setUp.joinAgain(now) : setUp.join(ssid, passphrase, now);
		if (!refused && this.host) this.pending = changes as Record<string, Setting>;
		return refused;
	}

	/** The broker, if there is one, and the name; or why not. */
	private changes(body: Uint8Array): Record<string, Setting> | string {
		const changes: Record<string, Setting> = { node: this.newNode };
		if (!this.host) return changes;
		const port = portOf(this.port);
		if (port < 0) return 'port must be a whole number from 1 to 65535.';
		const { settings } = this;
		let password = formValue(body, 'password') ?? '';
		// An old password goes to its broker and user, and to nobody else.
		const isSame = this.host === settings.host && this.user === settings.user && port === (settings.port ?? Usual.UsualPort);
		if (password === '' && isSame) password = (settings.password as string) || '';
		changes.host = this.host;
		changes.port = port;
		changes.user = this.user;
		changes.password = password;
		return changes;
	}
}

const isHost = (host: string, address: string): boolean =>
	address !== '' && (host === address || host === `${address}:80`);

/** The usual one for none; -1 if it is no number. */
const portOf = (text: string): number => {
	if (text === '') return Usual.UsualPort;
	if (text.length > Bound.DigitsMax) return -1;
	let port = 0;
	for (let i = 0; i < text.length; i++) {
		const digit = text.charCodeAt(i) - 48;
		if (!(digit >= 0 && digit <= 9)) return -1;
		port = port * 10 + digit;
	}
	return port;
};
