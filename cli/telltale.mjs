#!/usr/bin/env node
// The door to the command line: installs on a fresh clone, then runs cli/main.ts through tsx.
import { setup } from './setup.mjs';

setup();
const { register } = await import('tsx/esm/api');
register();
await import('./main.ts');
