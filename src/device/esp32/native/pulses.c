// SPDX-License-Identifier: MIT
// What telltale/pulses asks of an ESP32: one wire, low or let go, and the pulses on it.
//
// Rule: nothing is decided here (src/device/native/pulse-capture.h). Only the core that runs this has its interrupts off.
// Compiled by nobody yet: there was no ESP-IDF where it was written.

#include "xsmc.h"
#include "xsHost.h"
#include "driver/gpio.h"
#include "esp_timer.h"

static gpio_num_t gPin;
static portMUX_TYPE gPulsesMux = portMUX_INITIALIZER_UNLOCKED;

#define CAPTURE_LEVEL() gpio_get_level(gPin)
#define CAPTURE_NOW() ((uint32_t)esp_timer_get_time())
#define CAPTURE_PER_US 1
#define CAPTURE_BEGIN() portENTER_CRITICAL(&gPulsesMux)
#define CAPTURE_END() portEXIT_CRITICAL(&gPulsesMux)
#include "../../native/pulse-capture.h"

static void prepare(gpio_num_t pin)
{
	gpio_reset_pin(pin);
	gpio_set_pull_mode(pin, GPIO_PULLUP_ONLY);
	gpio_set_level(pin, 1);
	gpio_set_direction(pin, GPIO_MODE_INPUT_OUTPUT_OD);
}

void xs_pulses_low(xsMachine *the)
{
	gpio_num_t pin = (gpio_num_t)xsmcToInteger(xsArg(0));

	prepare(pin);
	gpio_set_level(pin, 0);
}

void xs_pulses_release(xsMachine *the)
{
	prepare((gpio_num_t)xsmcToInteger(xsArg(0)));
}

void xs_pulses_capture(xsMachine *the)
{
	void *into;
	xsUnsignedValue count;

	gPin = (gpio_num_t)xsmcToInteger(xsArg(0));
	xsmcGetBufferWritable(xsArg(1), &into, &count);
	gpio_set_level(gPin, 1);
	xsmcSetInteger(xsResult, capturePulses(into, count >> 1));
}
