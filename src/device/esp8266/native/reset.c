// SPDX-License-Identifier: MIT
// What telltale/reset asks of an ESP8266: its reset reason, which the vendor's library keeps since the boot.
//
// Rule: nothing is decided here.

#include "xsmc.h"
#include "xsHost.h"
#include "user_interface.h"

void xs_reset_is_own(xsMachine *the)
{
	xsmcSetBoolean(xsResult, system_get_rst_info()->reason == REASON_SOFT_RESTART);
}
