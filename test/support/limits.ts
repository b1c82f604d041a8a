// Before each file of tests: how long a test may take on this machine, as busy as it is now.
import { vi } from 'vitest';
import { patient, TEST_MS } from './patience.js';

vi.setConfig({ testTimeout: patient(TEST_MS), hookTimeout: patient(TEST_MS) });
