import { retrying } from './retrying.lua.js';

/**
 * Counts the tasks of a queue. What stands in one place is counted at once; what stands in a list for each priority, group, name or
 * worker in pages.
 *
 * ARGV: which of these places, from 1 on; a cursor in it; what the keys of the history by hours begin with.
 * Returns: {the place and the cursor to go on with, or 0 and 0 behind the last page; how many of this page wait, how many workers hold};
 * for place 1 and cursor 0 also how many stand in `task_scheduled`, how many of these wait for their next attempt, how many
 * dead letters there are, 1 if the queue is paused, and how many tasks were completed and failed in the last full minute.
 *
 * Writes nothing.
 */
export const counts = String.raw`
local place, cursor, history = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local PAGE = 100
local is_first = place == 1 and cursor == '0'

local waiting, held, looks = 0, 0, 0
if is_first then waiting = call('LLEN', queue) + call('LLEN', suspects) end

local lane = function(name) if name ~= '' then waiting = waiting + call('LLEN', lane_key .. name) end end
local places = {
  {workers, function(name) held = held + call('HLEN', active .. name) end},
  {priorities, lane},
  {groups, lane},
  {groups .. ':resting', lane},
  {turns, function(name) waiting = waiting + call('LLEN', lane_key .. 'turn:' .. name) end},
}
while places[place] and looks < PAGE do
  local key, look = unpack(places[place])
  local page = call('ZSCAN', key, cursor, 'COUNT', PAGE)
  for i = 1, #page[2], 2 do look(page[2][i]) end
  looks, cursor = looks + #page[2] / 2, page[1]
  if cursor == '0' then place = place + 1 end
end
local answer = {places[place] and place or 0, cursor, waiting, held}
if not is_first then return answer end

local minute = math.floor(now / 60000) - 1
local ended = call('HMGET', history .. math.floor(minute / 60), minute % 60 .. ':completed', minute % 60 .. ':failed')
for _, count in ipairs({
  call('ZCARD', scheduled), call('SCARD', ${retrying}), call('ZCARD', dead), call('PTTL', limited) == -1 and 1 or 0,
  tonumber(ended[1] or 0), tonumber(ended[2] or 0),
}) do answer[#answer + 1] = count end
return answer
`;
