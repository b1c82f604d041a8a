// SPDX-License-Identifier: MIT
// The seams between the firmware and its device: types only, no code.
// Rule: every method says what its maker MUST do, so that a test's fake and the chip's adapter can be held to the same
// words.

/** Milliseconds. As a point in time: since boot, never going back, never wrapping. */
export type Millis = number;

/** "Not before something else happens": what poll() returns when there is nothing to wait for. */
export const NEVER: Millis = Infinity;

/** A task of the loop (node.ts). */
export interface Pollable {
	/** Does what is due at `now` and returns when to be called again (NEVER if only an event can bring work). MUST NOT block. */
	poll(now: Millis): Millis;
}

export interface Clock {
	/** Monotonic milliseconds since boot. MUST NOT step when the date is set, MUST NOT wrap. */
	now(): Millis;
	/** Unix time in whole seconds, or 0 while the date is not known. */
	unixSeconds(): number;
	/**
	 * Whole seconds since boot. Where the node restarted itself for want of a link: since the first boot of that
	 * series.
	 */
	uptime(): number;
	/** How many boots before this one share that uptime; their numbers are those just below this one's. */
	readonly earlierBoots: number;
}

/** A clock that can be told the date. */
export interface TellableClock extends Clock {
	/** Sets the date as a person says it, which MUST be possible. Returns why not, or ''. */
	tellDate(unixSeconds: number): string;
}

/** What the timer calls. */
export interface Woken {
	run(): void;
}

/** The one timer of the program. */
export interface Alarm {
	/** Says whom to call. Once, before anything else; the first call comes at once, but never from inside begin(). */
	begin(woken: Woken): void;
	/** Calls it as soon as can be, but never from inside wake(). Harmless before begin(). */
	wake(): void;
	/** Calls it once at or after `at`; replaces what was set before. NEVER clears it. Harmless before begin(). */
	set(at: Millis, now: Millis): void;
}

export interface Random {
	/** A whole number from 0 to n - 1. n from 1 to 2^31. */
	below(n: number): number;
}

export interface Log {
	/** One line for a human; may be cut or dropped when the line is slow, MUST NOT block or throw. */
	line(text: string): void;
}

/** Wi-Fi as a station. Leaves its state to be read and wakes the loop; never acts. */
export interface Network {
	/**
	 * Begins to join; any join under way is given up, and any network left. `address`: the own one and the length of its
	 * network, as "192.168.1.9/24"; without it, all three come from DHCP. The gateway is the name server if none is given.
	 */
	join(ssid: string, passphrase: string, address?: string, gateway?: string, nameServer?: string): void;
	leave(): void;
	readonly state: NetworkState;
	/** Signal strength in dBm, 0 when not known. */
	rssi(): number;
	/** Own address as dotted text, '' when there is none. */
	address(): string;
	/** Dotted address of the time server that the network names, '' when it names none. */
	timeServer(): string;
	/** Begins to look a name up; the answer appears in `resolved`. A dotted address MUST come back unchanged. */
	resolve(host: string): void;
	/** undefined: no answer yet; '': the name is not known; else a dotted address. */
	readonly resolved: string | undefined;
	/** Begins to look for networks in reach, also while one is joined. False: not just now. */
	scan(listener: ScanListener): boolean;
}

/** Who hears of the networks that a scan finds. */
export interface ScanListener {
	/** `open`: it wants no passphrase. */
	found(ssid: string, rssi: number, open: boolean): void;
	/** That were all. */
	scanned(): void;
}

export const enum NetworkState {
	/** Not joined: radio off, or joining. */
	Down,
	/** Associated, no address yet. */
	Joined,
	/** Has an address. */
	Up,
	/** The access point turned the passphrase down. */
	Refused,
}

/** The chip's own Wi-Fi network, beside which it goes on as a station. */
export interface AccessPoint {
	/** Three bytes in hexadecimal that tell this chip from others. */
	readonly id: string;
	/** Opens it under that name of at most 32 bytes, or again with another; without a password if that is ''. */
	open(name: string, password: string): void;
	close(): void;
	/** Where it answers, dotted; '' while it is not open. */
	address(): string;
}

