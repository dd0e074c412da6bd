/**
 * In which list a task waits. Nearly all wait in the queue itself. What has a priority waits in a lane: a list of its own for
 * each priority, in the same order as the queue. `task_priorities` names those that are not empty, the highest first. Needs
 * `envelopes`.
 */
export const lanes = String.raw`
-- Stands in a list where a task stood that has moved to another one: nothing can be taken out of the midst of a list.
local MOVED = 'moved to another priority'

-- The name of the lane of tasks with that priority; nothing for those that belong into the queue.
local function lane_of(priority)
  return priority ~= 0 and 'priority:' .. priority or nil
end

local function list_of(lane)
  return lane and lane_key .. lane or queue
end

-- Puts a task where it waits: as the last one, or as the next one. The lane is named first, for one that is named and empty is
-- forgotten by whoever comes to it, and one that is not named would never be found.
local function wait_in_line(envelope, is_next)
  local priority = priority_of(envelope)
  local lane = lane_of(priority)
  if lane then call('ZADD', priorities, -priority, lane) end
  call(is_next and 'RPUSH' or 'LPUSH', list_of(lane), envelope)
end

-- The same for what workers have held: what was lost with them too often waits among the suspects.
local function come_back(envelope, max_lost, is_next)
  if not is_suspect(envelope, max_lost) then return wait_in_line(envelope, is_next) end
  call(is_next and 'RPUSH' or 'LPUSH', suspects, envelope)
end

-- The envelope with another priority.
local function prioritize(envelope, priority)
  local counted = end_of_counters(envelope)
  local rest = string.match(envelope, '^,"priority":%-?%d+()', counted) or counted
  local member = priority ~= 0 and ',"priority":' .. priority or ''
  return string.sub(envelope, 1, counted - 1) .. member .. string.sub(envelope, rest)
end

local function forget_if_empty(lane)
  if call('EXISTS', list_of(lane)) == 0 then call('ZREM', priorities, lane) end
end

local function is_anything_waiting()
  return call('LLEN', queue) > 0 or call('EXISTS', priorities) == 1
end

local function count_waiting()
  local count = call('LLEN', queue)
  for _, lane in ipairs(call('ZRANGE', priorities, 0, -1)) do count = count + call('LLEN', list_of(lane)) end
  return count
end
`;
