// The chip's radio as a station, with the habits of each vendor's library.
//
// Rule: ESP8266 tries again by itself, for ever, and says "disconnect" each time; ESP32 tries five times more in silence, says
// "disconnect" once and rests. A passphrase that was turned down has code -1. Losing the link tells no socket anything.

import { Link } from '../world/network.js';
import { DeviceError, post, type Chip, type Device } from './chip.js';
import { COSTS, taken, type Held } from './heap.js';
import type { AccessPoint } from './access-point.js';
import type { Reachable, Side } from './inbound.js';

const enum State {
	Idle,
	Joining,
	Joined,
	Addressed,
}

const PASSPHRASE_REFUSED = -1;
const ASSOCIATE_MS = [600, 2_200] as const;
/** A scan of all channels that finds nobody. */
const SCAN_MS = 2_400;
const HANDSHAKE_MS = 3_000;
const DHCP_MS = [150, 1_200] as const;
const DHCP_TIMEOUT_MS = 15_000;
const AGAIN_MS = 1_000;
/** Beacons missed until the station believes it. */
const BEACON_LOSS_MS = [800, 6_000] as const;
const ESP32_RETRIES = 5;
const RSSI_FAULT = 31;
/** A phone that has lost the node's own network joins it again. */
const PHONE_BACK_MS = 4_000;
const AP_START_MS = 80;
/** Of networks around; the node's own is on channel 1 until the station is elsewhere. */
const CHANNEL = 6;
const ACCESS_POINT_MODE = 2;

