// SPDX-License-Identifier: MIT
// What telltale/radio asks of the ESP8266's own library, which the SDK's "wifi" does not call.
//
// Rule: nothing is decided here. Both texts are at most as long as the library's fields.

#include "xsmc.h"
#include "xsHost.h"
#include "user_interface.h"

/** The SDK's connect() would make a station of the chip, and so close the access point. */
void xs_radio_join(xsMachine *the)
{
	struct station_config config;
	char *text;
	int length;

	c_memset(&config, 0, sizeof(config));
	text = xsmcToString(xsArg(0));
	length = c_strlen(text);
	c_memcpy(config.ssid, text, length < sizeof(config.ssid) ? length : sizeof(config.ssid));
	text = xsmcToString(xsArg(1));
	length = c_strlen(text);
	c_memcpy(config.password, text, length < sizeof(config.password) ? length : sizeof(config.password));
	wifi_station_disconnect();
	wifi_station_set_config_current(&config);
	wifi_station_connect();
}

/** 4.3.2.1, and addresses behind it for those who come. */
void xs_radio_place(xsMachine *the)
{
	struct ip_info info;

	IP4_ADDR(&info.ip, 4, 3, 2, 1);
	IP4_ADDR(&info.gw, 4, 3, 2, 1);
	IP4_ADDR(&info.netmask, 255, 255, 255, 0);
	wifi_softap_dhcps_stop();
	wifi_set_ip_info(SOFTAP_IF, &info);
	wifi_softap_dhcps_start();
}
