import { deadLetters } from './dead-letters.lua.js';
import { envelopes } from './envelopes.lua.js';
import { lanes } from './lanes.lua.js';
import { repairing } from './repairing.lua.js';

/**
 * Rings where tasks wait, the bell is empty, and the next task is still the one that an earlier look found. Between a ring
 * and a claim that is so for a moment, and nothing is wrong. Suspects may wait while somebody holds another one.
 *
 * ARGV: as `repairing` says; then what the earlier look returned, or nothing.
 * Returns: {which task is next, nothing where all is well; what was found}.
 *
 * Safe to repeat: there is never more than one token.
 */
export const repairBell = String.raw`${envelopes}${lanes}${deadLetters}${repairing}
local function is_anything_held()
  for _, name in ipairs(call('ZRANGE', workers, 0, WORKERS_MAX - 1)) do
    if call('EXISTS', active .. name) == 1 then return true end
  end
end

if call('EXISTS', bell) == 1 then return {'', damages} end
local lane = call('ZRANGE', priorities, 0, 0)[1] or call('ZRANGE', groups, -1, -1)[1]
local next = call('LINDEX', queue, -1) or (lane and call('LINDEX', list_of(lane), -1))
if not next and not is_anything_held() then next = call('LINDEX', suspects, -1) end
if not next then return {'', damages} end
local mark = redis.sha1hex(next)
if mark == ARGV[first] then found('silentBell', '', ring) end
return {mark, damages}
`;
