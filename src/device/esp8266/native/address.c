// SPDX-License-Identifier: MIT
// What telltale/address asks of the ESP8266's own library, which the SDK's "wifi" does not call.
//
// Rule: addresses are numbers of 32 bits, the first part lowest; 0 for none.

#include "xsmc.h"
#include "xsHost.h"
#include "user_interface.h"
#include "lwip/err.h"
#include "lwip/dns.h"

/** Own address, mask, gateway, name server. */
void xs_address_fix(xsMachine *the)
{
	struct ip_info info;
	ip_addr_t server;

	info.ip.addr = (uint32_t)xsmcToInteger(xsArg(0));
	info.netmask.addr = (uint32_t)xsmcToInteger(xsArg(1));
	info.gw.addr = (uint32_t)xsmcToInteger(xsArg(2));
	server.addr = (uint32_t)xsmcToInteger(xsArg(3));
	wifi_station_dhcpc_stop();
	wifi_set_ip_info(STATION_IF, &info);
	dns_setserver(0, &server);
}

/** From DHCP again, if that was stopped. */
void xs_address_free(xsMachine *the)
{
	struct ip_info none;

	if (DHCP_STOPPED != wifi_station_dhcpc_status())
		return;
	c_memset(&none, 0, sizeof(none));
	wifi_set_ip_info(STATION_IF, &none);
	wifi_station_dhcpc_start();
}