export class WifiDevice implements Device, Reachable {
	readonly operations = {
		'wifi.mode': () => (this.#chip.name === 'ESP32' && !this.#started ? -5 : this.#mode),
		'wifi.setMode': (mode: number) => this.#setMode(mode),
		'wifi.connect': (ssid: string, password: string) => this.#connect(ssid, password),
		'wifi.disconnect': () => this.#disconnect(),
		'wifi.scan': () => this.#scan(),
		'wifi.found': (index: number) => this.#found[index],
		'wifi.fix': (address: number) => void (this.#fixed = [0, 8, 16, 24].map((shift) => address >>> shift & 0xff).join('.')),
		'wifi.free': () => void (this.#fixed = undefined),
		'wifi.accessPoint': (ssid: string, password: string, station: boolean) => this.#openAccessPoint(ssid, password, station),
		'dhcp.acceptTimeServer': () => void (this.#acceptsTimeServer = true),
		'dhcp.timeServer': () => this.#timeServer,
		'wifi.joinBeside': (ssid: string, password: string) => this.#joinBeside(ssid, password),
		'wifi.placeAccessPoint': () => void (this.#ownPlace = '4.3.2.1'),
		'net.get': (property: string, nif: string | null) => this.#get(property, nif),
	};
	readonly link = new Link();
	readonly #chip: Chip;
	readonly #around: AccessPoint;
	/** The one that is joined, or was last. */
	#accessPoint: AccessPoint;
	readonly #ownAddress: string;
	readonly #mac: string;
	#unlisten: () => void;
	/** Without DHCP. */
	#fixed: string | undefined;
	#state: State = State.Idle;
	#mode = 0;
	#started = false;
	#wanted: { ssid: string; password: string } | undefined;
	#retries = 0;
	/** ESP32 remembers it until the next connect(). */
	#reason = 0;
	/** What is under way belongs to an attempt; an older one's is void. */
	#attempt = 0;
	/** What comes with an address is kept if somebody has asked for that before. */
	#acceptsTimeServer = false;
	#timeServer = '';
	#dhcp: Held | undefined;
	/** The node's own network: its name while it is open. */
	own: string | undefined;
	ownPassword = '';
	#ownHeld: Held | undefined;
	#ownPlace = '192.168.4.1';
	#ownChannel = 1;
	#phonesBackAt = 0;
	/** ESP32: the interface is there when an event has said so. */
	#ownUpAt = 0;
	#scanning = false;
	/** By the last scan; the guest takes them one at a time, as the SDK gives them. */
	#found: readonly object[] = [];

	constructor(chip: Chip, accessPoint: AccessPoint, index: number) {
		this.#chip = chip;
		this.#around = this.#accessPoint = accessPoint;
		this.#ownAddress = `10.0.0.${10 + index}`;
		this.#mac = `24:6F:28:00:00:${(16 + index).toString(16).toUpperCase().padStart(2, '0')}`;
		this.#unlisten = accessPoint.onChange(() => this.#accessPointChanged());
	}

	get addressed(): boolean {
		return this.#state === State.Addressed;
	}

	get up(): boolean {
		return this.addressed || (this.own !== undefined && this.#chip.now() >= this.#ownUpAt);
	}

	/** By a phone that has joined the node's own network, or over the network that the node has joined. */
	isReachable(side: Side): boolean {
		if (side === 'station') return this.addressed && this.link.up;
		return this.own !== undefined && this.#chip.now() >= this.#phonesBackAt;
	}

	down(): void {
		this.#unlisten();
		this.#attempt++;
	}

	#setMode(mode: number): void {
		if (this.#chip.name === 'ESP32' && ![-5, 0, 1, 2, 3].includes(mode)) throw new DeviceError('invalid mode');
		this.#changeMode(mode);
		if (mode === -5 || mode === 0) this.#leave();
		if (mode !== -5) this.#start();
	}

	/** Without its bit the node's own network is gone, and those in it; with it, it is what it was. */
	#changeMode(mode: number): void {
		this.#mode = mode;
		if (mode & ACCESS_POINT_MODE) return;
		this.own = undefined;
		this.#ownHeld?.release();
		this.#ownHeld = undefined;
	}

	#start(): void {
		if (!this.#started && this.#chip.name === 'ESP32' && this.#mode & 1) this.#say('start');
		this.#started = true;
	}

	#connect(ssid: string, password: string): void {
		if (Buffer.byteLength(ssid) > 32) throw new DeviceError('ssid too long - 32 bytes max');
		if (Buffer.byteLength(password) > 64) throw new DeviceError('password too long - 64 bytes max');
		const wasJoined = this.#state >= State.Joined;
		this.#leave();
		// On ESP32 the event finds retries left, and the library swallows it.
		if (wasJoined && this.#chip.name === 'ESP8266') this.#say('disconnect', 0);
		if (this.#chip.name === 'ESP8266' || !(this.#mode & 1)) this.#changeMode(1);
		this.#start();
		this.#reason = 0;
		this.#retries = ESP32_RETRIES;
		this.#wanted = { ssid, password };
		this.#join();
	}

	/** src/device/esp8266/native/radio.c: the vendor's own calls, which leave the mode as it is. */
	#joinBeside(ssid: string, password: string): void {
		this.#disconnect();
		if (!(this.#mode & 1)) return;
		this.#wanted = { ssid, password };
		this.#join();
	}

	#turnTo(accessPoint: AccessPoint): void {
		this.#unlisten();
		this.#accessPoint = accessPoint;
		this.#unlisten = accessPoint.onChange(() => this.#accessPointChanged());
	}

	/** Whether what it sends comes to anybody: the network is 10.0.0.0/8, whatever its router. */
	get #heard(): boolean {
		return this.#fixed === undefined || this.#fixed.startsWith('10.');
	}

	#disconnect(): void {
		const wasBusy = this.#state !== State.Idle;
		this.#leave();
		this.#reason = 0;
		if (wasBusy) this.#say('disconnect', 0);
	}

	#leave(): void {
		this.#attempt++;
		this.#state = State.Idle;
		this.#wanted = undefined;
		this.link.set(false);
	}

	#join(): void {
		this.#state = State.Joining;
		const [low, high] = ASSOCIATE_MS;
		this.#later(this.#chip.random.between(low, high), () => {
			const { ssid, password } = this.#wanted!;
			const found = [this.#around, ...this.#around.others].find((each) => each.ssid === ssid);
			if (found && found !== this.#accessPoint) this.#turnTo(found);
			if (!found?.up) this.#later(SCAN_MS, () => this.#fail(0));
			else if (password !== this.#accessPoint.passphrase) this.#later(HANDSHAKE_MS, () => this.#fail(PASSPHRASE_REFUSED));
			else this.#joined();
		});
	}

	#joined(): void {
		const attempt = this.#attempt;
		this.#state = State.Joined;
		this.#retries = 0;
		// The chip has one radio: its own network follows, and phones lose it.
		if (this.own !== undefined && this.#ownChannel !== CHANNEL) this.#phonesBackAt = this.#chip.now() + PHONE_BACK_MS;
		this.#ownChannel = CHANNEL;
		this.link.set(this.#heard);
		this.#say('connect');
		if (this.#fixed) {
			this.#state = State.Addressed;
			return this.#say('gotIP');
		}
		if (!this.#accessPoint.dhcp) {
			if (this.#chip.name === 'ESP8266') this.#later(DHCP_TIMEOUT_MS, () => this.#say('lostIP'));
			return;
		}
		// lwIP's record stays from the first time on; without memory for the question nobody asks.
		this.#dhcp ??= this.#chip.heap.take('DHCP', COSTS.dhcp);
		const question = this.#chip.heap.take('DHCP', COSTS.dhcpQuestion);
		if (!this.#dhcp || !question) return void question?.release();
		this.#chip.after(this.#chip.random.between(...DHCP_MS), () => {
			question.release();
			if (attempt !== this.#attempt) return;
			this.#state = State.Addressed;
			this.#timeServer = this.#acceptsTimeServer ? this.#accessPoint.timeServer : '';
			this.#say('gotIP');
		});
	}

	#fail(reason: number): void {
		this.link.set(false);
		if (this.#chip.name === 'ESP8266') {
			this.#say('disconnect', reason);
			this.#state = State.Joining;
			this.#later(AGAIN_MS, () => this.#join());
			return;
		}
		if (reason) this.#reason = reason;
		if (this.#retries-- > 0) return this.#join();
		this.#state = State.Idle;
		this.#say('disconnect', this.#reason);
	}

	#accessPointChanged(): void {
		this.link.set(this.#accessPoint.up && this.#state >= State.Joined && this.#heard);
		if (this.#accessPoint.up || this.#state < State.Joined) return;
		this.#attempt++;
		const [low, high] = BEACON_LOSS_MS;
		this.#later(this.#chip.random.between(low, high), () => {
			// Back within the time: nobody noticed, but an address may still be owed.
			if (!this.#accessPoint.up) this.#fail(0);
			else if (this.#state === State.Joined) this.#joined();
		});
	}

	#scan(): void {
		const esp8266 = this.#chip.name === 'ESP8266';
		if (esp8266 && !(this.#mode & 1)) throw new DeviceError("can't scan");
		if (this.#scanning) throw new DeviceError(esp8266 ? 'unfinished wifi scan pending' : 'already scanning');
		const isJoining = this.#state === State.Joining;
		// The radio is busy: ESP-IDF says so at once, the ESP8266's library with a list of nobody.
		if (isJoining && !esp8266) throw new DeviceError('scan request failed');
		this.#scanning = true;
		this.#chip.after(SCAN_MS, () => {
			const found = isJoining ? [] : [this.#around, ...this.#around.others].filter(({ up, hidden }) => up && !hidden);
			const held = this.#chip.heap.take('networks found', found.length * 3 * taken(COSTS.foundNetwork));
			this.#found = (held ? found : []).map(({ ssid, rssi, passphrase }) => ({
				ssid, rssi, channel: CHANNEL, hidden: false, bssid: '02000a000001', authentication: passphrase ? 'wpa2_psk' : 'none',
			}));
			this.#chip.post(() => {
				held?.release();
				this.#scanning = false;
				return ['scan', this.#found.length];
			});
		});
	}

	#openAccessPoint(ssid: string, password: string, station: boolean): void {
		if (Buffer.byteLength(ssid) > 32) throw new DeviceError('ssid too long - 32 bytes max');
		if (Buffer.byteLength(password) > 64) throw new DeviceError('password too long - 64 bytes max');
		if (password && Buffer.byteLength(password) < 8) throw new DeviceError('password too short - 8 bytes min');
		this.#mode = station ? 3 : ACCESS_POINT_MODE;
		this.#started = true;
		this.#ownHeld ??= this.#chip.heap.take('access point', COSTS.accessPoint);
		this.own = ssid;
		this.#ownUpAt = this.#chip.now() + (this.#chip.name === 'ESP32' ? AP_START_MS : 0);
		this.ownPassword = password;
		this.#ownPlace = '192.168.4.1';
		this.#ownChannel = this.addressed ? CHANNEL : 1;
	}

	#get(property: string, nif: string | null): unknown {
		const station = this.#mode === 1 || (this.#mode === 3 && nif === 'station');
		const accessPoint = this.#mode === 2 ? nif !== 'station' : this.#mode === 3 && nif === 'ap';
		const joined = this.#state >= State.Joined;
		const esp8266 = this.#chip.name === 'ESP8266';
		switch (property) {
			case 'IP':
				return accessPoint ? this.#ownPlace : station && this.addressed ? this.#fixed ?? this.#ownAddress : null;
			case 'MAC':
				return (station || accessPoint) && (esp8266 || this.#started) ? this.#mac : null;
			case 'SSID':
				return (esp8266 ? this.#wanted?.ssid : joined ? this.#accessPoint.ssid : null) ?? null;
			case 'BSSID':
				return joined ? '02:00:0A:00:00:01' : null;
			case 'RSSI':
				return joined ? Math.round(this.#accessPoint.rssi + this.#chip.random.gaussian(2)) : esp8266 ? RSSI_FAULT : null;
			case 'CHANNEL':
				return joined ? 6 : esp8266 ? 1 : null;
			case 'DNS':
				return this.addressed ? ['10.0.0.1'] : [];
			default:
				return null;
		}
	}

	#say(message: string, code: number | null = null): void {
		post(this.#chip, () => ['wifi', message, code]);
	}

	#later(ms: number, action: () => void): void {
		const attempt = this.#attempt;
		this.#chip.after(ms, () => {
			if (attempt === this.#attempt) action();
		});
	}
}
