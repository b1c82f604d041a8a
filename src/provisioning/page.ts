// SPDX-License-Identifier: MIT
// The page that sets a node up, written in pieces of the size of its caller's buffer.
//
// Rule: each step is written whole where a piece can hold it, else it is asked for again in the next. It needs no script, and a
// policy in its head (web-server.ts) forbids any. What others named (networks, the broker) is escaped here, nowhere else.

import type { Text } from '../common/text.js';
import type { FoundNetwork } from './provisioner.js';

const enum Signal {
	StrongDbm = -60,
	FairDbm = -75,
}

const enum Ascii {
	Space = 32,
	Ampersand = 38,
	Less = 60,
	Greater = 62,
	Quote = 34,
	Apostrophe = 39,
}

const enum Html {
	Head = '<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width,initial-scale=1">',
	Again = '<meta http-equiv=refresh content="3;url=/">',
	Title = '<title>Set up ',
	TitleEnd = '</title><style>',
	Style1 = ':root{color-scheme:light dark;--a:#0b6e4f;--b:#fff;--f:#f4f5f3;--l:#8a8f88;--e:#b3261e}'
		+ '@media(prefers-color-scheme:dark){:root{--a:#5fd0a5;--b:#12201a;--f:#1d211f;--l:#7d857f;--e:#ff8a80}}'
		+ '*{box-sizing:border-box}body{margin:0;font:17px/1.45 system-ui,sans-serif;background:Canvas;color:CanvasText}'
		+ 'main{max-width:30rem;margin:auto;padding:1rem 1rem 3rem}h1{font-size:1.5rem;margin:.3rem 0 1rem}h2{font-size:1.1rem;margin:1.8rem 0 .4rem}',
	Style2 = 'label{display:block;margin:.8rem 0 0}input{display:block;width:100%;font:inherit;padding:.6rem .7rem;margin:.2rem 0 0;'
		+ 'border:1px solid var(--l);border-radius:.5rem;background:Field;color:FieldText}ul{list-style:none;margin:0;padding:0;border:1px solid var(--l);'
		+ 'border-radius:.5rem;overflow:hidden}li+li{border-top:1px solid var(--l)}::placeholder{color:inherit;opacity:.6}',
	Style3 = 'li label{display:flex;gap:.7rem;align-items:center;margin:0;padding:.65rem .7rem;background:var(--f)}li input{width:1.2rem;'
		+ 'height:1.2rem;margin:0;flex:none;accent-color:var(--a)}bdi{flex:1;min-width:0;overflow-wrap:anywhere}small{color:inherit;opacity:.8;white-space:nowrap}'
		+ 'li label:focus-within{outline:3px solid var(--a);outline-offset:-3px}',
	Style4 = 'button{display:block;width:100%;font:inherit;font-weight:600;padding:.75rem;margin:1.6rem 0 0;border:1px solid var(--a);border-radius:.5rem;'
		+ 'background:var(--a);color:var(--b)}button+button{background:none;color:var(--a);margin:.7rem 0 0}input:focus-visible,button:focus-visible{'
		+ 'outline:3px solid var(--a);outline-offset:2px}.e{border-left:4px solid var(--e);padding:.5rem .8rem;background:var(--f)}.h{opacity:.8;margin:.2rem 0 0}',
	Body = '</style><main><h1>Set up ',
	H1End = '</h1>',
	Problem = '<p class=e role=alert>',
	State = '<p role=status>',
	PEnd = '</p>',
	Form = '<form method=post action=/ autocomplete=off>',
	Code = '<label>Code, as the serial line of the node says it<input name=code maxlength=8 autocapitalize=none spellcheck=false></label>',
	Wifi = '<h2 id=w>Wi-Fi network</h2>',
	List = '<ul role=radiogroup aria-labelledby=w>',
	Network = '<li><label><input type=radio name=ssid value="',
	Checked = '" checked><bdi>',
	Unchecked = '"><bdi>',
	NameEnd = '</bdi><small>',
	NetworkEnd = '</small></label></li>',
	Locked = ', locked',
	Open = ', open',
	ListEnd = '</ul>',
	Nothing = '<p>No network with a name was found.</p>',
	Other = '<label>Its name, if it is not listed<input name=other maxlength=32 autocapitalize=none autocorrect=off spellcheck=false value="',
	Passphrase = '"></label><label>Passphrase<input name=passphrase type=password maxlength=64 autocomplete=off></label>'
		+ '<p class=h>Empty for an open network. The node takes 2.4 GHz only.</p>',
	Broker = '<h2>MQTT broker</h2><label>Host name or IPv4 address<input name=host maxlength=63 inputmode=url autocapitalize=none autocorrect=off '
		+ 'spellcheck=false placeholder="192.168.1.10" value="',
	Port = '"></label><label>Port<input name=port maxlength=5 inputmode=numeric placeholder=1883 value="',
	User = '"></label><label>User, if it asks for one<input name=user maxlength=64 autocapitalize=none autocorrect=off spellcheck=false value="',
	Password = '"></label><label>Password<input name=password type=password maxlength=64 autocomplete=off></label>',
	Node = '<h2>This node</h2><label>Name<input name=node maxlength=23 autocapitalize=none autocorrect=off spellcheck=false value="',
	End = '"></label><p class=h>1 to 23 of a-z, 0-9 and "-".</p><button>Connect</button>'
		+ '<button name=scan value=1>Look for networks again</button></form></main>',
	Looking = '<p role=status>Looking for networks&hellip;</p></main>',
	Joining = '<p role=status>Trying to join <b><bdi>',
	JoiningEnd = '</bdi></b>&hellip; This takes up to 20 seconds.</p><p class=h>If your phone loses this network meanwhile, join <b>',
	JoiningLast = '</b> again and open this page: it says what came of it.</p></main>',
	Restarting = '<p role=status>Saved. The node restarts and tries the broker at <b><bdi>',
	RestartingEnd = '</bdi></b>; this network closes.</p><p class=h>If the broker cannot be reached, the network <b>',
	RestartingLast = '</b> is back within some minutes, and this page says why.</p></main>',
}

