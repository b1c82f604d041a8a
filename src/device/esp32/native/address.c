// SPDX-License-Identifier: MIT
// What telltale/address asks of ESP-IDF, which the SDK's "wifi" does not call.
//
// Rule: addresses are numbers of 32 bits, the first part lowest; 0 for none. The station is the default one, which the
// SDK makes with its first mode. Where the address is fixed, ESP-IDF says "got IP" when the station has joined.

#include "xsmc.h"
#include "xsHost.h"
#include "esp_netif.h"

static esp_netif_t *station(void)
{
	return esp_netif_get_handle_from_ifkey("WIFI_STA_DEF");
}

/** Own address, mask, gateway, name server. */
void xs_address_fix(xsMachine *the)
{
	esp_netif_ip_info_t info = {0};
	esp_netif_dns_info_t server = {0};

	info.ip.addr = (uint32_t)xsmcToInteger(xsArg(0));
	info.netmask.addr = (uint32_t)xsmcToInteger(xsArg(1));
	info.gw.addr = (uint32_t)xsmcToInteger(xsArg(2));
	server.ip.type = ESP_IPADDR_TYPE_V4;
	server.ip.u_addr.ip4.addr = (uint32_t)xsmcToInteger(xsArg(3));
	esp_netif_dhcpc_stop(station());
	esp_netif_set_ip_info(station(), &info);
	esp_netif_set_dns_info(station(), ESP_NETIF_DNS_MAIN, &server);
}

/** From DHCP again, if that was stopped. */
void xs_address_free(xsMachine *the)
{
	esp_netif_ip_info_t none = {0};
	esp_netif_dhcp_status_t status;

	if (ESP_OK != esp_netif_dhcpc_get_status(station(), &status) || ESP_NETIF_DHCP_STOPPED != status)
		return;
	esp_netif_set_ip_info(station(), &none);
	esp_netif_dhcpc_start(station());
}
