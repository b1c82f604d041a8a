// MQTT 3.1.1.

import { session } from './session.js';

session();