export const enum View {
	Form,
	/** Comes again by itself. */
	Looking,
	Joining,
	/** The last that is shown. */
	Restarting,
}

/** What the page shows. Secrets are no part of it. */
export interface Shown {
	readonly view: View;
	readonly node: string;
	/** Of the access point. */
	readonly accessPointName: string;
	/** What went wrong; '' if nothing did. */
	readonly problem: string;
	/** What is true now; '' if there is nothing to say. */
	readonly state: string;
	readonly networks: readonly FoundNetwork[] | undefined;
	readonly ssid: string;
	readonly host: string;
	readonly port: string;
	readonly user: string;
	readonly newNode: string;
	readonly asksCode: boolean;
}

const enum Step {
	Head,
	Style1,
	Style2,
	Style3,
	Style4,
	Title,
	Problem,
	State,
	Form,
	Network,
	Other,
	Passphrase,
	Broker,
	Port,
	User,
	Password,
	End,
	Done,
}

export class Page {
	private step: Step = Step.Head;
	private network = 0;
	private readonly shown: Shown;
	/** As they are when it begins: what is found meanwhile is for the next. */
	private readonly view: View;
	private readonly networks: readonly FoundNetwork[];

	constructor(shown: Shown) {
		this.shown = shown;
		this.view = shown.view;
		this.networks = shown.networks ?? [];
	}

	/** Writes as much as fits; true: that was the last. */
	fill(text: Text): boolean {
		while (this.step !== Step.Done) {
			const before = text.length;
			const next = this.write(text);
			if (text.overflowed) {
				text.overflowed = false;
				// What no piece can hold loses its end: it would be asked for without end.
				if (before > 0) {
					text.length = before;
					return false;
				}
			}
			this.step = next;
			if (next === Step.Network) this.network++;
		}
		return true;
	}

