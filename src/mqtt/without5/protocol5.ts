// SPDX-License-Identifier: MIT
// Stands in for src/mqtt/v5/protocol5.ts in an image that speaks MQTT 3.1.1 alone (cli/image.ts). Imports nothing.
//
// Rule: the names that src/telemetry/protocol.ts imports, without what they stand for.

export const Protocol5 = undefined;
