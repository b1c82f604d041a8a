// MQTT 5.0.

import { Protocol5 } from '../../../src/mqtt/protocol5.js';
import { session } from './session.js';

session(() => new Protocol5());
