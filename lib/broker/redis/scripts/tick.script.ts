import { creating } from './creating.lua.js';
import { endings } from './endings.lua.js';
import { envelopes } from './envelopes.lua.js';
import { lanes } from './lanes.lua.js';
import { ticking } from './ticking.lua.js';

/**
 * Makes the ticks of a schedule that are due, and goes on to the next one, in one step: whoever comes later finds another
 * tick than the one that it has read, and does nothing.
 *
 * ARGV: layout version, how many tasks may wait at most (0 for any number), name, the timing and the tick that were read, the tick
 * that is next then (+inf for none); then each tick to be made: in ms, and in ISO 8601.
 * Returns: {} if the schedule has changed, or its tick is not due. Else for each tick 1 if its task was added, 0 if there is a task of its id,
 * 2 if the queue is full, 3 if it was left out because the one before has not ended, 4 if it waits for that, 5 if
 * somebody keeps something else under its status key. Or {-1, version}, as "enqueue".
 *
 * Safe to repeat: the second call does nothing.
 */
export const tick = String.raw`${envelopes}${lanes}${creating}${endings}${ticking}
local layout = call('HGET', meta, 'layout')
if layout and layout ~= ARGV[1] then return {-1, tonumber(layout)} end

local max_length, name, read_timing, read_tick, following = tonumber(ARGV[2]), ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
local key = schedule_key .. name
local timing, overlap, current, queued = unpack(call('HMGET', key, 'timing', 'overlap', 'current', 'queued'))
local due = math.floor(tonumber(call('ZSCORE', schedules, name) or -1))
if timing ~= read_timing or due ~= read_tick or due > now then return {} end

-- What waits has been told when it is next; where that was in vain this is the time for it.
if queued and has_ended(current) then
  local answer = add_tick(name, queued)
  if type(answer) == 'table' then return answer end
  call('HDEL', key, 'queued')
  current, queued = call('HGET', key, 'current'), false
end

local answers = {}
for i = 7, #ARGV, 2 do
  local at, iso, answer = ARGV[i], ARGV[i + 1], 3
  if overlap == 'allow' or not current or has_ended(current) then
    answer = 2
    if max_length == 0 or count_waiting() < max_length then
      answer = add_tick(name, iso)
      if type(answer) == 'table' then return answer end
      if answer == 3 then answer = 5 end
      current = call('HGET', key, 'current')
    end
  elseif overlap == 'queue' and not queued then
    call('HSET', key, 'queued', iso)
    queued, answer = iso, 4
  end
  if answer == 2 or answer == 3 then call('HSET', key, 'skipped', at) end
  call('HSET', key, 'last', at)
  answers[#answers + 1] = answer
end
call('ZADD', schedules, following, name)
return answers
`;
