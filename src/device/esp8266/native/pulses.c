// SPDX-License-Identifier: MIT
// What telltale/pulses asks of an ESP8266: one wire of GPIO 0 to 15, low or let go, and the pulses on it.
//
// Rule: nothing is decided here (src/device/native/pulse-capture.h). The clock is the processor's own counter. The SDK's
// builtinCriticalSection macros are the wrong way round on this chip, so these are the core's own.

#include "xsmc.h"
#include "xsHost.h"
#include "user_interface.h"
#include "ets_sys.h"
#include "gpio.h"
#include "esp8266_peri.h"

extern uint8_t ets_get_cpu_frequency(void);

static uint32_t gBit, gPerUs;

static inline uint32_t cycles(void)
{
	uint32_t count;

	__asm__ __volatile__("rsr %0, ccount" : "=a"(count));
	return count;
}

#define CAPTURE_LEVEL() (GPI & gBit)
#define CAPTURE_NOW() cycles()
#define CAPTURE_PER_US gPerUs
#define CAPTURE_BEGIN() noInterrupts()
#define CAPTURE_END() interrupts()
#include "../../native/pulse-capture.h"

// As a GPIO with its pull-up, and an open drain that is let go of.
static void prepare(int pin)
{
	GPOS = 1 << pin;
	GPC(pin) = (GPC(pin) & (0xF << GPCI)) | (1 << GPCD);
	GPF(pin) = GPFFS(GPFFS_GPIO(pin)) | (1 << GPFPU);
	GPES = 1 << pin;
}

void xs_pulses_low(xsMachine *the)
{
	int pin = xsmcToInteger(xsArg(0));

	prepare(pin);
	GPOC = 1 << pin;
}

void xs_pulses_release(xsMachine *the)
{
	prepare(xsmcToInteger(xsArg(0)));
}

void xs_pulses_capture(xsMachine *the)
{
	int pin = xsmcToInteger(xsArg(0)), pairs;
	void *into;
	xsUnsignedValue count;

	xsmcGetBufferWritable(xsArg(1), &into, &count);
	gBit = 1 << pin;
	gPerUs = ets_get_cpu_frequency();
	GPOS = gBit;
	pairs = capturePulses(into, count >> 1);
	xsmcSetInteger(xsResult, pairs);
}
