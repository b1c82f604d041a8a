// SPDX-License-Identifier: MIT
// The sensor drivers in ECMA-419's form that an image has beside the firmware's own: the SDK's, mostly. sensors/README.md shows one.
//
// Rule: images alone have this file, so it may import what only a chip has. The simulator has simulator/modules/drivers.ts in its place,
// the command line nothing. Rows of the table of parts are handed the list (PartIo.drivers), and find what is missing undefined.

import type { Drivers } from '../../sensors/parts.js';

export const drivers: Drivers = Object.freeze({});
