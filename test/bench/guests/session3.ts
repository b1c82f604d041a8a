// MQTT 3.1.1.

import { serveSession } from './session.js';

serveSession();
