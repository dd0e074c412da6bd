/**
 * Rates: at most `max` starts within any span of `perMs`. When tasks have started stands in a list, oldest first, the last `max` of
 * them: so the window slides, and nothing is ever let through twice, as it would be by a bucket that is filled up again.
 *
 * Every function costs each call of a script, also where nobody uses it: so there are none where nothing has a rate: no `bounds`, and no groups.
 */
export const rates = String.raw`
local has_groups = want > 0 and call('EXISTS', groups, resting) > 0
local allowed_by, note_starts
if bounds or has_groups then
  local STARTS_MAX = 10000

  -- Where starts follow each other closely a worker need not look for each of them: so it looks a little later, and takes several.
  local function next_look(rate, at)
    return math.max(at, now + math.ceil(math.min(rate.perMs / 100, 10)))
  end

  -- How many of so many tasks may start now, and when it is worth to look again for those that may not.
  function allowed_by(rate, times, wanted)
    local count = math.min(wanted, rate.max)
    local spare = rate.max - call('LLEN', times)
    if spare < count then
      local oldest, free = math.max(0, -spare), math.max(0, spare)
      for row, time in ipairs(call('LRANGE', times, oldest, oldest + count - free - 1)) do
        if time + rate.perMs > now then return free + row - 1, next_look(rate, time + rate.perMs) end
      end
    end
    return count, count < wanted and next_look(rate, now + rate.perMs) or nil
  end

  function note_starts(rate, times, count)
    if count == 0 then return end
    local entries = {}
    for row = 1, count do entries[row] = now_text end
    -- Another worker may go by a longer span, and need what is too old for this one.
    local is_longest = call('PTTL', times) <= rate.perMs
    call('RPUSH', times, unpack(entries))
    call('LTRIM', times, is_longest and -rate.max or -STARTS_MAX, -1)
    if is_longest then call('PEXPIRE', times, rate.perMs) end
  end
end
`;
