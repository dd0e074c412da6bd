import { preamble } from './preamble.lua.js';

/**
 * Adds tasks to the left of the queue, in the order given.
 *
 * ARGV: layout version, how many tasks may wait at most (0 for any number), how many of these tasks expire; for each of
 * those its row and the time in ms; then for each task id, name, token, envelope.
 * Returns: for each task 1 if it was created, 0 if its id is known already, 2 if the queue is full, 3 if somebody keeps
 * something else under its status key. Or {-1, version} where
 * the keys of the queue have another layout: then nothing was done.
 *
 * Safe to repeat: the status key is created first and only once, so a task that an earlier call added is not added
 * again. The token, given with ids that callers chose, tells that earlier call from somebody else's.
 */
export const enqueue = String.raw`${preamble}
local layout = call('HGET', meta, 'layout')
if layout and layout ~= ARGV[1] then return {-1, tonumber(layout)} end

local room = math.huge
if ARGV[2] ~= '0' then room = ARGV[2] - call('LLEN', queue) end

-- When a task expires is a point in time by Redis's clock, as all others.
local first = 4 + 2 * ARGV[3]
for i = 4, first - 1, 2 do
  local at = first + 4 * (ARGV[i] - 1) + 3
  ARGV[at] = string.sub(ARGV[at], 1, -2) .. ',"expiresAt":' .. end_of(ARGV[i + 1]) .. '}'
end

local answers, created = {}, {}
for i = first, #ARGV, 4 do
  local key, name, token = status .. ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local answer
  if #created >= room and call('EXISTS', key) == 0 then
    answer = 2
  else
    answer = note('HSETNX', key, 'state', 'waiting')
    if type(answer) == 'table' then
      -- All else, such as a lack of memory, concerns all of them, and comes before anything is written.
      if not string.find(answer.err, '^WRONGTYPE') then return answer end
      answer = 3
    end
  end
  if answer == 0 then
    if token ~= '' and call('HGET', key, 'token') == token then answer = 1 end
  elseif answer == 1 then
    if token == '' then
      call('HSET', key, 'name', name, 'created', now_text)
    else
      call('HSET', key, 'name', name, 'created', now_text, 'token', token)
    end
    created[#created + 1] = ARGV[i + 3]
  end
  answers[#answers + 1] = answer
end
if #created > 0 then
  call('LPUSH', queue, unpack(created))
  ring()
end
return answers
`;
