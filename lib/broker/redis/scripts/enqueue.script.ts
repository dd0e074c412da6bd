import { creating } from './creating.lua.js';
import { preamble } from './preamble.lua.js';

/**
 * Adds tasks to the left of the queue, in the order given.
 *
 * ARGV: layout version, how many tasks may wait at most (0 for any number), 1 if each task gets a status, how many of these
 * tasks expire; for each of those its row and the time in ms; then for each task id, name, token, envelope.
 * Returns: for each task 1 if it was created, 0 if its id is known already, 2 if the queue is full, 3 if somebody keeps
 * something else under its status key. Or {-1, version} where
 * the keys of the queue have another layout: then nothing was done.
 *
 * Safe to repeat where each task gets a status: that is created first and only once, so a task that an earlier call added is
 * not added again. The token, given with ids that callers chose, tells that earlier call from somebody else's. These always get
 * a status.
 */
export const enqueue = String.raw`${preamble}${creating}
local layout = call('HGET', meta, 'layout')
if layout and layout ~= ARGV[1] then return {-1, tonumber(layout)} end

local room = math.huge
if ARGV[2] ~= '0' then
  room = ARGV[2] - call('LLEN', queue)
  for _, name in ipairs(call('ZRANGE', turns, 0, -1)) do room = room - call('LLEN', turns .. ':' .. name) end
end

-- When a task expires is a point in time by Redis's clock, as all others.
local keeps = ARGV[3] == '1'
local first = 5 + 2 * ARGV[4]
for i = 5, first - 1, 2 do
  local at = first + 4 * (ARGV[i] - 1) + 3
  ARGV[at] = string.sub(ARGV[at], 1, -2) .. ',"expiresAt":' .. end_of(ARGV[i + 1]) .. '}'
end

-- Generated ids are new, unless this call is sent again: then there are statuses, and each must be looked at.
local generated = {}
for i = first, keeps and #ARGV or 0, 4 do
  if ARGV[i + 2] == '' then generated[#generated + 1] = status .. ARGV[i] end
end
local are_new = #generated > 0 and call('EXISTS', unpack(generated)) == 0

local answers, created = {}, {}
for i = first, #ARGV, 4 do
  local key, name, token = status .. ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local is_new, is_known = token == '' and (are_new or not keeps), false
  local answer = 1
  if #created >= room and (is_new or call('EXISTS', key) == 0) then
    answer = 2
  elseif not is_new then
    answer, is_known = create(key, 'waiting', name, token)
    if type(answer) == 'table' then return answer end
  elseif keeps then
    call('HSET', key, 'state', 'waiting', 'name', name, 'created', now_text)
  end
  if answer == 1 and not is_known then created[#created + 1] = ARGV[i + 3] end
  answers[#answers + 1] = answer
end
if #created > 0 then
  call('LPUSH', queue, unpack(created))
  ring()
end
return answers
`;
