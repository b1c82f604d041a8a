#!/usr/bin/env node
// The door to the command line: installs on a fresh clone, then runs cli/main.ts through tsx.
import { fileURLToPath } from 'node:url';
import { setup } from './setup.mjs';

setup();
const { register } = await import('tsx/esm/api');
// The project's own settings, whatever folder the program is called from.
register({ tsconfig: fileURLToPath(new URL('../tsconfig.json', import.meta.url)) });
await import('./main.ts');
