// SPDX-License-Identifier: MIT
// "telltale/dhcp" on an ESP32: the time server that the network names with the address (DHCP option 42). RFC 2132 §8.3
//
// Rule: the chip's own IP stack asks for it and keeps it (hardware/esp32-sdkconfig/); here it is only read, by dhcp.c.

class Dhcp {
	static accept(): void {
		native('xs_telltale_accept_time_server').call(this);
	}

	static timeServer(): string {
		return native('xs_telltale_time_server').call(this) as string;
	}
}

/** Lets the stack keep what comes with an address. To be called before any does. */
export const acceptTimeServer = (): void => {
	Dhcp.accept();
};

/** Its dotted address; '' if there is none. */
export const dhcpTimeServer = (): string => Dhcp.timeServer();
