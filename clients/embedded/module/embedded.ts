// SPDX-License-Identifier: MIT
// The standard's name for the client: what the manifest gives as "embedded:network/mqtt/client".
//
// Rule: nothing but the name. A module of that name cannot import by relative paths; see docs/decisions/0007-client-in-its-own-folder.md.

export { default } from 'clients/embedded/client';
