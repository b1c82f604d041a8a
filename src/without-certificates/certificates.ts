// SPDX-License-Identifier: MIT
// In place of src/certificates/ on an ESP8266: without TLS none are kept.
//
// Rule: settings are all there is to keep.

import { SettingsStore } from '../settings/settings-store.js';

/** Of flash, before the settings'. */
export const CERTIFICATE_SECTORS = 0;

export const NodeSettings = SettingsStore;

export const takeCertificates = (): void => {};
