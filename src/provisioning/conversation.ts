// SPDX-License-Identifier: MIT
// A conversation of Improv over serial: requests come in, states, errors and results go out. What it asks for is done by
// a Provisioner.
//
// Rule: one packet is sent at a time, as the line has room; until then it waits here. What is asked while something is
// under way joins it: a network is joined once, and one scan answers all who ask. https://www.improv-wifi.com/serial/

import { NEVER, type Log, type Millis, type PacketLine } from '../common/ports.js';
import { Text, textOf } from '../common/text.js';
import { VERSION } from '../common/version.js';
import { isText } from '../mqtt/codec/wire.js';
import { At, beginResult, endResult, PacketType, putString, shortPacket, type PacketReader } from './improv-codec.js';
import { Phase, type FoundNetwork, type Provisioner } from './provisioner.js';
import type { Transfer } from './transfer.js';
import { TransferRpc } from './transfer-packets.js';

const enum Rpc {
	Wifi = 1,
	State,
	Device,
	Scan,
	Hostname,
	DeviceName,
	NetworkState,
}

const enum State {
	Ready = 2,
	Provisioning,
	Provisioned,
}

const enum Complaint {
	BadRpc = 1,
	UnknownCommand,
	UnableToConnect,
	BadHostname = 5,
}

const enum Limit {
	/** Of a packet whose end does not come: its bytes follow each other within a millisecond. */
	GapMs = 100,
	/** Until the line may have room again: what is in the FIFO takes 11 ms. */
	DrainMs = 10,
	/** How often it is looked whether a join or a scan is over; both wake the loop themselves. */
	LookMs = 250,
	ScanMs = 20_000,
	SsidBytes = 32,
	ProblemBytes = 160,
}

/** What a conversation asks of a Provisioner. */
export interface Joiner extends Omit<Provisioner, 'configure' | 'node'> {
	/** What has happened meanwhile counts; where nobody else asks. */
	step?(now: Millis): void;
}

/** Whose conversations they are. */
export interface ConversationHost {
	readonly line: PacketLine & Log;
	readonly reader: PacketReader;
	readonly chip: string;
	/** The node's name. */
	readonly node: string;
	/** What goes beyond a conversation. */
	parcel: Transfer | undefined;
	/** To be that. */
	newParcel(now: Millis): Transfer;
	/** Who does what is asked for, for one conversation. */
	begin(): Joiner;
}

export class Conversation {
	private readonly host: ConversationHost;
	private readonly waiting: Uint8Array[] = [];
	/** Made when somebody asks for it. */
	private joiner: Joiner | undefined;
	private joining = false;
	/** Of the networks that were found: the next to be sent; -1: nobody asks. */
	private sending = -1;
	private scanEndsAt: Millis = 0;
	/** Bytes that had come when something came last, and when that was. */
	private seen = 0;
	private seenAt: Millis = 0;

	constructor(host: ConversationHost) {
		this.host = host;
	}

	/** When to be asked again; NEVER: it is over. */
	poll(now: Millis): Millis {
		const { waiting, host: { line, reader } } = this;
		this.watchGap(now);
		while (waiting.length) {
			if (!line.packet(waiting[0])) return now + Limit.DrainMs;
			waiting.shift();
		}
		if (reader.whole) {
			this.read(now);
			return now;
		}
		this.joiner?.step?.(now);
		if (this.joining) this.watchJoin(now);
		if (this.sending >= 0) this.sendNetwork(now);
		if (waiting.length) return now;
		if (reader.busy) return this.seenAt + Limit.GapMs;
		return this.joining || this.sending >= 0 ? now + Limit.LookMs : NEVER;
	}

	private get provisioner(): Joiner {
		return (this.joiner ??= this.host.begin());
	}

	/** Bytes were lost on the way: what has come is no packet. */
	private watchGap(now: Millis): void {
		const { reader } = this.host;
		if (reader.count !== this.seen) {
			this.seen = reader.count;
			this.seenAt = now;
		} else if (reader.busy && !reader.whole && now - this.seenAt >= Limit.GapMs) {
			reader.skip();
			this.seen = reader.count;
		}
	}

	private read(now: Millis): void {
		const { reader, line } = this.host;
		if (!reader.sound) {
			this.complain(Complaint.BadRpc);
			return reader.skip();
		}
		const bytes = reader.bytes!;
		const end = At.Data + reader.length;
		// Anything else is an echo of ours.
		if (reader.type === PacketType.Rpc) {
			if (reader.length < 2 || bytes[At.Data + 1] !== reader.length - 2) this.complain(Complaint.BadRpc);
			else this.obey(bytes[At.Data], bytes, At.Data + 2, end, now);
		}
		reader.next(line);
		this.seen = reader.count;
		this.seenAt = now;
	}

	private obey(command: number, bytes: Uint8Array, from: number, to: number, now: Millis): void {
		switch (command) {
			case Rpc.Wifi: return this.join(bytes, from, to, now);
			case Rpc.State: return this.tellState();
			case Rpc.Device: return this.tellDevice();
			case Rpc.Scan: return this.scan(now);
			case Rpc.Hostname:
			case Rpc.DeviceName: return this.tellName(command, bytes, from, to);
			case Rpc.NetworkState: return this.tellNetwork();
			case TransferRpc.Put:
			case TransferRpc.Get: return this.pass(command, bytes, from, to, now);
		}
		this.complain(Complaint.UnknownCommand);
	}

