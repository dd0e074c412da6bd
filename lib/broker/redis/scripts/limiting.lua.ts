/** What `exchange` knows of limits before it settles. Needs `rates`. */
export const limits = String.raw`
-- What this worker applies. Another one may apply other limits, or none, while versions of an application change.
local bounds = ARGV[14] ~= '' and cjson.decode(ARGV[14]) or {}
-- All that a queue without limits pays for them.
local may_wait = call('EXISTS', limited, turns) > 0
if not may_wait then has_turns = false end

-- Nothing is claimed from the queue for so long. The longest wait wins.
local function must_wait(span)
  may_wait = true
  if call('PTTL', limited) < span then call('SET', limited, 1, 'PX', math.max(1, span)) end
end
`;

/** The third part of `exchange`: how many tasks may be claimed, all limits of the queue considered. */
export const limiting = String.raw`
-- What workers hold, all of them: also those that died, until somebody has taken over from them.
local function held_by_all()
  local count = 0
  for _, name in ipairs(call('ZRANGE', workers, 0, -1)) do count = count + call('HLEN', active .. name) end
  return count
end

-- One more than the worker wants: if that is too many nobody need be woken.
local wanted = want + 1
-- When more may be claimed, if it is known.
local allowed, goes_on_at = wanted, nil
local wait = may_wait and call('PTTL', limited) or 0
if wait > 0 then allowed, goes_on_at = 0, now + wait end
if bounds.rate and allowed > 0 then allowed, goes_on_at = allowed_by(bounds.rate, starts, allowed) end
if bounds.globalConcurrency then
  local unused = math.max(0, bounds.globalConcurrency - held_by_all())
  if unused < allowed then allowed, goes_on_at = unused, nil end
end
local is_limited = allowed < wanted
want = math.min(want, allowed)
`;