	/** Returns the step behind this one. */
	private write(text: Text): Step {
		const { shown } = this;
		switch (this.step) {
			case Step.Head:
				text.put(Html.Head);
				if (this.view === View.Looking || this.view === View.Joining) text.put(Html.Again);
				escaped(text.put(Html.Title), shown.node).put(Html.TitleEnd);
				return Step.Style1;
			case Step.Style1:
				text.put(Html.Style1);
				return Step.Style2;
			case Step.Style2:
				text.put(Html.Style2);
				return Step.Style3;
			case Step.Style3:
				text.put(Html.Style3);
				return Step.Style4;
			case Step.Style4:
				text.put(Html.Style4);
				return Step.Title;
			case Step.Title:
				escaped(text.put(Html.Body), shown.node).put(Html.H1End);
				return this.view === View.Form ? Step.Problem : Step.End;
			case Step.Problem:
				if (shown.problem) escaped(text.put(Html.Problem), shown.problem).put(Html.PEnd);
				return Step.State;
			case Step.State:
				if (shown.state) escaped(text.put(Html.State), shown.state).put(Html.PEnd);
				return Step.Form;
			case Step.Form:
				text.put(Html.Form);
				if (shown.asksCode) text.put(Html.Code);
				text.put(Html.Wifi).put(this.networks.length ? Html.List : Html.Nothing);
				return this.networks.length ? Step.Network : Step.Other;
			case Step.Network:
				this.found(text, this.networks[this.network - 1]);
				return this.network < this.networks.length ? Step.Network : Step.Other;
		}
		return this.writeFields(text);
	}

	private writeFields(text: Text): Step {
		const { shown } = this;
		switch (this.step) {
			case Step.Other:
				if (this.networks.length) text.put(Html.ListEnd);
				escaped(text.put(Html.Other), isListed(this.networks, shown.ssid) ? '' : shown.ssid);
				return Step.Passphrase;
			case Step.Passphrase:
				text.put(Html.Passphrase);
				return Step.Broker;
			case Step.Broker:
				escaped(text.put(Html.Broker), shown.host);
				return Step.Port;
			case Step.Port:
				escaped(text.put(Html.Port), shown.port);
				return Step.User;
			case Step.User:
				escaped(text.put(Html.User), shown.user);
				return Step.Password;
			case Step.Password:
				escaped(text.put(Html.Password).put(Html.Node), shown.newNode);
				return Step.End;
		}
		this.writeEnd(text);
		return Step.Done;
	}

	private writeEnd(text: Text): void {
		const { shown } = this;
		if (this.view === View.Form) text.put(Html.End);
		else if (this.view === View.Looking) text.put(Html.Looking);
		else if (this.view === View.Joining) {
			escaped(text.put(Html.Joining), shown.ssid);
			escaped(text.put(Html.JoiningEnd), shown.accessPointName).put(Html.JoiningLast);
		} else {
			escaped(text.put(Html.Restarting), shown.host);
			escaped(text.put(Html.RestartingEnd), shown.accessPointName).put(Html.RestartingLast);
		}
	}

	private found(text: Text, { ssid, rssi, open }: FoundNetwork): void {
		escaped(text.put(Html.Network), ssid).put(ssid === this.shown.ssid ? Html.Checked : Html.Unchecked);
		escaped(text, ssid).put(Html.NameEnd);
		text.put(rssi >= Signal.StrongDbm ? 'strong' : rssi >= Signal.FairDbm ? 'fair' : 'weak');
		text.put(open ? Html.Open : Html.Locked).put(Html.NetworkEnd);
	}
}

const isListed = (networks: readonly FoundNetwork[], ssid: string): boolean => {
	for (let i = 0; i < networks.length; i++) if (networks[i].ssid === ssid) return true;
	return false;
};

/** As text of HTML, and as the value of an attribute in double quotes. */
const escaped = (text: Text, value: string): Text => {
	for (const character of value) {
		const code = character.codePointAt(0)!;
		switch (code) {
			case Ascii.Ampersand:
				text.put('&amp;');
				break;
			case Ascii.Less:
				text.put('&lt;');
				break;
			case Ascii.Greater:
				text.put('&gt;');
				break;
			case Ascii.Quote:
				text.put('&#34;');
				break;
			case Ascii.Apostrophe:
				text.put('&#39;');
				break;
			default:
				if (code < Ascii.Space) text.put('?');
				else text.text(character);
		}
	}
	return text;
};
