import { ticking } from './ticking.lua.js';

/**
 * Pauses a schedule, or lets it go on.
 *
 * ARGV: name; to let it go on also its timing, and the next tick by that, in ms.
 * Returns: 1 if it is there, 0 if not, 2 if it has another timing: then nothing was done. Safe to repeat.
 */
export const pauseSchedule = String.raw`${ticking}
local name, read_timing, tick = ARGV[1], ARGV[2], ARGV[3]
local key = schedule_key .. name
local timing, is_paused = unpack(call('HMGET', key, 'timing', 'paused'))
if not timing then return 0 end
if not read_timing then
  work_at_maxmemory()
  call('HSET', key, 'paused', 1)
  call('ZADD', schedules, '+inf', name)
elseif is_paused then
  if timing ~= read_timing then return 2 end
  call('ZADD', schedules, tick, name)
  call('HDEL', key, 'paused')
  announce()
end
return 1
`;
