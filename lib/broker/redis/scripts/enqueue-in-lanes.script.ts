import { creating } from './creating.lua.js';
import { envelopes } from './envelopes.lua.js';
import { lanes } from './lanes.lua.js';
import { rows } from './rows.lua.js';

/**
 * Adds tasks as the last ones of the queue, or of the lanes of their priorities and groups, in the order given.
 *
 * ARGV: as those of `enqueue`, the second one being how many tasks may wait at most (0 for any number).
 * Returns: as `enqueue`, and 2 for what finds the queue full.
 *
 * As safe to repeat as `enqueue`.
 */
export const enqueueInLanes = String.raw`${envelopes}${lanes}${creating}${rows}
local room = math.huge
if ARGV[2] ~= '0' then room = ARGV[2] - count_waiting() end

-- What is created, by the list in which it is to wait. How many more may is a matter of each group, and of all that have none.
local ungrouped = {left = room}
local lines, by_lane = {}, {}
local function line_of(envelope)
  local priority, group = place_of(envelope)
  local lane = lane_of(priority, group)
  local line = by_lane[lane or '']
  if not line then
    local own_room = group and room < math.huge and {left = ARGV[2] - call('LLEN', list_of(lane))}
    line = {lane = lane, priority = priority, group = group, envelopes = {}, room = own_room or ungrouped}
    by_lane[lane or ''], lines[#lines + 1] = line, line
  end
  return line
end

local answers = {}
for i = first, #ARGV, 4 do
  local key, name, token = status .. ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local is_new, is_known = token == '' and (are_new or not keeps), false
  local answer, line = 1, line_of(ARGV[i + 3])
  if line.room.left <= 0 and (is_new or call('EXISTS', key) == 0) then
    answer = 2
  elseif not is_new then
    answer, is_known = create(key, 'waiting', name, token)
    if type(answer) == 'table' then return answer end
  elseif keeps then
    call('HSET', key, 'state', 'waiting', 'name', name, 'created', now_text)
  end
  if answer == 1 and not is_known then
    line.envelopes[#line.envelopes + 1] = ARGV[i + 3]
    line.room.left = line.room.left - 1
    if line.lane and (keeps or token ~= '') then
      note('HSET', key, line.group and 'group' or 'priority', line.group or line.priority)
    end
  end
  answers[#answers + 1] = answer
end
local is_any = false
for _, line in ipairs(lines) do
  if #line.envelopes > 0 then
    if line.lane then name_lane(line.lane, line.priority, line.group) end
    call('LPUSH', list_of(line.lane), unpack(line.envelopes))
    is_any = true
  end
end
if is_any then ring() end
return answers
`;