	/** Length and name of the network, length and passphrase. */
	private join(bytes: Uint8Array, from: number, to: number, now: Millis): void {
		const ssidAt = from + 1;
		const ssidEnd = from < to ? ssidAt + bytes[from] : to;
		const end = ssidEnd < to ? ssidEnd + 1 + bytes[ssidEnd] : 0;
		if (end !== to || ssidEnd === ssidAt || ssidEnd - ssidAt > Limit.SsidBytes || !isText(bytes, ssidAt, ssidEnd) || !isText(bytes, ssidEnd + 1, to)) {
			return this.complain(Complaint.BadRpc);
		}
		if (!this.joining) {
			const problem = this.provisioner.join(textOf(bytes, ssidAt, ssidEnd), textOf(bytes, ssidEnd + 1, to), now);
			if (problem) {
				this.host.line.line(problem);
				return this.tellFailure(problem, now);
			}
			this.joining = true;
		}
		this.tell(State.Provisioning);
	}

	private watchJoin(now: Millis): void {
		const { phase, problem } = this.provisioner;
		if (phase === Phase.Joining) return;
		this.joining = false;
		if (phase !== Phase.Joined) return this.tellFailure(problem, now);
		this.tell(State.Provisioned);
		this.tellUrl(Rpc.Wifi);
	}

	/** And keeps why, for those who ask. */
	private tellFailure(problem: string, now: Millis): void {
		const parcel = this.host.parcel = this.host.newParcel(now);
		parcel.answered(bytesOf(problem));
		this.complain(Complaint.UnableToConnect);
		this.tell(State.Ready);
	}

	private tellState(): void {
		if (this.joining) return this.tell(State.Provisioning);
		const { address } = this.provisioner;
		this.tell(address ? State.Provisioned : State.Ready);
		if (address) this.tellUrl(Rpc.State);
	}

	private tellUrl(command: Rpc): void {
		this.send(putString(beginResult(command), this.url));
	}

	private tellDevice(): void {
		const result = putString(putString(beginResult(Rpc.Device), 'Telltale'), VERSION);
		this.send(putString(putString(result, this.host.chip), this.host.node));
	}

	/** The name is changed by the command `config`: here it is refused, unless it is the same. */
	private tellName(command: Rpc, bytes: Uint8Array, from: number, to: number): void {
		const { node } = this.host;
		if (from < to && !(isText(bytes, from, to) && textOf(bytes, from, to) === node)) return this.complain(Complaint.BadHostname);
		this.send(putString(beginResult(command), node));
	}

	/** Bit 0: online; bit 1: it has Wi-Fi. */
	private tellNetwork(): void {
		const { url } = this;
		const result = putString(beginResult(Rpc.NetworkState), this.provisioner.address ? '3' : '2');
		this.send(url ? putString(result, url) : result);
	}

	private scan(now: Millis): void {
		if (this.sending >= 0) return;
		const { host } = this;
		// Both have no room: who was sending it begins anew.
		if (host.parcel?.partial) host.parcel = undefined;
		this.provisioner.scan(now);
		this.scanEndsAt = now + Limit.ScanMs;
		this.sending = 0;
	}

	/** One at a time; an empty result is the last. */
	private sendNetwork(now: Millis): void {
		const { networks } = this.provisioner;
		if (!networks && now < this.scanEndsAt) return;
		const result = beginResult(Rpc.Scan);
		if (networks && this.sending < networks.length) putNetwork(result, networks[this.sending++]);
		else this.sending = -1;
		this.send(result);
	}

	private pass(command: number, bytes: Uint8Array, from: number, to: number, now: Millis): void {
		const { host } = this;
		const result = beginResult(command);
		const parcel = host.parcel ?? host.newParcel(now);
		if (command === TransferRpc.Put ? !parcel.put(bytes, from, to, result) : !parcel.get(bytes, from, to, result)) return this.complain(Complaint.BadRpc);
		// Asking alone leaves nothing behind.
		if (command === TransferRpc.Put) host.parcel = parcel;
		parcel.spokenOf(now);
		this.send(result);
	}

	private get url(): string {
		const { address, isSetUp } = this.provisioner;
		return isSetUp && address ? `http://${address}/` : '';
	}

	private tell(state: State): void {
		this.waiting.push(shortPacket(PacketType.State, state));
	}

	private complain(complaint: Complaint): void {
		this.waiting.push(shortPacket(PacketType.Error, complaint));
	}

	private send(result: Text): void {
		this.waiting.push(endResult(result));
	}
}

const putNetwork = (result: Text, { ssid, rssi, open }: FoundNetwork): void => {
	putString(result, ssid);
	const at = result.length;
	result.byte(0).whole(rssi);
	result.bytes[at] = result.length - at - 1;
	putString(result, open ? 'NO' : 'YES');
};

const bytesOf = (text: string): Uint8Array => {
	const { bytes, length } = new Text(new Uint8Array(Limit.ProblemBytes)).text(text);
	return bytes.subarray(0, length);
};
