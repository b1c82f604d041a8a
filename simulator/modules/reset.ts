// What native/reset.c is on a chip: why it began anew.

import { call, native } from './host.js';

native('xs_reset_is_own', () => call<boolean>('reset.isOwn'));
