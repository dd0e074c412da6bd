import { rates } from './rates.lua.js';

/** What `exchange` has to know of limits before it settles. */
export const limits = String.raw`
-- What this worker applies. Another one may apply other limits, or none, while versions of an application change.
local bounds = ARGV[14] ~= '' and cjson.decode(ARGV[14])
-- All that a queue pays for them that has no limits, and whose tasks nobody follows and none logs.
local may_wait = call('EXISTS', limited, turns, watched, plain, logs) > 0
local may_have_logs = may_wait
if may_wait and call('EXISTS', watched, plain) > 0 then
  tell_followers()
  may_wait = call('EXISTS', limited, turns) > 0
end
if not may_wait then has_turns = false end
-- For how long nothing is to be claimed, as handlers were told.
local longest_wait = 0
`;

/** The third part of `exchange`: how many tasks may be claimed, all limits of the queue considered. */
export const limiting = String.raw`${rates}
-- Such a key never expires: see \`pause\`.
local PAUSED = -1
-- The longest wait wins, whoever was told of it.
if longest_wait > 0 then
  may_wait = true
  local left = call('PTTL', limited)
  if left == PAUSED then
    if (tonumber(call('GET', limited)) or 0) < now + longest_wait then call('SET', limited, end_of(longest_wait)) end
  elseif left < longest_wait then
    call('SET', limited, end_of(longest_wait), 'PX', longest_wait)
  end
end

-- One more than the worker wants: if that is too many nobody need be woken.
local wanted = want + 1
-- When more may be claimed, if it is known.
local allowed, goes_on_at = wanted, nil
local wait = may_wait and call('PTTL', limited) or 0
if wait > 0 then allowed, goes_on_at = 0, now + wait end
-- What is due then still joins the queue.
if wait == PAUSED then allowed, goes_on_at = 0, next_due end
if bounds and bounds.rate and allowed > 0 then allowed, goes_on_at = allowed_by(bounds.rate, starts, allowed) end
if bounds and bounds.globalConcurrency then
  -- What workers hold, all of them: also those that died, until somebody has taken over from them.
  local unused = bounds.globalConcurrency
  for _, name in ipairs(call('ZRANGE', workers, 0, -1)) do unused = unused - call('HLEN', active .. name) end
  if math.max(0, unused) < allowed then allowed, goes_on_at = math.max(0, unused), nil end
end
local is_limited = allowed < wanted
want = math.min(want, allowed)
`;
