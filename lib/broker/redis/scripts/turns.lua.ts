import { addedAt } from './added-at.lua.js';
import { groupTurns } from './group-turns.lua.js';

/**
 * Whose turn it is: of the lanes of higher priorities, the queue itself together with the groups, and the lanes of lower priorities.
 *
 * Without `aging` a higher priority is always first. With it each span of that length that a task has waited counts as much as one
 * priority more, so that every task has its turn some day; then the oldest task of each list is compared before every single one
 * that is taken. Of many priorities only the highest that have tasks take part, and the rest once these are through.
 */
export const turns = String.raw`${groupTurns}
local is_whole_line, whose_turn, had_turn, turn
do
  local LANES_MAX = 64
  local line, named = {}, want > 0 and call('ZRANGE', priorities, 0, LANES_MAX - 1, 'WITHSCORES') or {}
  is_whole_line = #named < 2 * LANES_MAX
  local queue_has_place = false
  local function place_queue()
    if not queue_has_place then line[#line + 1] = {list = queue, priority = 0} end
    queue_has_place = true
  end
  for i = 1, #named, 2 do
    local lane, priority = named[i], -named[i + 1]
    if priority < 0 then place_queue() end
    line[#line + 1] = {list = list_of(lane), priority = priority, lane = lane}
  end
  if is_whole_line then place_queue() end

  local ages = aging > 0 and #line > 1
  local look_at
  if ages then
${addedAt}
    -- From which list it goes on here: in the place of the queue that may be a group's.
    function look_at(entry)
      if has_groups and entry.list == queue then entry.group = group_at_turn() end
      local list = entry.group and entry.group.list or entry.list
      local oldest = call('LINDEX', list, -1)
      entry.rank = oldest and added_at(oldest) - entry.priority * aging or math.huge
    end
  end

  function whose_turn()
    turn = line[1]
    if not turn then return nil end
    if ages then
      for _, entry in ipairs(line) do
        if not entry.rank then look_at(entry) end
        if entry.rank < turn.rank then turn = entry end
      end
      if turn.rank == math.huge then return nil end
      return turn.group and turn.group.list or turn.list, 1
    end
    if not has_groups or turn.list ~= queue then return turn.list, math.huge end
    turn.group = group_at_turn()
    if turn.group then return turn.group.list, math.min(turn.group.left, turn.group.free) end
    -- Whoever comes after the groups has to wait until all of them were looked at.
    if effort >= effort_max then return nil end
    table.remove(line, 1)
    return whose_turn()
  end

  -- So many elements were taken, of which these entries were claimed. A list that is empty leaves the line.
  function had_turn(count, entries, is_through)
    turn.rank = nil
    if turn.group then
      group_had_turn(turn.group, count, entries)
      turn.group = nil
      return
    end
    if turn.lane and call('EXISTS', turn.list) == 0 then call('ZREM', priorities, turn.lane) end
    if is_through and not ages then table.remove(line, 1) end
  end
end
`;
