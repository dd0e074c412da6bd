import { cancelling } from './cancelling.lua.js';
import { deadLetters } from './dead-letters.lua.js';
import { envelopes } from './envelopes.lua.js';
import { lanes } from './lanes.lua.js';
import { repairing } from './repairing.lua.js';

/**
 * Looks for tasks that were not met on a walk through the lists: with the workers, among what waits for its time, and at both
 * ends of the lists, where a task may have come to stand since. What is nowhere has no task.
 *
 * ARGV: as `repairing` says; then ids.
 * Returns: what was found, each as kind, id, and 1 if it was mended.
 *
 * Should such a task run after all, its end is written as any other. Safe to repeat.
 */
export const repairMissing = String.raw`${envelopes}${lanes}${deadLetters}${cancelling}${repairing}
local END, END_BYTES, STEP = 96, 65536, 8
-- The ids that stand there, by list.
local ends = {}

local function look_at_end(list, from_left)
  local passed, bytes = 0, 0
  while passed < END and bytes < END_BYTES do
    local items
    if from_left then
      items = call('LRANGE', list, passed, passed + STEP - 1)
    else
      items = call('LRANGE', list, -passed - STEP, -passed - 1)
    end
    for _, item in ipairs(items) do
      local id = identify(item)
      if id then ends[list][id] = true end
      bytes = bytes + #item
    end
    if #items < STEP then return end
    passed = passed + STEP
  end
end

local function is_at_end_of(list, id)
  if not ends[list] then
    ends[list] = {}
    look_at_end(list, true)
    look_at_end(list, false)
  end
  return ends[list][id]
end

local function is_at_end(id)
  local priority, group, name = unpack(note('HMGET', status .. id, 'priority', 'group', 'name'))
  local list = list_of(lane_of(tonumber(priority or 0), group))
  return is_at_end_of(list, id) or is_at_end_of(suspects, id) or (name and is_at_end_of(list_of('turn:' .. name), id))
end

for i = first, #ARGV do
  local id = ARGV[i]
  local state = state_of(id)
  local has_status = state ~= nil and not TERMINAL[state] and call('EXISTS', status .. id) == 1
  local is_cancelled = call('HEXISTS', cancel, id) == 1
  if (has_status or is_cancelled) and not holder_of(id) and not is_at_end(id) then
    if is_cancelled then
      found('cancelWithoutTask', id, function()
        call('HDEL', cancel, id)
        if state == 'cancelled' then expire_cancelled(id, ended_retention) end
      end)
    end
    local is_parked = call('HEXISTS', parked, id) == 1
    if not has_status or (is_parked and not call('ZSCORE', dead, id)) or call('ZSCORE', scheduled, id) then
      -- Its status is right, or another step's concern.
    elseif is_parked then
      found('wrongStatus', id, function() end_failed(id) end)
    else
      found('statusWithoutTask', id, function() end_failed(id, 'no task', 'Its task is gone') end)
    end
  end
end
return damages
`;