/** Takes connections from outside. */
export interface Listener {
	/** Begins. False: there is no network yet to listen on, or no memory; to be tried again. */
	open(): boolean;
	/** The next one that waits, or undefined. Whoever takes it closes it. */
	accept(): Transport | undefined;
}

/** Takes questions that are one packet each. */
export interface Questions {
	/** As Listener's. */
	open(): boolean;
	/** Moves the next that waits into `into`, cut if it is longer, and returns how long it is; -1 if none waits. */
	read(into: Uint8Array): number;
	/** Sends this to whoever sent what was read last; it may be lost. */
	answer(bytes: Uint8Array): void;
}

/** One TCP connection at a time. Leaves bytes and state to be read and wakes the loop; never acts. */
export interface Transport {
	/** Begins to connect to a dotted address; any connection before it is closed first. */
	open(address: string, port: number): void;
	close(): void;
	readonly state: TransportState;
	/** Bytes that write() takes now. 0 unless Open. While what was written before the last endTurn() is under way it is 0 too. */
	readonly room: number;
	/**
	 * Sends all of `bytes`, which MUST NOT be longer than `room`. The bytes are copied before it returns. False: the
	 * connection is gone.
	 */
	write(bytes: Uint8Array): boolean;
	/** Nothing more is written in this turn: what was may go, and `room` is 0 until the peer's TCP has acknowledged all of it. */
	endTurn(): void;
	/**
	 * Moves what has arrived into `into`, as much as fits, and returns the count; 0 when there is none. Works after
	 * Lost until all is read.
	 */
	read(into: Uint8Array): number;
	/** Why it is Lost, or would be if nothing more came, to follow the broker's address; '' where no more is known than that. */
	readonly reason?: string;
}

export const enum TransportState {
	Closed,
	Connecting,
	/** Connected; the TLS handshake is under way. Without TLS there is no such state. */
	Securing,
	Open,
	/** Refused, reset, or closed by the peer. */
	Lost,
}

/** Who hears of a bug of ours. Called once: after it the loop asks nobody any more. */
export interface BugHandler {
	tell(bug: unknown): void;
}

/** Numbers that survive a reboot. Keys of at most 15 characters, values of 32 bits. */
export interface Store {
	/** undefined if there is none. */
	get(key: string): number | undefined;
	/** False: not stored (no room, flash fault). */
	set(key: string, value: number): boolean;
}

export interface ClearableStore extends Store {
	/** Forgets all of them. */
	clear(): void;
}

/**
 * NOR flash: erasing sets all bits of a sector, writing only clears bits. Offsets and lengths MUST be whole words of 4
 * bytes. Nothing throws. The power may go at any moment; then any part of what was being written or erased is done.
 */
export interface Flash {
	readonly sectorBytes: number;
	readonly sectorCount: number;
	/** How many of them, at the end, are for settings: readings may lie there from before, but are written there no more. */
	readonly settingsSectors: number;
	/** Fills `into`. False: nothing of it may be used. */
	read(offset: number, into: Uint8Array): boolean;
	/** Writes all of `bytes`, which MUST NOT have a bit set where flash has it cleared. False: any part of it may be there. */
	write(offset: number, bytes: Uint8Array): boolean;
	/** False: the sector holds anything. */
	erase(sector: number): boolean;
}

/** Where the date comes from. Leaves its answer to be read and wakes the loop. */
export interface TimeServer {
	/** Begins to ask; an answer under way is forgotten. */
	ask(host: string): void;
	readonly state: TimeState;
	/** The date as it is known, from wherever; 0 while it is not. */
	unixSeconds(): number;
}

export const enum TimeState {
	Idle,
	Asking,
	/** The date is as the clock has it, to some seconds. */
	Answered,
	Failed,
	/** The clock is set anew: another answer must confirm it. */
	Stepped,
	/** It contradicts the date that was known, which stays unless the next answer contradicts it too. */
	Contradicted,
	/** The server says itself that it has no time, or its date cannot be. */
	Disbelieved,
	/** The date may be wrong, says who used it. */
	Doubted,
}

/** An LED, or whatever else is switched. Nothing throws. */
export interface OutputPin {
	/** 1: lit. */
	write(value: number): void;
}

/** A button. What is pressed or let go wakes the loop. Nothing throws. */
export interface InputPin {
	/** 1: pressed. */
	read(): number;
}

