// SPDX-License-Identifier: MIT
// How the pulses on one wire are taken, the same on both chips and on the host that tests it: sensors/io.ts has the contract.
//
// Rule: whoever includes this says what a chip's level and clock are. A level counts when it is seen twice in a row, so a
// spike shorter than one round of the loop is none. Interrupts are off only while the part speaks: a part that takes long to
// begin (a DHT11 up to 15 ms) is waited for with interrupts on.
//
// CAPTURE_LEVEL()  0 or not 0: the level of the wire
// CAPTURE_NOW()    a uint32_t that counts up and wraps
// CAPTURE_PER_US   how many of those are a microsecond
// CAPTURE_BEGIN()  interrupts off; CAPTURE_END() interrupts on

#define CAPTURE_PROMPT_US 200
#define CAPTURE_PATIENCE_US 16000
#define CAPTURE_LEVEL_US 1000
#define CAPTURE_ALL_US 6000
#define CAPTURE_MORE 255

static int captureIsHigh(void)
{
	for (;;) {
		int once = 0 != CAPTURE_LEVEL();
		if (once == (0 != CAPTURE_LEVEL()))
			return once;
	}
}

// Waits while the level is `high`. Returns for how long since `from`, or -1 when it lasts too long.
static int32_t captureWhile(int high, uint32_t from, uint32_t patienceUs)
{
	uint32_t patience = patienceUs * CAPTURE_PER_US, passed;

	do {
		passed = CAPTURE_NOW() - from;
		if (high != captureIsHigh())
			return (int32_t)passed;
	} while (passed < patience);
	return -1;
}

static uint8_t captureMicroseconds(int32_t ticks)
{
	int32_t us = ticks / (int32_t)CAPTURE_PER_US;

	return (uint8_t)(us > CAPTURE_MORE ? CAPTURE_MORE : us);
}

// The line is let go of and high, or will be in a moment. Two bytes a pair; returns the number of pairs.
static int capturePulses(uint8_t *into, int most)
{
	uint32_t begun, at;
	int pairs = 0;

	CAPTURE_BEGIN();
	at = CAPTURE_NOW();
	// The pull-up takes a moment.
	captureWhile(0, at, CAPTURE_PROMPT_US);
	if (captureWhile(1, CAPTURE_NOW(), CAPTURE_PROMPT_US) < 0) {
		int32_t waited;

		CAPTURE_END();
		waited = captureWhile(1, at, CAPTURE_PATIENCE_US);
		CAPTURE_BEGIN();
		if (waited < 0)
			most = 0;
	}
	begun = at = CAPTURE_NOW();
	while (pairs < most && CAPTURE_NOW() - begun < (uint32_t)(CAPTURE_ALL_US * CAPTURE_PER_US)) {
		int32_t low, high;

		low = captureWhile(0, at, CAPTURE_LEVEL_US);
		if (low < 0)
			break;
		at += low;
		high = captureWhile(1, at, CAPTURE_LEVEL_US);
		if (high < 0)
			break;
		at += high;
		*into++ = captureMicroseconds(low);
		*into++ = captureMicroseconds(high);
		pairs++;
	}
	CAPTURE_END();
	return pairs;
}
