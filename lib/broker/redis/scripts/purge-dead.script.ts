import { deadLetters } from './dead-letters.lua.js';
import { envelopes } from './envelopes.lua.js';
import { removing } from './removing.lua.js';
import { toldAtOnce } from './watching.lua.js';

/**
 * Removes a page of the dead letters that died at a time or before, the oldest first, each with its data and its status, which stays if the
 * id is in use again.
 *
 * ARGV: that time in ms.
 * Returns: how many were removed, 0 once there is none left. Safe to repeat.
 */
export const purgeDead = String.raw`${toldAtOnce}${envelopes}${deadLetters}${removing}
local PAGE = 50
work_at_maxmemory()
local ids = call('ZRANGEBYSCORE', dead, '-inf', ARGV[1], 'LIMIT', 0, PAGE)
for _, id in ipairs(ids) do
  local is_of_another = is_outlived(id)
  call('ZREM', dead, id)
  call('HDEL', parked, id)
  if not is_of_another then forget_status(id) end
end
return #ids
`;
