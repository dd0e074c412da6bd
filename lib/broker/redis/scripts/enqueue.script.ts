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

-- The tasks of each group are counted by themselves.
local rooms = {[''] = room}
local function group_of(envelope)
  local _, group = place_of(envelope)
  if not group then return '' end
  if not rooms[group] then
    rooms[group] = room == math.huge and room or ARGV[2] - call('LLEN', list_of(lane_of(0, group)))
  end
  return group
end

local answers, created = {}, {}
for i = first, #ARGV, 4 do
  local key, name, token = status .. ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local is_new, is_known = token == '' and (are_new or not keeps), false
  local answer, group = 1, in_lanes and group_of(ARGV[i + 3]) or ''
  if rooms[group] <= 0 and (is_new or call('EXISTS', key) == 0) then
    answer = 2
  elseif not is_new then
    answer, is_known = create(key, 'waiting', name, token)
    if type(answer) == 'table' then return answer end
  elseif keeps then
    call('HSET', key, 'state', 'waiting', 'name', name, 'created', now_text)
  end
  if answer == 1 and not is_known then
    created[#created + 1] = ARGV[i + 3]
    rooms[group] = rooms[group] - 1
    if in_lanes and (keeps or token ~= '') then note_place(ARGV[i], ARGV[i + 3]) end
  end
  answers[#answers + 1] = answer
end
if in_lanes then
  for _, envelope in ipairs(created) do wait_in_line(envelope) end
elseif #created > 0 then
  call('LPUSH', queue, unpack(created))
end
if #created > 0 then ring() end
return answers
`;
