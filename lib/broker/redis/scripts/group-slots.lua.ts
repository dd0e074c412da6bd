/**
 * How many tasks of a group are in the hands of workers, for groups that may not run any number at once: their ids, by group, and the
 * group of each. So a slot is never counted, but is a task that somebody holds. Needs `lanes`.
 */
export const groupSlots = String.raw`
local slots = groups .. ':slots'

local function slots_of(group)
  return slots .. ':' .. group
end

-- A group that rested may go on.
local function wake_group(group)
  local lane = lane_of(0, group)
  if call('ZREM', resting, lane) == 1 and call('EXISTS', list_of(lane)) == 1 then
    call('ZADD', groups, last_turn(), lane)
  end
end

local has_slots
-- These tasks are not held any more, however that came.
local function free_slots(ids)
  if has_slots == nil then has_slots = call('EXISTS', slots) == 1 end
  if not has_slots or #ids == 0 then return end
  local is_any_free = false
  for row, group in ipairs(call('HMGET', slots, unpack(ids))) do
    if group then
      call('HDEL', slots, ids[row])
      call('SREM', slots_of(group), ids[row])
      wake_group(group)
      is_any_free = true
    end
  end
  -- One of that group may have waited for it.
  if is_any_free and call('EXISTS', suspects) == 1 then ring() end
end
`;
