/**
 * Where a task stands that waits for its time: its score in `task_scheduled` is when it is due, in ms. Redis sorts members of
 * one score by their ids. So that tasks which are due in the same millisecond keep the order in which they were added, each
 * stands 1/1024 ms behind the one before. Where that millisecond is full they spill into the next ones, at most
 * `SPILL_MS`; behind that, the last ones of more than 65,000 stand in the order of their ids.
 *
 * A double has room for such fractions until the year 2248.
 */
export const scheduling = String.raw`
local STEP, SPILL_MS = 1 / 1024, 64

local function last_score(from, before)
  local found = call('ZREVRANGEBYSCORE', scheduled, '(' .. string.format('%.0f', before), from, 'WITHSCORES', 'LIMIT', 0, 1)
  return tonumber(found[2])
end

-- The score of one that is due then, in whole ms, and comes behind all that are due then already.
local scores = {}
local function score_of(due)
  local last = scores[due]
  if not last then
    local from = string.format('%.0f', due)
    last = last_score(from, due + 1)
    if last and last + STEP >= due + 1 then last = last_score(from, due + SPILL_MS) end
  end
  scores[due] = last and math.min(last + STEP, due + SPILL_MS - STEP) or due
  return string.format('%.17g', scores[due])
end

-- A worker that sleeps knows only of what was scheduled when it looked: somebody has to look anew for what is due before.
local function ring_for_first(due)
  if due < now + LOOKS_AGAIN_MS and due <= tonumber(call('ZRANGE', scheduled, 0, 0, 'WITHSCORES')[2]) then ring() end
end

-- When something is due that says so: in ms since 1970, or "+" and how many ms from now. What is overdue is due now.
local function due_at(text)
  return math.max(now, tonumber(text) + (string.sub(text, 1, 1) == '+' and now or 0))
end
`;
