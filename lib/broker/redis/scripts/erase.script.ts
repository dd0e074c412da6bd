import { lanes } from './lanes.lua.js';
import { envelopes } from './envelopes.lua.js';
import { retrying } from './retrying.lua.js';

/**
 * Lets go of all tasks of a queue at one moment: of every place in which a task may stand. What is added from then on is another queue's
 * beginning. Statuses and whatever else there is with a key of its own goes afterwards: see `erase-rest`.
 *
 * ARGV: 1 if it does not matter that workers are at it, 1 to only look, how many lanes, schedules and workers are dealt with in one call.
 * Returns: {0, how many workers live, how many tasks are held} if it is in use, {1, that moment in ms, how many keys went}, or {2} where there are too many lanes
 * and schedules, some of which lanes have gone: the rest and schedules are to go first. What more workers held goes afterwards.
 *
 * That moment is the first of its millisecond, which is waited for: so what was added before it can be told from what comes later. Safe to
 * repeat: what is not there any more need not go.
 */
export const erase = String.raw`${envelopes}${lanes}
local force, only_looks, most = ARGV[1] == '1', ARGV[2] == '1', tonumber(ARGV[3])
local IN_USE, ERASED, TOO_MANY, WAITS_MAX = 0, 1, 2, 10000
work_at_maxmemory()

local names, living, held = call('ZRANGE', workers, 0, most - 1, 'WITHSCORES'), 0, 0
for i = 1, #names, 2 do
  if tonumber(names[i + 1]) > now then living = living + 1 end
  held = held + call('HLEN', active .. names[i])
end
if not force and living + held > 0 then return {IN_USE, living, held} end
local counted = {priorities, groups, resting, turns, schedules}
local count = 0
for _, key in ipairs(counted) do count = count + call('ZCARD', key) end
if only_looks then return {ERASED, now, 0} end
-- They are named at least until their tasks are gone.
if count > most then
  for _, key in ipairs({priorities, groups, resting, turns}) do
    local lanes = call('ZRANGE', key, 0, most / 4 - 1)
    for _, lane in ipairs(lanes) do
      if lane ~= '' then call('UNLINK', list_of(key == turns and 'turn:' .. lane or lane)) end
    end
    if #lanes > 0 then call('ZREM', key, unpack(lanes)) end
  end
  return {TOO_MANY}
end

local moment, waits = now, 0
while moment == now and waits < WAITS_MAX do
  local time = call('TIME')
  moment = time[1] * 1000 + math.floor(time[2] / 1000)
  waits = waits + 1
end

-- Those who watch a task are told when its status goes.
local gone = {resting, groups .. ':slots', groups .. ':limits', ${retrying}, workers .. ':info'}
for _, key in ipairs(KEYS) do
  if key ~= watched then gone[#gone + 1] = key end
end
for _, key in ipairs({priorities, groups, resting}) do
  for _, lane in ipairs(call('ZRANGE', key, 0, -1)) do
    if lane ~= '' then gone[#gone + 1] = list_of(lane) end
  end
end
for _, name in ipairs(call('ZRANGE', turns, 0, -1)) do gone[#gone + 1] = list_of('turn:' .. name) end
for _, name in ipairs(call('ZRANGE', schedules, 0, -1)) do gone[#gone + 1] = schedule_key .. name end
for i = 1, #names, 2 do gone[#gone + 1] = active .. names[i] end
return {ERASED, moment, call('UNLINK', unpack(gone))}
`;
