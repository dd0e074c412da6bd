/** Stands in a list where a task stood that has moved to another one: nothing can be taken out of the midst of a list. */
export const MOVED = 'no longer here';

/**
 * In which list a task waits. Nearly all wait in the queue itself. What has a priority or a group waits in a lane: a list of its
 * own for each priority and each group, in the same order as the queue. `task_priorities` names those of priorities that are not
 * empty, the highest first. Those of groups stand in a ring, `task_groups`, by whose turn it is, or among the groups that rest,
 * since they may not run more at present. What is over the rate of its name waits in a lane, too, until it is its turn: see
 * `nameTurns`. Needs `envelopes`.
 */
export const lanes = String.raw`
local resting = groups .. ':resting'
local MOVED = '${MOVED}'

-- The name of a lane; nothing for what belongs into the queue.
local function lane_of(priority, group)
  if group then return 'group:' .. group end
  return priority ~= 0 and 'priority:' .. priority or nil
end

local function list_of(lane)
  return lane and lane_key .. lane or queue
end

-- Behind all others.
local function last_turn()
  return tonumber(call('ZRANGE', groups, -1, -1, 'WITHSCORES')[2] or 0) + 1
end

-- The lane is named before a task comes into it: one that is named and empty is forgotten by whoever comes to it, and one that is
-- not named would never be found.
local function name_lane(lane, priority, group)
  if not group then return call('ZADD', priorities, -priority, lane) end
  if not call('ZSCORE', groups, lane) and not call('ZSCORE', resting, lane) then
    call('ZADD', groups, last_turn(), lane)
  end
end

-- Puts a task where it waits: as the last one, or as the next one.
local function wait_in_line(envelope, is_next)
  local priority, group = place_of(envelope)
  local lane = lane_of(priority, group)
  if lane then name_lane(lane, priority, group) end
  call(is_next and 'RPUSH' or 'LPUSH', list_of(lane), envelope)
end

-- The lane in which others of the name of this task wait for their turn, if they do. What has a group never does: see name-turns.
local has_turns
local function turn_list_of(envelope)
  if has_turns == nil then has_turns = call('EXISTS', turns) == 1 end
  if not has_turns then return nil end
  local _, group = place_of(envelope)
  local name = not group and name_of(envelope)
  return name and call('ZSCORE', turns, name) and list_of('turn:' .. name)
end

-- Puts a task back that a worker has held, or that was due: what was lost too often waits among the suspects.
local function come_back(envelope, max_lost, is_next)
  local list = is_suspect(envelope, max_lost) and suspects or turn_list_of(envelope)
  if not list then return wait_in_line(envelope, is_next) end
  call(is_next and 'RPUSH' or 'LPUSH', list, envelope)
end

-- The envelope with another priority.
local function prioritize(envelope, priority)
  local counted = end_of_counters(envelope)
  local rest = string.match(envelope, '^,"priority":%-?%d+()', counted) or counted
  local member = priority ~= 0 and ',"priority":' .. priority or ''
  return string.sub(envelope, 1, counted - 1) .. member .. string.sub(envelope, rest)
end

-- Whether a worker may find something to claim.
local function is_anything_waiting()
  return call('LLEN', queue) > 0 or call('EXISTS', priorities, groups) > 0
end

-- How many tasks wait that have no group: those of groups are counted by group.
local function count_waiting()
  local count = call('LLEN', queue)
  for _, lane in ipairs(call('ZRANGE', priorities, 0, -1)) do count = count + call('LLEN', list_of(lane)) end
  for _, name in ipairs(call('ZRANGE', turns, 0, -1)) do count = count + call('LLEN', list_of('turn:' .. name)) end
  return count
end
`;
