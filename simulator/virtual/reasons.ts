// The reason codes of MQTT 5.0 that the virtual broker gives. Table 2-6.
//
// Rule: names as in the standard, in the order of the codes.

export const NO_SUBSCRIBERS = 0x10;
export const NO_SUBSCRIPTION = 0x11;
export const UNSPECIFIED = 0x80;
export const MALFORMED = 0x81;
export const PROTOCOL_ERROR = 0x82;
export const SHUTTING_DOWN = 0x8b;
export const KEEP_ALIVE_TIMEOUT = 0x8d;
export const TAKEN_OVER = 0x8e;
export const FILTER_INVALID = 0x8f;
export const ID_NOT_FOUND = 0x92;
export const RECEIVE_MAXIMUM_EXCEEDED = 0x93;
export const TOPIC_ALIAS_INVALID = 0x94;
export const PACKET_TOO_LARGE = 0x95;
export const RETAIN_NOT_SUPPORTED = 0x9a;
export const QOS_NOT_SUPPORTED = 0x9b;
export const WILDCARDS_NOT_SUPPORTED = 0xa2;
