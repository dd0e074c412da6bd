import { envelopes } from './envelopes.lua.js';
import { lanes } from './lanes.lua.js';
import { ringRoom } from './room.lua.js';

/**
 * Rings the bell if tasks are waiting, or will be before others look by themselves: for a worker that took a token and cannot
 * use it.
 *
 * ARGV: 1 to wake one, too, that waits until others have ended.
 * Returns: nothing. Safe to repeat: there is never more than one token.
 */
export const ringAgain = String.raw`${envelopes}${lanes}
local function first_of(times)
  return tonumber(call('ZRANGE', times, 0, 0, 'WITHSCORES')[2]) or math.huge
end

work_at_maxmemory()
local next_due = math.min(first_of(scheduled), first_of(turns), first_of(resting))
if next_due < now + LOOKS_AGAIN_MS or is_anything_waiting() or call('EXISTS', suspects) == 1 then
  ring()
  if ARGV[1] == '1' then${ringRoom}end
end
`;