/** A line that a person can type at. */
export interface Console {
	/** The first line that waits, without its end; '' if there is none. Taking it makes room for others. */
	take(): string;
}

/** Takes keys that a person typed. */
export interface Keys {
	key(code: number): void;
}

/** Is given each byte of the serial line first. */
export interface PacketSink {
	/** One that is no part of a packet MUST go on to `keys`. */
	receive(code: number, keys: Keys): void;
	/** A packet is under way, or waits to be read. */
	readonly busy: boolean;
}

/** The serial line as packets see it: they go out between lines, never within one. */
export interface PacketLine extends Keys {
	/** Who is given what comes in; undefined: all of it is typed. */
	sink: PacketSink | undefined;
	/** Takes all of a packet, which is copied; false: there is no room yet. At most 128 bytes. */
	packet(bytes: Uint8Array): boolean;
}

/** One sensor part. Never waits: start, then collect. */
export interface Sensor {
	/**
	 * Begins a measurement and returns how many milliseconds until collect() may be called: with all that collect() asks for,
	 * at most Limit.MEASURING_MS. Throws on a bus error.
	 */
	start(): Millis;
	/**
	 * Writes one value for each of the part's quantities, in milli-units (m°C, m%RH), from `values[at]` on, and returns 0;
	 * or writes nothing, and returns how many milliseconds until it is to be called again: the part is not ready, or
	 * measures in several steps. Throws on a bus error or a wrong check sum, whose sentence has the words "check sum"; then
	 * nothing is written that may be used.
	 */
	collect(values: Int32Array, at: number): Millis;
	/** What is wrong with it although it gives values, '' if nothing is; a value that it cannot give it writes as ABSENT. */
	readonly complaint?: string;
	/** Of a part whose values depend on the air's temperature: told it, in m°C, before it collects. */
	compensate?(temperatureMilliC: number): void;
	/** Of an analog part: how many milli-units one count of the converter is, about. */
	readonly perCount?: number;
	/** On I2C: the bus at its address, as sensors/io.ts has it. */
	readonly bus?: unknown;
	close(): void;
}

/** What the table of parts (sensors/parts.ts) says of one kind of part. It lies in flash. */
export interface PartRow {
	/** As it is written in the setting `sensors`. */
	readonly name: string;
	/** Names from QUANTITIES (reading.ts), in the order in which collect() writes them. */
	readonly quantities: readonly string[];
	/** What the part can give of each quantity, in milli-units: what lies further out is doubtful. */
	readonly minima: readonly number[];
	readonly maxima: readonly number[];
	/** Each collect() is one conversion, and several are combined into a value. */
	readonly analog: boolean;
	/** Of an analog part: conversions that lie further apart are doubtful, in milli-units. */
	readonly spread: number;
	/** Its own noise moves its raw values: one that stays the same for long is doubtful. */
	readonly noisy: boolean;
	/** From start() on it has so long to answer, else Limit.MEASURING_MS; the reading waits for it unless another part is due again. */
	readonly patienceMs?: Millis;
	/** It wants so much rest from one start to the next, whatever its interval. */
	readonly restMs?: Millis;
}

/** A sensor part that is in use. What stands behind `channels` is there only where the setting `sensors` names it. */
export interface Part {
	/** The name that the setting gives it, else its row's: no two parts have the same. */
	readonly name: string;
	readonly row: PartRow;
	readonly sensor: Sensor;
	/**
	 * In its low bits what of its row's quantities it gives: bit k, the k-th is a channel of this node. At least one is. Above them the index
	 * of its first channel: they are counted through, part by part. One number, since a field takes 16 B of each part (readings/channels.ts).
	 */
	readonly channels: number;
	/** Instead of the node's. */
	readonly intervalMs?: Millis;
	readonly conversions?: number;
	/** A reading whose values all differ by less from the last one that was kept is left out, in milli-units. */
	readonly deadBand?: number;
	/** With `deadBand`: a reading is kept at least so often; without it HEARTBEAT_MS (limits.ts). */
	readonly heartbeatMs?: Millis;
	/** Measures at whole multiples of its interval by the date, where that is known. */
	readonly align?: boolean;
	/** Each turn comes up to so much later, by chance. */
	readonly jitterMs?: Millis;
	/** Its supply: 1 is on. */
	readonly power?: OutputPin;
}
