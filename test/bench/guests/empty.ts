// A guest with nothing in it: what is alive here is not the others'.

import { payload, publishPacket, serve } from '../guest.js';

serve({ make: () => { payload.set(publishPacket().subarray(0, 1)); } });
