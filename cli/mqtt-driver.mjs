#!/usr/bin/env node
// The door to the MQTT driver (docs/driver.md): installs on a fresh clone, then runs cli/mqtt-driver.ts through tsx.
import { fileURLToPath } from 'node:url';
import { setup } from './setup.mjs';

setup();
const { register } = await import('tsx/esm/api');
register({ tsconfig: fileURLToPath(new URL('../tsconfig.json', import.meta.url)) });
await import('./mqtt-driver.ts');
