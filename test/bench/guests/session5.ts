// MQTT 5.0.

import { Protocol5 } from '../../../src/mqtt/v5/protocol5.js';
import { serveSession } from './session.js';

serveSession(() => new Protocol5());
