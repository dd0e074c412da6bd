import { creating } from './creating.lua.js';
import { envelopes } from './envelopes.lua.js';
import { lanes } from './lanes.lua.js';
import { preamble } from './preamble.lua.js';

/**
 * Adds tasks as the last ones of the queue, or of the lanes of their priorities, in the order given.
 *
 * ARGV: layout version, how many tasks may wait at most (0 for any number), 1 if each task gets a status, 1 if they have priorities,
 * how many of these tasks expire; for each of those its row and the time in ms; then for each task id, name, token, envelope.
 * Returns: for each task 1 if it was created, 0 if its id is known already, 2 if the queue is full, 3 if somebody keeps
 * something else under its status key. Or {-1, version} where
 * the keys of the queue have another layout: then nothing was done.
 *
 * Safe to repeat where each task gets a status: that is created first and only once, so a task that an earlier call added is
 * not added again. The token, given with ids that callers chose, tells that earlier call from somebody else's. These always get
 * a status.
 */
export const enqueue = String.raw`${preamble}${envelopes}${lanes}${creating}
local layout = call('HGET', meta, 'layout')
if layout and layout ~= ARGV[1] then return {-1, tonumber(layout)} end

local room = math.huge
if ARGV[2] ~= '0' then room = ARGV[2] - count_waiting() end

-- When a task expires is a point in time by Redis's clock, as all others.
local keeps, in_lanes = ARGV[3] == '1', ARGV[4] == '1'
local first = 6 + 2 * ARGV[5]
for i = 6, first - 1, 2 do
  local at = first + 4 * (ARGV[i] - 1) + 3
  ARGV[at] = string.sub(ARGV[at], 1, -2) .. ',"expiresAt":' .. end_of(ARGV[i + 1]) .. '}'
end

-- Generated ids are new, unless this call is sent again: then there are statuses, and each must be looked at.
local generated = {}
for i = first, keeps and #ARGV or 0, 4 do
  if ARGV[i + 2] == '' then generated[#generated + 1] = status .. ARGV[i] end
end
local are_new = #generated > 0 and call('EXISTS', unpack(generated)) == 0

-- What is created, by the list in which it is to wait. How many more may is a matter of each group, and of all that have none.
local ungrouped = {left = room}
local plain = {envelopes = {}, room = ungrouped}
local lines, by_lane = {plain}, {}
local function line_of(envelope)
  local priority, group = place_of(envelope)
  local lane = lane_of(priority, group)
  if not lane then return plain end
  local line = by_lane[lane]
  if not line then
    local own_room = group and room < math.huge and {left = ARGV[2] - call('LLEN', list_of(lane))}
    line = {lane = lane, priority = priority, group = group, envelopes = {}, room = own_room or ungrouped}
    by_lane[lane], lines[#lines + 1] = line, line
  end
  return line
end

local answers = {}
for i = first, #ARGV, 4 do
  local key, name, token = status .. ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local is_new, is_known = token == '' and (are_new or not keeps), false
  local answer, line = 1, in_lanes and line_of(ARGV[i + 3]) or plain
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
