import { removing } from './removing.lua.js';
import { toldAtOnce } from './watching.lua.js';

/**
 * Removes those of some statuses that say that their tasks ended so, at a time or before. What was called off and still stands in a list keeps its
 * own until a worker has come to it.
 *
 * ARGV: 1 to only look, state, that time in ms, ids.
 * Returns: how many. Safe to repeat.
 */
export const purgeEnded = String.raw`${toldAtOnce}${removing}
local only_looks, wanted, latest, done = ARGV[1] == '1', ARGV[2], tonumber(ARGV[3]), 0
work_at_maxmemory()
for i = 4, #ARGV do
  local id = ARGV[i]
  local state, finished = unpack(note('HMGET', status .. id, 'state', 'finished'))
  if state == wanted and (tonumber(finished) or 0) <= latest and call('HEXISTS', cancel, id) == 0 then
    if not only_looks then forget_status(id) end
    done = done + 1
  end
end
return done
`;
