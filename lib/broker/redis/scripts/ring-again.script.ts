import { envelopes } from './envelopes.lua.js';
import { lanes } from './lanes.lua.js';
import { preamble } from './preamble.lua.js';

/**
 * Rings the bell if tasks are waiting, or will be before others look by themselves: for a worker that took a token and cannot
 * use it.
 *
 * Returns: nothing. Safe to repeat: there is never more than one token.
 */
export const ringAgain = String.raw`${preamble}${envelopes}${lanes}
work_at_maxmemory()
local next_due = tonumber(call('ZRANGE', scheduled, 0, 0, 'WITHSCORES')[2])
local is_due_soon = next_due and next_due < now + LOOKS_AGAIN_MS
if is_due_soon or is_anything_waiting() or call('EXISTS', suspects) == 1 then ring() end
`;
