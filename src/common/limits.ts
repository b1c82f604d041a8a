// SPDX-License-Identifier: MIT
// Every bound of the firmware, each with its reason.
//
// Rule: constants only, each named with its unit last; imports nothing.

export const enum Limit {
	// --- Reconnecting (docs/architecture.md, "Coming back") ---
	/** No attempt follows another sooner: brokers count that as an attack. */
	BACKOFF_FLOOR_MS = 1_000,
	/** First span of the random part; doubles with each attempt that fails. */
	BACKOFF_SPAN_MS = 1_000,
	/** No delay is longer: a node is back within two minutes of its broker. */
	BACKOFF_CAP_MS = 60_000,
	/** Refused credentials do not heal by themselves within seconds. */
	BACKOFF_REFUSED_CAP_MS = 300_000,
	/**
	 * So many times in a row the broker hung up or broke the protocol within LINK_USEFUL_MS of accepting us. Another client
	 * with our id looks so, too.
	 */
	TAKEOVERS_MIN = 3,
	/**
	 * Then at most one attempt a minute: the two would throw each other out for ever, twice a second; what breaks one
	 * connection breaks each.
	 */
	TAKEOVER_DELAY_MS = 60_000,
	/** On top of it, a random part: two nodes of the same kind must not keep step. */
	TAKEOVER_SPAN_MS = 15_000,
	/** A link that lived this long, or carried one acknowledgement, was useful: only then does back-off begin anew. */
	LINK_USEFUL_MS = 60_000,

	// --- Patience, by stage ---
	/** Association and DHCP: the ESP8266 takes up to 20 s beside a busy access point. */
	WIFI_TIMEOUT_MS = 30_000,
	/** lwIP itself gives a name server up after about 15 s. */
	DNS_TIMEOUT_MS = 15_000,
	/** Where there is another network or broker, the date is waited for no longer. */
	DATE_TIMEOUT_MS = 60_000,
	/** Three SYNs of lwIP; its own giving up takes the better part of a minute. */
	TCP_TIMEOUT_MS = 10_000,
	/** The same and the TLS handshake: some seconds of computing on an ESP32, and as much again on a busy broker. */
	TLS_TIMEOUT_MS = 30_000,
	/** From the CONNECT to the CONNACK. */
	CONNACK_TIMEOUT_MS = 10_000,
	/** What is on its way gets this long before a stop or restart says DISCONNECT without it. */
	STOP_TIMEOUT_MS = 5_000,

	// --- MQTT ---
	/**
	 * Largest packet that is taken whole; larger ones are drained and counted. Commands are short, and our own CONNECT fits
	 * at its longest.
	 */
	INBOUND_PACKET_MAX = 384,
	/** Bytes of packets that wait for an acknowledgement or for the socket. */
	OUTBOX_BYTES = 896,
	/** Readings leave this much of the outbox to other publications and results. */
	OUTBOX_RESERVE = 384,
	/** Longest result of a command, so that with the longest topic it fits that reserve. */
	RESULT_MAX = 320,
	/** Taken from the socket at a time. */
	ARRIVED_BYTES = 128,
	/** Commands that wait to be carried out: all that one piece from the socket can complete. */
	COMMANDS_BYTES = INBOUND_PACKET_MAX + ARRIVED_BYTES,
	/**
	 * While commands wait, the socket is read only if so much can be written: each command that one read completes may need
	 * its answer at once.
	 */
	ANSWERS_ROOM = 1_280,
	/**
	 * Where TCP acknowledges nothing for so long meanwhile, the broker may have hung up: that is known when all it said is read.
	 * Longer than a round trip on a bad way, shorter than the patience with a broker that acknowledges nothing.
	 */
	STUCK_MS = 15_000,
	/** All is read then, and the end would have been heard. */
	END_MS = 1_000,
	/** With MQTT 5.0: no message of ours is larger. A broker whose Maximum Packet Size is smaller may get only some of them. */
	PACKET_MAX = 456,
	/**
	 * A broker that turns messages down for the moment (a quota) gets one reading so much later, then after twice as long
	 * each time.
	 */
	PAUSE_MS = 1_000,
	PAUSE_MAX_MS = 60_000,
	/**
	 * So long after a connection began, the filters are asked for although the broker kept the session: another client with
	 * our id may have replaced it. Most links live longer, so that SUBSCRIBE is rare.
	 */
	FILTERS_MS = 300_000,
	/** QoS 1 and 2 messages in flight. */
	INFLIGHT_MAX = 8,
	/** Messages of readings that wait for their acknowledgement, those in the outbox that were not sent yet included. */
	MESSAGES_MAX = 16,
	/** An ESP8266's whole send buffer is 2,920 B, all or nothing. */
	WRITE_MAX = 1_024,

	// --- Readings ---
	/** Waiting readings in RAM: 256 of 15 B. */
	RING_BYTES = 3_840,
	/** Late readings sent each second beside the live ones, so that a herd of nodes does not drown its broker. */
	LATE_PER_SECOND = 10,
	/** A reading waits no longer in RAM alone while the link is down: a broker or access point that restarts costs no flash. */
	JOURNAL_AFTER_MS = 60_000,
	/** Readings moved to flash in one turn of the loop: about 2 ms each. */
	JOURNAL_PER_TURN = 16,
	/** Free sectors that no new reading gets: one to thin two others into, and one in case that one is worn out. */
	JOURNAL_RESERVE = 2,
	/** At the end of the flash partition, in turns for one generation of settings each. */
	SETTINGS_SECTORS = 2,
	/** With fewer there is nothing to thin: the reserve, two that are full and one that is filling; and the channels' names. */
	JOURNAL_SECTORS_MIN = JOURNAL_RESERVE + 4,
	/** Flash that failed so often in a row, in other places each time, is left alone until the next boot. */
	FLASH_FAULTS_MAX = 16,
	/** Headings looked at in one turn of the loop: 64 small reads are about 20 ms, and 759 sectors are found in 12 turns. */
	SECTORS_PER_STEP = 64,
	/** Slots looked at in one turn, each with a check sum, perhaps copied: about 50 ms. */
	SLOTS_PER_STEP = 16,
	/** One reading for 65,536: 45 days at one a minute. */
	LEVEL_MAX = 16,
	/**
	 * The first reading waits no longer for the link and the date: Wi-Fi takes two to four seconds, a broker that is away
	 * any time.
	 */
	FIRST_READING_MS = 5_000,
	/** From the start of a measurement on, a part has so long to answer: shorter than the shortest interval, so that none delays another. */
	MEASURING_MS = 500,
	/** A part with a dead band and no heartbeat of its own is heard this often. */
	HEARTBEAT_MS = 600_000,
	/** After so many failures in a row a part's supply is off for a moment; and so again after as many more. */
	FAILURES_MAX = 5,
	/** Long enough for the capacitors of a breakout to be empty. */
	POWER_OFF_MS = 1_000,
	/** Counters go out this often. */
	HEALTH_MS = 60_000,
	/** Longest payload of ours: health with every counter at its widest. */
	PAYLOAD_MAX = 384,

	// --- The date ---
	/** The crystals of these boards drift about 2 s a day. */
	TIME_AGAIN_MS = 6 * 3_600_000,
	/** Longer than the SDK's SNTP client takes to give up (five tries, 5 s apart). */
	TIME_RETRY_MS = 60_000,
	/** A known date and an answer that differ by more contradict each other: a crystal drifts so far in five days. */
	TIME_STEP_SECONDS = 10,

	// --- Staying alive ---
	/**
	 * A restart by command is not obeyed sooner after a start: whoever asks again and again gets a node that measures all
	 * the same.
	 */
	RESTART_UPTIME_MIN_MS = 60_000,
	/**
	 * A boot that new settings from the broker began takes others from there at the earliest then: each costs an erasure of flash and a
	 * restart, and who sends them each second would wear the two sectors out in days.
	 */
	CONFIG_UPTIME_MIN_MS = 60_000,
	/** A restart that is asked of all nodes at once is spread over so long: else they would all be back at once, too. */
	RESTART_SPREAD_MS = 60_000,
	/** The LED shows where the node is for so long. */
	IDENTIFY_MS = 10_000,
	/** Without a link for so long, the chip itself may be at fault: its resolver or a socket can be deaf until it restarts.
	 * An outage of a night begins to look like that. */
	RESTART_AFTER_MS = 21_600_000,
	/** Shorter, and an ordinary outage would be one long restart. */
	RESTART_AFTER_MIN_MS = 900_000,
	/** A week; there is 0 for those who want it never. */
	RESTART_AFTER_MAX_MS = 604_800_000,
	/** Before a restart: long enough for the serial line to say why. */
	LAST_WORDS_MS = 250,
	/** From a restart to the first look at the clock, about: what uptime that goes on has to add. */
	RESTART_SECONDS = 1,
	/**
	 * So many boots in a row, none of which lived SURVIVED_MS, are a loop. Five: somebody who plugs and unplugs seldom does
	 * it more often.
	 */
	BOOTS_MAX = 5,
	/** Long enough for everything to have run once: a join, a reconnect, several readings, the journal. */
	SURVIVED_MS = 300_000,
	/** Then the node tries to measure again. */
	SAFE_MODE_MS = 600_000,
	/** New settings have so long for each pair of network and broker to show that they work. */
	TRIAL_MS = 120_000,
	/** Set-up mode that was asked for ends after so long without use. */
	SET_UP_MS = 600_000,
}
