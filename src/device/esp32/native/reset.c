// SPDX-License-Identifier: MIT
// What telltale/reset asks of an ESP32: its reset reason.
//
// Rule: nothing is decided here. Compiled by nobody yet: there was no ESP-IDF where it was written.

#include "xsmc.h"
#include "xsHost.h"
#include "esp_system.h"

void xs_reset_is_own(xsMachine *the)
{
	xsmcSetBoolean(xsResult, esp_reset_reason() == ESP_RST_SW);
}
