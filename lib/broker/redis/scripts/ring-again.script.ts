import { preamble } from './preamble.lua.js';

/**
 * Rings the bell if tasks are waiting: for a worker that took a token and cannot use it.
 *
 * Returns: nothing. Safe to repeat: there is never more than one token.
 */
export const ringAgain = String.raw`${preamble}
work_at_maxmemory()
if call('LLEN', queue) + call('LLEN', suspects) > 0 then ring() end
`;
