// What mqtt-packet's packages take for granted and XS has not; injected before everything else. None of it is called in what is measured.

import { Buffer } from 'buffer/';

const process = { env: {}, nextTick: (then: (...values: unknown[]) => void, ...values: unknown[]) => then(...values), version: 'v20.0.0', browser: true };

Object.assign(globalThis, { AbortController: class {}, AbortSignal: class {}, EventTarget: class {} });

export { Buffer, process };
