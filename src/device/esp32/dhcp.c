// SPDX-License-Identifier: MIT
// What dhcp.ts asks of the chip's IP stack: the first time server of DHCP's option 42.
//
// Rule: esp_sntp is never started: it only keeps the address. Who asks it for the time is src/device/clock.ts.

#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"

#include <stdbool.h>
#include "esp_sntp.h"

void xs_telltale_accept_time_server(xsMachine *the)
{
	esp_sntp_servermode_dhcp(true);
}

void xs_telltale_time_server(xsMachine *the)
{
	const ip_addr_t *server = esp_sntp_getserver(0);
	char dotted[16] = "";

	if (server && IP_IS_V4(server) && !ip_addr_isany(server))
		ip4addr_ntoa_r(ip_2_ip4(server), dotted, sizeof(dotted));
	xsmcSetString(xsResult, dotted);
}
